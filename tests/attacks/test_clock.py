"""Attack 12: a clock that is set back, or jumps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schoolauth import LoginRefused, SessionEnded, Throttled, TokenRefused
from tests.service.world import World

EMAIL = "jess@hill.example.org"


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(timedelta(hours=12), 150), (timedelta(days=4000), 1728)]
)
def test_a_clock_that_is_set_right_locks_nobody_out_for_long(
    world: World, ahead: timedelta, seconds: int
) -> None:
    """Failures while it was ahead make name and account wait for one place each, not as long."""
    teacher = world.teacher()
    world.clock.advance(ahead)
    for _ in range(8):
        with pytest.raises(LoginRefused):
            world.log_in(teacher, "Wrong1234")
    world.clock.advance(-ahead)
    with pytest.raises(Throttled) as caught:
        world.log_in(teacher)
    assert caught.value.retry_after == 150
    world.clock.advance(seconds=150)
    with pytest.raises(LoginRefused):  # the account's own count is looked at only now
        world.log_in(teacher)
    world.clock.advance(seconds=seconds)
    assert world.log_in(teacher)


def test_a_clock_that_is_set_back_revives_nothing(stored_world: World) -> None:
    """A used link and an ended session stay dead at every earlier moment."""
    world = stored_world
    teacher = world.teacher(email=EMAIL)
    session = world.log_in(teacher).session
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")
    world.clock.advance(minutes=10)
    world.auth.reset_password(token, "Blackboard8")
    for back in (timedelta(minutes=-5), timedelta(minutes=-5), timedelta(days=-400)):
        world.clock.advance(back)
        with pytest.raises(TokenRefused):
            world.auth.reset_password(token, "Blackboard9")
        with pytest.raises(SessionEnded):
            world.auth.resume(session)


def test_epochs_go_forward_though_the_clock_goes_back(stored_world: World) -> None:
    """Whatever is changed while the clock is behind still ends what was given before."""
    world = stored_world
    teacher = world.teacher()
    for _ in range(3):
        session = world.log_in(teacher).session
        world.clock.advance(hours=-7)
        world.desk.unlock(teacher.id)  # what was counted is hours ahead
        world.auth.end_sessions(teacher.id)
        with pytest.raises(SessionEnded):
            world.auth.resume(session)
