"""The help page that this library turns into code: one test for each of its questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth import (
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
    """The admin's sign-in with a space at the end fails and says so; without it, it works."""
    for name, password, place in (
        ("wg204nx_admin ", PASSWORD, "end of the username"),
        ("wg204nx_admin", PASSWORD + " ", "end of the password"),
    ):
        with pytest.raises(LoginRefused, match=place):
            world.auth.log_in(name, password)
    assert world.auth.log_in("wg204nx_admin", PASSWORD).user.role is Role.ADMIN


def test_2_the_forgotten_admin_password(world: World) -> None:
    """The admin resets it by mail."""
    world.auth.request_password_reset("wg204nx_admin")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
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
    assert world.kinds(teacher)[0] == "password_refused"
    assert world.log_in(teacher)
    world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    assert world.log_in(teacher, "Blackboard8")


def test_5_the_create_new_password_mail(world: World) -> None:
    """Without an address the admin is told how to add one; with it the mail goes out."""
    teacher = world.teacher(None)
    with pytest.raises(EmailMissing, match="Edit the user in User Management and add an address"):
        world.desk.send_create_password_email(teacher.id)
    world.desk.set_email(teacher.id, EMAIL)
    world.desk.send_create_password_email(teacher.id)
    assert world.auth.reset_password(world.token("create_password"), PASSWORD).user.id == teacher.id


def test_6_more_than_one_account(world: World) -> None:
    """Mapping proposes instead of adding a second account; one that is there is set inactive."""
    james = world.teacher(email=EMAIL)
    second = world.teacher(None)
    assert [str(user.username) for user in world.desk.search("james").items] == [
        "wg204nx_james",
        "wg204nx_james.1",
    ]
    world.desk.deactivate(second.id, release_email=True)
    plan = world.desk.plan_mapping([RosterRow("17", "Jess", "James")], source="sims")
    assert plan.items[0].kind == "may_match"
    assert set(plan.items[0].candidates) == {james.id, second.id}
    assert world.desk.apply_mapping(plan).added == ()


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


def test_9_the_question_is_not_listed(world: World) -> None:
    """What happened to an account can be looked up."""
    teacher = world.teacher()
    with pytest.raises(LoginRefused):
        world.log_in(teacher, "Wrong1234")
    event = world.desk.history(teacher.id, limit=1).items[0]
    assert '"reason": "wrong_password"' in str(event.to_record()["details"])
