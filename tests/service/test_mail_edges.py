"""What each mail carries, and which words a refusal has for the desk that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import (
    ImportedUser,
    Links,
    Login,
    NotConfigured,
    PasswordChangeRequired,
    PasswordRejected,
    Role,
    StoredPassword,
    TransitionForbidden,
    User,
)
from schoolauth.ports import LegacyVerifier
from schoolauth.testing import Outbox
from tests.service.world import LINKS, PASSWORD, World, failures, make_world, refused

EMAIL = "jess@hill.example.org"
ASKED: dict[str, Callable[[World, User], object]] = {
    "password_reset": lambda w, u: w.auth.request_password_reset(EMAIL),
    "create_password": lambda w, u: w.desk.send_create_password_email(u.id),
    "confirm_email_change": lambda w, u: w.auth.request_email_change(
        u.id, password=PASSWORD, new_email="new@hill.example.org"
    ),
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_link_opens_its_own_page_and_its_mail_knows_whose_it_is(world: World, kind: str) -> None:
    """The page with the token in it; user and school, for the record of a failure."""
    user = world.teacher(email=EMAIL)
    ASKED[kind](world, user)
    mail, page = world.mail(kind), LINKS.email if kind.startswith("confirm") else LINKS.password
    assert page is not None
    assert mail.token
    assert mail.link == page.replace("{token}", mail.token)
    assert mail.link in mail.text
    assert (mail.user, mail.school) == (user.id, world.school.code)


def test_a_note_knows_whose_it_is_too(world: World) -> None:
    """Its failure is the school's to see."""
    user = world.teacher(email=EMAIL)
    note = world.mail("password_changed")
    assert (note.user, note.school) == (user.id, world.school.code)


def test_nobody_is_told_who_has_no_address() -> None:
    """Neither with a mailer, nor without one."""
    for mailer in (Outbox(), None):
        world = make_world(mailer=mailer)
        user = world.teacher()
        assert world.auth.change_password(user.id, current=PASSWORD, new="Blackboard8")
        assert len(mailer or []) == 0


def test_a_held_address_is_told_which_account_has_it(world: World) -> None:
    """The holder's own, and not that of whoever asked for it."""
    holder = world.teacher(email=EMAIL)
    asker = world.teacher(family_name="Asker")
    world.auth.request_email_change(asker.id, password=PASSWORD, new_email=EMAIL)
    note = world.mail("email_in_use")
    assert note.user == holder.id
    assert str(holder.username) in note.text
    assert str(asker.username) not in note.text


@pytest.mark.parametrize(
    ("settings", "call", "said"),
    [
        ({"mailer": None}, "password_reset", "this call needs mailer"),
        ({"links": Links()}, "password_reset", "this call needs mailer, links.password"),
        ({"links": Links()}, "confirm_email_change", "this call needs mailer, links.email"),
    ],
)
def test_what_is_not_configured_is_named(settings: Any, call: str, said: str) -> None:
    """By the words of the arguments that the host has to give."""
    world = make_world(**settings)
    user = world.teacher(email=EMAIL)
    with pytest.raises(NotConfigured) as caught:
        ASKED[call](world, user)
    assert str(caught.value) == said


def test_the_history_says_how_somebody_signed_in_and_changed_their_password(world: World) -> None:
    """By link or password; and what was refused was refused for the same way."""
    user = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    world.desk.set_password(user.id, "Whiteboard9")
    with pytest.raises(PasswordChangeRequired) as caught:
        world.log_in(user, "Whiteboard9")
    world.auth.reset_password(caught.value.password_token, "Blackboard8")
    with pytest.raises(PasswordRejected):
        world.auth.change_password(user.id, current="Blackboard8", new="short")
    world.auth.change_password(user.id, current="Blackboard8", new="Chalkboard7")

    def hows(kind: str) -> list[str]:
        events = world.desk.history(user.id, kinds=[kind]).items
        return [getattr(event, "how", "") for event in events]

    assert hows("login_succeeded") == ["password", "link"]
    assert hows("password_changed")[:4] == ["change", "must_change", "admin", "reset"]
    assert hows("password_refused") == ["change"]


