"""A report tells what the adapter turned into an error of the library: its type and its line."""

from __future__ import annotations

import inspect
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import closing, suppress
from typing import ClassVar

import pytest

from schoolauth.errors import EmailTaken, SchoolAuthError, StaleUser, StorageUnavailable
from schoolauth.model.change import Change
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.sample_accounts import a_user, edited

BEHAVIOURS = {each.id: each for each in REPOSITORY.behaviours}
TABLE = "CREATE TABLE accounts (id TEXT PRIMARY KEY, record TEXT NOT NULL, house TEXT NOT NULL)"


class RaisesOutside(MemoryUserRepository):
    """Writes to a real table, and has forgotten a column; the error is turned as it should be."""

    def insert(self, change: Change) -> None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute(TABLE)
            for user in change.users:
                row = [user.id.key, json.dumps(user.to_record())]
                db.execute("INSERT INTO accounts (id, record) VALUES (?, ?)", row)

    def turned(self, change: Change) -> SchoolAuthError:
        return StorageUnavailable()

    def save(self, change: Change, /) -> None:
        refused = False
        try:
            self.insert(change)
        except (sqlite3.Error, RuntimeError):
            refused = True
        if refused:
            raise self.turned(change)
        super().save(change)


class RaisesInside(RaisesOutside):
    """Leaves the driver's error in the context."""

    def save(self, change: Change, /) -> None:
        try:
            self.insert(change)
        except sqlite3.Error:
            raise StorageUnavailable from None


class RaisesTwice(RaisesOutside):
    """Has an error of its own between the driver's and the library's."""

    def insert(self, change: Change) -> None:
        try:
            super().insert(change)
        except sqlite3.Error as error:
            raise RuntimeError(str(error)) from error


class TakesItForAnAddress(RaisesOutside):
    """Thinks that only a taken address can be refused."""

    def turned(self, change: Change) -> SchoolAuthError:
        return EmailTaken(change.users[0].email)


def sentence(name: str, make: Callable[[], MemoryUserRepository]) -> str:
    """Return the sentence by which the behaviour *name* fails."""
    with pytest.raises(Unkept) as unkept:
        show(BEHAVIOURS[name], Maker(REPOSITORY, make))
    assert unkept.value.met is unkept.value.__context__ is unkept.value.__cause__ is None
    return str(unkept.value)


def line_of(function: Callable[..., object], text: str) -> str:
    """Return where *text* is in *function*, as a report tells it."""
    lines, first = inspect.getsourcelines(function)
    (number,) = (number for number, line in enumerate(lines, first) if text in line)
    return f"(test_exception_origin.py, line {number})"


INSERT = line_of(RaisesOutside.insert, "INSERT")


@pytest.mark.parametrize("accounts", [RaisesOutside, RaisesInside, RaisesTwice])
def test_a_forgotten_column_is_found_at_once(accounts: type[RaisesOutside]) -> None:
    """The driver's error is told by its type and the line of the INSERT, however it was turned."""
    told = sentence("find.each_key", accounts)
    assert "schoolauth.errors.StorageUnavailable" in told
    assert told.endswith(f" was raised. It came after sqlite3.IntegrityError {INSERT}.")
    assert "house" not in told


@pytest.mark.parametrize("name", ["save.swap", "email.none_is_no_key"])
def test_an_undue_refusal_has_its_origin(name: str) -> None:
    """Where every error is taken for a taken key, the report shows which one it was."""
    told = sentence(name, TakesItForAnAddress)
    assert told.endswith(f" It came after sqlite3.IntegrityError {INSERT}.")


def test_another_refusal_has_its_origin() -> None:
    """So does a refusal of another kind than the one that is due."""

    class TakesItForStale(RaisesOutside):
        def insert(self, change: Change) -> None:
            if self._users:
                super().insert(change)

        def turned(self, change: Change) -> SchoolAuthError:
            return StaleUser()

    told = sentence("key.claimed_by_change", TakesItForStale)
    assert " was refused as StaleUser, not as UsernameTaken. It came after " in told
    assert told.endswith(f" sqlite3.IntegrityError {INSERT}.")


def test_a_thread_has_its_origin() -> None:
    """What an adapter turns in a thread of the kit is told as well."""

    class FailsInThreads(RaisesOutside):
        def insert(self, change: Change) -> None:
            if threading.current_thread() is not threading.main_thread():
                super().insert(change)

    assert sentence("threads.swaps", FailsInThreads).endswith(f"IntegrityError {INSERT}.")


def test_a_factory_has_its_origin() -> None:
    """An adapter that cannot make its tables is told with the driver's error too."""

    class CannotBegin(RaisesOutside):
        def __init__(self) -> None:
            super().__init__()
            self.save(Change([a_user("ann")], [edited()]))

    told = sentence("make.fresh", CannotBegin)
    assert told.startswith("make_repository() raised schoolauth.errors.StorageUnavailable (test_")
    assert told.endswith(f"). It came after sqlite3.IntegrityError {INSERT}.")


def test_what_came_before_nothing_else_is_not_told() -> None:
    """An error of the library that the adapter raises by itself has no origin but its own."""

    class Refuses(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            raise StaleUser

    told = sentence("find.each_key", Refuses)
    assert told.endswith(f"StaleUser {line_of(Refuses.save, 'raise')} was raised.")


def test_what_an_earlier_call_raised_is_not_told() -> None:
    """An exception that was handled in one call is not blamed for what comes in another."""

    class HandlesItsOwn(MemoryUserRepository):
        def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
            with suppress(LookupError):
                raise LookupError
            return super().find(keys)

        def save(self, change: Change, /) -> None:
            if self._users:
                raise StaleUser
            super().save(change)

    assert "came after" not in sentence("save.version_counts", HandlesItsOwn)


class FailsOnce(RaisesOutside):
    """Fails for the first repository alone."""

    failed: ClassVar = False

    def save(self, change: Change, /) -> None:
        if FailsOnce.failed:
            raise LookupError
        FailsOnce.failed = True
        super().save(change)


def test_what_happens_no_more_is_not_told() -> None:
    """Where the second try ends otherwise, the report says what it knows from the first."""
    told = sentence("find.each_key", FailsOnce)
    assert told.endswith(" was raised.")
    assert "IntegrityError" not in told
