"""The help page that this library turns into code: one test for each of its questions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from schoolauth import (
    ApprovalRefused,
    EmailMissing,
    EmailTaken,
    LoginRefused,
    PasswordChangeRequired,
    PasswordRejected,
    Role,
    RosterRow,
    SessionEnded,
    Status,
    TokenRefused,
    TooManyLeavers,
)
from tests.service.world import PASSWORD, World, make_world

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"
EMAIL = "jess@hill.example.org"
QUESTIONS = (
    "I think my admin user name and password is correct, but I can't log in. What can I do?",
    "I have forgotten the admin password. What do I do?",
    "What do I do if a teacher/SLT user has forgotten their password?",
    (
        "A user has changed their password, but when they try and log in again it is saying "
        "incorrect password, what do we do?"
    ),
    "Why can't I send my teachers the create new password email?",
    "Why does a particular teacher have more than one user account?",
    "How do I remove an email address from a user account?",
    "A teacher has left. How do I remove their user account so they can't login anymore?",
    "My question isn't listed here. What should I do?",
)


def _letters(title: str) -> str:
    """Return a title without the spaces and signs in which its spelling may differ."""
    return "".join(character for character in title.casefold() if character.isalnum())


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_a_page(question: str) -> None:
    """A how-to page has the question as its title."""
    titles = [page.read_text("utf-8").splitlines()[0] for page in HOW_TO.glob("*.md")]
    assert _letters(question) in {_letters(title) for title in titles}


def test_1_a_space_at_the_end(world: World) -> None:
    """A space at the end is told to the admin, and to whoever is asked; without it, it works."""
    for name, password, where in (
        ("wg204nx_admin ", PASSWORD, "end of the username"),
        ("wg204nx_admin", PASSWORD + " ", "end of the password"),
    ):
        with pytest.raises(LoginRefused, match=where):
            world.auth.log_in(name, password)
    finding = world.desk.diagnose("wg204nx_admin").findings[0]
    assert (finding.code, finding.remedy) == ("space_in_recent_attempts", None)
    assert world.auth.log_in("wg204nx_admin", PASSWORD).user.role is Role.ADMIN


def test_2_the_forgotten_admin_password(world: World) -> None:
    """The admin resets it by mail."""
    world.auth.request_password_reset("wg204nx_admin")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert login.user.id == world.admin.id


def test_2_the_headteacher_approves_by_a_link(world: World) -> None:
    """Without the mailbox, the headteacher's link gives the account a new address, once."""
    new = "ada.new@hill.example.org"
    world.auth.request_admin_recovery("wg204nx", new_email=new, requested_by="Ada, office")
    link = world.token("approve_recovery")
    assert world.outbox.last("approve_recovery").to == world.school.headteacher_email
    assert str(world.auth.approve_admin_recovery(link).email) == new
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.id == world.admin.id
    with pytest.raises(TokenRefused):
        world.auth.approve_admin_recovery(link)


def test_2_the_headteacher_confirms_in_writing(world: World) -> None:
    """Written confirmation counts from the headteacher's address on file, and from no other."""
    letter = {"reference": "ticket 4711", "new_email": "ada.new@hill.example.org"}
    support = world.auth.support(by="Robin")
    with pytest.raises(ApprovalRefused) as caught:
        support.confirm_admin_recovery(
            "wg204nx", confirmation_from="head@hill.example.com", **letter
        )
    assert caught.value.reason == "not_on_file"
    head = str(world.school.headteacher_email)
    support.confirm_admin_recovery("wg204nx", confirmation_from=head, **letter)
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.id == world.admin.id


def test_3_a_teacher_has_forgotten_their_password(world: World) -> None:
    """They reset it by mail themselves, or the admin sets one that they must change."""
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    assert world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    world.desk.set_password(teacher.id, "Temporary1")
    with pytest.raises(PasswordChangeRequired) as caught:
        world.log_in(teacher, "Temporary1")
    world.auth.reset_password(caught.value.password_token, "MyOwnWord9")
    assert world.log_in(teacher, "MyOwnWord9")


def test_4_changed_but_incorrect(world: World) -> None:
    """A refused new password says why, is in the history, and leaves the old one working."""
    teacher = world.teacher()
    with pytest.raises(PasswordRejected, match=r"at least 8 characters.*needs a number"):
        world.auth.change_password(teacher.id, current=PASSWORD, new="secret")
    finding = world.desk.diagnose(str(teacher.username)).findings[0]
    assert finding.code == "password_change_refused"
    assert "it was too short and it had no number. The old one still works." in finding.message
    assert world.log_in(teacher)
    world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    assert world.log_in(teacher, "Blackboard8")


