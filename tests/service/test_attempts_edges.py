"""The numbers of attempts that the pages promise, and a throttle that says to come back at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from schoolauth import (
    Change,
    PasswordRejected,
    Role,
    RosterRow,
    School,
    StaleUser,
    Throttled,
    UserNotFound,
)
from schoolauth.model.change import Decision
from schoolauth.model.names import UserId
from schoolauth.ports import Bucket, Limit, Reservation
from schoolauth.rules.accounts import end_sessions
from schoolauth.service import attempts
from schoolauth.throttle import MemoryThrottle
from tests.service.world import PASSWORD, World, make_world

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
EMAIL = "jess@hill.example.org"


class Scripted(MemoryThrottle):
    """A throttle that refuses as it is told, and then lets everything through."""

    def __init__(self, *waits: int) -> None:
        super().__init__()
        self.waits = list(waits)

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        if self.waits:
            return Reservation("r", tuple(buckets), retry_after=self.waits.pop(0))
        return super().reserve(buckets, now)


def test_the_numbers_are_those_of_the_pages() -> None:
    """The threat model, the changelog and the how-to pages state them."""
    assert (Limit(10, 5 * MINUTE), Limit(100, DAY)) == attempts.ACCOUNT_LIMITS
    assert (Limit(100, 5 * MINUTE),) == attempts.SOURCE_LIMITS
    assert (Limit(3, HOUR),) == attempts.RESET_LIMITS
    assert (Limit(50, DAY),) == attempts.ELSEWHERE_LIMITS
    assert attempts._FOR_GOOD == 3660 * DAY


@pytest.mark.parametrize(("said", "told"), [(0, 1), (7, 7)])
def test_whoever_is_turned_away_is_told_a_second_at_least(said: int, told: int) -> None:
    """At a sign-in and for a confirmation mail: "0 seconds" would be no refusal."""
    throttle = Scripted()
    world = make_world(throttle=throttle)
    user = world.teacher(email=EMAIL)
    throttle.waits = [said]
    with pytest.raises(Throttled) as caught:
        world.log_in(user)
    assert caught.value.retry_after == told
    core = world.auth._core
    throttle.waits = [said]
    assert user.email is not None
    with pytest.raises(Throttled) as caught:
        core.attempts.count_confirmation(user, user.email)
    assert caught.value.retry_after == told


@pytest.mark.parametrize(("waits", "told"), [((0,), 1), ((7,), 7), ((7, 9), 7)])
def test_one_refused_key_of_another_school_refuses_the_list(
    waits: tuple[int, ...], told: int
) -> None:
    """Also if there is room for the next one; the first refusal's time is told."""
    throttle = Scripted()
    world = make_world(throttle=throttle)
    support = world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    mill = support.manage("mill")
    addresses = [f"{name}@mill.example.org" for name in ("ann", "bob", "cat")]
    for address in addresses:
        mill.add_user(given_name="A", family_name="B", role=Role.STAFF, email=address)
    rows = [RosterRow(None, "A", "B", address) for address in addresses]
    throttle.waits = list(waits)
    with pytest.raises(Throttled) as caught:
        world.desk.plan_mapping(rows, source="sims")
    assert caught.value.retry_after == told


def test_a_change_is_tried_eight_times(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the store's own word stands: somebody else is faster each time."""
    user, tried = world.teacher(), []

    def stale(change: Change) -> None:
        tried.append(change)
        raise StaleUser(change.users[0].id.key)

    monkeypatch.setattr(world.users, "save", stale)
    with pytest.raises(StaleUser):
        world.desk.set_email(user.id, EMAIL)
    assert len(tried) == 8


def test_within_a_host_s_transaction_there_is_one_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read there stays as it was read, so another try would end like the first."""
    user, tried = world.teacher(), []

    def stale(change: Change) -> None:
        tried.append(change)
        raise StaleUser(user.id.key)

    def decide() -> Decision[None]:
        return Decision(end_sessions(user, world.auth._core.stamp()), None)

    monkeypatch.setattr(world.users, "save", stale)
    with pytest.raises(StaleUser):
        replace(world.auth._core, joined=True).settle(decide)
    assert len(tried) == 1


def test_a_refused_password_is_told_with_who_chose_it(world: World) -> None:
    """Its owner, or the desk that set it."""
    user = world.teacher()
    with pytest.raises(PasswordRejected):
        world.auth.change_password(user.id, current=PASSWORD, new="short7")
    with pytest.raises(PasswordRejected):
        world.desk.set_password(user.id, "short7")
    events = world.desk.history(user.id, kinds=["password_refused"]).items
    assert [event.actor for event in events] == [f"user:{world.admin.id}", f"user:{user.id}"]


@pytest.mark.parametrize("value", ["", "a b", "x" * 65])
def test_an_id_that_can_be_nobodys_is_not_found(world: World, value: Any) -> None:
    """Before the store is asked, and without saying why."""
    with pytest.raises(UserNotFound) as caught:
        world.auth._core.user_id(value)
    assert caught.value.__context__ is None
    assert world.auth._core.user_id("u1") == UserId.parse("u1")
