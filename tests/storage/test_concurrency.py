"""Many at once, on every store: exactly one wins, the rest are told why, nobody deadlocks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from schoolauth.errors import SchoolAuthError, StaleUser
from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, UserId, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.storage.sql_binding import driver_code
from schoolauth.storage.sql_tables import standard_tables
from tests.databases import Databases, Stock
from tests.storage.people import a_user, history, read, save, signed_in


def together(count: int, work: Callable[[int], object]) -> Counter[str]:
    """Run *work* in *count* threads that start at once; return how often each ended how."""
    barrier = threading.Barrier(count)
    ends: list[str] = []

    def run(number: int) -> None:
        barrier.wait(60)
        try:
            work(number)
            ends.append("done")
        except SchoolAuthError as error:
            ends.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(ends) == count
    return Counter(ends)


@pytest.fixture
def complaints(stock: Stock) -> Iterator[list[str]]:
    """The codes of all errors that the database raised: a deadlock would be among them."""
    codes: list[str] = []
    if stock.engine is None:
        yield codes
        return

    def note(context: Any) -> None:
        codes.append(driver_code(context.sqlalchemy_exception))

    event.listen(stock.engine, "handle_error", note)
    yield codes
    event.remove(stock.engine, "handle_error", note)


def test_of_many_claims_of_one_address_one_wins(
    users: UserRepository, complaints: list[str]
) -> None:
    """64 new accounts with one address, in 64 spellings: 1 is added, 63 hear that it is taken."""
    address = "abcdef@x.example"

    def spelt(number: int) -> str:
        return "".join(
            letter.upper() if number >> place & 1 else letter
            for place, letter in enumerate(address)
        )

    ends = together(64, lambda number: save(users, a_user(f"u{number}", spelt(number))))
    assert ends == {"done": 1, "EmailTaken": 63}
    assert len(history(users)) == 1
    assert len(users.find([UserId.parse(f"u{number}") for number in range(64)])) == 1
    assert complaints == []


def test_of_many_saves_from_one_version_one_wins(
    users: UserRepository, complaints: list[str]
) -> None:
    """16 changes of an account as it was read: 1 is written, 15 are stale."""
    (ann,) = save(users, a_user("ann"))
    ends = together(16, lambda number: save(users, replace(ann, given_name=f"Ann {number}")))
    assert ends == {"done": 1, "StaleUser": 15}
    assert [user.version for user in read(users, ann)] == [2]
    assert len(history(users)) == 2
    assert complaints == []


def test_of_many_new_accounts_with_one_id_one_wins(
    users: UserRepository, complaints: list[str]
) -> None:
    """8 accounts with one new id: 1 is added, 7 are stale, as for any version."""
    ends = together(
        8, lambda number: save(users, a_user("one", username=Username.parse(f"u{number}")))
    )
    assert ends == {"done": 1, "StaleUser": 7}
    assert complaints == []


def test_swaps_of_one_pair(users: UserRepository, complaints: list[str]) -> None:
    """8 threads swap the addresses of one pair, in both orders: each swap is whole, or stale."""
    ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben", "ben@x.example"))

    def swap(number: int) -> None:
        for _ in range(10):
            one, two = read(users, ann, ben)
            pair = [replace(one, email=two.email), replace(two, email=one.email)]
            try:
                save(users, *(pair if number % 2 else pair[::-1]))
            except StaleUser:
                continue

    assert together(8, swap) == {"done": 8}
    one, two = read(users, ann, ben)
    swaps = one.version - 1
    assert one.version == two.version
    assert one.email == (ben.email if swaps % 2 else ann.email)
    assert {one.email, two.email} == {ann.email, ben.email}
    assert len(history(users)) == 1 + swaps
    assert complaints == []


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
    assert ends["done"] == 1
    assert set(ends) <= {"done", "EmailTaken", "UsernameTaken"}
    emails = [EmailAddress.parse(f"u{n}@x.example") for n in range(40)]
    assert len({user.id.key.split("-")[0] for user in users.find(emails).values()}) == 1
    assert complaints == []


def test_two_admins_who_retire_each_other(users: UserRepository, complaints: list[str]) -> None:
    """Each may be retired while the other stands: one is, and a school keeps an admin."""
    for number in range(10):
        pair = save(
            users,
            *(
                a_user(f"{name}{number}", role=Role.ADMIN, status=Status.ACTIVE)
                for name in ("ann", "ben")
            ),
        )

        def retire(which: int, pair: list[User] = pair) -> None:
            gone = replace(pair[which], status=Status.INACTIVE)
            save(users, gone, unchanged=[pair[1 - which]])

        assert together(2, retire) == {"done": 1, "StaleUser": 1}
        assert sum(user.is_active_admin for user in read(users, *pair)) == 1
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
            try:
                save(users, *turned, unchanged=())
            except StaleUser:
                continue

    assert together(8, work) == {"done": 8}
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
    engine = databases.stock(store).engine
    assert engine is not None
    return SqlUserRepository(engine), engine


def test_claims_under_strict_snapshots(databases: Databases) -> None:
    """Where MariaDB refuses rows newer than a snapshot, none of ours is ever old."""
    engine = databases.stock("mariadb").engine
    assert engine is not None
    strict = databases.open(
        engine.url, connect_args={"init_command": "SET innodb_snapshot_isolation = ON"}
    )
    users = SqlUserRepository(strict)
    people = save(users, *(a_user(f"u{number}") for number in range(8)))
    claimed = EmailAddress.parse("ann@x.example")
    ends = together(8, lambda number: save(users, replace(people[number], email=claimed)))
    assert ends == {"done": 1, "EmailTaken": 7}
