"""Why can't they sign in? Each cause is made for real, and found."""

from __future__ import annotations

import contextlib
from typing import get_args

import pytest

from schoolauth import (
    Change,
    Diagnosis,
    LoginRefused,
    MailNotSent,
    NotPermitted,
    PasswordPolicy,
    PasswordRejected,
    Role,
    School,
    Throttled,
    User,
    UserManagement,
    UserNotFound,
    Violation,
)
from schoolauth.model.diagnosis import FindingCode
from schoolauth.model.events import LoginFailed
from tests.service.doubles import Broken
from tests.service.world import PASSWORD, World, make_world, refused
from tests.texts import samples

EMAIL = "jess@hill.example.org"


def codes(diagnosis: Diagnosis) -> list[str]:
    return [finding.code for finding in diagnosis.findings]


def told(diagnosis: Diagnosis, code: str) -> str:
    """Return the sentence of one finding."""
    return next(finding.message for finding in diagnosis.findings if finding.code == code)


def test_nothing_keeps_them_out(stored_world: World) -> None:
    """By username and by e-mail, with or without spaces; nothing is changed by asking."""
    world = stored_world
    teacher = world.teacher(email=EMAIL)
    before = world.kinds()
    for name in ("wg204nx_james", "WG204NX_JAMES", EMAIL):
        diagnosis = world.desk.diagnose(name)
        assert (codes(diagnosis), diagnosis.user) == (["nothing_found"], teacher)
    assert world.kinds() == before


def test_a_space_in_what_the_desk_was_told(world: World) -> None:
    """Asked for as the person types it, the space itself is the finding."""
    world.teacher(email=EMAIL)
    for name in ("wg204nx_james ", f"\u00a0{EMAIL}"):
        diagnosis = world.desk.diagnose(name)
        assert codes(diagnosis) == ["space_in_recent_attempts"]
        assert "around the name" in diagnosis.findings[0].message


def test_no_such_account_and_what_looks_like_it(world: World) -> None:
    """The nearest usernames of this school, by username, name or mailbox."""
    world.teacher(email=EMAIL)
    world.teacher(given_name="Nobody", family_name="Alike", username="q")
    for typed in ("wg204nx_jmes", "jess james", "jess@hill.exmaple.org", "wg204nx_james2"):
        diagnosis = world.desk.diagnose(typed)
        assert (codes(diagnosis), diagnosis.user) == (["no_such_account"], None)
        assert [str(name) for name in diagnosis.nearest] == ["wg204nx_james"]
        assert "wg204nx_james" in diagnosis.findings[0].message
    far = world.desk.diagnose("\u202e entirely else \x00 " * 30)
    assert (codes(far), far.nearest) == (["no_such_account"], ())


def test_a_long_history_is_read_to_the_page_that_explains(world: World) -> None:
    """What was refused before hundreds of attempts is still found."""
    teacher = world.teacher()
    with pytest.raises(PasswordRejected):
        world.auth.change_password(teacher.id, current=PASSWORD, new="short7")
    failed = LoginFailed(
        at=world.clock.now(), school=teacher.school, user=teacher.id, reason="wrong_password"
    )
    world.users.save(Change(events=[failed] * 600))
    assert "password_change_refused" in codes(world.desk.diagnose("wg204nx_james"))


def test_inactive(world: World) -> None:
    """Since when; and a retired duplicate names the account that replaced it."""
    old, new = world.teacher(), world.teacher()
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    assert "wg204nx_james took its place" in told(
        world.desk.diagnose(str(new.username)), "inactive"
    )
    world.desk.deactivate(old.id)
    diagnosis = world.desk.diagnose(str(old.username))
    assert diagnosis.findings[0].remedy == "reactivate"
    assert "1 September 2026" in told(diagnosis, "inactive")


