"""The current password is asked for again: what counts as a try, and what does not."""

from __future__ import annotations

import pytest

from schoolauth import (
    Change,
    LoginRefused,
    SessionEnded,
    Status,
    StorageUnavailable,
    User,
)
from schoolauth.model.events import SessionsEnded
from schoolauth.service.verification import reauthenticate
from tests.service.world import PASSWORD, World


def again(world: World, user: User, password: str = PASSWORD) -> None:
    reauthenticate(world.auth._core, user.id, password)


def wait(world: World, user: User) -> int:
    return world.auth._core.attempts.wait(user)


def test_the_right_password_is_never_too_often(world: World) -> None:
    """It is no failure, and clears none: seven wrong ones and one more fill the account."""
    user = world.teacher()
    for _ in range(7):
        with pytest.raises(LoginRefused):
            again(world, user, "Wrong1234")
    for _ in range(12):
        again(world, user)
    assert wait(world, user) == 0
    with pytest.raises(LoginRefused):
        again(world, user, "Wrong1234")
    assert wait(world, user) == 150
    with pytest.raises(LoginRefused):
        again(world, user)


def test_the_right_password_of_a_leaver_counts(world: World) -> None:
    """Nobody gets in by it, so it is a failed try like any other."""
    user = world.teacher()
    world.desk.deactivate(user.id)
    for _ in range(8):
        with pytest.raises(LoginRefused):
            again(world, user)
    assert wait(world, user) == 150


def test_a_wrong_password_counts_though_nothing_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails at the record gives no tries for nothing."""
    user = world.teacher()

    def down(_: Change) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(world.users, "save", down)
    for _ in range(8):
        with pytest.raises(StorageUnavailable):
            again(world, user, "Wrong1234")
    assert wait(world, user) == 150


def test_a_session_of_an_account_that_does_not_stand_is_over(world: World) -> None:
    """Whatever its epoch: a host's own statement may have made it inactive."""
    from dataclasses import replace

    user = world.teacher()
    session = world.log_in(user).session
    read = world.desk.get_user(user.id)
    event = SessionsEnded(at=world.clock.now(), school=user.school, user=user.id)
    world.users.save(Change([replace(read, status=Status.INACTIVE)], [event]))
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