def test_each_mail_of_many_has_its_own_event(world: World) -> None:
    """Who cannot be written to has none, wherever they stand in the list."""
    sent = world.teacher(None, email=EMAIL)
    without = world.teacher(None, family_name="Without")
    for ids in ([sent.id, without.id], [without.id, sent.id]):
        outcomes = world.desk.send_create_password_emails(ids)
        assert {one.user_id for one in outcomes if one.sent} == {sent.id}
    assert world.kinds(sent).count("create_password_sent") == 2
    assert "create_password_sent" not in world.kinds(without)


def test_who_must_change_their_password_is_no_guesser(world: World) -> None:
    """The right temporary password may be typed as often as one likes."""
    user = world.desk.set_password(world.teacher().id, "Whiteboard9")
    for _ in range(12):
        with pytest.raises(PasswordChangeRequired):
            world.log_in(user, "Whiteboard9")


def test_a_login_without_a_word_about_it_keeps_to_the_policy(world: World) -> None:
    """Hosts make one in their own tests."""
    assert not Login(world.admin, "session", "link").password_below_policy


WANTED: dict[str, Callable[[World, User], object]] = {
    "password": lambda w, u: w.desk.set_password(u.id, "Blackboard8"),
    "create_password": lambda w, u: w.desk.send_create_password_email(u.id),
    "undo": lambda w, u: w.desk.undo_resolve_duplicate(keep=w.teacher().id, retire=u.id),
}


@pytest.mark.parametrize("wanted", WANTED)
def test_a_refusal_says_what_was_wanted(world: World, wanted: str) -> None:
    """So that the desk can say what does not go with a leaver's account."""
    user = world.desk.deactivate(world.teacher(family_name="Gone").id)
    with pytest.raises(TransitionForbidden) as caught:
        WANTED[wanted](world, user)
    assert caught.value.details() == {"status": "inactive", "wanted": wanted}


@pytest.mark.parametrize("role", ["governor", "", 7, None, []], ids=repr)
def test_what_is_no_role_is_a_type_error(world: World, role: Any) -> None:
    """A developer's mistake, told by the argument's name, for words and other things alike."""
    with pytest.raises(TypeError, match=r"^role must be a Role$"):
        world.desk.add_user(given_name="A", family_name="B", role=role)
    assert world.desk.search(roles=[Role.TEACHER]).items == ()


class Spoilt:
    """A verifier that knows a hash, and finds it corrupt."""

    def recognises(self, stored: StoredPassword, /) -> bool:
        return stored.reveal().startswith("spoilt")

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        raise ValueError("corrupt")

    def pretend(self, password: str, /) -> None:
        """Do nothing, as quickly."""


class Plain(Spoilt):
    """A verifier of hashes that say what they are of; no hash at all, but quick."""

    def recognises(self, stored: StoredPassword, /) -> bool:
        return stored.reveal().startswith("plain")

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        return stored.reveal() == f"plain:{password}"


@pytest.mark.parametrize(
    "legacy", [[Spoilt(), Plain()], [Plain(), Spoilt()]], ids=["first", "last"]
)
def test_a_corrupt_hash_of_an_old_system_is_on_record(legacy: list[LegacyVerifier]) -> None:
    """Whichever of several verifiers finds it; a sound one of another is none."""
    world = make_world(legacy=legacy)
    spoilt, sound = world.auth.support(by="Robin").import_users(
        "wg204nx",
        [
            ImportedUser("spoilt", "Sam", "Spoilt", Role.STAFF, password_hash="spoilt"),
            ImportedUser("sound", "Sue", "Sound", Role.STAFF, password_hash=f"plain:{PASSWORD}"),
        ],
        source="old",
    )
    refused(world, str(spoilt.username))
    assert "stored_password_unreadable" in world.kinds(spoilt)
    refused(world, str(sound.username), "Wrong1234")
    assert failures(world)[0].reason == "wrong_password"
    assert world.log_in(sound).how == "password"
    assert "stored_password_unreadable" not in world.kinds(sound)
