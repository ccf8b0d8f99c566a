"""Mailed links: single use, and dead after any change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from schoolauth import (
    SessionEnded,
    TokenRefused,
    User,
)
from schoolauth.model.events import LoginFailed
from schoolauth.ports import Store
from tests.service.world import PASSWORD, World

EMAIL = "jess@hill.example.org"


@pytest.fixture
def teacher(world: World) -> User:
    """An active teacher with an address."""
    return world.teacher(email=EMAIL)


def refusal(world: World, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        world.auth.check_password_token(token)
    with pytest.raises(TokenRefused) as again:
        world.auth.reset_password(token, "Blackboard8")
    assert caught.value.reason == again.value.reason
    return caught.value.reason


def test_both_links_live_until_one_is_used(world: World, teacher: User) -> None:
    """Nobody can void another's link by asking again; using one ends them all."""
    world.auth.request_password_reset(EMAIL)
    first = world.token("password_reset")
    world.clock.advance(minutes=5)
    world.auth.request_password_reset(EMAIL)
    second = world.token("password_reset")
    assert first != second
    world.auth.check_password_token(second)
    world.auth.reset_password(first, "Blackboard8")
    assert refusal(world, first) == refusal(world, second) == "used"


@pytest.mark.parametrize(
    "step",
    [
        lambda world, user: world.desk.set_email(user.id, "new@hill.example.org"),
        lambda world, user: world.desk.release_email(user.id),
        lambda world, user: world.desk.set_password(user.id, "Whiteboard9"),
        lambda world, user: world.desk.deactivate(user.id),
        lambda world, user: world.desk.reactivate(world.desk.deactivate(user.id).id),
        lambda world, user: world.auth.end_sessions(user.id),
        lambda world, user: world.desk.erase(user.id),
    ],
    ids=["set_email", "release", "set_password", "deactivate", "reactivate", "sessions", "erase"],
)
def test_a_link_dies_with_any_change(
    world: World, teacher: User, step: Callable[[World, User], object]
) -> None:
    """A reset link mailed before a change of address, password or status is used after it."""
    world.auth.request_password_reset(EMAIL)
    step(world, teacher)
    assert refusal(world, world.token("password_reset")) == "used"


def test_a_link_dies_with_its_address_even_if_the_epoch_were_the_same(
    world: World, teacher: User
) -> None:
    """The token carries a digest of where it was sent."""
    from dataclasses import replace

    from schoolauth import Change, EmailAddress

    world.auth.request_password_reset(EMAIL)
    moved = replace(
        world.desk.get_user(teacher.id), email=EmailAddress.parse("new@hill.example.org")
    )
    event = LoginFailed(at=world.clock.now(), reason="unknown")
    world.users.save(Change([moved], [event]))
    assert refusal(world, world.token("password_reset")) == "used"


def test_links_expire(world: World, teacher: User) -> None:
    """A reset link works for 24 hours, a create-password link for 7 days, to the millisecond."""
    world.auth.request_password_reset(EMAIL)
    world.desk.send_create_password_email(teacher.id)
    world.clock.advance(hours=24, milliseconds=-1)
    world.auth.check_password_token(world.token("password_reset"))
    world.clock.advance(milliseconds=1)
    assert refusal(world, world.token("password_reset")) == "expired"
    world.clock.advance(days=6, milliseconds=-1)
    world.auth.check_password_token(world.token("create_password"))
    world.clock.advance(milliseconds=1)
    assert refusal(world, world.token("create_password")) == "expired"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "=",
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token[1:],
        lambda token: token.replace(".", ".."),
    ],
    ids=["empty", "cut", "padded", "longer", "recased", "beheaded", "dotted"],
)
def test_a_spoilt_token_is_refused(
    world: World, teacher: User, spoil: Callable[[str], str]
) -> None:
    """Empty, truncated, padded and re-cased tokens are invalid, whatever they were."""
    world.auth.request_password_reset(EMAIL)
    assert refusal(world, spoil(world.token("password_reset"))) == "invalid"


def test_a_mail_programs_white_space_is_trimmed(world: World, teacher: User) -> None:
    """A line break around the token is the mail program's, not the person's."""
    world.auth.request_password_reset(EMAIL)
    assert world.auth.reset_password(f" {world.token('password_reset')}\r\n", "Blackboard8")


def test_keys_rotate(world: World, teacher: User) -> None:
    """A link and a session signed with an old key work while it is listed, and not longer."""
    from schoolauth import SchoolAuth
    from tests.service.world import HASHER, KEY

    world.auth.request_password_reset(EMAIL)
    session = world.log_in(teacher).session
    new = "another key for tests, not a secret"
    rotated = SchoolAuth(
        Store(world.users), secret_key=new, old_secret_keys=[KEY], clock=world.clock, hasher=HASHER
    )
    assert rotated.resume(session).id == teacher.id
    assert rotated.check_password_token(world.token("password_reset")).username == teacher.username
    later = rotated.log_in("wg204nx_james", PASSWORD).session
    with pytest.raises(SessionEnded):
        world.auth.resume(later)
    gone = SchoolAuth(Store(world.users), secret_key=new, clock=world.clock, hasher=HASHER)
    assert gone.resume(later).id == teacher.id
    with pytest.raises(SessionEnded):
        gone.resume(session)


def test_bad_tokens_are_not_counted(world: World, teacher: User) -> None:
    """Nobody guesses one, and a count would let strangers keep every link from working."""
    world.auth.request_password_reset(EMAIL)
    for number in range(150):
        with pytest.raises(TokenRefused):
            world.auth.reset_password(f"rubbish{number}", "Blackboard8", source="192.0.2.7")
    token = world.token("password_reset")
    assert world.auth.reset_password(token, "Blackboard8", source="192.0.2.7").how == "link"
    assert world.auth.log_in("wg204nx_james", "Blackboard8", source="192.0.2.7")


def test_the_mail_shows_no_secret_in_its_repr(world: World, teacher: User) -> None:
    """Token, link and text are not in the repr of a mail."""
    world.auth.request_password_reset(EMAIL)
    mail = world.mail("password_reset")
    assert world.token("password_reset") not in repr(mail)
    assert not re.search("password/", repr(mail))
