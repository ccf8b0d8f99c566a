"""A report tells what the adapter turned into an error of the library: its type and its line."""

from __future__ import annotations

import fractions
import inspect
import json
import sqlite3
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import ClassVar

import pytest
import sqlalchemy

from schoolauth.errors import EmailTaken, SchoolAuthError, StaleUser, StorageUnavailable
from schoolauth.model.change import Change
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.storage import memory
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import behaviour, checks
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.exception_origin import AuthorsFiles, ExceptionTracer
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.sample_accounts import a_user, edited

BEHAVIOURS = {each.id: each for each in REPOSITORY.behaviours}
TABLE = "CREATE TABLE accounts (id TEXT PRIMARY KEY, record TEXT NOT NULL, house TEXT NOT NULL)"


class Accounts(MemoryUserRepository):
    """Writes to a real table, and has forgotten one of its columns."""

    def insert(self, change: Change) -> None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute(TABLE)
            for user in change.users:
                row = [user.id.key, json.dumps(user.to_record())]
                db.execute("INSERT INTO accounts (id, record) VALUES (?, ?)", row)


class RaisesOutside(Accounts):
    """Leaves nothing of the driver's error, as it should be."""

    def save(self, change: Change, /) -> None:
        refused = False
        try:
            self.insert(change)
        except sqlite3.Error:
            refused = True
        if refused:
            raise StorageUnavailable


class RaisesInside(Accounts):
    """Leaves the driver's error in the context."""

    def save(self, change: Change, /) -> None:
        try:
            self.insert(change)
        except sqlite3.Error:
            raise StorageUnavailable from None


class RaisesTwice(Accounts):
    """Has an error of its own between the driver's and the library's."""

    def save(self, change: Change, /) -> None:
        refused = False
        try:
            self.retold(change)
        except RuntimeError:
            refused = True
        if refused:
            raise StorageUnavailable

    def retold(self, change: Change) -> None:
        try:
            self.insert(change)
        except sqlite3.Error as error:
            raise RuntimeError(str(error)) from error


class TakesItForAnAddress(Accounts):
    """Thinks that only a taken address can be refused."""

    def save(self, change: Change, /) -> None:
        refused = False
        try:
            self.insert(change)
        except sqlite3.IntegrityError:
            refused = True
        if refused:
            raise EmailTaken(change.users[0].email)


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


INSERT = line_of(Accounts.insert, "INSERT")


@pytest.mark.parametrize("accounts", [RaisesOutside, RaisesInside, RaisesTwice])
def test_a_forgotten_column_is_found_at_once(accounts: type[Accounts]) -> None:
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

    class TakesItForStale(Accounts):
        def save(self, change: Change, /) -> None:
            stale = False
            try:
                self.insert(change)
            except sqlite3.IntegrityError:
                stale = True
            if stale and self._users:
                raise StaleUser
            super().save(change)

    told = sentence("key.claimed_by_change", TakesItForStale)
    assert " was refused as StaleUser, not as UsernameTaken. It came after " in told
    assert told.endswith(f" sqlite3.IntegrityError {INSERT}.")


def test_a_thread_has_its_origin() -> None:
    """What an adapter turns in a thread of the kit is told as well."""

    class FailsInThreads(RaisesOutside):
        def save(self, change: Change, /) -> None:
            if threading.current_thread() is threading.main_thread():
                MemoryUserRepository.save(self, change)
            else:
                super().save(change)

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


# --- whose files are the author's ---


def test_the_files_of_others_are_not_the_authors() -> None:
    """The library, Python and packages are others', and this file is the author's."""
    files = AuthorsFiles()
    assert __file__ in files
    for module in (behaviour, memory, fractions, sqlalchemy):
        assert str(module.__file__) not in files


