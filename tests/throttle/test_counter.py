"""The arithmetic by itself: what is written when, limits that change, and no drift."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.ports import NEVER, Bucket, Refusal
from schoolauth.testing.throttle.buckets import bucket
from schoolauth.throttle.counter import (
    CLOCKS_DIFFER,
    FOREVER,
    SECOND,
    Held,
    Numbers,
    Operation,
    decide,
    over_at,
)

NOW = 10**15
NAME, ACCOUNT = bucket("name", invented=True), bucket("account")
FULL, WRONG = NOW + 300 * SECOND, NOW + 300 * SECOND + CLOCKS_DIFFER + 1


def written(operation: Operation, each: Bucket, *numbers: int) -> Numbers | None:
    """Return what is written for a bucket that has these numbers; None for nothing."""
    held: Held = {each.key: numbers} if numbers else {}
    return decide(operation, [each], held, NOW)[1].get(each.key)


def test_what_is_written() -> None:
    """A place that is taken or given back; of a refusal, only that an account was tried."""
    place = (NOW + 100 * SECOND,)
    assert written("take", NAME) == written("take", ACCOUNT) == place
    assert written("take", NAME, FULL) is None
    assert written("take", ACCOUNT, FULL) == (FULL,)
    assert written("count", NAME, FULL) == (FULL,)
    assert written("give_back", NAME, *place) == (NOW,)
    assert written("wait", NAME, FULL) is None
    assert written("wait", NAME) is None
    assert written("clear", NAME, FULL) == (0,)


@pytest.mark.parametrize("each", [NAME, ACCOUNT], ids=["invented", "exact"])
@pytest.mark.parametrize("operation", ["take", "wait", "count"])
def test_what_only_a_wrong_clock_can_have_written_is_written_back(
    each: Bucket, operation: Operation
) -> None:
    """Two minutes are left alone; a microsecond more is full as of now, whatever is asked."""
    assert written(operation, each, WRONG) == (FULL,)
    assert decide("take", [each], {each.key: (WRONG,)}, NOW)[0] == Refusal(each, 100)
    assert decide("take", [each], {each.key: (WRONG - 1,)}, NOW)[0] == Refusal(each, 220)


def test_limits_may_change_while_counts_are_kept() -> None:
    """A version with a limit more, fewer, or a lower one goes on with what another has counted."""
    two, row = bucket("name", (3, 100), (9, 60)), bucket("name", (5, None))
    assert written("take", two, NOW) == (NOW + 100 * SECOND, NOW + 60 * SECOND)
    assert written("take", ACCOUNT, NOW, NOW) == (NOW + 100 * SECOND,)
    refusal, kept = decide("take", [row], {"name": (70,)}, NOW)
    assert (refusal, kept) == (Refusal(row, NEVER), {"name": (70,)})


def test_when_nothing_counts_any_more() -> None:
    """When the longest limit is over; never, while a row of failures has one."""
    both = bucket("name", (3, 100), (2, None))
    assert [over_at(both, numbers) for numbers in ((7, 0), (7, 1))] == [7, FOREVER]
    assert over_at(bucket("name", (3, 100), (9, 60)), (7, 9)) == 9


@given(st.lists(st.integers(0, 10**10), max_size=200))
def test_places_that_come_back_leave_no_drift(gaps: list[int]) -> None:
    """However many tries are given back at whatever times, all places are free at once."""
    three = bucket("name", (3, 100), (50, 7.3))
    numbers: Held = {}
    now = NOW
    for gap in gaps:
        now += gap
        for operation in ("take", "give_back"):
            refusal, changed = decide(operation, [three], numbers, now)
            assert refusal is None
            numbers = {**numbers, **changed}
    assert all(number <= now for number in numbers.get("name", ()))