def test_5_the_create_new_password_mail(world: World) -> None:
    """Without an address the admin is told how to add one; with it the mail goes out."""
    teacher = world.teacher(None)
    with pytest.raises(EmailMissing, match="Edit the user in User Management and add an address"):
        world.desk.send_create_password_email(teacher.id)
    codes = [finding.code for finding in world.desk.diagnose(str(teacher.username)).findings]
    assert "no_email" in codes
    world.desk.set_email(teacher.id, EMAIL)
    world.desk.send_create_password_email(teacher.id)
    assert world.auth.reset_password(world.token("create_password"), PASSWORD).user.id == teacher.id


def test_6_mapping_makes_no_second_account(world: World) -> None:
    """Mapping proposes the account of the same name, and adds none until somebody decides."""
    james = world.teacher(email=EMAIL)
    plan = world.desk.plan_mapping([RosterRow("17", "Jess", "James")], source="sims")
    assert [(item.kind, item.candidates) for item in plan.items] == [("may_match", (james.id,))]
    assert world.desk.apply_mapping(plan).added == ()


def test_6_more_than_one_account(world: World) -> None:
    """The pair is found, one call does the five steps, and one takes them back."""
    james = world.teacher(None)
    second = world.teacher(email=EMAIL)
    (group,) = world.desk.find_duplicates()
    assert [str(user.username) for user in group.users] == ["wg204nx_james", "wg204nx_james.1"]
    assert group.verdict == "one_person"
    kept = world.desk.resolve_duplicate(keep=james.id, retire=second.id)
    retired = world.desk.get_user(second.id)
    assert (retired.status, retired.email, str(kept.email)) == (Status.INACTIVE, None, EMAIL)
    assert [group.verdict for group in world.desk.find_duplicates()] == ["resolved"]
    restored = world.desk.undo_resolve_duplicate(keep=james.id, retire=second.id)
    assert (restored.status, str(restored.email)) == (second.status, EMAIL)


def test_7_remove_an_address(world: World) -> None:
    """The holder is named, inactive ones too; released there, the address is free."""
    old = world.teacher(email=EMAIL)
    new = world.teacher(family_name="Jones")
    world.desk.deactivate(old.id)
    with pytest.raises(EmailTaken, match=r"wg204nx_james \(inactive\)"):
        world.desk.set_email(new.id, EMAIL)
    world.desk.release_email(old.id)
    assert str(world.desk.set_email(new.id, EMAIL).email) == EMAIL


def test_8_a_teacher_has_left(world: World) -> None:
    """Inactive: signed out at once, no way in, and no link works any more."""
    teacher = world.teacher(email=EMAIL)
    session = world.log_in(teacher).session
    world.auth.request_password_reset(EMAIL)
    assert world.desk.deactivate(teacher.id).status is Status.INACTIVE
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
    with pytest.raises(LoginRefused):
        world.log_in(teacher)
    with pytest.raises(TokenRefused):
        world.auth.reset_password(world.token("password_reset"), "Blackboard8")


def test_8_several_have_left(world: World) -> None:
    """Who is not in a complete list has left; a list cut short is held by the brake."""
    rows = [
        RosterRow(str(number), name, "James", email=f"{name}@hill.example.org".lower())
        for number, name in enumerate(["Ann", "Ben", "Cat", "Dan", "Eve"])
    ]
    world.desk.apply_mapping(world.desk.plan_mapping(rows, source="sims"))
    short = world.desk.plan_mapping(rows[:1], source="sims", complete=True)
    with pytest.raises(TooManyLeavers):
        world.desk.apply_mapping(short)
    plan = world.desk.plan_mapping(rows[:4], source="sims", complete=True)
    (left,) = world.desk.apply_mapping(plan).left
    assert world.desk.get_user(left).given_name == "Eve"
    assert world.desk.get_user(left).status is Status.INACTIVE


def test_8_leavers_are_erased_in_time(world: World) -> None:
    """Once the time for keeping them is over, nothing personal is left of a leaver."""
    teacher = world.teacher(email=EMAIL)
    world.desk.deactivate(teacher.id)
    support, year = world.auth.support(by="Robin"), timedelta(days=365)
    assert support.erase_leavers(year, apply=True).due == ()
    world.clock.advance(days=366)
    assert support.erase_leavers(year).due == (teacher.id,)
    assert support.erase_leavers(year, apply=True).erased == (teacher.id,)
    assert world.desk.get_user(teacher.id).email is None


def test_9_the_question_is_not_listed(world: World) -> None:
    """What keeps somebody out is asked in one call; what happened can be looked up."""
    teacher = world.teacher()
    with pytest.raises(LoginRefused):
        world.log_in(teacher, "Wrong1234")
    finding = world.desk.diagnose(str(teacher.username)).findings[0]
    assert finding.code == "old_password_in_recent_attempts"
    event = world.desk.history(teacher.id, limit=1).items[0]
    assert '"reason": "wrong_password"' in str(event.to_record()["details"])
