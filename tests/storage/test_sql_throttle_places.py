"""Rivals for the places of the throttle in a SQL database, and locks that others hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from schoolauth.errors import StorageUnavailable
from schoolauth.ports import Outcome
from schoolauth.storage.sql import SqlThrottle, locks
from schoolauth.storage.sql import throttle as sql_throttle
from schoolauth.storage.sql.places import Row, Standing
from schoolauth.testing.throttle.attempts import at, bucket
from tests.databases import SQL_STORES, Databases
from tests.pretended import Pretended
from tests.storage.refusals import refuses

SOURCE = bucket("source", (100, 300), cleared=False)


@pytest.fixture(params=SQL_STORES)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Engine:
    made = databases.backend(request.param).engine
    assert made is not None
    return made


# --- Which place -----------------------------------------------------------------------------


def test_rivals_choose_different_places() -> None:
    """Of those who have read the same rows, each chooses by lot, and among the free ones only."""
    taken = [0, 1, 3, 4, 8, 10, 11]
    rows = [Row("name", 300, place, 10**9, None) for place in taken]
    standings = [Standing(bucket("name", (10, 300)), 0, rows) for _ in range(300)]
    chosen = {place.place for standing in standings for place in standing.free_places()}
    assert chosen == {2, 5, 6, 7, 9}


class Overtaken(SqlThrottle):
    """Each time between its look and its insert, a rival that looks as it did comes first."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.rival = SqlThrottle(engine)
        self.lost = 0

    def _took(self, *args: object) -> bool:
        self.rival.reserve([SOURCE], at(0))
        took = super()._took(*args)  # type: ignore[arg-type] # as they are
        self.lost += not took
        return took


def test_rivals_do_not_take_each_others_places(engine: Engine) -> None:
    """Whoever is a little slower than others finds its place free as long as there are many."""
    slow = Overtaken(engine)
    for _ in range(10):
        assert slow.reserve([SOURCE], at(0)).retry_after is None
    assert slow.lost < 10


def test_a_crowd_of_as_many_as_there_are_places_gets_in(engine: Engine) -> None:
    """Who loses a race for a place looks again, until everybody has one."""
    throttle, name = SqlThrottle(engine), bucket("name", (12, 300))
    start = threading.Barrier(12)

    def come(_: int) -> int | None:
        start.wait(60)
        return throttle.reserve([name, SOURCE], at(0)).retry_after

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(come, range(12))) == [None] * 12


@pytest.mark.parametrize("wait", [0, 1])
def test_lost_races_end_with_the_wait(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, wait: int
) -> None:
    """They are run again for as long as an attempt may wait, and a few times at least."""
    time, throttle = Pretended(), SqlThrottle(engine, wait=wait)
    tries: list[int] = []
    monkeypatch.setattr(sql_throttle, "time", time)
    monkeypatch.setattr(throttle, "_took", lambda *_: tries.append(1))
    assert throttle.reserve([SOURCE], at(0)).retry_after == 1
    assert wait <= time.seconds < wait + 1
    assert 20 <= len(tries) < 1000


def test_a_word_about_a_refused_attempt_touches_no_row(engine: Engine) -> None:
    """Places whose attempt was said to have failed are nobody's, and no later word finds them."""
    throttle, name = SqlThrottle(engine), bucket("name", (2, 300))
    for _ in range(2):
        throttle.settle(throttle.reserve([name], at(0)), Outcome.FAILED, at(0))
    refused = throttle.reserve([name], at(1))
    assert refused.first_refusal
    throttle.settle(refused, Outcome.SUCCEEDED, at(1))
    assert throttle.peek(name, at(1)) == 299


# --- Locks of others -------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "lock",
    [
        "LOCK TABLE schoolauth_throttle IN SHARE MODE",
        "UPDATE schoolauth_throttle SET free_at = free_at",
    ],
)
def test_locks_are_not_waited_for_without_end(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    """What others hold is given up after the bound of a save, and told; then all is as it was."""
    monkeypatch.setattr(locks, "LOCK_SECONDS", 0.05)
    throttle, name = SqlThrottle(engine), bucket("name", (1, 300))
    made = throttle.reserve([name], at(0))
    with engine.begin() as holder:
        holder.execute(text(lock))
        for outcome in Outcome:
            with refuses(StorageUnavailable, "55P03"):
                throttle.settle(made, outcome, at(0))
        with refuses(StorageUnavailable, "55P03"):
            throttle.reserve([name], at(30))
    throttle.settle(made, Outcome.NOT_TRIED, at(0))
    assert throttle.peek(name, at(0)) == 0


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_bound_ends_with_the_transaction(engine: Engine) -> None:
    """The host's connections, which are the same, wait for locks as the host has said."""
    SqlThrottle(engine).reserve([SOURCE], at(0))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "0"
