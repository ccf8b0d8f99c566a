"""Password hashes by argon2id, in worker threads, so that memory and time stay bounded."""

from __future__ import annotations

import base64
import math
import os
import re
import threading
from contextlib import suppress
from typing import ClassVar, Literal, NamedTuple

import argon2
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from schoolauth.errors import Overloaded
from schoolauth.model.arguments import require_count, require_seconds
from schoolauth.model.user import StoredPassword
from schoolauth.workers import Workers

# stricter than argon2.extract_parameters, whose int() takes spaces, signs and other scripts' digits
_ENCODED = re.compile(
    r"\$argon2(id|i|d)\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,7})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)
_MAXIMUM_MEMORY_COST, _MAXIMUM_TIME_COST, _MAXIMUM_PARALLELISM = 262_144, 10, 16
_WAIT = 10.0
_QUEUE = 1000
_OUT_OF_MEMORY, _OUT_OF_THREADS = -22, -33
"""argon2.h: the machine is short of something, and the hash may be perfectly good."""


class _Parameters(NamedTuple):
    variant: str
    memory_cost: int
    time_cost: int
    parallelism: int
    salt_characters: int
    hash_characters: int
    possible: bool = True
    """Whether argon2 can have made it; if not, no password is right."""


class Argon2Hasher:
    """Hashes and checks passwords with argon2id; safe to use from many threads, and after a fork.

    At most *workers* hashes are made at once, so that a crowd takes ``workers × memory_cost`` of
    memory and no more. `workers` is the pool itself, for calls from an event loop, and `wait` is
    for how many seconds a password waits for its turn there.

    Args:
        time_cost: how many passes a new hash takes.
        memory_cost: how much memory a new hash takes, in KiB.
        parallelism: how many lanes a new hash has. These three are argon2-cffi's own defaults, the
            second recommendation of RFC 9106.
        workers: how many hashes are made at once; by default as many as there are processors.
        wait: for how many seconds a password may wait for its turn.
        queue: how many may wait at once; further calls raise `Overloaded` without any wait.
        maximum_memory_cost: a stored hash that asks for more KiB is refused without work.
        maximum_time_cost: a stored hash that asks for more passes is refused without work.
        maximum_parallelism: a stored hash that asks for more lanes is refused without work.

    Raises:
        TypeError: if a number is not one.
        ValueError: if a parameter is below argon2's own minimum or above its maximum here.
    """

    def __init__(
        self,
        *,
        time_cost: int = argon2.DEFAULT_TIME_COST,
        memory_cost: int = argon2.DEFAULT_MEMORY_COST,
        parallelism: int = argon2.DEFAULT_PARALLELISM,
        workers: int | None = None,
        wait: float = _WAIT,
        queue: int = _QUEUE,
        maximum_memory_cost: int = _MAXIMUM_MEMORY_COST,
        maximum_time_cost: int = _MAXIMUM_TIME_COST,
        maximum_parallelism: int = _MAXIMUM_PARALLELISM,
    ) -> None:
        _check("parallelism", parallelism, 1, maximum_parallelism)
        _check("time_cost", time_cost, 1, maximum_time_cost)
        _check("memory_cost", memory_cost, 8 * parallelism, maximum_memory_cost)
        require_count(queue, "queue")  # to the workers, None means no bound
        if not 0 < require_seconds(wait, "wait") <= threading.TIMEOUT_MAX:
            raise ValueError("wait must be more than 0 seconds, and not endless")
        size = os.cpu_count() or 1 if workers is None else workers
        self.workers = Workers(size, name="schoolauth-hash", queue=queue)
        self.wait = wait
        self._maximum = (maximum_memory_cost, maximum_time_cost, maximum_parallelism)
        self._argon2 = argon2.PasswordHasher(time_cost, memory_cost, parallelism)
        salt, digest = self._argon2.salt_len, self._argon2.hash_len
        lengths = (_base64_length(salt), _base64_length(digest))
        self._today = _Parameters("id", memory_cost, time_cost, parallelism, *lengths)

    def __repr__(self) -> str:
        today = self._today
        return (
            f"Argon2Hasher(time_cost={today.time_cost}, memory_cost={today.memory_cost}, "
            f"parallelism={today.parallelism}, workers={self.workers.size})"
        )

    def hash(self, password: str, /) -> StoredPassword:
        """Return a new salted hash of *password*.

        Raises:
            Overloaded: if too many are waiting, or the machine lacks memory or threads.
        """
        secret = _encode(password)
        encoded = self.workers.run(lambda: self._hash(secret), wait=self.wait)
        if encoded is None:
            raise Overloaded(math.ceil(self.wait))
        return StoredPassword(encoded)

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is a hash of *password*.

        Raises:
            ValueError: before any work, if *stored* is corrupt, of another scheme or variant, or
                asks for more than the maximum.
            Overloaded: if too many are waiting, or the machine lacks memory or threads.
        """
        self._read(stored)
        secret = _encode(password)
        matches = self.workers.run(lambda: self._verify(stored, secret), wait=self.wait)
        if matches is None:
            raise Overloaded(math.ceil(self.wait))
        return matches

    def needs_rehash(self, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* was made with parameters other than the present ones; no work.

        Raises:
            ValueError: if it is not a hash that `verify` would check.
        """
        return self._read(stored) != self._today

    def _hash(self, secret: bytes) -> str | None:
        try:
            return self._argon2.hash(secret)
        except HashingError:
            return None  # the parameters were checked, so the machine is short of something

    def _verify(self, stored: StoredPassword, secret: bytes) -> bool | None:
        return _matches(self._argon2, stored, secret)

    def _read(self, stored: StoredPassword) -> _Parameters:
        found = _read(stored.reveal())
        if found is None or found.variant != "id":
            raise ValueError("the stored password is not an argon2id hash")
        if not found.possible:
            raise ValueError("the stored password is corrupt")
        if any(asked > most for asked, most in zip(found[1:], self._maximum, strict=False)):
            raise ValueError("the stored password asks for more work than is allowed")
        return found


class Argon2:
    """Checks older argon2 hashes: of another variant, or with a hasher's own old parameters.

    A `LegacyVerifier`. Each is for exactly these parameters, since the work of others would differ:
    give `SchoolAuth` one for each set of parameters in the table.

    Args:
        variant: ``id``, ``i`` or ``d``.
        time_cost: how many passes the hashes took.
        memory_cost: how much memory they took, in KiB.
        parallelism: how many lanes they had.

    Raises:
        TypeError: if a number is not one.
        ValueError: if there is no such variant, or a parameter is out of argon2's own bounds or
            above 10 passes, 262,144 KiB or 16 lanes.
    """

    _prefix: ClassVar[str] = ""
    """What a system writes before argon2's own text."""

    def __init__(
        self,
        *,
        variant: Literal["id", "i", "d"] = "id",
        time_cost: int,
        memory_cost: int,
        parallelism: int,
    ) -> None:
        if variant not in {"id", "i", "d"}:
            raise ValueError("variant must be id, i or d")
        _check("parallelism", parallelism, 1, _MAXIMUM_PARALLELISM)
        _check("time_cost", time_cost, 1, _MAXIMUM_TIME_COST)
        _check("memory_cost", memory_cost, 8 * parallelism, _MAXIMUM_MEMORY_COST)
        self._parameters = (variant, memory_cost, time_cost, parallelism)
        self._argon2 = argon2.PasswordHasher(time_cost, memory_cost, parallelism)
        head = f"$argon2{variant}$v=19$m={memory_cost},t={time_cost},p={parallelism}"
        tail = f"${'A' * _base64_length(16)}${'A' * _base64_length(32)}"
        self._decoy = StoredPassword(self._prefix + head + tail)

    def __repr__(self) -> str:
        variant, memory, time, lanes = self._parameters
        return (
            f"{type(self).__name__}(variant={variant!r}, time_cost={time}, memory_cost={memory}, "
            f"parallelism={lanes})"
        )

    def recognises(self, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is an argon2 hash with exactly these parameters; no work."""
        text = stored.reveal()
        found = _read(text[len(self._prefix) :]) if text.startswith(self._prefix) else None
        return found is not None and found[:4] == self._parameters and found.possible

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is a hash of *password*.

        Raises:
            ValueError: before any work, if it has other parameters; or if it is corrupt.
            Overloaded: if the machine lacks memory or threads.
        """
        if not self.recognises(stored):
            raise ValueError("the stored password is not an argon2 hash with these parameters")
        return self._check(password, stored)

    def pretend(self, password: str, /) -> None:
        """Do the work of `verify`, without a result.

        Raises:
            Overloaded: if the machine lacks memory or threads.
        """
        self._check(password, self._decoy)

    def _check(self, password: str, stored: StoredPassword) -> bool:
        matches = _matches(self._argon2, stored, _encode(password), skip=len(self._prefix))
        if matches is None:
            raise Overloaded(math.ceil(_WAIT))
        return matches


def _read(text: str) -> _Parameters | None:
    found = _ENCODED.fullmatch(text)
    if found is None:
        return None
    variant, memory, time, lanes, salt, digest = found.groups()
    possible = int(memory) >= 8 * int(lanes) and _is_base64(salt) and _is_base64(digest)
    lengths = len(salt), len(digest)
    return _Parameters(variant, int(memory), int(time), int(lanes), *lengths, possible)


def _is_base64(text: str) -> bool:
    """Tell whether bytes are written like this, without their padding: one way for each."""
    padded = text + "=" * (-len(text) % 4)
    with suppress(ValueError):
        return base64.b64encode(base64.b64decode(padded, validate=True)).decode() == padded
    return False


def _matches(
    hasher: argon2.PasswordHasher, stored: StoredPassword, secret: bytes, *, skip: int = 0
) -> bool | None:
    """Return what argon2 says, None if the machine is short of something."""
    try:
        return hasher.verify(stored.reveal()[skip:], secret)
    except VerifyMismatchError:
        return False
    except VerificationError as error:
        if str(error) in {error_to_str(_OUT_OF_MEMORY), error_to_str(_OUT_OF_THREADS)}:
            return None
    raise ValueError("the stored password is corrupt")


def _encode(password: str) -> bytes:
    # raise no error here: a UnicodeEncodeError carries the whole password
    return password.encode("utf-8", "surrogatepass")


def _base64_length(size: int) -> int:
    return (size * 8 + 5) // 6


def _check(name: str, value: int, minimum: int, maximum: int) -> None:
    if any(isinstance(number, bool) or not isinstance(number, int) for number in (value, maximum)):
        raise TypeError(f"{name} and its maximum must be int")
    if not minimum <= value <= maximum:
        raise ValueError(f"{name} must be {minimum} to {maximum}")