def test_an_adapter_may_be_installed() -> None:
    """What is beside the class of a subject is the author's: a package's folder, or one file."""
    files = AuthorsFiles()
    files.add((MemoryUserRepository(), sqlalchemy.MetaData()))
    assert memory.__file__ in files
    assert sqlalchemy.MetaData.__module__ == "sqlalchemy.sql.schema"
    assert sqlalchemy.sql.schema.__file__ in files
    assert sqlalchemy.sql.dml.__file__ in files
    assert sqlalchemy.__file__ not in files
    files.add(fractions.Fraction(1))
    assert fractions.__file__ in files
    assert inspect.__file__ not in files
    files.add(1)  # its class is in no file
    assert checks.__file__ not in files


def test_a_virtual_environment_in_the_authors_folder_stays_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An adapter at the top of a project does not make the author of what is in its `.venv`."""
    module = ModuleType("adapter")
    module.__file__ = str(Path(sqlalchemy.__file__).parents[2] / "adapter.py")
    monkeypatch.setitem(sys.modules, "adapter", module)
    files = AuthorsFiles()
    files.add(type("Adapter", (), {"__module__": "adapter"})())
    assert sqlalchemy.__file__ not in files


def test_where_no_line_is_the_authors_the_innermost_is_told() -> None:
    """An exception out of Python itself still has a place."""
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads("{")
    error.value.__traceback__ = error.tb.tb_next
    assert (
        AuthorsFiles().origin(error.value).startswith("json.decoder.JSONDecodeError (decoder.py,")
    )


def test_the_first_cause_is_told() -> None:
    """What an exception was raised from is its origin, and causes in a circle have an end."""
    files, first, last = AuthorsFiles(), OSError(), LookupError()
    for error in (first, last):
        raised(error)
    last.__cause__ = first
    assert files.first_origin(last) == files.origin(first)
    first.__cause__ = last
    assert files.first_origin(last) == files.origin(first)


# --- the trace functions, which a measurement of coverage cannot see ---


def raised(error: Exception) -> tuple[type[Exception], Exception, object]:
    """Return what a trace function is told of *error*."""
    with pytest.raises(type(error)) as caught:
        raise error
    return type(error), error, caught.tb


def test_only_the_authors_frames_are_watched() -> None:
    """Frames of others are left alone, lines too: a check takes little longer."""
    tracer = ExceptionTracer(AuthorsFiles())
    frame = sys._getframe()
    assert frame.f_back is not None
    assert tracer.enter_frame(frame, "call", None) == tracer.watch_frame
    assert not frame.f_trace_lines
    frame.f_trace_lines = True
    assert tracer.enter_frame(frame.f_back, "call", None) is None


def test_an_error_is_known_by_what_came_before_it() -> None:
    """The last exception counts, up to the next call of the kit; the first error keeps its own."""
    tracer, stale, taken = ExceptionTracer(AuthorsFiles()), StaleUser(), EmailTaken(None)
    frame = sys._getframe()
    for error in (LookupError(), OSError(), stale, LookupError(), stale):
        assert tracer.watch_frame(frame, "exception", raised(error)) == tracer.watch_frame
    assert tracer.watch_frame(frame, "return", None) == tracer.watch_frame
    assert str(tracer.origin(lambda: stale)).startswith("OSError (test_exception_origin.py, line ")

    called: list[FrameType] = []
    show(BEHAVIOURS["make.fresh"], Maker(REPOSITORY, partial(called_by_the_kit, called)))
    tracer.enter_frame(called[0], "call", None)
    tracer.watch_frame(frame, "exception", raised(taken))
    assert tracer.origin(lambda: taken) is None
    assert tracer.origin(lambda: None) is None


def called_by_the_kit(called: list[FrameType]) -> MemoryUserRepository:
    called.append(sys._getframe())
    return MemoryUserRepository()


def test_trace_functions_are_given_back() -> None:
    """A debugger or a measurement of coverage goes on, whatever the check raises."""

    def mine(*_: object) -> None:
        """Trace nothing."""

    before = sys.gettrace(), threading.gettrace()
    try:
        threading.settrace(mine)
        sys.settrace(mine)
        with pytest.raises(KeyboardInterrupt):
            ExceptionTracer(AuthorsFiles()).origin(interrupted)
        after = sys.gettrace(), threading.gettrace()
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])
    assert after == (mine, mine)


def interrupted() -> SchoolAuthError | None:
    raise KeyboardInterrupt
