"""What one process knows of its own tries: which are under way, and which refusals it told."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from datetime import datetime, timedelta

from schoolauth.workers import renew_in_children

_TOLD_EVERY = timedelta(minutes=5)
_TOLD_MOST = 10_000


class ProcessCounts:
    """What one process knows of its own tries: which are under way, and which refusals it told."""

    def __init__(self) -> None:
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin anew, in a forked child too: tries under way there are the parent's."""
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._told: OrderedDict[str, datetime] = OrderedDict()

    def enter(self, key: str) -> None:
        """Note that a try of this bucket is under way."""
        with self._lock:
            self._under_way[key] += 1

    def leave(self, key: str) -> None:
        """Note that a try of this bucket has ended."""
        with self._lock:
            self._under_way[key] -= 1
            if self._under_way[key] <= 0:
                del self._under_way[key]

    def has_others(self, key: str) -> bool:
        """Tell whether another try of this bucket is under way, besides one's own."""
        with self._lock:
            return self._under_way[key] > 1

    def is_first(self, key: str, now: datetime) -> bool:
        """Tell whether this is the bucket's first refusal in 5 minutes, and note it."""
        with self._lock:
            told = self._told.get(key)
            if told is not None and abs(now - told) < _TOLD_EVERY:
                return False
            self._told[key] = now
            self._told.move_to_end(key)
            if len(self._told) > _TOLD_MOST:
                self._told.popitem(last=False)
            return True
