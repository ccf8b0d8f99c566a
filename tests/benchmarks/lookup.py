"""Finding one account by its address, among 1,000 and among 100,000.

``python -m tests.benchmarks.lookup``: what counts is the growth, for it tells whether the index is
used. The raw driver and SQLAlchemy Core fetch the same row by the same index.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from statistics import median

from sqlalchemy import Engine, bindparam, select

from schoolauth.model.names import EmailAddress
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.storage.sql.tables import standard_tables
from tests.benchmarks.measure import CONTROL, duration, in_turn, ratio, table
from tests.benchmarks.sample import SQL_STORES, analyze, databases, fill, new_engine

FEW, MANY = 1000, 100_000
RAW, CORE, OURS = "raw driver", "SQLAlchemy Core", "SqlUserRepository.find"


def finders(engine: Engine, count: int) -> Mapping[str, Callable[[], object]]:
    """Return the ways to find one account, a random one each time."""
    users = standard_tables().users
    repository = SqlUserRepository(engine)
    wanted = select(users).where(users.c.email_key == bindparam("key"))
    reader = engine
    if engine.dialect.name == "postgresql":
        reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    text = "SELECT * FROM schoolauth_users WHERE email_key = "
    text += "%s" if engine.dialect.name == "postgresql" else "?"
    driver = reader.connect().connection  # kept: a connection of its own, as bare as it gets

    def email() -> str:
        return f"t{random.randrange(count)}@hill.example.org"

    def raw() -> object:
        cursor = driver.cursor()
        cursor.execute(text, (email(),))
        return cursor.fetchall()

    def core() -> object:
        with reader.connect() as connection:
            return connection.execute(wanted, {"key": email()}).one()

    def ours() -> object:
        key = email()
        return repository.find([EmailAddress.stored(key, key)])

    return {RAW: raw, CONTROL: raw, CORE: core, OURS: ours}


def compare(title: str, few: Engine, many: Engine) -> None:
    """Print how long each way takes among few and many accounts, and how much it grows."""
    cases = {}
    for engine, count in ((few, FEW), (many, MANY)):
        fill(SqlUserRepository(engine), count)
        analyze(engine)
        for way, call in finders(engine, count).items():
            cases[f"{way}, {count}"] = call
    timed = in_turn(cases, rounds=200, calls=10)
    raw = ratio(timed[f"{RAW}, {MANY}"], timed[f"{RAW}, {FEW}"])
    rows = []
    for way in (RAW, CONTROL, CORE, OURS):
        small, large = timed[f"{way}, {FEW}"], timed[f"{way}, {MANY}"]
        grown = ratio(large, small)
        goal = ""
        if way == OURS:
            # no slower than the driver grows, as far as the noise of both can tell
            goal = f"no more than the driver: {'met' if grown.low <= raw.high else 'MISSED'}"
        rows.append([way, duration(median(small)), duration(median(large)), str(grown), goal])
    table(title, ["way", f"{FEW:,} users", f"{MANY:,} users", "growth [95 %]", "goal"], rows)


def main() -> None:
    """Print a table for each database."""
    with databases() as made:
        for store in SQL_STORES:
            few, many = new_engine(made, store), new_engine(made, store)
            if few is not None and many is not None:
                compare(f"By e-mail on {store}", few, many)


if __name__ == "__main__":
    main()
