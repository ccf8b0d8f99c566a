"""argon2's parameters: what may be asked for, and which one a refusal is about."""

from __future__ import annotations

import math
import os
import threading
from typing import Any, Literal

import argon2
import pytest
from argon2.exceptions import VerificationError
from argon2.low_level import error_to_str

from schoolauth.errors import Overloaded
from schoolauth.hashing import Argon2, Argon2Hasher
from schoolauth.model.user import StoredPassword

CHEAP: dict[str, int] = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
PASSWORD = "Chalkboard7"


def test_a_parameter_may_be_its_own_maximum() -> None:
    """Whoever allows exactly today's hashes can still make them, and wait as long as can be."""
    most = {"maximum_time_cost": 1, "maximum_memory_cost": 8, "maximum_parallelism": 1}
    hasher = Argon2Hasher(**CHEAP, **most, wait=threading.TIMEOUT_MAX)
    assert hasher.verify(PASSWORD, hasher.hash(PASSWORD))
    old = Argon2(time_cost=10, memory_cost=262_144, parallelism=16)
    assert "time_cost=10, memory_cost=262144, parallelism=16" in repr(old)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"time_cost": 0}, "time_cost must be 1 to 10"),
        ({"memory_cost": 15, "parallelism": 2}, "memory_cost must be 16 to 262144"),
        ({"parallelism": 0}, "parallelism must be 1 to 16"),
    ],
)
@pytest.mark.parametrize("make", [Argon2Hasher, Argon2])
def test_the_parameter_that_is_out_of_bounds_is_named(
    make: Any, wrong: dict[str, int], name: str
) -> None:
    """With the bounds, so that the setting can be mended."""
    with pytest.raises(ValueError, match=f"^{name}"):
        make(**(CHEAP | wrong))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"queue": None}, TypeError),
        ({"queue": 0}, ValueError),
        ({"wait": "10"}, TypeError),
        ({"wait": True}, TypeError),
        ({"wait": None}, TypeError),
        ({"wait": 0}, ValueError),
        ({"wait": math.nan}, ValueError),
        ({"wait": math.inf}, ValueError),
    ],
    ids=repr,
)
def test_how_long_and_how_many_may_wait_is_said_in_numbers(
    wrong: dict[str, Any], error: type[Exception]
) -> None:
    """At the start, and not at the first sign-in of a crowd."""
    (name,) = wrong
    with pytest.raises(error, match=f"^{name} must be "):
        Argon2Hasher(**CHEAP, **wrong)


@pytest.mark.parametrize("variant", ["i", "d"])
def test_other_variants_are_checked_by_one_s_own_verifier(variant: Literal["i", "d"]) -> None:
    """An older system may have chosen either."""
    low = argon2.low_level
    secret, salt, kind = PASSWORD.encode(), b"s" * 16, low.Type[variant.upper()]
    stored = StoredPassword(low.hash_secret(secret, salt, 1, 8, 1, 32, kind).decode())
    old = Argon2(variant=variant, **CHEAP)
    assert old.verify(PASSWORD, stored)
    assert not old.verify("Chalkboard8", stored)


@pytest.mark.parametrize(
    "text",
    [
        "$argon2id$v=19$m=7,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=2$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAB$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAB",
    ],
    ids=["memory", "lanes", "salt", "digest", "bits of the salt", "bits of the digest"],
)
def test_a_hash_that_argon2_cannot_have_made_is_none(text: str) -> None:
    """No password is right for it, so an import refuses it instead of making a dead account."""
    good = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"
    hasher, legacy = Argon2Hasher(**CHEAP), Argon2(time_cost=1, memory_cost=8, parallelism=1)
    assert not hasher.verify(PASSWORD, StoredPassword(good))
    assert legacy.recognises(StoredPassword(good))
    with pytest.raises(ValueError, match="is corrupt"):
        hasher.needs_rehash(StoredPassword(text))
    assert not legacy.recognises(StoredPassword(text))


def test_a_machine_that_does_not_know_its_processors_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python may answer None."""
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert Argon2Hasher(**CHEAP).workers.size == 1


@pytest.mark.parametrize("number", [-22, -33])
def test_short_of_memory_or_threads_is_no_corrupt_hash(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Both are the machine's: come back in ten seconds, the time that a password waits at most."""

    def short(*_: object) -> bool:
        raise VerificationError(error_to_str(number))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", short)
    with pytest.raises(Overloaded) as caught:
        Argon2(variant="id", **CHEAP).pretend(PASSWORD)
    assert caught.value.retry_after == 10
    hasher = Argon2Hasher(**CHEAP)
    assert (hasher.wait, hasher.workers._queue) == (10, 1000)


def test_whatever_else_argon2_finds_is_a_corrupt_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of it may find what ours has let through: nobody is told to come back."""

    def broken(*_: object) -> bool:
        raise VerificationError("something new")

    hasher = Argon2Hasher(**CHEAP)
    stored = hasher.hash(PASSWORD)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", broken)
    with pytest.raises(ValueError, match=r"^the stored password is corrupt$"):
        hasher.verify(PASSWORD, stored)
