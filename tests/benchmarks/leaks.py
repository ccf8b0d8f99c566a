"""Can a stopwatch tell who has an account? ``python -m tests.benchmarks.leaks [samples] [--real]``.

Sign-ins with a wrong password and requests for reset links, for an unknown name beside every kind
of known one. The hash is as cheap as argon2 allows, so that what surrounds it shows; the bound of a
sign-in is 1 % of a hash with the default parameters, taken in the same run. Two leaks are put back
on purpose, to show that they would be found. Every name is used once an hour of the frozen clock.
With ``--real`` only sign-ins in memory are compared, with the default hash itself, whose lanes wait
for the processors so unevenly that only the faster half of the times is looked at.
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
from schoolauth.ports import Store, UserRepository
from schoolauth.rules.links import DECOY
from schoolauth.service.core import Core
from schoolauth.service.credentials import Credentials
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.storage.sql import SqlUserRepository
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


class Setup:
    """A thousand accounts of each kind in one store."""

    def __init__(
        self, users: UserRepository, mailer: QueuedMailer, hasher: Argon2Hasher | None = None
    ) -> None:
        hasher = hasher or cheap_hasher()
        stored = hasher.hash(PASSWORD)
        self.names: dict[str, list[str]] = {
            "unknown": [f"wg204nx_nobody{number}" for number in range(PEOPLE)],
            "unknown too": [f"wg204nx_noone{number}" for number in range(PEOPLE)],
        }
        for index, kind in enumerate(KINDS):
            people = [somebody(kind, index * PEOPLE + number, stored) for number in range(PEOPLE)]
            users.save(added(people))
            self.names[kind] = [str(one.username) for one in people]
        self._clock = FrozenClock()
        links = Links(password="https://app.example.org/password/{token}")
        self._auth = SchoolAuth(
            Store(users),
            secret_key=KEY,
            mailer=mailer,
            links=links,
            hasher=hasher,
            clock=self._clock,
        )

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
        return cycle_of(self.names[kind], lambda: self._clock.advance(hours=3))


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

    for kind in ("unknown too", *KINDS):
        calls = setup.sign_in("unknown"), setup.sign_in(kind)
        found = told_apart(*calls, samples=samples, kept=kept)
        add(f"sign-in, {kind}", found, hash_bound)
    if real:
        table(f"{title}, {samples:,} samples of each", _HEADINGS, rows)
        return
    for kind in ("unknown too", *KINDS):
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
            setup = Setup(MemoryUserRepository(), mailer, Argon2Hasher(workers=1))
            compare("In memory, the default hash", setup, samples, hashed / 100, real=True)
            return
        compare("In memory", Setup(MemoryUserRepository(), mailer), samples, hashed / 100)
        with databases() as made:
            for store in SQL_STORES:
                engine = new_engine(made, store)
                if engine is not None:
                    if store == "postgresql":  # the disk's own time would drown everything
                        event.listen(engine, "connect", _without_waiting_for_the_disk)
                        engine.dispose()
                    setup = Setup(SqlUserRepository(engine), mailer)
                    analyze(engine)
                    compare(f"On {store}", setup, samples, hashed / 100)


if __name__ == "__main__":
    main()
