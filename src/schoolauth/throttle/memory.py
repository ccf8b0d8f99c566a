"""The throttle of one process: cells for what strangers make up, exact counts for the rest."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from schoolauth.model.user import to_micros
from schoolauth.ports import Bucket, Refusal
from schoolauth.throttle.counter import SECOND, BaseThrottle, Numbers, Operation, decide, over_at
from schoolauth.workers import renew_in_children

CELLS, _PAGE = 2**20, 2**12
"""Cells of four bytes in each of the two rows that a refill has, and in a page of a row."""
_LAST = 2**32 - 1
_LAST_NOW = _LAST - 2**28
"""In 2097 this clock stands still, and what is full stays so: cells have 32 bits."""


class MemoryThrottle(BaseThrottle):
    """Counts in this process's memory, to the second; each process counts on its own.

    What strangers can make up is counted in a fixed number of cells, 24 MiB with the limits of
    `schoolauth.throttle.policy`, and nothing is dropped to make room: a name whose two cells are
    both full is refused. While 100,000 invented names are full, that is fewer than 1 name in 100.
    Counts of accounts are exact, and forgotten when they are over.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)
        self._pages: dict[tuple[timedelta | None, int, int], array[int]] = {}
        self._exact: OrderedDict[str, tuple[int, Numbers]] = OrderedDict()
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock, as a new instance or in a forked child."""
        self._lock = threading.Lock()

    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        with self._lock:
            micros = time.monotonic_ns() // 1000 if now is None else to_micros(now)
            moment = min(max(micros // SECOND, 0), _LAST_NOW) * SECOND
            held = {bucket.key: self._read(bucket) for bucket in buckets}
            refusal, numbers = decide(operation, buckets, held, moment)
            for bucket in buckets:
                if bucket.key in numbers:
                    self._write(bucket, held[bucket.key], numbers[bucket.key])
            # twice as many as may have been added, so that what is over does not pile up
            for _ in range(min(2 * len(buckets), len(self._exact))):
                key, entry = self._exact.popitem(last=False)
                if entry[0] > moment:
                    self._exact[key] = entry
        return refusal

    def _read(self, bucket: Bucket) -> Numbers:
        if not bucket.invented:
            return self._exact.get(bucket.key, (0, ()))[1]
        cells = self._cells(bucket)
        return tuple((min(row[place] for row, place in pair) * SECOND, 0) for pair in cells)

    def _write(self, bucket: Bucket, held: Numbers, numbers: Numbers) -> None:
        if not bucket.invented:
            self._exact[bucket.key] = (over_at(bucket, numbers), numbers)
            return
        for pair, (before, _), (after, _) in zip(self._cells(bucket), held, numbers, strict=True):
            old, new = before // SECOND, min(-(-after // SECOND), _LAST)
            for row, place in pair:
                # a cell that is further ahead is another key's too, and stays as it is
                if row[place] == old or row[place] < new:
                    row[place] = new

    def _cells(self, bucket: Bucket) -> Iterator[list[tuple[array[int], int]]]:
        """Yield each limit's two cells, which hold the second until which its places are used."""
        digest = hashlib.blake2b(bucket.key.encode(), key=self._secret, digest_size=8).digest()
        number = int.from_bytes(digest)
        for limit in bucket.limits:
            pair = []
            for row, cell in enumerate((number % CELLS, number // CELLS % CELLS)):
                page = (limit.refill, row, cell // _PAGE)
                if page not in self._pages:
                    self._pages[page] = array("I", bytes(4 * _PAGE))
                pair.append((self._pages[page], cell % _PAGE))
            yield pair
