"""Staying signed in, and ending it everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from schoolauth import (
    Lifetimes,
    SessionEnded,
    Status,
    TokenRefused,
    UserNotFound,
)
from tests.service.world import PASSWORD, World, make_world


def test_a_session_ends_with_everything_that_ends_it(world: World) -> None:
    """A new password, address, role, school or status, or the word of its owner, ends sessions."""
    from schoolauth import Role, School

    teacher = world.teacher(email="jess@hill.example.org")
    world.auth.support(by="test").add_school(School("other", "Other School"))
    steps: list[Callable[[], object]] = [
        lambda: world.desk.set_password(teacher.id, PASSWORD, must_change=False),
        lambda: world.desk.set_email(teacher.id, "j2@hill.example.org"),
        lambda: world.desk.release_email(teacher.id),
        lambda: world.desk.edit_user(teacher.id, role=Role.SLT),
        lambda: world.auth.end_sessions(teacher.id),
        lambda: world.auth.end_sessions(str(teacher.id)),
        lambda: world.desk.deactivate(teacher.id),
        lambda: world.desk.reactivate(teacher.id),
        lambda: world.auth.support(by="test").move_user(teacher.id, "other"),
    ]
    for step in steps:
        session = None
        if world.desk.get_user(teacher.id).status is Status.ACTIVE:
            session = world.auth.log_in(
                str(world.desk.get_user(teacher.id).username), PASSWORD
            ).session
            assert world.auth.resume(session).id == teacher.id
        step()
        if session is not None:
            with pytest.raises(SessionEnded):
                world.auth.resume(session)


def test_a_session_lasts_twelve_hours_and_not_longer(world: World) -> None:
    """Its end is absolute, to the millisecond."""
    session = world.log_in(world.teacher()).session
    world.clock.advance(hours=12, milliseconds=-1)
    world.auth.resume(session)
    world.clock.advance(milliseconds=1)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)


def test_a_host_chooses_how_long_sessions_last() -> None:
    """`Lifetimes` decides."""
    world = make_world(lifetimes=Lifetimes(session=timedelta(minutes=5)))
    session = world.log_in(world.teacher()).session
    world.clock.advance(minutes=5)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)


@pytest.mark.parametrize("text", ["", " ", "x", "é", "\ud800", "a.b.c", "x" * 10_000])
def test_rubbish_is_no_session(world: World, text: str) -> None:
    """Text that we did not sign ends in SessionEnded."""
    with pytest.raises(SessionEnded):
        world.auth.resume(text)


def test_a_link_is_no_session_and_a_session_is_no_link(world: World) -> None:
    """Tokens of one purpose are refused for every other."""
    teacher = world.teacher(email="jess@hill.example.org")
    session = world.log_in(teacher).session
    world.auth.request_password_reset("jess@hill.example.org")
    with pytest.raises(SessionEnded):
        world.auth.resume(world.token("password_reset"))
    with pytest.raises(TokenRefused):
        world.auth.check_password_token(session)


def test_the_login_shows_no_session(world: World) -> None:
    """The session string is not in the login's repr."""
    login = world.log_in(world.teacher())
    assert login.session not in repr(login)


def test_end_sessions_of_nobody(world: World) -> None:
    """An unknown or erased account is UserNotFound."""
    gone = world.teacher()
    world.desk.erase(gone.id)
    for user_id in ("nobody", gone.id, "no id!"):
        with pytest.raises(UserNotFound):
            world.auth.end_sessions(user_id)
