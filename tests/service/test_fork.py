"""A server that forks its workers after the instance was made, at the worst moment."""

from __future__ import annotations

import pytest

from schoolauth import MemoryThrottle, Throttled
from tests.processes import ends_well_in_a_child, needs_fork
from tests.service.world import PASSWORD, make_world


@needs_fork
def test_a_forked_child_signs_people_in_whatever_lock_was_held() -> None:
    """Every lock of the instance is new in the child, so none is held by a thread not there."""
    throttle = MemoryThrottle()
    world = make_world(throttle=throttle)
    teacher = world.teacher(email="jess@hill.example.org")
    world.log_in(teacher)
    core = world.auth._core

    def life() -> bool:
        login = world.log_in(teacher)
        world.auth.end_sessions(teacher.id)
        world.auth.request_password_reset("jess@hill.example.org")
        return bool(login.session and world.token("password_reset"))

    with core.epochs._lock, throttle._lock, core.attempts.process._lock:
        assert ends_well_in_a_child(life)
    assert life()


@needs_fork
def test_a_try_of_the_parent_is_not_under_way_in_the_child() -> None:
    """Its place there is never given back, so a refusal in the child says how long that takes."""
    world = make_world()
    attempts = [
        world.auth._core.attempts.begin(world.users, "wg204nx_james", None) for _ in range(8)
    ]

    def waits() -> int:
        with pytest.raises(Throttled) as caught:
            world.auth.log_in("wg204nx_james", PASSWORD)
        return caught.value.retry_after

    assert ends_well_in_a_child(lambda: waits() == 150)
    assert (waits(), len(attempts)) == (1, 8)
