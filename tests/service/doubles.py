"""Doubles of the ports: real ones that count, fail or change what they do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schoolauth import (
    MailMessage,
    StoredPassword,
)
from schoolauth.ports import Bucket, Refusal, UserRepository
from schoolauth.throttle import MemoryThrottle
from tests.service.world import HASHER


class Recorder:
    """A hasher that counts what it is asked, around a real one."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def hash(self, password: str) -> StoredPassword:
        self.calls.append("hash")
        return HASHER.hash(password)

    def verify(self, password: str, stored: StoredPassword) -> bool:
        matches = HASHER.verify(password, stored)
        self.calls.append("verify " + stored.reveal().rsplit("$", 2)[0])
        return matches

    def needs_rehash(self, stored: StoredPassword) -> bool:
        return HASHER.needs_rehash(stored)


class Asked(MemoryThrottle):
    """A throttle that remembers which buckets it was asked for, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Bucket, ...]] = []

    def take(
        self,
        buckets: Sequence[Bucket],
        now: datetime | None = None,
        /,
        *,
        even_if_full: bool = False,
    ) -> Refusal | None:
        self.calls.append(tuple(buckets))
        return super().take(buckets, now, even_if_full=even_if_full)

    def heard(self) -> list[Bucket]:
        """Return the buckets since the last time, one after the other."""
        asked, self.calls = self.calls, []
        return [bucket for call in asked for bucket in call]


class Failing:
    """A repository whose *call* raises *error* from a given moment on."""

    def __init__(self, users: UserRepository, call: str, error: Exception) -> None:
        self._users = users
        self._call = call
        self._error = error
        self.down = False

    def __getattr__(self, name: str) -> Any:
        if self.down and name == self._call:

            def fail(*_: Any) -> Any:
                raise self._error

            return fail
        return getattr(self._users, name)


class Broken:
    """A mailer that never gets anything away."""

    def send(self, message: MailMessage) -> None:
        raise OSError(f"cannot reach {message.to}")
