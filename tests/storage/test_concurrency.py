"""What our own stores do better than the contract asks, where many call at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from schoolauth.errors import StaleUser
from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, Username
from schoolauth.ports import UserRepository
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.storage.sql.binding import driver_code
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.behaviour import Behaviour, Maker, show
from schoolauth.testing.linearizability import ending
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.sample_accounts import a_user, history, read, save, signed_in
from schoolauth.testing.threads import begin_together, results
from tests.databases import SQL_STORES, Backend, Databases

THREADS = [each for each in REPOSITORY.behaviours if each.id.startswith("threads.")]


def together(count: int, work: Callable[[int], object]) -> Counter[str]:
    """Run *work* in *count* threads that start at once; return how often each ended how."""
    calls = [partial(ending, partial(work, number)) for number in range(count)]
    return Counter(results(begin_together(calls), "What the threads do"))


@pytest.fixture
def complaints(backend: Backend) -> Iterator[list[str]]:
    """The codes of all errors that the database raised: a deadlock would be among them."""
    codes: list[str] = []
    if backend.engine is None:
        yield codes
        return

    def note(context: Any) -> None:
        codes.append(driver_code(context.sqlalchemy_exception))

    event.listen(backend.engine, "handle_error", note)
    yield codes
    event.remove(backend.engine, "handle_error", note)


@pytest.mark.parametrize("store", SQL_STORES)
@pytest.mark.parametrize("behaviour", THREADS, ids=[each.id for each in THREADS])
def test_no_race_makes_the_database_complain(
    behaviour: Behaviour[UserRepository], backend: Backend, complaints: list[str]
) -> None:
    """Who loses is told before anything is written: no deadlock, no key found taken too late."""
    show(behaviour, Maker(REPOSITORY, lambda: backend.users))
    assert complaints == []


def test_losers_of_an_address_hear_that_it_is_taken(users: UserRepository) -> None:
    """None of 64 who claim one address has to ask again to hear why."""
    ends = together(64, lambda number: save(users, a_user(f"u{number}", "ann@x.example")))
    assert ends == {"saved": 1, "EmailTaken": 63}


def test_two_who_want_each_others_address(users: UserRepository, complaints: list[str]) -> None:
    """Accounts that each claim another's address are both refused, and nobody waits for ever."""
    people = save(users, *(a_user(f"u{n}", f"u{n}@x.example") for n in range(6)))

    def claim(number: int) -> None:
        save(users, replace(people[number], email=people[(number + 1) % 6].email))

    assert together(6, claim) == {"EmailTaken": 6}
    assert read(users, *people) == people
    assert complaints == []


def test_two_rosters_of_the_same_people(users: UserRepository, complaints: list[str]) -> None:
    """Of imports of the same people in different orders one is written, whole."""

    def load(number: int) -> None:
        people = [
            a_user(f"{number}-{n}", f"u{n}@x.example", username=Username.parse(f"u{n}"))
            for n in range(40)
        ]
        save(users, *(people if number % 2 else people[::-1]))

    ends = together(6, load)
    assert ends["saved"] == 1
    assert set(ends) <= {"saved", "EmailTaken", "UsernameTaken"}
    emails = [EmailAddress.parse(f"u{n}@x.example") for n in range(40)]
    assert len({user.id.key.split("-")[0] for user in users.find(emails).values()}) == 1
    assert complaints == []


def test_changes_and_sign_ins_side_by_side(users: UserRepository, complaints: list[str]) -> None:
    """While keys move, sign-ins of the same people go on, and no event is lost."""
    people = save(users, *(a_user(f"u{n}", f"u{n}@x.example") for n in range(4)))

    def work(number: int) -> None:
        for _ in range(10):
            if number % 2:
                users.save(Change(events=[signed_in(people[number % 4])]))
                continue
            now = read(users, *people)
            turned = [
                replace(one, email=two.email)
                for one, two in zip(now, now[1:] + now[:1], strict=True)
            ]
            with suppress(StaleUser):
                save(users, *turned)

    assert together(8, work) == {"saved": 8}
    assert len([event for event in history(users) if event.kind == "login_succeeded"]) == 40
    assert complaints == []


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_sign_ins_never_take_the_gate(store: str, databases: Databases) -> None:
    """While somebody holds the gate, sign-ins and the day's first one go through."""
    users, engine = _repository(databases, store)
    ann, _ = save(users, a_user("ann", "ann@x.example"), a_user("ben"))
    gate = standard_tables().gate
    with engine.begin() as holder:
        holder.execute(select(gate).with_for_update())
        users.save(Change(events=[signed_in(ann)]))
        (ann,) = save(users, replace(ann, last_login_at=ann.created_at), events=[signed_in(ann)])
    assert ann.version == 2
    assert len(history(users)) == 3


def _repository(databases: Databases, store: str) -> tuple[UserRepository, Engine]:
    engine = databases.backend(store).engine
    assert engine is not None
    return SqlUserRepository(engine), engine


def test_claims_under_strict_snapshots(databases: Databases) -> None:
    """Where MariaDB refuses rows newer than a snapshot, none of ours is ever old."""
    engine = databases.backend("mariadb").engine
    assert engine is not None
    strict = databases.open(
        engine.url, connect_args={"init_command": "SET innodb_snapshot_isolation = ON"}
    )
    users = SqlUserRepository(strict)
    people = save(users, *(a_user(f"u{number}") for number in range(8)))
    claimed = EmailAddress.parse("ann@x.example")
    ends = together(8, lambda number: save(users, replace(people[number], email=claimed)))
    assert ends == {"saved": 1, "EmailTaken": 7}
