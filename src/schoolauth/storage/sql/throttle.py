"""`SqlThrottle`: attempts counted in a table, for all processes that share the database."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from schoolauth.errors import NotConfigured, StaleUser, StorageUnavailable
from schoolauth.model.arguments import require_kind, require_seconds
from schoolauth.model.user import to_micros
from schoolauth.ports import Bucket, Outcome, Reservation
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.locks import bound_waiting
from schoolauth.storage.sql.places import (
    CLOCKS_DIFFER,
    SECOND,
    UNDECIDED,
    Place,
    PlaceStatements,
    Standing,
)
from schoolauth.storage.sql.tables import Tables, standard_tables

_TRIES = 20
"""So often others may take the place that was chosen first, even where there is no time to wait."""
_PAUSES = (0.02, 0.5)
"""Seconds between two looks at those who are undecided: the first pause, doubled up to the last."""
_STEP_ASIDE = 0.02
"""For at most so many seconds, by lot, an attempt lets its rivals go first."""
_MOST_DEADLOCKS = 8
_SWEEP_EVERY = 200
"""After so many reservations, the process deletes what no limit asks for any more."""


class SqlThrottle:
    """Counts attempts in the database, shared by every process that has its tables.

    Every limit of a bucket has as many places as attempts, numbered, and the primary key lets each
    be taken once: one INSERT takes an attempt's places in all of its buckets, or in none. It is
    always a transaction of its own: what a refused attempt leaves outlives the host's rollback.

    Args:
        engine: whose database has the tables that `create_tables` makes.
        tables: with names of the host's own, from `build_tables`.
        wait: for at most how many seconds an attempt waits for undecided ones before it.

    Raises:
        TypeError: if *engine* or *tables* is none, or *wait* no number.
        ValueError: if *wait* is less than 0 or endless.
        NotConfigured: if it is in AUTOCOMMIT, or a connection or session, which is the host's own.
    """

    def __init__(self, engine: Engine, *, tables: Tables | None = None, wait: float = 20.0) -> None:
        self._binding = Binding(engine)
        if self._binding.joined:
            raise NotConfigured(
                "a throttle needs an Engine: its counts outlive the host's rollback"
            )
        if tables is not None:
            require_kind(tables, Tables, "tables")
        self._statements = PlaceStatements((tables or standard_tables()).throttle, engine.dialect)
        self._wait = require_seconds(wait, "wait")
        self._until_sweep = 0

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back.

        Raises:
            StorageUnavailable: if the database does not answer; the attempt must not be made then.
            ContractBroken: if the table is missing.
        """
        wanted = {bucket.key: bucket for bucket in buckets}
        reservation = Reservation(secrets.token_hex(16), tuple(buckets))
        begun, waited, pause, lost = time.monotonic(), 0.0, _PAUSES[0], 0
        while wanted:
            moment = to_micros(now) + round(waited * SECOND)  # what was waited has gone by
            standings = self._look(wanted.values(), moment)
            full = [standing for standing in standings if standing.full_for]
            crowded = not full and any(standing.crowded for standing in standings)
            if full:
                seconds = max(standing.full_for for standing in full)
                unheard = [standing.telling() for standing in full if not standing.told]
                if not unheard or self._took(unheard, "", None):
                    return _refused(buckets, seconds, first=bool(unheard))
            elif not crowded:
                places = [place for standing in standings for place in standing.free_places()]
                if self._took(places, reservation.id, moment + UNDECIDED):
                    self._sweep(moment)
                    return reservation
            left = self._wait - (time.monotonic() - begun)
            lost += not crowded  # then another process was faster
            if left <= 0 and (crowded or lost >= _TRIES):
                return _refused(buckets, SECOND)
            if crowded:
                time.sleep(min(pause, left))
                pause = min(pause * 2, _PAUSES[1])
            elif lost > 1:
                time.sleep(_STEP_ASIDE * (1 + secrets.randbelow(100)) / 100)
            waited = time.monotonic() - begun
        return reservation

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        """Say how the attempt ended; a second word about the same reservation is ignored.

        Raises:
            StorageUnavailable: if the database does not answer; the attempt will count as failed.
        """
        require_kind(outcome, Outcome, "outcome")
        if not reservation.buckets or reservation.retry_after is not None:
            return
        params = {"now": to_micros(now), "reservation": reservation.id}
        if outcome is Outcome.FAILED:
            self._write("fail", params)
            return
        held = self._write("give_back", params)
        cleared = [bucket.key for bucket in reservation.buckets if bucket.cleared_by_success]
        if held and cleared and outcome is Outcome.SUCCEEDED:
            self._write("forget", {"now": to_micros(now), "buckets": cleared})

    def peek(self, bucket: Bucket, now: datetime) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now.

        Raises:
            StorageUnavailable: if the database does not answer.
        """
        (standing,) = self._look([bucket], to_micros(now))
        return _whole(standing.full_for)

    def clear(self, key: str) -> None:
        """Forget every attempt of the bucket with this *key*.

        Raises:
            StorageUnavailable: if the database does not answer.
        """
        self._write("forget", {"now": -1, "buckets": [key]})

    def _look(self, buckets: Iterable[Bucket], now: int) -> list[Standing]:
        """Return how the *buckets* stand, in the order of their keys, with room for new rows."""
        wanted = sorted(buckets, key=lambda bucket: bucket.key)
        keys = [bucket.key for bucket in wanted]
        while True:
            rows = self._binding.read(lambda connection: self._statements.read(connection, keys))
            standings = [
                Standing(bucket, now, [row for row in rows if row.bucket == bucket.key])
                for bucket in wanted
            ]
            if not any(standing.untidy for standing in standings):
                return standings
            params = {"now": now, "buckets": keys}
            self._write("drop_old", params)
            self._write("count_late", params)  # so that whoever clears the bucket finds failures
            later = {"ahead": now + CLOCKS_DIFFER, "undecided_until": now + UNDECIDED}
            self._write("mend_clock", params | later)

    def _took(self, places: Sequence[Place], reservation: str, undecided_until: int | None) -> bool:
        """Take all *places* by one statement, or none because one is taken already."""
        try:
            self._run(
                lambda connection: self._statements.take(
                    connection, places, reservation, undecided_until
                )
            )
        except StaleUser:  # what the binding says of a taken key, and of a deadlock
            return False
        return True

    def _write(self, name: str, params: dict[str, Any]) -> int:
        """Run the statement *name*, again after a deadlock; return how many rows it was about."""
        counts: list[int] = []

        def work(connection: Connection) -> None:
            counts.append(self._statements.change(connection, name, params))

        for _ in range(_MOST_DEADLOCKS):
            try:
                self._run(work)
            except StaleUser:
                continue
            return counts[-1]
        raise StorageUnavailable

    def _run(self, work: Callable[[Connection], None]) -> None:
        """Run one statement, which waits for no lock without end."""

        def bounded(connection: Connection) -> None:
            bound_waiting(connection)
            work(connection)

        # PostgreSQL takes a bound in a transaction alone; the others need none, or have it already
        self._binding.write(bounded, stale=True, lone=self._binding.dialect_name != "postgresql")

    def _sweep(self, now: int) -> None:
        """Delete what is over in every bucket, once in a while."""
        if self._until_sweep <= 0:
            self._until_sweep = _SWEEP_EVERY
            with suppress(StorageUnavailable):  # the place is taken: the next sweep will do
                self._write("sweep", {"now": now})
        self._until_sweep -= 1


def _refused(buckets: Sequence[Bucket], wait: int, *, first: bool = False) -> Reservation:
    return Reservation("", tuple(buckets), _whole(wait), first_refusal=first)


def _whole(wait: int) -> int:
    """Return microseconds as whole seconds: who comes back then does not come too early."""
    return -(-wait // SECOND)
