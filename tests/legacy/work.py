"""Counts the work of every scheme where it is done: in hashlib, in bcrypt and in argon2."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import argon2
import bcrypt
import pytest

Unit = tuple[str, Any]
"""A primitive, with the parameters that its units of work have."""


class Work:
    """The calls since it was cleared, in order: the unit of work, and how many of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[Unit, int]] = []
        self._watch(monkeypatch, hashlib, "pbkdf2_hmac", _pbkdf2)
        self._watch(monkeypatch, hashlib, "scrypt", _scrypt)
        self._watch(monkeypatch, bcrypt, "hashpw", _bcrypt)
        self._watch(monkeypatch, argon2._password_hasher, "verify_secret", _argon2)
        self._watch(monkeypatch, argon2._password_hasher, "hash_secret", _argon2_hash)

    def total(self) -> Counter[Unit]:
        """Return how much work there was of each kind, and forget it."""
        counted: Counter[Unit] = Counter()
        for unit, amount in self.calls:
            counted[unit] += amount
        self.calls.clear()
        return counted

    def _watch(
        self,
        monkeypatch: pytest.MonkeyPatch,
        module: Any,
        name: str,
        read: Callable[..., tuple[Unit, int]],
    ) -> None:
        real = getattr(module, name)

        def watched(*args: Any, **named: Any) -> Any:
            worked = True
            try:
                return real(*args, **named)
            except argon2.exceptions.VerifyMismatchError:
                raise
            except Exception:
                worked = False  # refused before any work, such as an argon2 text that is no base64
                raise
            finally:
                if worked:
                    self.calls.append(read(*args, **named))

        monkeypatch.setattr(module, name, watched)


def _pbkdf2(name: str, secret: bytes, salt: bytes, iterations: int, *_: Any) -> tuple[Unit, int]:
    return ("pbkdf2", name), iterations


def _scrypt(*_: Any, n: int, r: int, p: int, **more: Any) -> tuple[Unit, int]:
    return ("scrypt", (n, r)), p


def _bcrypt(secret: bytes, salt: bytes) -> tuple[Unit, int]:
    return ("bcrypt", None), 2 ** int(salt.split(b"$")[2])


def _argon2(encoded: bytes, secret: bytes, variant: argon2.Type) -> tuple[Unit, int]:
    found = argon2.extract_parameters(encoded.decode())
    costs = (found.memory_cost, found.time_cost, found.parallelism)
    return ("argon2", (variant.name, *costs)), 1


def _argon2_hash(
    *, time_cost: int, memory_cost: int, parallelism: int, **more: Any
) -> tuple[Unit, int]:
    return ("argon2 hash", (memory_cost, time_cost, parallelism)), 1