def test_invited(world: World) -> None:
    """Whether a mail was sent and when, or why it never was."""
    teacher = world.teacher(None)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["invitation_not_sent", "invited", "no_email"]
    assert "because no e-mail address is saved" in told(diagnosis, "invitation_not_sent")
    world.desk.set_email(teacher.id, EMAIL)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["invitation_not_sent", "invited"]
    assert diagnosis.findings[0].remedy == "send_create_password_email"
    world.desk.send_create_password_email(teacher.id)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["invited"]
    assert "sent on 1 September 2026" in told(diagnosis, "invited")


@pytest.mark.parametrize("name", ["wg204nx_james", EMAIL])
def test_throttled(world: World, name: str) -> None:
    """Until when, whichever name the attempts were made under; unlocking mends it."""
    teacher = world.teacher(email=EMAIL)
    for _ in range(9):
        with contextlib.suppress(LoginRefused, Throttled):
            world.auth.log_in(name, "Wrong1234")
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert diagnosis.findings[0].code == "throttled"
    assert "1 September 2026, 09:02 UTC" in diagnosis.findings[0].message
    world.desk.unlock(teacher.id)
    assert "throttled" not in codes(world.desk.diagnose("wg204nx_james"))


def test_a_temporary_password(world: World) -> None:
    """That it must be changed, and that it has ended after a week."""
    teacher = world.teacher()
    world.desk.set_password(teacher.id, "Temporary1")
    assert "until 8 September" in told(world.desk.diagnose("wg204nx_james"), "must_change_password")
    world.clock.advance(days=8)
    assert "ended on 8 September" in told(
        world.desk.diagnose("wg204nx_james"), "must_change_password"
    )


@pytest.mark.parametrize(
    ("name", "password", "where"),
    [
        ("wg204nx_james ", PASSWORD, "space at end of username"),
        ("wg204nx_james", f"{PASSWORD} ", "space at end of password"),
        (" wg204nx_james", f" {PASSWORD}", "space at start of username and a space at start"),
    ],
)
def test_spaces_in_recent_attempts(world: World, name: str, password: str, where: str) -> None:
    """Where the space was and when; after two weeks, or once they are in, it explains nothing."""
    teacher = world.teacher(email=EMAIL)
    refused(world, name, password)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["space_in_recent_attempts"]
    assert where in diagnosis.findings[0].message
    world.clock.advance(days=14)
    assert codes(world.desk.diagnose("wg204nx_james")) == ["space_in_recent_attempts"]
    world.clock.advance(seconds=1)
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]
    refused(world, name, password)
    world.log_in(teacher)
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]


def test_the_change_on_tuesday_was_refused(world: World) -> None:
    """Why, when, and that the old one still works; a change that succeeds ends it (FAQ)."""
    teacher = world.teacher(email=EMAIL)
    for new in ("Toolittle", "short7"):
        with pytest.raises(PasswordRejected):
            world.auth.change_password(teacher.id, current=PASSWORD, new=new)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["password_change_refused"]
    assert told(diagnosis, "password_change_refused") == (
        "A new password was refused on 1 September 2026 because it was too short. "
        "The old one still works."
    )
    world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]


def test_a_rule_of_the_hosts_own_is_named() -> None:
    """A code that the library does not know is said in its own words."""

    def no_pets(password: str, user: User | None) -> list[Violation]:
        pet = user is not None and user.role is not Role.ADMIN
        return [Violation("like_a_pet", "No.")] if pet else []

    other = make_world(policy=PasswordPolicy.seed().also(no_pets))
    other.teacher(None, email=EMAIL)
    other.auth.request_password_reset(EMAIL)
    with pytest.raises(PasswordRejected):
        other.auth.reset_password(other.token("create_password"), PASSWORD)
    said = told(other.desk.diagnose("wg204nx_james"), "password_change_refused")
    assert said.endswith("because like a pet.")


def test_the_old_password_after_a_change(world: World) -> None:
    """Wrong attempts since a change are probably the old one; a success ends the guess."""
    teacher = world.teacher(email=EMAIL)
    world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    refused(world, "wg204nx_james")
    refused(world, "wg204nx_james")
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["old_password_in_recent_attempts"]
    assert "the old one: 2." in diagnosis.findings[0].message
    world.log_in(teacher, "Blackboard8")
    refused(world, "wg204nx_james")
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["nothing_found"]
    assert "wrong password" in diagnosis.findings[0].message


