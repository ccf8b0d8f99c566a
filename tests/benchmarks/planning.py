"""A staff list against the accounts there are, ``python -m tests.benchmarks.planning [COUNT]``.

The floor reads the same CSV by `csv.DictReader`, validates its addresses and selects the accounts
by SQLAlchemy Core: whoever maps a list does that much. The list is planned for COUNT people, 10,000
if not said, and for ten times as many once. Memory is the peak of Python's own blocks while it is
planned, beside the two lists that are planned on. Last, as many new accounts are applied as Django
creates by `bulk_create` once it has validated their addresses.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from email_validator import validate_email
from sqlalchemy import Engine, delete, select

from schoolauth import MisId, RosterRow, SchoolAuth, User, UserManagement
from schoolauth.mis import read_csv
from schoolauth.ports import Store
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import a_school, cheap_hasher
from tests.benchmarks.measure import CONTROL, Goal, Ratio, duration, in_turn, report, table
from tests.benchmarks.peers import django
from tests.benchmarks.sample import KEY, SCHOOL, added, databases, new_engine, person
from tests.databases import Databases

FLOOR = "DictReader, addresses, Core select"
PLAN, READ_AND_PLAN = "plan_mapping", "read_csv and plan_mapping"
PEER, SAVE = "validate_email and bulk_create", "save(Change) of the same people"
APPLY = "apply_mapping, which plans again"
HEADINGS = ["Staff ID", "Forename", "Surname", "Work Email", "Role"]
PLAN_GOAL, GROWTH_GOAL, MEMORY_GOAL = 3.0, 12.0, 3.0
Case = Callable[[], object]


def write_list(path: Path, count: int) -> Path:
    """Write the list of *count* people: a tenth has married, a hundredth has another id."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for n in range(count):
            name = f"Married{n}" if n % 10 == 0 else f"Family{n}"
            mis_id = f"N{n}" if n % 100 == 1 else f"M{n}"
            writer.writerow([mis_id, f"Given{n}", name, f"t{n}@hill.example.org", "Teacher"])
    return path


def linked(number: int) -> User:
    """Return the account *number*, with its id in the MIS."""
    return replace(person(number), mis_id=MisId(SCHOOL, "sims", f"M{number}"))


def open_school(engine: Engine, count: int) -> UserManagement:
    """Save *count* accounts, and return the desk of their school."""
    users = SqlUserRepository(engine)
    auth = SchoolAuth(
        Store(users, SqlSchoolDirectory(engine)), secret_key=KEY, hasher=cheap_hasher()
    )
    _, _, desk = a_school(auth, SCHOOL.key)
    for start in range(0, count, 10_000):
        users.save(added([linked(n) for n in range(start, min(count, start + 10_000))]))
    return desk


def floor_of(engine: Engine, path: Path) -> Case:
    """Return what whoever maps a list has to do anyway."""
    users = standard_tables().users

    def read() -> object:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            validate_email(row["Work Email"], check_deliverability=False)
        with engine.connect() as connection:
            found = select(users).where(users.c.school_key == SCHOOL.key)
            return rows, connection.execute(found).all()

    return read


def planning(made: Databases, path: Path, count: int) -> float:
    """Print the plan of *count* people beside the floor; return the seconds of the plan alone."""
    engine = new_engine(made, "sqlite")
    assert engine is not None
    desk = open_school(engine, count)
    read = floor_of(engine, write_list(path, count))
    roster = read_csv(path)

    def plan() -> object:
        return desk.plan_mapping(roster, source="sims", complete=True)

    def read_and_plan() -> object:
        return desk.plan_mapping(read_csv(path), source="sims", complete=True)

    def goal(against: Ratio, _: float) -> Goal:
        return Goal(f"at most {PLAN_GOAL:g} of the floor", against.value <= PLAN_GOAL)

    cases: dict[str, Case] = {FLOOR: read, CONTROL: read, PLAN: plan, READ_AND_PLAN: read_and_plan}
    timed = in_turn(cases, rounds=5, calls=1)
    goals = {PLAN: goal, READ_AND_PLAN: goal}
    report(f"{count:,} rows against {count:,} accounts", timed, floor=FLOOR, goals=goals)
    _memory(desk, roster.rows, count)
    return min(timed[PLAN])


