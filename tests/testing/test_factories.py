"""Factories that give no adapter at all: one sentence says what came instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import (
    Outbox,
    Report,
    check_directory,
    check_mailer,
    check_repository,
    check_throttle,
)

Check = Callable[[Any], Report]


def check_outbox(factory: Any) -> Report:
    """Run the mailer contract on what has no `received` of its own."""
    return check_mailer(factory, lambda mailer: [])


class AsyncSearch(MemoryUserRepository):
    async def search(self, query: object, /) -> Any:  # type: ignore[override] # on purpose
        return None


class Unaskable:
    """An object that does not even tell which attributes it has."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


class Beginner:
    """Has one method of four: enough to begin with."""

    def find(self, keys: object, /) -> Mapping[Any, Any]:
        return {}


class Couple(NamedTuple):
    schools: object
    users: object


@contextmanager
def host() -> Iterator[MemoryUserRepository]:
    """Give the repository to a `with` statement only."""
    yield MemoryUserRepository()


def users_alone() -> object:
    """Forget the directory."""
    return MemoryUserRepository()


REPOSITORY = "which has none of the methods find, search, save and history"
THROTTLE = "which has none of the methods take, give_back, wait and clear"
PAIR = "instead of a directory and its repository"
JUNK: dict[str, tuple[Check, Callable[[], object], str]] = {
    "dict": (check_repository, dict, f"something of the type dict, {REPOSITORY}."),
    "number": (check_repository, lambda: 5, f"something of the type int, {REPOSITORY}."),
    "unaskable": (
        check_repository,
        Unaskable,
        f"something of the type Unaskable, {REPOSITORY}.",
    ),
    "context manager": (
        check_repository,
        host,
        f"something of the type _GeneratorContextManager, {REPOSITORY}.",
    ),
    "class": (
        check_repository,
        lambda: MemoryUserRepository,
        "the class MemoryUserRepository; it must return an object of it.",
    ),
    "async": (check_repository, AsyncSearch, "one whose search is async; it must not be."),
    "one of a pair": (
        check_directory,
        users_alone,
        f"something of the type MemoryUserRepository {PAIR}.",
    ),
    "three": (check_directory, lambda: (1, 2, 3), f"something of the type tuple {PAIR}."),
    "no directory": (
        check_directory,
        lambda: (5, MemoryUserRepository()),
        "something of the type int, which has none of the methods find, list and save.",
    ),
    "no repository": (
        check_directory,
        lambda: Couple(MemorySchoolDirectory(), None),
        f"something of the type NoneType, {REPOSITORY}.",
    ),
    "throttle": (
        check_throttle,
        object,
        f"something of the type object, {THROTTLE}.",
    ),
    "mailer": (
        check_outbox,
        list,
        "something of the type list, which has no method send.",
    ),
}


FACTORIES: dict[Check, str] = {
    check_directory: "make_directory",
    check_outbox: "make_mailer",
    check_repository: "make_repository",
    check_throttle: "make_throttle",
}


@pytest.mark.parametrize("name", JUNK)
def test_what_is_no_adapter_is_told_in_one_sentence(name: str) -> None:
    """It is the one failure, under the first behaviour, and the rest is not run."""
    check, factory, returned = JUNK[name]
    report = check(factory)
    (sentence,) = report.failures.values()
    assert list(report.failures) == [report.lines[0].id]
    assert sentence == f"{FACTORIES[check]}() returned {returned}"
    assert set(report.not_run.values()) == {"there is nothing to test"}


def test_who_begins_with_one_method_gets_on() -> None:
    """An adapter that has one of the methods is tested: its author writes them one by one."""
    report = check_repository(Beginner)  # type: ignore[arg-type] # not one yet
    assert len(report.failures) > 1
    assert "make.fresh" not in report.failures


@pytest.mark.parametrize("check", [check_repository, check_directory, check_throttle, check_outbox])
@pytest.mark.parametrize("factory", [MemoryUserRepository(), None], ids=["object", "none"])
def test_a_factory_can_be_called(check: Check, factory: object) -> None:
    """An adapter itself, where a maker of adapters is due, is a mistake before anything is run."""
    with pytest.raises(TypeError, match=r"make_\w+ must be callable"):
        check(factory)


@pytest.mark.parametrize("factory", [lambda path: None, lambda *, path: None], ids=["one", "named"])
def test_a_factory_wants_no_arguments(factory: Callable[..., Any]) -> None:
    """A fixture of pytest among its parameters would never be filled in."""
    with pytest.raises(TypeError, match="make_repository is called without arguments: not 'path'"):
        check_repository(factory)


@pytest.mark.parametrize(
    "factory", [dict, lambda path="", *rest, **more: {}], ids=["in C", "with defaults"]
)
def test_a_factory_may_take_arguments(factory: Callable[..., Any]) -> None:
    """As long as it can be called without them; what is written in C need not say so."""
    (sentence,) = check_repository(factory).failures.values()
    assert "something of the type dict" in sentence


@pytest.mark.parametrize("name", ["join", "leave_thread"])
def test_an_option_can_be_called(name: str) -> None:
    """What comes instead of a function is a mistake before anything is run."""
    options: dict[str, Any] = {name: 5}
    with pytest.raises(TypeError, match=f"{name} must be callable"):
        check_repository(MemoryUserRepository, **options)


def test_a_mailer_is_checked_with_received() -> None:
    """Without a way to see what has arrived there is nothing to compare."""
    received: Any = None
    with pytest.raises(TypeError, match="received must be callable"):
        check_mailer(Outbox, received)
