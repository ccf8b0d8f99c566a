"""A whole staff list at once: 10,000 new accounts, ``python -m tests.benchmarks.mapping [COUNT]``.

The floors write the same rows, accounts and events, with every value computed beforehand: the raw
driver (PostgreSQL's COPY, SQLite's executemany) and SQLAlchemy Core. `save` also checks versions
and keys; `apply_mapping` also parses, matches, decides and plans again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, insert

from schoolauth import RosterRow, SchoolAuth
from schoolauth.model.change import Change
from schoolauth.ports import Store, UserRepository
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import a_school, cheap_hasher
from tests.benchmarks.measure import CONTROL, Goal, Ratio, in_turn, report
from tests.benchmarks.sample import KEY, SQL_STORES, added, databases, new_engine, person

RAW = {"postgresql": "COPY", "sqlite": "executemany"}
CORE, SAVE, APPLY = "Core executemany", "save(Change)", "apply_mapping"
GOAL = {"postgresql": 3.0, "sqlite": 2.5}
Case = Callable[[], object]


def a_list(count: int) -> list[RosterRow]:
    """Return *count* rows of people whom no account knows."""
    return [
        RosterRow(f"M{n}", f"Given{n}", f"Family{n}", f"t{n}@hill.example.org")
        for n in range(count)
    ]


def applying(users: UserRepository, schools: Any, count: int, empty: Case) -> Case:
    """Return the whole of it: a school, a plan as it was reviewed, and its application."""
    auth = SchoolAuth(Store(users, schools), secret_key=KEY, hasher=cheap_hasher())
    rows = a_list(count)

    def plan_and_apply() -> object:
        empty()
        _, _, desk = a_school(auth)
        return desk.apply_mapping(desk.plan_mapping(rows, source="sims"))

    return plan_and_apply


def on_sql(engine: Engine, count: int) -> None:
    """Print what a database needs for the rows, and what we need."""
    store, users, tables = engine.dialect.name, SqlUserRepository(engine), standard_tables()
    change = added([person(number) for number in range(count)])
    user_rows, event_rows = records(change)

    def empty() -> None:
        with engine.begin() as connection:
            for table in (tables.users, tables.events, tables.schools):
                verb = "TRUNCATE" if store == "postgresql" else "DELETE FROM"
                connection.exec_driver_sql(f"{verb} {table.name}")

    def by_driver() -> None:
        empty()
        with engine.begin() as connection:
            cursor = connection.connection.cursor()
            for table, rows in ((tables.users, user_rows), (tables.events, event_rows)):
                names = ", ".join(rows[0])
                if store == "postgresql":
                    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(tuple(row.values()))
                else:
                    marks = ", ".join("?" * len(rows[0]))
                    text = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
                    cursor.executemany(text, [tuple(row.values()) for row in rows])

    def by_core() -> None:
        empty()
        with engine.begin() as connection:
            connection.execute(insert(tables.users), user_rows)
            connection.execute(insert(tables.events).inline(), event_rows)

    def by_save() -> None:
        empty()
        users.save(change)

    raw = RAW[store]
    cases: dict[str, Case] = {
        raw: by_driver,
        CONTROL: by_driver,
        CORE: by_core,
        SAVE: by_save,
        APPLY: applying(users, SqlSchoolDirectory(engine), count, empty),
    }

    def within(against: Ratio, _: float) -> Goal:
        return Goal(f"at most {GOAL[store]:g} of the floor", against.value <= GOAL[store])

    timed = in_turn(cases, rounds=7, calls=1)
    report(f"{count:,} new accounts on {store}", timed, floor=raw, goals={SAVE: within})


def records(change: Change) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of *change*, as the tables hold them afterwards."""
    people = [
        {**one.saved().to_record(with_password=True), "search_text": one.search_text}
        for one in change.users
    ]
    return people, [dict(event.to_record()) for event in change.events]


def in_memory(count: int) -> None:
    """Print what the rules cost without a database."""
    change = added([person(number) for number in range(count)])

    def save() -> None:
        MemoryUserRepository().save(change)

    def plan_and_apply() -> None:
        users = MemoryUserRepository()
        applying(users, MemorySchoolDirectory(users), count, lambda: None)()

    cases: dict[str, Case] = {SAVE: save, CONTROL: save, APPLY: plan_and_apply}
    report(f"{count:,} new accounts in memory", in_turn(cases, rounds=5, calls=1), floor=SAVE)


def main() -> None:
    """Print a table for each store."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    in_memory(count)
    with databases() as made:
        for store in SQL_STORES:
            engine = new_engine(made, store)
            if engine is not None:
                on_sql(engine, count)


if __name__ == "__main__":
    main()
