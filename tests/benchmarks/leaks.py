"""Can a stopwatch tell who has an account? ``python -m tests.benchmarks.leaks [samples] [--real]``.

Sign-ins with a wrong password and requests for reset links, for an unknown name beside every kind
of known one, and beside accounts whose count is full, that are locked, or whose owner has just
signed in, by a known browser too. A SQL store counts in its own database. The hash is as cheap as
argon2 allows, so that what surrounds it shows; the bound of a sign-in is 1 % of a hash with the
default parameters, taken in the same run. Two leaks are put back on purpose, to show that they
would be found. Every name is used once in three hours of the frozen clock. With ``--real`` only
sign-ins in memory are compared, with the default hash itself, whose lanes wait for the processors
so unevenly that only the faster half of the times is looked at.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import event

from schoolauth import Argon2Hasher, Links, LoginRefused, MailMessage, QueuedMailer, SchoolAuth
from schoolauth.model.user import Status, StoredPassword, User
from schoolauth.ports import Store
from schoolauth.rules.links import DECOY
from schoolauth.service.core import Core
from schoolauth.service.credentials import Credentials
from schoolauth.storage.memory import MemoryStore
from schoolauth.storage.sql import SqlStore
from schoolauth.testing import FrozenClock, cheap_hasher
from tests.benchmarks.measure import duration, table
from tests.benchmarks.sample import (
    KEY,
    PASSWORD,
    SQL_STORES,
    added,
    analyze,
    databases,
    new_engine,
    person,
)
from tests.benchmarks.welch import KEPT, LEAK, Difference, cycle_of, told_apart

PEOPLE = 1000
RESET_BOUND = 50e-6
KEPT_OF_REAL = 0.5
WRONG = "Wrong1234"


class Nowhere:
    """A mailer that does nothing."""

    def send(self, message: MailMessage) -> None:
        """Drop *message*."""


def somebody(kind: str, number: int, stored: StoredPassword) -> User:
    """Return the account *number* of one kind."""
    made = person(number, None if kind == "invited" else stored)
    if kind == "inactive":
        return replace(made, status=Status.INACTIVE)
    return replace(made, email=None) if kind == "no address" else made


_HEADINGS = ["an unknown name beside", "how much longer the known one took", "bound"]
KINDS = ("wrong password", "inactive", "invited", "no address")
FATES = ("full", "locked", "just signed in")
LOCK = 100


class Setup:
    """A thousand accounts of each kind in one store."""

    def __init__(
        self, store: Store, mailer: QueuedMailer, hasher: Argon2Hasher | None = None
    ) -> None:
        hasher = hasher or cheap_hasher()
        stored = hasher.hash(PASSWORD)
        self.names: dict[str, list[str]] = {
            "unknown": [f"wg204nx_nobody{number}" for number in range(PEOPLE)],
            "unknown too": [f"wg204nx_noone{number}" for number in range(PEOPLE)],
        }
        self._people: dict[str, list[User]] = {}
        for index, kind in enumerate((*KINDS, *FATES)):
            people = [somebody(kind, index * PEOPLE + number, stored) for number in range(PEOPLE)]
            store.users.save(added(people))
            self._people[kind] = people
            self.names[kind] = [str(one.username) for one in people]
        self._clock = FrozenClock()
        links = Links(password="https://app.example.org/password/{token}")
        self._auth = SchoolAuth(
            store,
            secret_key=KEY,
            mailer=mailer,
            links=links,
            hasher=hasher,
            clock=self._clock,
            lock_after_failures=LOCK,
        )
        self._use_up("locked", LOCK)  # for good; the other kinds fail less often than that

    def sign_in(self, kind: str) -> Callable[[], object]:
        """Return a refused sign-in, each call under the next name."""
        name, auth = self._cycle(kind), self._auth

        def call() -> None:
            with suppress(LoginRefused):
                auth.log_in(next(name), WRONG)

        return call

    def request(self, kind: str) -> Callable[[], object]:
        """Return a request for a reset link, each call under the next name."""
        name, auth = self._cycle(kind), self._auth
        return lambda: auth.request_password_reset(next(name))

    def _cycle(self, kind: str) -> Iterator[str]:
        return cycle_of(self.names[kind], lambda: self._begin(kind))

    def _begin(self, kind: str) -> None:
        """Have no name throttled, and the accounts of *kind* as it says."""
        self._clock.advance(hours=3)
        if kind == "full":
            self._use_up(kind, 8)
        if kind == "just signed in":
            for name in self.names[kind]:
                device = self._auth.log_in(name, PASSWORD).device
                self._auth.log_in(name, PASSWORD, device=device)

    def _use_up(self, kind: str, places: int) -> None:
        attempts = self._auth._core.attempts
        both = [attempts.buckets.account(user, "") for user in self._people[kind]]
        buckets = [row if kind == "locked" else account for account, row in both]
        for _ in range(places):
            attempts.take(buckets, even_if_full=True)


def default_hash() -> float:
    """Return the seconds of one verification with the default parameters."""
    hasher = Argon2Hasher(workers=1)
    stored, times = hasher.hash(PASSWORD), []
    for _ in range(15):
        start = time.perf_counter()
        hasher.verify(PASSWORD, stored)
        times.append(time.perf_counter() - start)
    return min(times)


@contextmanager
def leaking(owner: Any, name: str, leak: Callable[..., Any]) -> Iterator[None]:
    """Put a leak back for the time being."""
    real = getattr(owner, name)
    setattr(owner, name, leak)
    try:
        yield
    finally:
        setattr(owner, name, real)


def _only_real(self: Credentials, prepared: str, stored: Any, decoy: Any) -> tuple[bool, bool]:
    return (stored is not None and self.hasher.verify(prepared, stored)), False


_link_mail = Core.link_mail


def _no_letter(self: Core, purpose: Any, user: User, to: Any, **more: Any) -> Any:
    return None if user is DECOY else _link_mail(self, purpose, user, to, **more)


def compare(
    title: str, setup: Setup, samples: int, hash_bound: float, *, real: bool = False
) -> None:
    """Print every comparison on one store."""
    rows, kept = [], KEPT_OF_REAL if real else KEPT

    def add(what: str, difference: Difference, bound: float, *, leak: bool = False) -> None:
        kept = difference.most <= bound
        said = "found" if abs(difference.t) > LEAK else "NOT FOUND"
        judged = f"the leak is {said}" if leak else ("met" if kept else "MISSED")
        rows.append([what, str(difference), f"{duration(bound)}: {judged}"])

    # to sign in a thousand times with the default hash takes minutes
    fates = [fate for fate in FATES if not real or fate != "just signed in"]
    for kind in ("unknown too", *KINDS, *fates):
        calls = setup.sign_in("unknown"), setup.sign_in(kind)
        found = told_apart(*calls, samples=samples, kept=kept)
        add(f"sign-in, {kind}", found, hash_bound)
    if real:
        table(f"{title}, {samples:,} samples of each", _HEADINGS, rows)
        return
    for kind in ("unknown too", *KINDS, *FATES):
        found = told_apart(setup.request("unknown"), setup.request(kind), samples=samples)
        add(f"reset, {kind}", found, RESET_BOUND)
    few = max(200, samples // 2)  # a leak shows sooner than that there is none
    with leaking(Credentials, "_verify", _only_real):
        found = told_apart(setup.sign_in("unknown"), setup.sign_in(KINDS[0]), samples=few)
    add("sign-in without the decoy's hash", found, hash_bound, leak=True)
    with leaking(Core, "link_mail", _no_letter):
        found = told_apart(setup.request("unknown"), setup.request(KINDS[0]), samples=few)
    add("reset without the decoy's letter", found, RESET_BOUND, leak=True)
    table(f"{title}, {samples:,} samples of each", _HEADINGS, rows)
    sys.stdout.flush()


def _without_waiting_for_the_disk(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()


def main() -> None:
    """Print a table for each store."""
    real = "--real" in sys.argv
    samples = next((int(word) for word in sys.argv[1:] if word.isdigit()), 200 if real else 10_000)
    hashed = default_hash()
    sys.stdout.write(f"one default hash: {duration(hashed)}; 1 %: {duration(hashed / 100)}\n")
    with QueuedMailer(Nowhere(), capacity=10_000) as mailer:
        if real:
            setup = Setup(MemoryStore(), mailer, Argon2Hasher(workers=1))
            compare("In memory, the default hash", setup, samples, hashed / 100, real=True)
            return
        compare("In memory", Setup(MemoryStore(), mailer), samples, hashed / 100)
        with databases() as made:
            for store in SQL_STORES:
                engine = new_engine(made, store)
                if engine is not None:
                    if store == "postgresql":  # the disk's own time would drown everything
                        event.listen(engine, "connect", _without_waiting_for_the_disk)
                        engine.dispose()
                    setup = Setup(SqlStore(engine), mailer)
                    analyze(engine)
                    compare(f"On {store}", setup, samples, hashed / 100)


if __name__ == "__main__":
    main()
