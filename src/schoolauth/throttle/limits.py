"""`LimitsThrottle`: attempts counted in Redis or Memcached, through the storages of `limits`.

Needs the extra ``throttle``, and the client of the store: ``redis``, ``valkey`` or ``pymemcache``.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from schoolauth.errors import NotConfigured, StorageUnavailable
from schoolauth.model.arguments import require_kind, require_seconds
from schoolauth.ports import UNDECIDED_SECONDS, Bucket, Outcome, Reservation
from schoolauth.throttle.cells import Cell, Swap, cells_in
from schoolauth.throttle.tally import Tally, refusal, whole
from schoolauth.workers import renew_in_children

Answer = TypeVar("Answer")
_ANSWER_SECONDS = 5
"""How long a store that was named by its URI may take to answer."""
_CALLS_AT_ONCE = 32
"""A client opens a connection for each; that of Redis fails where a crowd wants more than 100."""
_TRIES = 200
"""How often somebody else may change a bucket first."""
_PAUSES = (0.02, 0.5)
"""Seconds between two looks at those who are undecided: the first pause, doubled up to the last."""
_PREFIX_MAX = 100
_KEPT_SECONDS = UNDECIDED_SECONDS + 60
"""For so long a store keeps what no limit asks for any more: clocks differ."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A bucket, its cell as it was read, and the tally in it."""

    bucket: Bucket
    cell: Cell
    tally: Tally


