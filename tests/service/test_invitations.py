"""How an admin gives people passwords: by mail, or by setting one."""

from __future__ import annotations

import pytest

from schoolauth import (
    EmailMissing,
    Links,
    MailNotSent,
    NotConfigured,
    PasswordRejected,
    Status,
    TransitionForbidden,
)
from tests.service.doubles import Broken
from tests.service.world import PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"


def test_an_admin_sets_a_password(world: World) -> None:
    """An invited account becomes active; the person is told, if there is an address (FAQ)."""
    user = world.teacher(None, email=EMAIL)
    changed = world.desk.set_password(user.id, PASSWORD)
    assert (changed.status, changed.must_change_password) == (Status.ACTIVE, True)
    assert changed == world.desk.get_user(user.id)
    assert str(world.mail("password_changed").to) == EMAIL
    with pytest.raises(PasswordRejected):
        world.desk.set_password(user.id, "short")
    assert world.kinds(user)[0] == "password_refused"
    world.desk.deactivate(user.id)
    with pytest.raises(TransitionForbidden):
        world.desk.set_password(user.id, PASSWORD)


def test_the_create_password_mail(stored_world: World) -> None:
    """The link works for a week and makes the account active (FAQ: create new password e-mail)."""
    world = stored_world
    user = world.teacher(None, email=EMAIL)
    world.desk.send_create_password_email(user.id)
    mail = world.mail("create_password")
    assert (str(mail.to), mail.user, mail.school) == (EMAIL, user.id, world.school.code)
    assert "Hill Primary" in mail.text
    assert world.kinds(user)[0] == "create_password_sent"
    assert world.auth.reset_password(world.token("create_password"), PASSWORD).user.id == user.id


def test_no_address_is_said_with_how_to_add_one(world: World) -> None:
    """Why the mail cannot be sent, and what to do, is in the error itself (FAQ)."""
    user = world.teacher(None)
    with pytest.raises(EmailMissing) as caught:
        world.desk.send_create_password_email(user.id)
    assert "No e-mail address is saved on this profile" in caught.value.message
    assert "add an address" in caught.value.message
    assert world.kinds(user) == ["user_added"]


def test_many_mails_have_an_outcome_each(world: World) -> None:
    """One bad account does not keep the others from their mail."""
    good = world.teacher(None, email=EMAIL)
    silent = world.teacher(None, family_name="Silent")
    gone = world.teacher(None, family_name="Gone", email="gone@hill.example.org")
    world.desk.deactivate(gone.id)
    outcomes = world.desk.send_create_password_emails(
        [good.id, silent.id, gone.id, "nobody", good.id]
    )
    assert [(str(one.user_id), one.sent, one.error and one.error.code) for one in outcomes] == [
        (str(good.id), True, None),
        (str(silent.id), False, "email_missing"),
        (str(gone.id), False, "transition_forbidden"),
        ("nobody", False, "user_not_found"),
    ]
    assert world.desk.send_create_password_emails([]) == ()
    for one in (good.id, "abc"):
        with pytest.raises(TypeError):
            world.desk.send_create_password_emails(one)  # type: ignore[arg-type] # on purpose


def test_a_failing_mailer_is_told_to_the_admin() -> None:
    """MailNotSent, and the failure stands in the history beside the attempt."""
    world = make_world(mailer=Broken())
    user = world.teacher(None, email=EMAIL)
    with pytest.raises(MailNotSent):
        world.desk.send_create_password_email(user.id)
    assert world.kinds(user)[:2] == ["mail_failed", "create_password_sent"]


def test_mail_needs_a_mailer_and_a_page() -> None:
    """Without either the call is NotConfigured; notices are simply not sent."""
    for settings in ({"mailer": None}, {"links": Links()}):
        world = make_world(**settings)
        user = world.teacher(email=EMAIL)
        with pytest.raises(NotConfigured):
            world.desk.send_create_password_email(user.id)


def test_without_a_directory_the_mail_names_no_school() -> None:
    """The school's name is told only where it is known."""
    world = make_world()
    user = world.teacher(None, email=EMAIL)
    object.__setattr__(world.auth._core, "schools", None)
    world.auth.manage(by=world.admin.id).send_create_password_email(user.id)
    assert "Hill Primary" not in world.mail("create_password").text
