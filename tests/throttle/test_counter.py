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
    Number,
    Numbers,
    Operation,
    decide,
    over_at,
)

NOW = 10**15
NAME, ACCOUNT = bucket("name", invented=True), bucket("account")
FULL, WRONG = NOW + 300 * SECOND, NOW + 300 * SECOND + CLOCKS_DIFFER + 1


def written(operation: Operation, each: Bucket, *numbers: Number) -> Numbers | None:
    """Return what is written for a bucket that has these numbers; None for nothing."""
    held: Held = {each.key: numbers} if numbers else {}
    return decide(operation, [each], held, NOW)[1].get(each.key)


def test_what_is_written() -> None:
    """A place that is taken or given back; of a refusal, only that an account was tried."""
    place, full = (NOW + 100 * SECOND, 0), (FULL, 0)
    assert written("take", NAME) == written("take", ACCOUNT) == (place,)
    assert written("take", NAME, full) is None
    assert written("take", ACCOUNT, full) == (full,)
    assert written("count", NAME, full) == (full,)
    assert written("give_back", NAME, place) == ((NOW, 0),)
    assert written("wait", NAME, full) is None
    assert written("wait", NAME) is None
    assert written("clear", NAME, (FULL, WRONG)) == ((0, 0),)


@pytest.mark.parametrize("each", [NAME, ACCOUNT], ids=["invented", "exact"])
@pytest.mark.parametrize("operation", ["take", "wait", "count"])
def test_what_only_a_wrong_clock_can_have_written_is_full_as_of_now(
    each: Bucket, operation: Operation
) -> None:
    """Two minutes are left alone; a microsecond more is set aside, whatever is asked."""
    assert written(operation, each, (WRONG, 0)) == ((FULL, WRONG),)
    assert decide("take", [each], {each.key: ((WRONG, 0),)}, NOW)[0] == Refusal(each, 100)
    assert decide("take", [each], {each.key: ((WRONG - 1, 0),)}, NOW)[0] == Refusal(each, 220)


def test_what_is_set_aside() -> None:
    """It counts for the clock that wrote it, until the count of the right clock is over."""
    assert written("count", NAME, (FULL, WRONG)) == ((FULL, WRONG),)
    assert written("give_back", NAME, (FULL, WRONG)) == ((FULL - 100 * SECOND, WRONG),)
    assert written("wait", NAME, (NOW - 1, FULL)) == ((FULL, 0),)
    assert written("count", NAME, (NOW - 1, FULL - 1)) == ((FULL, 0),)
    assert written("wait", NAME, (NOW, WRONG)) == ((NOW, 0),)
    assert written("take", NAME, (NOW, WRONG)) == ((NOW + 100 * SECOND, 0),)


def test_limits_may_change_while_counts_are_kept() -> None:
    """A version with a limit more, fewer, or a lower one goes on with what another has counted."""
    two, row = bucket("name", (3, 100), (9, 60)), bucket("name", (5, None))
    both = ((NOW + 100 * SECOND, 0), (NOW + 60 * SECOND, 0))
    assert written("take", two, (NOW, 0)) == both
    assert written("take", ACCOUNT, (NOW, 0), (NOW, 0)) == both[:1]
    refusal, kept = decide("take", [row], {"name": ((70, 0),)}, NOW)
    assert (refusal, kept) == (Refusal(row, NEVER), {"name": ((70, 0),)})


def test_when_nothing_counts_any_more() -> None:
    """When the longest limit is over; never, while a row of failures has one."""
    both = bucket("name", (3, 100), (2, None))
    assert [over_at(both, ((7, 0), (row, 0))) for row in (0, 1)] == [7, FOREVER]
    assert over_at(bucket("name", (3, 100), (9, 60)), ((7, 99), (9, 0))) == 9


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
    assert all(number <= now for number, _ in numbers.get("name", ()))
