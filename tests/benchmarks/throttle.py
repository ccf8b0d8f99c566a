"""What a counted try costs on each store, beside the least that such a store can do.

``python -m tests.benchmarks.throttle``: `take` and `give_back` for one name, for a name with a
source and for an account; a refusal of each kind; and `wait`. The floor of a database is a SELECT
and an INSERT, as an event is read and written; that of Redis an EVAL that reads and writes a key;
that of memory a look into a dict and a write. All cases of a table take turns in one process.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable

from sqlalchemy import Engine, text

from schoolauth.ports import Bucket, Throttle
from schoolauth.storage.sql import SqlThrottle
from schoolauth.testing.throttle.buckets import at
from schoolauth.throttle import MemoryThrottle, policy
from schoolauth.throttle.redis import RedisThrottle
from tests.benchmarks.measure import CONTROL, in_turn, report
from tests.benchmarks.sample import databases, new_engine, redis_with_prefix

ROUNDS, CALLS = 200, 5


def compare(title: str, throttle: Throttle, floor: Callable[[], object], name: str) -> None:
    """Print what tries cost on *throttle*, against *floor*, whose *name* says what it does."""
    digests = (secrets.token_hex(16) for _ in itertools.repeat(None))
    one, account = policy.NAME.bucket("one"), policy.ACCOUNT.bucket("one")
    source = policy.SOURCE.bucket("school")
    full, full_account = policy.NAME.bucket("full"), policy.ACCOUNT.bucket("full")
    for _ in range(9):
        throttle.take([full, full_account], at(0))

    def taken_and_given_back(*buckets: Bucket) -> None:
        throttle.take(buckets, at(0))
        throttle.give_back(buckets, at(0))

    cases: dict[str, Callable[[], object]] = {
        name: floor,
        CONTROL: floor,
        "a name: take": lambda: throttle.take([policy.NAME.bucket(next(digests))], at(0)),
        "a name: take, give_back": lambda: taken_and_given_back(one),
        "a name and a source: take, give_back": lambda: taken_and_given_back(one, source),
        "an account: take, give_back": lambda: taken_and_given_back(account),
        "a full name: refused": lambda: throttle.take([full], at(0)),
        "a full account: refused": lambda: throttle.take([full_account], at(0)),
        "a source: wait": lambda: throttle.wait(source, at(0)),
    }
    report(title, in_turn(cases, rounds=ROUNDS, calls=CALLS), floor=name)


def sql_floor(engine: Engine) -> Callable[[], object]:
    """Return a call that reads a row and adds one, each in a transaction of its own."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE floor (id VARCHAR(40) PRIMARY KEY, n INTEGER)"))
    read = text("SELECT n FROM floor WHERE id = :id")
    add = text("INSERT INTO floor (id, n) VALUES (:id, 1)")

    def run() -> None:
        key = {"id": secrets.token_hex(16)}
        with engine.connect() as connection:
            connection.execute(read, key).first()
        with engine.begin() as connection:
            connection.execute(add, key)

    return run


def main() -> None:
    """Print a table for each store that answers."""
    counts: dict[str, int] = {}

    def in_a_dict() -> None:
        counts["one"] = counts.get("one", 0) + 1

    compare("In memory", MemoryThrottle(), in_a_dict, "a dict, read and written")
    with databases() as made:
        for store in ("sqlite", "postgresql", "mariadb"):
            engine = new_engine(made, store)
            if engine is not None:
                compare(f"On {store}", SqlThrottle(engine), sql_floor(engine), "SELECT and INSERT")
    with redis_with_prefix() as (client, prefix):
        script = client.register_script("redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], 1)")

        def in_redis() -> None:
            script([f"{{{prefix}}}:floor"])

        compare("On Redis", RedisThrottle(client, prefix=prefix), in_redis, "EVAL with GET and SET")


if __name__ == "__main__":
    main()
