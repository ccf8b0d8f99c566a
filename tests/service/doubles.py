"""Doubles of the ports: real ones that count, fail or change what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from schoolauth import MailMessage, StorageUnavailable, StoredPassword
from schoolauth.ports import Bucket, Refusal, UserRepository
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.counter import Operation
from schoolauth.workers import Workers
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

    def verifications(self) -> int:
        """Return how many passwords were verified."""
        return sum(call.startswith("verify") for call in self.calls)


class RecorderWithWorkers(Recorder):
    """One that has so many workers of its own, where everybody waits for their turn."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.workers, self.wait = Workers(size, name="test"), 60.0


class RecordingThrottle(MemoryThrottle):
    """A throttle that notes its calls; those that are `down` fail as in a store without answer."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Operation, tuple[Bucket, ...]]] = []
        self.times: list[datetime | None] = []
        self.down: tuple[Operation, ...] = ()
        self.meanwhile: Callable[[], object] | None = None
        """Called once, when the next `take` is done and its answer has not arrived."""

    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        if operation in self.down:
            raise StorageUnavailable
        self.calls.append((operation, tuple(buckets)))
        self.times.append(now)
        refusal = super()._do(operation, buckets, now)
        if operation == "take" and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return refusal

    def heard(self) -> list[tuple[Operation, tuple[Bucket, ...]]]:
        """Return the calls since the last time."""
        calls, self.calls = self.calls, []
        return calls


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
