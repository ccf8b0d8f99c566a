"""What one call costs: every call of a port, with how much it is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from schoolauth import SchoolAuth, StoredPassword
from schoolauth.model.change import Change
from schoolauth.model.mail import MailMessage
from schoolauth.ports import Bucket, Store, Throttle
from schoolauth.service import core
from schoolauth.tokens import Tokens
from tests.service.world import HASHER, KEY, LINKS, World

Entry = tuple[str, Any]
_SIZES: dict[str, Callable[..., Any]] = {
    "users.find": len,
    "users.save": lambda change: _size(change),
    "schools.find": len,
    "throttle.take": lambda buckets, *_, **__: _kinds(buckets),
    "throttle.give_back": lambda buckets, *_: _kinds(buckets),
    "throttle.wait": lambda bucket, *_: _kinds([bucket]),
    "throttle.clear": lambda buckets: _kinds(buckets),
}


def _size(change: Change) -> dict[str, int]:
    """Return how many rows a save writes."""
    return {"users": len(change.users), "events": len(change.events)}


def _kinds(buckets: Sequence[Bucket]) -> list[str]:
    """Return what *buckets* count, without whose they are."""
    return [bucket.key.partition(":")[0] for bucket in buckets]


class Ledger:
    """The calls of all ports since it was cleared, in order; the clock is not among them.

    Mails count alike whether they are sent or pretended, and so do the tokens that are signed and
    the texts that are written for them.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries: list[Entry] = []
        self._watch(monkeypatch, Tokens, "issue")
        self._watch(monkeypatch, core, "compose")

    def rebuild(self, world: World, *, throttle: Throttle, lock_after: int | None = None) -> None:
        """Give *world* an instance whose every port is written down here, with a new throttle."""
        given = {"users": world.users, "schools": world.schools, "throttle": throttle}
        wired: dict[str, Any] = {name: _Wired(port, name, self) for name, port in given.items()}
        world.auth = SchoolAuth(
            Store(**wired),
            secret_key=KEY,
            mailer=_Mailer(self),
            links=LINKS,
            hasher=_Hasher(self),
            clock=world.clock,
            lock_after_failures=lock_after,
        )
        world.auth._core.credentials._make_decoy()

    def of(self, call: Callable[..., object], /, *args: Any, **more: Any) -> list[Entry]:
        """Return what *call* with these arguments costs, whatever comes of it."""
        self.entries.clear()
        try:
            call(*args, **more)
        except Exception as error:  # noqa: BLE001 # how it ends is not what is compared
            self.last = type(error).__name__
        else:
            self.last = "nothing"
        return list(self.entries)

    def note(self, name: str, size: object = None) -> None:
        """Write one call down."""
        self.entries.append((name, size))

    def _watch(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*args: Any, **more: Any) -> Any:
            self.note(name)
            return real(*args, **more)

        monkeypatch.setattr(owner, name, watched)


class _Wired:
    def __init__(self, port: Any, name: str, ledger: Ledger) -> None:
        self._port, self._name, self._ledger = port, name, ledger

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def call(*args: Any, **more: Any) -> Any:
            full = f"{self._name}.{name}"
            size = _SIZES.get(full)
            self._ledger.note(full, None if size is None else size(*args, **more))
            return value(*args, **more)

        return call


class _Mailer:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def send(self, message: MailMessage) -> None:
        self._ledger.note("mail")

    def pretend(self, message: MailMessage) -> None:
        self._ledger.note("mail")


class _Hasher:
    """Notes the work that is done: a hash refused before any is none."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def hash(self, password: str) -> StoredPassword:
        made = HASHER.hash(password)
        self._ledger.note("hash", _parameters(made))
        return made

    def verify(self, password: str, stored: StoredPassword) -> bool:
        matches = HASHER.verify(password, stored)
        self._ledger.note("verify", _parameters(stored))
        return matches

    def needs_rehash(self, stored: StoredPassword) -> bool:
        return HASHER.needs_rehash(stored)


def _parameters(stored: StoredPassword) -> str:
    return stored.reveal().rsplit("$", 2)[0]
