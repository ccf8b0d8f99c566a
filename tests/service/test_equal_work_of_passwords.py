"""The right password where it may not do: it costs what a wrong one does, on every way in.

What is not promised is in tests/service/test_equal_work.py, whose matrix this goes on with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from schoolauth import User
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.throttle import MemoryThrottle
from tests.service.ledger import Ledger
from tests.service.states import LOCK, all_alike, names_of, people_of
from tests.service.world import PASSWORD, World, make_world

WRONG, NEW = "Wrong1234", "new@hill.example.org"


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """What a call costs."""
    return Ledger(monkeypatch)


WITH_PASSWORD: dict[str, Callable[[World, User, str], object]] = {
    "change": lambda w, u, typed: w.auth.change_password(u.id, current=typed, new="Board888"),
    "email": lambda w, u, typed: w.auth.request_email_change(u.id, password=typed, new_email=NEW),
}


@pytest.mark.parametrize("call", WITH_PASSWORD)
def test_the_right_current_password_of_an_account_that_may_not_costs_the_same(
    ledger: Ledger, call: str
) -> None:
    """Inactive, invited, retired and full do what a wrong password of an active account does."""
    world = make_world()
    people = people_of(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    costs = {"unknown": ledger.of(WITH_PASSWORD[call], world, people["active"], WRONG)}
    for state in ("inactive", "invited", "invited, no address", "retired", "erased"):
        costs[state] = ledger.of(WITH_PASSWORD[call], world, people[state], PASSWORD)
        assert ledger.last == "LoginRefused", state
    full = people["no address"]
    for _ in range(8):
        costs["filling"] = ledger.of(WITH_PASSWORD[call], world, full, WRONG)
    costs["full"] = ledger.of(WITH_PASSWORD[call], world, full, PASSWORD)
    assert ledger.last == "LoginRefused"
    costs["full, wrong"] = ledger.of(WITH_PASSWORD[call], world, full, WRONG)
    assert all_alike(costs) == [
        ("users.find", 1),
        ("throttle.take", ["account"]),
        ("verify", "$argon2id$v=19$m=8,t=1,p=1"),
        ("users.save", {"users": 0, "events": 1}),
    ]


@pytest.mark.parametrize("call", WITH_PASSWORD)
@pytest.mark.parametrize("typed", ["", "x" * 5000, "\ud800", "\0"], ids=ascii)
def test_a_current_password_that_can_be_nobodys_costs_the_same(
    ledger: Ledger, typed: str, call: str
) -> None:
    """Empty, over-long, half a character: one verification all the same, whoever it is."""
    world = make_world()
    people = people_of(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    costs = {"unknown": ledger.of(WITH_PASSWORD[call], world, people["active"], WRONG)}
    for state, user in people.items():
        costs[state] = ledger.of(WITH_PASSWORD[call], world, user, typed)
        assert ledger.last == "LoginRefused", state
    assert [name for name, _ in all_alike(costs)].count("verify") == 1


LOCKED = ("active", "active, by address", "inactive", "invited", "retired", "temporary")


@pytest.mark.parametrize("typed", [PASSWORD, WRONG])
def test_a_locked_account_costs_what_a_name_of_nobody_does(ledger: Ledger, typed: str) -> None:
    """`lock_after_failures`: whoever failed as often is refused alike, and a month later too."""
    world = make_world()
    names = names_of(people_of(world))
    costs, later = {}, {}
    for state in ("unknown", "unknown address", *LOCKED):
        ledger.rebuild(world, lock_after=LOCK, throttle=MemoryThrottle())
        for _ in range(LOCK):
            ledger.of(world.auth.log_in, names[state], WRONG, source="x")
        costs[state] = ledger.of(world.auth.log_in, names[state], typed, source="x")
        assert ledger.last == "LoginRefused", state
        world.clock.advance(days=30)  # by then, nothing is held of a name that nobody has
        later[state] = ledger.of(world.auth.log_in, names[state], typed)
        assert ledger.last == "LoginRefused", state
    for some in (costs, later):
        assert [name for name, _ in all_alike(some)].count("verify") == 1


@pytest.mark.parametrize("call", WITH_PASSWORD)
def test_a_locked_account_costs_the_same_within(ledger: Ledger, call: str) -> None:
    """Shut accounts refuse the right current password as the wrong one, whatever their state."""
    world = make_world()
    people = people_of(world)
    costs = {}
    for state in ("active", "inactive", "invited", "retired", "temporary"):
        ledger.rebuild(world, lock_after=LOCK, throttle=MemoryThrottle())
        for _ in range(LOCK):
            ledger.of(WITH_PASSWORD[call], world, people[state], WRONG)
        for typed in (PASSWORD, WRONG):
            costs[f"{state}, {typed}"] = ledger.of(WITH_PASSWORD[call], world, people[state], typed)
            assert ledger.last == "LoginRefused", state
    costs["unknown"] = costs[f"active, {WRONG}"]
    assert [name for name, _ in all_alike(costs)].count("verify") == 1


def test_an_awaited_sign_in_costs_the_same(ledger: Ledger) -> None:
    """`AsyncSchoolAuth.log_in` goes through the same calls in the same order, whoever is meant."""
    world = make_world()
    names = names_of(people_of(world))
    costs = {}

    async def sign_in(name: str) -> None:
        auth = AsyncSchoolAuth(world.auth)
        try:
            await auth.log_in(name, WRONG, source="x")
        finally:
            auth.close()

    for state, name in names.items():
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs[state] = ledger.of(lambda name=name: asyncio.run(sign_in(name)))
        assert ledger.last == "LoginRefused", state
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs[f"{state}, not awaited"] = ledger.of(world.auth.log_in, name, WRONG, source="x")
    assert [name for name, _ in all_alike(costs)].count("verify") == 1