class LimitsThrottle:
    """Counts attempts in Redis, Valkey or Memcached, shared by every process that uses the store.

    The package `limits` brings the stores. Its own strategies count, and cannot give back, wait or
    be told the time; so each bucket's tally is kept as one text, which changes only if it is as it
    was read. In Redis an attempt's buckets change together; in Memcached one after the other, and
    it forgets, full buckets too, when it has no room or starts again.

    Args:
        storage: a storage of limits, or its URI, such as ``redis://localhost:6379/0``.
        prefix: what its keys begin with: 1 to 100 characters, none of them a space.
        wait: for at most how many seconds an attempt waits for undecided ones before it.

    Raises:
        NotConfigured: if it is none of the stores above, or the client for it is not installed.
        TypeError, ValueError: if *prefix* or *wait* is none.
    """

    def __init__(
        self, storage: Storage | str, *, prefix: str = "schoolauth", wait: float = 20.0
    ) -> None:
        opened = _open(storage) if isinstance(storage, str) else storage
        self._cells = cells_in(opened)
        known: Any = opened.base_exceptions  # one class, or a tuple of some
        several = known if isinstance(known, tuple) else (known,)
        self._errors: tuple[type[Exception], ...] = (*several, StorageError, OSError, ValueError)
        self._prefix = _checked_prefix(prefix)
        self._wait = require_seconds(wait, "wait")
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with room for new calls, as a new instance or in a forked child."""
        self._room = threading.Semaphore(_CALLS_AT_ONCE)

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back.

        Raises:
            StorageUnavailable: if the store does not answer; the attempt must not be made then.
        """
        reservation = Reservation(secrets.token_hex(16), tuple(buckets))
        begun, waited, pause, tries, first = time.monotonic(), 0.0, _PAUSES[0], _TRIES, False
        while buckets:
            moment = now.timestamp() + waited  # what was waited has gone by
            known = self._look(buckets, moment)
            if all(reservation.id in each.tally.undecided for each in known):
                return reservation  # the client has asked twice, and the first answer was lost
            full = [each for each in known if each.tally.full_for(moment)]
            crowded = not full and any(each.tally.crowded(moment) for each in known)
            if full:
                seconds = max(each.tally.full_for(moment) for each in full)
                unheard = [each for each in full if each.tally.tell(moment)]
                done = self._swap(unheard)
                first = first or done > 0
                if done == len(unheard):
                    return refusal(buckets, seconds, first=first)
            elif not crowded:
                for each in known:
                    each.tally.undecided[reservation.id] = moment
                done = self._swap(known)
                if done == len(known):
                    return reservation
                if done:  # only where buckets change one after the other
                    self._settle(reservation, Outcome.NOT_TRIED, moment)
            left = self._wait - (time.monotonic() - begun)
            tries -= not crowded  # then another process was faster
            if tries <= 0 or (crowded and left <= 0):
                return refusal(buckets, 1)
            if crowded:
                time.sleep(min(pause, left))
                pause = min(pause * 2, _PAUSES[1])
            waited = time.monotonic() - begun
        return reservation

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        """Say how the attempt ended; a second word about the same reservation is ignored.

        Raises:
            StorageUnavailable: if the store does not answer; the attempt will count as failed.
        """
        require_kind(outcome, Outcome, "outcome")
        if not reservation.buckets or reservation.retry_after is not None:
            return
        self._settle(reservation, outcome, now.timestamp())

    def _settle(self, reservation: Reservation, outcome: Outcome, moment: float) -> None:
        for _ in range(_TRIES):
            held = [
                each
                for each in self._look(reservation.buckets, moment)
                if each.tally.settle(
                    reservation.id, outcome, moment, cleared=each.bucket.cleared_by_success
                )
            ]
            if self._swap(held) == len(held):
                return
        raise StorageUnavailable

    def peek(self, bucket: Bucket, now: datetime) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        (known,) = self._look([bucket], now.timestamp())
        return whole(known.tally.full_for(now.timestamp()))

    def clear(self, key: str) -> None:
        """Forget every attempt of the bucket with this *key*.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        bucket = Bucket(key, ())
        for _ in range(_TRIES):
            (known,) = self._look([bucket], None)
            if not known.cell.text:
                return
            known.tally.forget()
            if self._swap([known]):
                return
        raise StorageUnavailable

    def _look(self, buckets: Sequence[Bucket], now: float | None) -> list[_Known]:
        """Return what is known of each of *buckets*, aged until *now*."""
        wanted = {self._key(bucket): bucket for bucket in buckets}

        def read() -> list[_Known]:
            known = []
            for cell, bucket in zip(self._cells.read(list(wanted)), wanted.values(), strict=True):
                known.append(_Known(bucket, cell, Tally.read(cell.text, bucket.limits)))
            return known

        while True:
            known = self._asked(read)
            late = [each for each in known if now is not None and each.tally.age(now)]
            if not late:
                return known
            self._swap(late)  # so that whoever clears the bucket finds failures there

    def _swap(self, changed: Sequence[_Known]) -> int:
        """Write what has *changed*; return how many of them, from the first on, were written."""
        if not changed:
            return 0
        swaps = [
            Swap(each.cell, each.tally.text(), each.tally.longest + _KEPT_SECONDS)
            for each in changed
        ]
        return self._asked(lambda: self._cells.swap(swaps))

    def _key(self, bucket: Bucket) -> str:
        # short and plain for every store; what is in braces keeps a cluster's keys together
        return f"{{{self._prefix}}}:{hashlib.sha256(bucket.key.encode()).hexdigest()}"

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        name = "Busy"
        if self._room.acquire(timeout=_ANSWER_SECONDS):
            try:
                return ask()
            except self._errors as error:
                name = type(error).__name__
            finally:
                self._room.release()
        # here, where no client's error with its addresses is __context__
        raise StorageUnavailable(f"{StorageUnavailable().message} ({name})")


def _open(uri: str) -> Storage:
    """Return the storage for *uri*, whose client gives up a store that does not answer."""
    options: dict[str, float | str | bool] = {}
    if uri.startswith("memcached:"):
        options = {"connect_timeout": _ANSWER_SECONDS, "timeout": _ANSWER_SECONDS}
    elif not uri.startswith("memory:"):
        options = {"socket_connect_timeout": _ANSWER_SECONDS, "socket_timeout": _ANSWER_SECONDS}
    with suppress(Exception):  # a client's own, of whatever kind; in it may be the password
        opened: Any = storage_from_string(uri, **options)
        cells_in(opened)  # some make their client at its first use
        return cast("Storage", opened)
    # here, where no client's error is __context__; nor is the URI told
    raise NotConfigured(
        "limits opens no storage for Redis, Memcached or memory by this URI, or the client for it"
        " is not installed"
    )


def _checked_prefix(prefix: Any) -> str:
    """Return *prefix* if every store takes it in a key; Memcached's has 250 bytes and no space."""
    require_kind(prefix, str, "prefix")
    if not (0 < len(prefix) <= _PREFIX_MAX and prefix.isprintable() and " " not in prefix):
        raise ValueError(f"prefix must have 1 to {_PREFIX_MAX} characters, and no space in it")
    return str(prefix)
