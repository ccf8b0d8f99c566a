"""Calls that begin together: what they give, raise, or never do."""

from __future__ import annotations

import sys
import threading

import pytest

from schoolauth.model.change import Change
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import threads
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Behaviour, Maker, show
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.threads import PATIENCE, begin_together, results


def test_what_each_call_gives_is_in_the_order_of_the_calls() -> None:
    """All of them run at the same time: each waits for the others."""
    barrier = threading.Barrier(3)

    def call(name: str) -> str:
        barrier.wait(PATIENCE)
        return name

    calls = [lambda: call("ann"), lambda: call("ben"), lambda: call("cat")]
    assert results(begin_together(calls), "call") == ["ann", "ben", "cat"]


def test_what_a_call_raises_is_raised() -> None:
    """It is the adapter's own error, for the report."""

    def call() -> None:
        raise LookupError("ann")

    with pytest.raises(LookupError, match="ann"):
        results(begin_together([call]), "call")


def test_a_call_that_ends_its_thread_is_told() -> None:
    """SystemExit in a thread is a failure, and nobody waits for what will never come."""
    with pytest.raises(Unkept, match=r"^SystemExit ended a thread\.$"):
        results(begin_together([sys.exit]), "call")


def test_a_call_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what it was; nothing waits for it any longer."""
    monkeypatch.setattr(threads, "PATIENCE", 0.01)
    never = threading.Event()
    with pytest.raises(Unkept, match=r"^reserve did not end within a minute\.$"):
        results(begin_together([never.wait]), "reserve")
    never.set()


def test_a_minute_is_a_minute() -> None:
    """The sentence about a call that is given up tells how long it was waited for."""
    assert PATIENCE == 60


THREADED = [behaviour for behaviour in REPOSITORY.behaviours if behaviour.id.startswith("threads.")]


@pytest.mark.parametrize("behaviour", THREADED, ids=lambda behaviour: behaviour.id)
def test_every_thread_is_left(behaviour: Behaviour[UserRepository]) -> None:
    """What the author closes at the end of a thread is closed in each, before the next question."""
    left: set[int] = set()

    class Seen(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            came.add(threading.get_ident())
            super().save(change)

    came: set[int] = set()
    options = {"leave_thread": lambda: left.add(threading.get_ident())}
    show(behaviour, Maker(REPOSITORY, Seen, options))
    assert came - left <= {threading.get_ident()}
    assert left


def test_a_thread_is_left_after_a_failure_too() -> None:
    """What is open is closed, whatever the call has raised."""
    left: list[str] = []

    def call() -> None:
        raise LookupError("ann")

    with pytest.raises(LookupError, match="ann"):
        results(begin_together([call], lambda: left.append("left")), "call")
    assert left == ["left"]
