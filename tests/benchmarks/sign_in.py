"""Signing in, beside what it cannot do without: ``python -m tests.benchmarks.sign_in``.

The hash is made as cheap as argon2 allows, so that everything around it shows. It is the repeat
sign-in of a day among 1,000 accounts, with a source: one SELECT and the INSERT of one event. The
SQL floor is the same two statements by hand, with SQLAlchemy Core and a raw verification. Tries
are counted in memory, in the same database, and in Redis: three takes and one give back. Django
has the same rows and the same argon2; its `authenticate` keeps no event, and writes nothing until
`update_last_login`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from argon2.low_level import Type, verify_secret
from sqlalchemy import Engine, bindparam, insert, select

from schoolauth import SchoolAuth
from schoolauth.model.events import LoginSucceeded
from schoolauth.model.user import StoredPassword
from schoolauth.ports import Store, Throttle, UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.storage.sql import SqlThrottle, SqlUserRepository
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import cheap_hasher
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.redis import RedisThrottle
from tests.benchmarks import peers
from tests.benchmarks.measure import CONTROL, Goal, Ratio, in_turn, report
from tests.benchmarks.sample import (
    KEY,
    PASSWORD,
    SQL_STORES,
    TODAY,
    analyze,
    databases,
    fill,
    new_engine,
    open_engine,
    redis_with_prefix,
)

PEOPLE = 1000
SOURCE = "192.0.2.17"
FLOOR = "raw argon2 verify"
SQL_FLOOR = "Core SELECT + raw verify + Core INSERT"
Case = Callable[[], object]


def raw_verify(encoded: str) -> Case:
    """Return a call of argon2 and nothing else."""
    stored, typed = encoded.encode(), PASSWORD.encode()
    return lambda: verify_secret(stored, typed, Type.ID)


def by_hand(engine: Engine, names: Iterable[str]) -> Case:
    """Return the sign-in as a person would write it with Core, if speed were all."""
    tables, name = standard_tables(), itertools.cycle(names)
    wanted = select(tables.users).where(tables.users.c.username_key == bindparam("name"))
    keep = insert(tables.events).inline()
    # the shortest transaction that each database has: PostgreSQL alone does without BEGIN
    lone = engine
    if engine.dialect.name == "postgresql":
        lone = engine.execution_options(isolation_level="AUTOCOMMIT")
    record = LoginSucceeded(at=TODAY).to_record()

    def sign_in() -> object:
        with lone.connect() as connection:
            row = connection.execute(wanted, {"name": next(name)}).one()
        verify_secret(row.password.encode(), PASSWORD.encode(), Type.ID)
        with lone.connect() as connection:
            connection.execute(keep, record | {"user_id": row.id, "school_key": row.school_key})
            connection.commit()
        return row

    return sign_in


def ours(
    users: UserRepository, names: Sequence[str], throttles: Mapping[str, Throttle]
) -> Mapping[str, Case]:
    """Return the library's own cases: a sign-in for each throttle, and a session."""

    def sign_in(throttle: Throttle) -> Case:
        auth = SchoolAuth(Store(users, throttle=throttle), secret_key=KEY, hasher=cheap_hasher())
        name = itertools.cycle(names)
        return lambda: auth.log_in(next(name), PASSWORD, source=SOURCE)

    auth = SchoolAuth(Store(users), secret_key=KEY, hasher=cheap_hasher())
    session = auth.log_in(names[0], PASSWORD).session
    signing_in = {f"log_in, counted {where}": sign_in(one) for where, one in throttles.items()}
    return {**signing_in, "resume": lambda: auth.resume(session)}


def in_memory(password: StoredPassword, redis: RedisThrottle) -> None:
    """Print what surrounds the hash when the store costs nothing."""
    users = MemoryUserRepository()
    names = [str(one.username) for one in fill(users, PEOPLE, password)]
    hasher = cheap_hasher()
    cases = {
        FLOOR: raw_verify(password.reveal()),
        CONTROL: raw_verify(password.reveal()),
        "Argon2Hasher.verify": lambda: hasher.verify(PASSWORD, password),
        **ours(users, names, {"in memory": MemoryThrottle(), "in Redis": redis}),
        "Django check_password": peers.check_password(PASSWORD, password.reveal()),
    }

    def little(_: Ratio, over: float) -> Goal:
        return Goal("at most 100 µs over", over <= 100e-6)

    timed = in_turn(cases, rounds=200, calls=10)
    report("In memory", timed, floor=FLOOR, goals={"log_in, counted in memory": little})


def on_sql(engine: Engine, password: StoredPassword, redis: RedisThrottle) -> None:
    """Print what surrounds the two statements of a sign-in."""
    store = engine.dialect.name
    users = SqlUserRepository(engine)
    names = [str(one.username) for one in fill(users, PEOPLE, password)]
    analyze(engine)
    # an engine of its own: two equal statements in one cache are compared at every use
    own = open_engine(engine.url)
    hand = by_hand(own, names)
    counted = {
        "in memory": MemoryThrottle(),
        "in the database": SqlThrottle(engine),
        "in Redis": redis,
    }
    cases = {SQL_FLOOR: hand, CONTROL: hand, **ours(users, names, counted)}
    if store in SQL_STORES:
        cases |= peers.django_cases(store, names, PASSWORD)

    def quarter(against: Ratio, _: float) -> Goal:
        return Goal("at most 1.25 of the floor", against.value <= 1.25)

    timed = in_turn(cases, rounds=100, calls=10)
    own.dispose()
    title = f"On {'mariadb' if store == 'mysql' else store}"
    report(title, timed, floor=SQL_FLOOR, goals={"log_in, counted in memory": quarter})


def main() -> None:
    """Print a table for each store."""
    password = cheap_hasher().hash(PASSWORD)
    with databases() as made, redis_with_prefix() as (client, prefix):
        redis = RedisThrottle(client, prefix=prefix)
        engines = [found for store in SQL_STORES if (found := new_engine(made, store))]
        mariadb = new_engine(made, "mariadb")
        with peers.django(engines, PEOPLE, password.reveal()):
            in_memory(password, redis)
            for engine in [*engines, *([mariadb] if mariadb else [])]:
                on_sql(engine, password, redis)


if __name__ == "__main__":
    main()
