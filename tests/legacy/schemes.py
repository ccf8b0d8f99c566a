"""Every scheme with the cheapest parameters, and the system that makes its hashes as the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import argon2
import bcrypt
from argon2.exceptions import VerifyMismatchError
from django.contrib.auth import hashers
from werkzeug.security import check_password_hash, generate_password_hash

from schoolauth.legacy import (
    Argon2,
    DjangoArgon2,
    DjangoBcrypt,
    DjangoBcryptSHA256,
    DjangoPBKDF2,
    DjangoScrypt,
    PHPBcrypt,
    WerkzeugPBKDF2,
    WerkzeugScrypt,
)
from schoolauth.ports import LegacyVerifier

SALT = "aSaltOf22Characters123"


@dataclass(frozen=True)
class Scheme:
    """A verifier, the cheapest and the dearest hash that it recognises, and who else checks it."""

    verifier: LegacyVerifier
    make: Callable[[str], str]
    check: Callable[[str, str], bool]
    make_dearest: Callable[[str], str]
    cuts: bool = False
    """Whether the other system looks at 72 bytes only."""


def _django_pbkdf2(iterations: int) -> Callable[[str], str]:
    return lambda password: hashers.PBKDF2PasswordHasher().encode(password, SALT, iterations)


def _django_scrypt(lanes: int) -> Callable[[str], str]:
    return lambda password: hashers.ScryptPasswordHasher().encode(password, SALT, 16, 8, lanes)


def _django_bcrypt(hasher: hashers.BCryptSHA256PasswordHasher, cost: int) -> Callable[[str], str]:
    return lambda password: str(hasher.encode(password, bcrypt.gensalt(cost)))


def _werkzeug(method: str) -> Callable[[str], str]:
    return lambda password: generate_password_hash(password, method)


def _php(cost: int) -> Callable[[str], str]:
    def make(password: str) -> str:
        made = bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()
        return made.replace("$2b$", "$2y$")  # the same algorithm; PHP's own are in test_bcrypt.py

    return make


def _argon2_checks(password: str, encoded: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(encoded, password)
    except VerifyMismatchError:
        return False


def _argon2(variant: argon2.Type) -> Callable[[str], str]:
    return argon2.PasswordHasher(1, 8, 1, type=variant).hash


_CHEAP = hashers.Argon2PasswordHasher()
_CHEAP.time_cost, _CHEAP.memory_cost, _CHEAP.parallelism = 1, 8, 1
_BCRYPT, _BCRYPT_SHA256 = hashers.BCryptPasswordHasher(), hashers.BCryptSHA256PasswordHasher()

SCHEMES: dict[str, Scheme] = {
    "django pbkdf2": Scheme(
        DjangoPBKDF2(iterations=1_500),
        _django_pbkdf2(1_000),
        hashers.PBKDF2PasswordHasher().verify,
        _django_pbkdf2(1_500),
    ),
    "django argon2": Scheme(
        DjangoArgon2(time_cost=1, memory_cost=8, parallelism=1),
        lambda password: _CHEAP.encode(password, SALT),
        _CHEAP.verify,
        lambda password: _CHEAP.encode(password, SALT),
    ),
    "django bcrypt": Scheme(
        DjangoBcrypt(cost=5),
        _django_bcrypt(_BCRYPT, 4),
        _BCRYPT.verify,
        _django_bcrypt(_BCRYPT, 5),
        cuts=True,
    ),
    "django bcrypt_sha256": Scheme(
        DjangoBcryptSHA256(cost=5),
        _django_bcrypt(_BCRYPT_SHA256, 4),
        _BCRYPT_SHA256.verify,
        _django_bcrypt(_BCRYPT_SHA256, 5),
    ),
    "django scrypt": Scheme(
        DjangoScrypt(n=16, r=8, p=5),
        _django_scrypt(1),
        hashers.ScryptPasswordHasher().verify,
        _django_scrypt(5),
    ),
    "werkzeug pbkdf2": Scheme(
        WerkzeugPBKDF2(iterations=1_500),
        _werkzeug("pbkdf2:sha256:1000"),
        lambda password, encoded: check_password_hash(encoded, password),
        _werkzeug("pbkdf2:sha256:1500"),
    ),
    "werkzeug scrypt": Scheme(
        WerkzeugScrypt(n=256, r=8, p=3),
        _werkzeug("scrypt:256:8:1"),
        lambda password, encoded: check_password_hash(encoded, password),
        _werkzeug("scrypt:256:8:3"),
    ),
    "php bcrypt": Scheme(
        PHPBcrypt(cost=5),
        _php(4),
        lambda password, encoded: bcrypt.checkpw(password.encode(), encoded.encode()),
        _php(5),
        cuts=True,
    ),
    "argon2i": Scheme(
        Argon2(variant="i", time_cost=1, memory_cost=8, parallelism=1),
        _argon2(argon2.Type.I),
        _argon2_checks,
        _argon2(argon2.Type.I),
    ),
    "argon2d": Scheme(
        Argon2(variant="d", time_cost=1, memory_cost=8, parallelism=1),
        _argon2(argon2.Type.D),
        _argon2_checks,
        _argon2(argon2.Type.D),
    ),
    "argon2id": Scheme(
        Argon2(variant="id", time_cost=1, memory_cost=8, parallelism=1),
        _argon2(argon2.Type.ID),
        _argon2_checks,
        _argon2(argon2.Type.ID),
    ),
}
