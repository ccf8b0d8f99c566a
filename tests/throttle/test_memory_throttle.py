"""The throttle in memory: floods of invented names, its size, and forks."""

from __future__ import annotations

from itertools import count

import pytest

from schoolauth.ports import Bucket
from schoolauth.testing.throttle.buckets import at, bucket, passed, passes
from schoolauth.throttle import MemoryThrottle, memory, policy
from schoolauth.throttle.policy import Kind
from tests.processes import ends_well_in_a_child, needs_fork
from tests.throttle.test_policy import KINDS

FLOOD, HONEST = 100_000, 10_000
DAY = 24 * 60 * 60
BURST = {policy.NAME: 8, policy.MAIL_NAME: 2}


@pytest.fixture
def throttle() -> MemoryThrottle:
    made = MemoryThrottle()
    made._secret = b"the same cells in every run"
    return made


def size(throttle: MemoryThrottle) -> int:
    """Return how many bytes the cells have."""
    return sum(page.itemsize * len(page) for page in throttle._pages.values())


# --- Floods ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [policy.NAME, policy.MAIL_NAME], ids=["hashes", "no-hashes"])
def test_a_flood_of_invented_names_shuts_out_fewer_than_one_in_a_hundred(
    throttle: MemoryThrottle, kind: Kind
) -> None:
    """100,000 full names, by sign-ins or by requests for mail, wipe nothing and stay in bounds."""
    full, nearly = kind.bucket("full"), kind.bucket("nearly full")
    passed(throttle, full, times=[0] * BURST[kind])
    passed(throttle, nearly, times=[0] * (BURST[kind] - 1))
    flood = [kind.bucket(f"invented {number}") for number in range(FLOOD)]
    numbers = throttle._read(full)
    for each in flood:  # what as many tries leave behind
        throttle._write(each, ((0, 0),), numbers)
    assert not any(passes(throttle, each) for each in flood[::1000])
    assert not passes(throttle, full)
    assert passed(throttle, nearly, times=[0, 0]) == 1
    honest = [kind.bucket(f"honest {number}") for number in range(HONEST)]
    shut_out = sum(throttle.wait(each, at(0)) > 0 for each in honest)
    assert 0 < shut_out <= HONEST / 100
    assert size(throttle) <= 32 * 2**20


def test_all_invented_kinds_together_have_at_most_32_mib_of_cells(throttle: MemoryThrottle) -> None:
    """Their cells are made page by page as they are used, and never more than these."""
    assert size(throttle) == 0
    for number in range(5000):  # each of the 256 pages of a row is used
        for kind in KINDS:
            throttle.take([kind.bucket(str(number))], at(0))
    assert size(throttle) == 24 * 2**20
    for number in range(5000, 6000):
        throttle.take([kind.bucket(str(number)) for kind in KINDS], at(number))
    assert size(throttle) == 24 * 2**20


def cells(throttle: MemoryThrottle, bucket: Bucket) -> list[int]:
    """Return the number of each cell that counts *bucket*."""
    found = [(page, place) for pair in throttle._cells(bucket) for page, place in pair]
    first = {id(page): key[2] * len(page) for key, page in throttle._pages.items()}
    return [first[id(page)] + place for page, place in found]


def in_cells(throttle: MemoryThrottle, one: int, two: int) -> Bucket:
    """Return an invented bucket that is kept in these two cells."""
    made = (bucket(str(number), invented=True) for number in count())
    wanted = [one, two]
    return next(each for each in made if cells(throttle, each) == wanted)


def test_a_name_that_shares_one_cell_of_a_full_name_is_not_shut_out(
    throttle: MemoryThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emptier of two cells counts; and nothing that such a name does frees the full one."""
    monkeypatch.setattr(memory, "CELLS", 4)
    full, other = in_cells(throttle, 1, 2), in_cells(throttle, 1, 3)
    passed(throttle, full, times=[0] * 3)
    for _ in range(20):
        assert passes(throttle, other)
        throttle.give_back([other], at(0))
    throttle.clear([other])
    assert not passes(throttle, full)


def test_two_names_in_the_same_cells_count_as_one(
    throttle: MemoryThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That errs to the safe side: they have the places of one name between them."""
    monkeypatch.setattr(memory, "CELLS", 1)
    one, other = bucket("one", invented=True), bucket("other", invented=True)
    assert [passes(throttle, each) for each in (one, other, one, other)] == [True] * 3 + [False]


# --- Accounts --------------------------------------------------------------------------------


def test_counts_of_accounts_are_forgotten_when_they_are_over(throttle: MemoryThrottle) -> None:
    """So memory holds the accounts that were tried lately, and no others; a row it keeps."""
    row = policy.failures_in_a_row(3).bucket("locked")
    passed(throttle, row, times=[0] * 3)
    for number in range(2000):
        throttle.take([policy.ACCOUNT.bucket(str(number))], at(number / 100))
    assert len(throttle._exact) == 2001
    for number in range(3000):
        throttle.take([policy.ACCOUNT.bucket(f"later {number}")], at(2 * DAY + number * DAY))
    assert len(throttle._exact) < 10
    assert not passes(throttle, row, now=4000 * DAY)
    throttle.clear([row])
    throttle.wait(row, at(4000 * DAY))
    assert row.key not in throttle._exact


def test_counts_of_accounts_are_kept_until_they_are_over(throttle: MemoryThrottle) -> None:
    """Thousands of other accounts that are tried meanwhile make it forget none."""
    full = [policy.ACCOUNT.bucket(f"full {number}") for number in range(20)]
    for each in full:
        passed(throttle, each, times=[0] * 8)
    for number in range(3000):
        throttle.take([policy.ACCOUNT.bucket(str(number))], at(100))
    assert not any(passes(throttle, each, now=149) for each in full)


# --- Its own time, and forks -----------------------------------------------------------------


@pytest.mark.parametrize("year", [1, 1969, 2097, 2150, 9999])
def test_a_clock_that_no_cell_can_hold_keeps_the_limit(throttle: MemoryThrottle, year: int) -> None:
    """Cells know the seconds of 1970 to 2097: by any other clock what is full stays full."""
    for name in (bucket("exact"), bucket("invented", invented=True)):
        times = [at(0).replace(year=year, month=12, day=31)] * 9
        assert [throttle.take([name], time) for time in times].count(None) == 3


def test_counts_are_kept_to_the_second(throttle: MemoryThrottle) -> None:
    """A try after the wait that was told passes, though fractions of a second are not counted."""
    for name in (bucket("exact"), bucket("invented", invented=True)):
        passed(throttle, name, times=[0.9, 0.95, 0.99])
        assert throttle.wait(name, at(1.5)) == 99
        assert not passes(throttle, name, now=99.9)
        assert passes(throttle, name, now=100.5)


@needs_fork
def test_a_child_goes_on_with_the_counts_whatever_lock_was_held(throttle: MemoryThrottle) -> None:
    """A forked worker neither waits for a thread that is not there nor forgets a full name."""
    name, other = bucket("name", invented=True), bucket("other", (1, 100))
    passed(throttle, name, times=[0] * 3)
    with throttle._lock:
        assert ends_well_in_a_child(lambda: not passes(throttle, name) and passes(throttle, other))
    assert passes(throttle, other)
