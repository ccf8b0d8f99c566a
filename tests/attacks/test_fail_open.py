"""Attack 25: every port fails at every call, and nobody comes in by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolauth import Login, Role, User
from tests.attacks.faults import Call, PortDown, snapshot, wired_world
from tests.service.world import PASSWORD, World

EMAIL, NEW = "jess@hill.example.org", "jj@hill.example.org"


def reset(world: World, teacher: User) -> Call:
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")
    return lambda: world.auth.reset_password(token, "Blackboard8", source="192.0.2.7")


def confirm(world: World, teacher: User) -> Call:
    world.auth.request_email_change(teacher.id, password=PASSWORD, new_email=NEW)
    token = world.token("confirm_email_change")
    return lambda: world.auth.confirm_email_change(token)


FLOWS: dict[str, Callable[[World, User], Call]] = {
    "log_in": lambda w, t: lambda: w.auth.log_in(EMAIL, PASSWORD, source="192.0.2.7"),
    "wrong": lambda w, t: lambda: w.auth.log_in(EMAIL, "Wrong1234", source="192.0.2.7"),
    "request_reset": lambda w, t: lambda: w.auth.request_password_reset(EMAIL, source="x"),
    "reset": reset,
    "change": lambda w, t: (
        lambda: w.auth.change_password(t.id, current=PASSWORD, new="Blackboard8")
    ),
    "confirm": confirm,
    "add_user": lambda w, t: (
        lambda: w.desk.add_user(given_name="A", family_name="B", role=Role.ADMIN)
    ),
    "set_password": lambda w, t: lambda: w.desk.set_password(t.id, "Blackboard8"),
    "set_email": lambda w, t: lambda: w.desk.set_email(t.id, NEW),
    "deactivate": lambda w, t: lambda: w.desk.deactivate(t.id, release_email=True),
    "invite": lambda w, t: lambda: w.desk.send_create_password_email(t.id),
    "erase": lambda w, t: lambda: w.desk.erase(t.id),
}


@pytest.mark.parametrize("flow", FLOWS)
def test_a_port_that_fails_at_any_call_lets_nobody_in(flow: str) -> None:
    """Whatever fails, a `Login` is of an account whose sign-in is written, and no half is left."""
    for number in range(1, 200):
        world, fuse = wired_world()
        teacher = world.teacher(email=EMAIL)
        call = FLOWS[flow](world, teacher)
        accounts, events = snapshot(world)
        failed, answer = fuse.blow(call, number)
        after, history = snapshot(world)
        assert history[len(history) - len(events) :] == events
        fresh = {event.kind for event in history[: len(history) - len(events)]}
        assert after == accounts or fresh, failed  # nothing changes without its event
        if failed is not None and not failed.startswith("mailer."):
            assert isinstance(answer, PortDown), failed
        if isinstance(answer, Login):
            assert fresh & {"login_succeeded", "password_changed"}, failed
        if failed is None:
            assert number > 3
            return
    raise AssertionError("a flow without an end")