def _memory(desk: UserManagement, rows: tuple[RosterRow, ...], count: int) -> None:
    tracemalloc.start()
    copied = [replace(row, given_name=row.given_name + " ") for row in rows]  # cells of their own
    everyone = list(desk._desk.everyone())
    lists, _ = tracemalloc.get_traced_memory()
    del everyone
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    desk.plan_mapping(copied, source="sims", complete=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    used = (peak - before) / lists
    goal = Goal(f"at most {MEMORY_GOAL:g} of the lists", used <= MEMORY_GOAL)
    table(
        f"Memory, {count:,} rows",
        ["the two lists", "peak of planning", "ratio", "goal"],
        [[f"{lists / 1e6:.0f} MB", f"{(peak - before) / 1e6:.0f} MB", f"{used:.2f}", str(goal)]],
    )


def growing(made: Databases, path: Path, count: int, small: float) -> None:
    """Print how much longer ten times as many people take."""
    engine = new_engine(made, "sqlite")
    assert engine is not None
    desk = open_school(engine, 10 * count)
    roster = read_csv(write_list(path, 10 * count))

    def plan() -> object:
        return desk.plan_mapping(roster, source="sims", complete=True)

    took = min(in_turn({PLAN: plan}, rounds=3, calls=1)[PLAN])  # measured like the smaller
    goal = Goal(f"at most {GROWTH_GOAL:g} of the smaller", took / small <= GROWTH_GOAL)
    table(
        f"{10 * count:,} rows against {10 * count:,} accounts",
        ["plan_mapping", "ratio to the smaller", "goal"],
        [[duration(took), f"{took / small:.1f}", str(goal)]],
    )


def applying(made: Databases, count: int) -> None:
    """Print how long *count* new accounts take, beside Django's own way."""
    engine = new_engine(made, "sqlite")
    assert engine is not None
    desk = open_school(engine, 0)
    rows = [
        RosterRow(f"M{n}", f"Given{n}", f"Family{n}", f"t{n}@hill.example.org")
        for n in range(count)
    ]
    plan = desk.plan_mapping(rows, source="sims")
    tables, users = standard_tables(), SqlUserRepository(engine)
    people = added([linked(n) for n in range(count)])
    with django([engine], 0, ""):
        from django.contrib.auth.models import User as DjangoUser

        def peer() -> None:
            DjangoUser.objects.using("sqlite").all().delete()
            for row in rows:
                validate_email(str(row.email), check_deliverability=False)
            DjangoUser.objects.using("sqlite").bulk_create(
                DjangoUser(
                    username=f"wg204nx_family{n}",
                    email=row.email,
                    first_name=row.given_name,
                    last_name=row.family_name,
                    password="!",
                )
                for n, row in enumerate(rows)
            )

        def empty() -> None:
            with engine.begin() as connection:
                connection.execute(delete(tables.users).where(tables.users.c.role != "admin"))

        def save() -> None:
            empty()
            users.save(people)

        def apply() -> None:
            empty()
            desk.apply_mapping(plan)

        def goal(against: Ratio, _: float) -> Goal:
            return Goal("at most the peer's", against.value <= 1)

        cases: dict[str, Case] = {PEER: peer, CONTROL: peer, SAVE: save, APPLY: apply}
        timed = in_turn(cases, rounds=3, calls=1)
    title = f"{count:,} new accounts on sqlite"
    report(title, timed, floor=PEER, goals={SAVE: goal, APPLY: goal})


def main() -> None:
    """Print a table for each question."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder, databases() as made:
        path = Path(folder) / "staff.csv"
        small = planning(made, path, count)
        growing(made, path, count, small)
        applying(made, 10 * count)


if __name__ == "__main__":
    main()
