"""What one counted attempt costs, beside a single row written to the same store.

``python -m tests.benchmarks.throttle``: an attempt as a sign-in makes it, with a name and a source
in one reservation and the account in another, reserved and settled. Every attempt has a name of its
own and succeeds, or a wrong password meets a full name. What a sign-in writes anyway is not in it.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable
from typing import Any

from limits.storage import RedisStorage
from sqlalchemy import Engine, text

from schoolauth.ports import Bucket, Outcome, Throttle
from schoolauth.service.attempts import ACCOUNT_LIMITS, SOURCE_LIMITS
from schoolauth.storage.sql import SqlThrottle
from schoolauth.testing.throttle.attempts import at
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.limits import LimitsThrottle
from tests.benchmarks.measure import CONTROL, in_turn, report
from tests.benchmarks.stage import databases, new_engine

FLOOR = "one row of the store, read and written"
ROUNDS, CALLS = 200, 5


def attempt(throttle: Throttle, name: str, outcome: Outcome) -> None:
    """Count one attempt, as `SchoolAuth.log_in` does."""
    source = Bucket("source", SOURCE_LIMITS, cleared_by_success=False)
    made = throttle.reserve([source, Bucket(name, ACCOUNT_LIMITS)], at(0))
    if made.retry_after is None:
        account = throttle.reserve([Bucket(f"account {name}", ACCOUNT_LIMITS)], at(0))
        throttle.settle(made, outcome, at(0))
        throttle.settle(account, outcome, at(0))


def compare(title: str, throttle: Throttle, floor: Callable[[], object]) -> None:
    """Print what attempts cost on *throttle*, against *floor*."""
    names = (secrets.token_hex(16) for _ in itertools.repeat(None))
    one = Bucket("alone", ACCOUNT_LIMITS)
    for _ in range(10):
        attempt(throttle, "full", Outcome.FAILED)

    def alone() -> None:
        throttle.settle(throttle.reserve([one], at(0)), Outcome.NOT_TRIED, at(0))

    cases: dict[str, Callable[[], object]] = {
        FLOOR: floor,
        CONTROL: floor,
        "one bucket, reserved and settled": alone,
        "a sign-in: three buckets, two reservations": lambda: attempt(
            throttle, next(names), Outcome.SUCCEEDED
        ),
        "a guess at a full name, refused": lambda: attempt(throttle, "full", Outcome.FAILED),
    }
    report(title, in_turn(cases, rounds=ROUNDS, calls=CALLS), floor=FLOOR)


def sql_floor(engine: Engine) -> Callable[[], object]:
    """Return a call that reads and updates one row, each in a transaction of its own."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE floor (id INTEGER PRIMARY KEY, n INTEGER)"))
        connection.execute(text("INSERT INTO floor VALUES (1, 0)"))
    read = text("SELECT n FROM floor WHERE id = :id")
    write = text("UPDATE floor SET n = n + 1 WHERE id = :id")

    def run() -> None:
        with engine.connect() as connection:
            connection.execute(read, {"id": 1}).first()
        with engine.begin() as connection:
            connection.execute(write, {"id": 1})

    return run


def main() -> None:
    """Print a table for each throttle whose store answers."""
    counts: dict[str, int] = {}

    def in_a_dict() -> None:
        counts["one"] = counts.get("one", 0) + 1

    compare("In memory", MemoryThrottle(), in_a_dict)
    with databases() as made:
        for store in ("sqlite", "postgresql", "mariadb"):
            engine = new_engine(made, store)
            if engine is not None:
                compare(f"On {store}", SqlThrottle(engine), sql_floor(engine))
    uri = os.environ.get("SCHOOLAUTH_TEST_REDIS", "redis://127.0.0.1:6379/0")
    client: Any = RedisStorage(uri).get_connection()
    key = f"schoolauth_bench_{secrets.token_hex(4)}"

    def redis_floor() -> None:
        client.get(key)
        client.set(key, "1", ex=60)

    compare("On Redis", LimitsThrottle(uri, prefix=f"{key}_"), redis_floor)
    for left in client.scan_iter(f"*{key}*"):
        client.delete(left)
    client.close()


if __name__ == "__main__":
    main()
