"""A server that forks its workers after the instance was made, at the worst moment."""

from __future__ import annotations

from schoolauth import MemoryThrottle
from tests.processes import ends_well_in_a_child, needs_fork
from tests.service.world import make_world


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

    with core.epochs._lock, throttle._changed:
        assert ends_well_in_a_child(life)
    assert life()


@needs_fork
def test_what_the_parent_is_deciding_is_not_counted_in_the_child() -> None:
    """Slots that the parent's threads hold would never be given back there."""
    throttle = MemoryThrottle(wait=0.01)
    world = make_world(throttle=throttle)
    teacher = world.teacher()
    open_tries = [
        world.auth._core.attempts.begin(world.users, "wg204nx_james", None) for _ in range(10)
    ]
    assert ends_well_in_a_child(lambda: bool(world.log_in(teacher).session))
    assert len(open_tries) == 10
