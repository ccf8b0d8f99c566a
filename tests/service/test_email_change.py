"""Changing one's own address."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth import (
    EmailInvalid,
    EmailTaken,
    LoginRefused,
    NotConfigured,
    SessionEnded,
    TokenRefused,
    User,
)
from tests.service.world import LINKS, PASSWORD, World, make_world

OLD, NEW = "jess@hill.example.org", "jj@hill.example.org"


@pytest.fixture
def teacher(world: World) -> User:
    """An active teacher with an address."""
    return world.teacher(email=OLD)


def request(world: World, teacher: User, new: str = NEW, password: str = PASSWORD) -> None:
    world.auth.request_email_change(teacher.id, password=password, new_email=new)


def test_a_new_address_takes_effect_when_it_confirms(stored_world: World) -> None:
    """Until then nothing changes; then sessions end, and the old address is told both times."""
    world = stored_world
    teacher = world.teacher(email=OLD)
    session = world.log_in(teacher).session
    request(world, teacher)
    assert str(world.mail("confirm_email_change").to) == NEW
    assert str(world.mail("email_change_requested").to) == OLD
    assert str(world.auth.resume(session).email) == OLD
    changed = world.auth.confirm_email_change(world.token("confirm_email_change"))
    assert str(changed.email) == NEW
    assert changed.version == world.desk.get_user(teacher.id).version
    assert str(world.mail("email_changed").to) == OLD
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
    assert world.auth.log_in(NEW, PASSWORD)
    assert world.kinds(teacher)[:3] == [
        "login_succeeded",
        "email_changed",
        "email_change_requested",
    ]


def test_a_link_confirms_once_and_only_its_own_address(world: World, teacher: User) -> None:
    """The second use is refused, and so is an older link for another address (CVE-2026-32700)."""
    request(world, teacher, "first@hill.example.org")
    first = world.token("confirm_email_change")
    request(world, teacher)
    second = world.token("confirm_email_change")
    assert str(world.auth.confirm_email_change(second).email) == NEW
    for token in (first, second):
        with pytest.raises(TokenRefused) as caught:
            world.auth.confirm_email_change(token)
        assert caught.value.reason == "used"


def test_the_same_address_again_is_no_change(world: World, teacher: User) -> None:
    """Confirming the address that one has already is refused as used."""
    request(world, teacher, OLD)
    with pytest.raises(TokenRefused) as caught:
        world.auth.confirm_email_change(world.token("confirm_email_change"))
    assert caught.value.reason == "used"


def test_a_held_address_gets_the_same_answer_and_a_note(world: World, teacher: User) -> None:
    """Whoever asks learns nothing; the holder is told; no link is sent."""
    world.teacher(family_name="Holder", email=NEW)
    world.outbox.clear()
    request(world, teacher)
    assert [mail.kind for mail in world.outbox] == ["email_in_use", "email_change_requested"]
    assert str(world.mail("email_in_use").to) == NEW


def test_an_address_taken_in_the_meantime(world: World, teacher: User) -> None:
    """The confirmation is refused as EmailTaken, without telling who holds it."""
    request(world, teacher)
    world.teacher(family_name="Faster", email=NEW)
    with pytest.raises(EmailTaken) as caught:
        world.auth.confirm_email_change(world.token("confirm_email_change"))
    assert caught.value.holder_username is None
    assert str(world.desk.get_user(teacher.id).email) == OLD


def test_a_wrong_password_changes_nothing(world: World, teacher: User) -> None:
    """The password is asked for, and no mail goes out without it (ASVS 7.5.1)."""
    world.outbox.clear()
    with pytest.raises(LoginRefused):
        request(world, teacher, password="Wrong1234")
    assert world.outbox == []


@pytest.mark.parametrize("reason", ["expired", "invalid"])
def test_a_bad_link_is_refused(world: World, teacher: User, reason: str) -> None:
    """A late link is expired, and one of another purpose is invalid."""
    request(world, teacher)
    token = world.token("confirm_email_change")
    if reason == "invalid":
        world.auth.request_password_reset(OLD)
        token = world.token("password_reset")
    world.clock.advance(hours=24)
    with pytest.raises(TokenRefused) as caught:
        world.auth.confirm_email_change(token)
    assert caught.value.reason == reason


def test_a_password_change_ends_the_request(world: World, teacher: User) -> None:
    """A pending change of address does not survive the account's recovery (pre-hijacking)."""
    request(world, teacher)
    world.auth.request_password_reset(OLD)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    with pytest.raises(TokenRefused):
        world.auth.confirm_email_change(world.token("confirm_email_change"))


@pytest.mark.parametrize(
    ("password", "email", "error"),
    [(7, NEW, TypeError), (PASSWORD, 7, TypeError), (PASSWORD, "no address", EmailInvalid)],
)
def test_bad_input(
    world: World, teacher: User, password: Any, email: Any, error: type[Exception]
) -> None:
    """Wrong types and bad addresses are refused before any work."""
    with pytest.raises(error):
        world.auth.request_email_change(teacher.id, password=password, new_email=email)
    with pytest.raises(TypeError):
        world.auth.confirm_email_change(None)  # type: ignore[arg-type] # on purpose


def test_it_needs_its_own_page() -> None:
    """Without `links.email` the call is NotConfigured."""
    from schoolauth import Links

    world = make_world(links=Links(password=LINKS.password))
    teacher = world.teacher(email=OLD)
    with pytest.raises(NotConfigured):
        request(world, teacher)