def test_a_password_chosen_through_a_strangers_mailbox(world: World) -> None:
    """The address was corrected later: a stranger may know the password, or it was dropped."""
    teacher = world.teacher(None, email="jess.wrong@hill.example.org")
    world.desk.send_create_password_email(teacher.id)
    world.auth.reset_password(world.token("create_password"), PASSWORD)
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]
    world.desk.set_email(teacher.id, EMAIL)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["password_set_by_former_address"]
    assert diagnosis.findings[0].remedy == "send_create_password_email"
    world.desk.set_email(teacher.id, EMAIL, was_wrong=True)
    assert "was dropped" in told(
        world.desk.diagnose("wg204nx_james"), "password_set_by_former_address"
    )
    world.desk.send_create_password_email(teacher.id)
    world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]


def test_ones_own_change_of_address_is_no_cause(world: World) -> None:
    """The owner confirmed the new address, with the password."""
    world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    world.auth.request_email_change(
        login.user.id, password="Blackboard8", new_email="jess.new@hill.example.org"
    )
    world.auth.confirm_email_change(world.token("confirm_email_change"))
    assert codes(world.desk.diagnose("wg204nx_james")) == ["nothing_found"]


def test_a_duplicate_that_holds_the_address(world: World) -> None:
    """Seen from either account, with its name and status (FAQ)."""
    old, new = world.teacher(email=EMAIL), world.teacher()
    world.desk.deactivate(old.id)
    diagnosis = world.desk.diagnose(str(new.username))
    assert codes(diagnosis) == ["duplicate_account", "email_on_other_account", "no_email"]
    assert "wg204nx_james, which is inactive" in told(diagnosis, "email_on_other_account")
    diagnosis = world.desk.diagnose(EMAIL)
    assert codes(diagnosis) == ["inactive", "duplicate_account", "email_on_other_account"]
    assert "holds the e-mail address" in told(diagnosis, "email_on_other_account")


def test_a_mail_that_failed() -> None:
    """Which one and when."""
    world = make_world(mailer=Broken())
    teacher = world.teacher(None, email=EMAIL)
    with pytest.raises(MailNotSent):
        world.desk.send_create_password_email(teacher.id)
    diagnosis = world.desk.diagnose("wg204nx_james")
    assert codes(diagnosis) == ["invited", "mail_failed"]
    assert '"create password" could not be sent' in told(diagnosis, "mail_failed")
    world.clock.advance(days=15)
    assert codes(world.desk.diagnose("wg204nx_james")) == ["invited"]


def test_only_for_the_desk_of_the_school(world: World) -> None:
    """Another school's admin is told nothing, and neither is somebody who is no admin any more."""
    world.teacher()
    support = world.auth.support(by="x")
    support.add_school(School("mill", "Mill"))
    with pytest.raises(UserNotFound):
        support.manage("mill").diagnose("wg204nx_james")
    other = world.desk.add_user(given_name="B", family_name="B", role=Role.ADMIN)
    world.desk.set_password(other.id, PASSWORD, must_change=False)
    desk = world.auth.manage(by=other.id)
    world.desk.deactivate(other.id)
    with pytest.raises(NotPermitted):
        desk.diagnose("wg204nx_james")
    with pytest.raises(TypeError):
        world.desk.diagnose(world.admin.id)  # type: ignore[arg-type] # on purpose


def test_every_remedy_is_a_call_of_the_desk() -> None:
    """What mends it can be called, for every finding that there is."""
    found = list(samples.findings())
    assert {finding.code for finding in found} == set(get_args(FindingCode))
    remedies = {finding.remedy for finding in found} - {None}
    assert remedies <= {name for name in dir(UserManagement) if not name.startswith("_")}
