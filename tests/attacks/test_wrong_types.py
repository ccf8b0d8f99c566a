"""Wrong types in every public call: told at once, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from schoolauth import (
    Argon2Hasher,
    MemoryThrottle,
    PasswordPolicy,
    RosterRow,
    SchoolAuth,
    User,
)
from schoolauth.ports import Store, SystemClock
from schoolauth.storage.memory import MemoryUserRepository
from tests.attacks.faults import snapshot
from tests.service.world import KEY, PASSWORD, World

Wrong = Callable[[World, User], object]

# the types are wrong on purpose; "false" and "no" are what a web form sends, and both are true
CALLS: dict[str, Wrong] = {
    "was_wrong": lambda w, u: w.desk.set_email(u.id, "x@x.example.org", was_wrong="false"),  # type: ignore[arg-type]
    "release_email": lambda w, u: w.desk.deactivate(u.id, release_email="no"),  # type: ignore[arg-type]
    "must_change": lambda w, u: w.desk.set_password(u.id, PASSWORD, must_change="no"),  # type: ignore[arg-type]
    "has_email": lambda w, u: w.desk.search(has_email="no"),  # type: ignore[arg-type]
    "hold": lambda w, u: w.auth.support(by="x").set_legal_hold(u.id, 1, reason="x"),  # type: ignore[arg-type]
    "since": lambda w, u: w.desk.history(since="2026-09-01"),  # type: ignore[arg-type]
    "plan": lambda w, u: w.desk.apply_mapping("{}"),  # type: ignore[arg-type]
    "left": lambda w, u: w.desk.plan_mapping(
        [RosterRow("7", "Jess", "James", active="false")],  # type: ignore[arg-type]
        source="sims",
    ),
    "log_in": lambda w, u: w.log_in(u, source=7),
    "request_reset": lambda w, u: w.auth.request_password_reset("jess", source=7),  # type: ignore[arg-type]
    "reset": lambda w, u: w.auth.reset_password("x", "y", source=7),  # type: ignore[arg-type]
    "resume": lambda w, u: w.auth.resume(None),  # type: ignore[arg-type]
    "user": lambda w, u: w.desk.get_user(u),  # type: ignore[arg-type]
    "manage": lambda w, u: w.auth.manage(by=w.admin),  # type: ignore[arg-type]
    "school limit": lambda w, u: w.auth.support(by="x").schools(limit=2.5),  # type: ignore[arg-type]
    "school page": lambda w, u: w.auth.support(by="x").schools(after=7),  # type: ignore[arg-type]
    "status": lambda w, u: w.desk.edit_user(u.id, status="active"),  # type: ignore[call-arg]
    "password": lambda w, u: w.desk.edit_user(u.id, password="$argon2id$"),  # type: ignore[call-arg]
    "epoch": lambda w, u: w.desk.add_user(given_name="A", family_name="B", role="staff", epoch=1),  # type: ignore[call-arg, arg-type]
}


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_type_is_told_before_any_work(stored_world: World, call: str) -> None:
    """A `TypeError`, and every account and event is as it was; unknown fields too (attack 15)."""
    user = stored_world.teacher(email="jess@hill.example.org")
    before = snapshot(stored_world.users)
    with pytest.raises(TypeError):
        CALLS[call](stored_world, user)
    assert snapshot(stored_world.users) == before


def test_a_time_without_a_zone_is_refused(stored_world: World) -> None:
    """A naive time would mean another moment on another server."""
    with pytest.raises(ValueError, match="zone"):
        stored_world.desk.history(since=datetime(2026, 9, 1))  # noqa: DTZ001 # the very mistake


@pytest.mark.parametrize("after", ["x" * 101, "\0", "\ud800"])
def test_a_cursor_that_no_page_gave_is_refused(stored_world: World, after: str) -> None:
    """Nor is a text of any length carried to the database."""
    with pytest.raises(ValueError, match="next"):
        stored_world.desk.search(after=after)
    with pytest.raises(ValueError, match="next"):
        stored_world.auth.support(by="x").schools(after=after)


SETTINGS: dict[str, Any] = {
    "users": None,
    "mailer": print,
    "schools": MemoryUserRepository,
    "hasher": Argon2Hasher,
    "throttle": MemoryThrottle,
    "clock": SystemClock,
    "new_id": "user-1",
    "links": "https://app.example.org/{token}",
    "policy": PasswordPolicy.seed,
    "lifetimes": 3600,
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_another_type_is_told_at_the_start(name: str) -> None:
    """Not at the first sign-in: a class for its instance, a bare text, a function not called."""
    given: dict[str, Any] = {"users": MemoryUserRepository(), name: SETTINGS[name]}
    parts = {part: given.pop(part) for part in ("users", "schools", "throttle") if part in given}
    with pytest.raises(TypeError, match=f"^{name} must "):
        SchoolAuth(Store(**parts), secret_key=KEY, **given)


def test_a_repository_alone_is_no_store() -> None:
    """Somebody who forgets `Store(…)` is told what to write."""
    users: Any = MemoryUserRepository()
    with pytest.raises(TypeError, match=r"^store must be a Store, such as SqlStore\(engine\)"):
        SchoolAuth(users, secret_key=KEY)
