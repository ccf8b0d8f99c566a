"""A forgotten password, asked for a known and an unknown name.

``python -m tests.benchmarks.reset_request``: the two must look alike from outside (CWE-208). Every
request is under a name of its own, so that no throttle is full; a queue takes the mail, and what
is behind it does nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta

from schoolauth import Links, MailMessage, QueuedMailer, SchoolAuth
from schoolauth.ports import Store, UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.testing import FrozenClock, cheap_hasher
from tests.benchmarks.measure import Goal, Ratio, in_turn, report
from tests.benchmarks.sample import (
    KEY,
    PASSWORD,
    SQL_STORES,
    databases,
    fill,
    new_engine,
)

PEOPLE = 1000
UNKNOWN = "unknown address"
CONTROL = "another unknown address (control)"


class Nowhere:
    """A mailer that does nothing, which is the shortest that a mail server can take."""

    def send(self, message: MailMessage) -> None:
        """Drop *message*."""


def compare(title: str, users: UserRepository) -> None:
    """Print how long a request takes for a known and for an unknown address."""
    clock = FrozenClock()
    fill(users, PEOPLE, cheap_hasher().hash(PASSWORD))
    links = Links(password="https://app.example.org/password/{token}")

    def names(domain: str) -> Iterator[str]:
        for number in itertools.cycle(range(PEOPLE)):
            if number == 0:
                clock.advance(timedelta(hours=2))  # the first names may ask again
            yield f"t{number}@{domain}.example.org"

    with QueuedMailer(Nowhere()) as mailer:
        auth = SchoolAuth(Store(users), secret_key=KEY, mailer=mailer, links=links, clock=clock)

        def asking(domain: str) -> Callable[[], object]:
            name = names(domain)
            return lambda: auth.request_password_reset(next(name))

        cases = {
            UNKNOWN: asking("hall"),
            CONTROL: asking("hull"),
            "known address": asking("hill"),
        }
        timed = in_turn(cases, rounds=300, calls=5)

    def alike(against: Ratio, _: float) -> Goal:
        return Goal("0.95 to 1.05", 0.95 <= against.value <= 1.05)

    report(title, timed, floor=UNKNOWN, goals={"known address": alike})


def main() -> None:
    """Print a table for each store."""
    compare("In memory", MemoryUserRepository())
    with databases() as made:
        for store in SQL_STORES:
            engine = new_engine(made, store)
            if engine is not None:
                compare(f"On {store}", SqlUserRepository(engine))


if __name__ == "__main__":
    main()
