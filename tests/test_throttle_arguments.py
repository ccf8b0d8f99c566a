"""What throttles are given: what cannot be meant is refused at the start, and tells no secret."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine

from schoolauth.errors import NotConfigured
from schoolauth.ports import Outcome, Throttle
from schoolauth.storage.sql import SqlThrottle
from schoolauth.testing.throttle.attempts import at, bucket
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.limits import LimitsThrottle
from tests.throttles import THROTTLES, Throttles

ENGINE = create_engine("sqlite://")
MAKERS: list[Callable[..., Throttle]] = [
    MemoryThrottle,
    lambda **given: SqlThrottle(ENGINE, **given),
    lambda **given: LimitsThrottle("memory://", **given),
]


def refused(make: Callable[..., object], error: type[Exception], **given: Any) -> None:
    """Expect an *error* that tells the name of what was given."""
    with pytest.raises(error, match=next(iter(given))):
        make(**given)


@pytest.mark.parametrize("make", MAKERS, ids=["memory", "sql", "limits"])
def test_a_wait_is_a_number_of_seconds(make: Callable[..., Throttle]) -> None:
    """From 0 up and not endless, and no text, flag or nothing."""
    for wait in ("20", None, True, b"1", [1]):
        refused(make, TypeError, wait=wait)
    for number in (-1, -0.001, math.nan, math.inf, -math.inf, 10**400):
        refused(make, ValueError, wait=number)
    for right in (0, 0.0, 0.5, 20, 3600.0):
        make(wait=right)


def test_a_capacity_is_a_number_of_buckets() -> None:
    """With none at all nobody could ever sign in."""
    for capacity in ("5", None, 1.5, True):
        refused(MemoryThrottle, TypeError, capacity=capacity)
    for number in (0, -1):
        refused(MemoryThrottle, ValueError, capacity=number)
    MemoryThrottle(capacity=1)


@pytest.mark.parametrize("tables", ["schoolauth_", ENGINE, ("throttle",), 0])
def test_tables_are_those_of_build_tables(tables: Any) -> None:
    """Or none, for the standard ones."""
    refused(MAKERS[1], TypeError, tables=tables)


def test_a_prefix_is_what_every_store_takes_in_a_key() -> None:
    """Memcached takes no space, no control character and at most 250 bytes."""
    for prefix in (None, 5, b"hill"):
        refused(MAKERS[2], TypeError, prefix=prefix)
    for text in (
        "",
        "hill school",
        "hill\n",
        "hill\x00",
        "hill\x7f",
        "\u00a0",
        "\ud800",
        "x" * 101,
    ):
        refused(MAKERS[2], ValueError, prefix=text)
    for right in ("hill", "x" * 100, "hill:2", "{hill}"):
        MAKERS[2](prefix=right)


@pytest.mark.parametrize("kind", THROTTLES)
def test_a_word_is_an_outcome(kind: str, throttles: Throttles) -> None:
    """A text in its place was a try for free: now it is refused, and the attempt is undecided."""
    throttle, name = throttles.make(kind, wait=0), bucket("name", (1, 300))
    made = throttle.reserve([name], at(0))
    words: list[Any] = ["failed", "FAILED", None, True, Exception()]
    for word in words:
        with pytest.raises(TypeError, match="outcome"):
            throttle.settle(made, word, at(0))
    throttle.settle(made, Outcome.FAILED, at(0))
    assert throttle.peek(name, at(0)) == 300


URIS = [
    "redis://:Sup3rSecret/x@localhost:6379/0",
    "redis://[Sup3rSecret",
    "redis://localhost/0?db=Sup3rSecret",
    "redis://localhost:Sup3rSecret",
    "redis+cluster://:Sup3rSecret@localhost:1",
    "redis+sentinel://:Sup3rSecret@localhost",
    "memcached://",
    "memcached://Sup3rSecret",
    "memcached://localhost:Sup3rSecret",
    "nonsense://Sup3rSecret",
    "Sup3rSecret",
    "",
    "\x00",
]


@pytest.mark.parametrize("uri", URIS)
def test_a_uri_that_opens_nothing_is_told_without_its_secrets(uri: str) -> None:
    """Whatever the package or the client raises, the host reads one error and no password."""
    with pytest.raises(NotConfigured) as told:
        LimitsThrottle(uri)
    assert "Sup3rSecret" not in f"{told.value!r} {told.value} {vars(told.value)}"
    assert told.value.__context__ is None
    assert told.value.__cause__ is None


@pytest.mark.parametrize("storage", [None, 5, b"redis://localhost", object()])
def test_what_is_no_storage_is_told(storage: Any) -> None:
    """Neither a URI nor a storage of limits."""
    with pytest.raises(NotConfigured, match="storage of limits"):
        LimitsThrottle(storage)
