"""PBKDF2 with HMAC-SHA-256, as Django and Werkzeug write it."""

from __future__ import annotations

import base64
import hashlib
import re

from schoolauth.legacy.scheme import Found, Scheme, require_cost

_LEAST, _MOST = 1_000, 10_000_000
"""Iterations: what NIST SP 800-132 asks for at least, and far more than is usual in 2026."""


class _PBKDF2(Scheme):
    def __init__(self, *, iterations: int) -> None:
        self._iterations = require_cost("iterations", iterations, _LEAST, _MOST)
        self._dummy = Found((iterations,), b"no salt of anybody", b"")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(iterations={self._iterations})"

    def _fits(self, costs: tuple[int, ...]) -> bool:
        return _LEAST <= costs[0] <= self._iterations

    def _work(self, secret: bytes, found: Found) -> bytes:
        (iterations,) = found.costs
        digest = hashlib.pbkdf2_hmac("sha256", secret, found.salt, iterations)
        if iterations < self._iterations:
            rest = self._iterations - iterations
            hashlib.pbkdf2_hmac("sha256", secret, found.salt, rest)
        return digest


class DjangoPBKDF2(_PBKDF2):
    """Checks Django's ``pbkdf2_sha256$…``, of 1,000 up to *iterations*.

    Args:
        iterations: the most iterations of a hash in the table; every sign-in does this work.
            Django 5.0 writes 720,000, 5.1 870,000, 5.2 1,000,000, 6.0 1,200,000 and 6.1 1,500,000.

    Raises:
        TypeError: if it is not an int.
        ValueError: below 1,000 or above 10,000,000.
    """

    _form = re.compile(
        r"pbkdf2_sha256\$(?P<iterations>[1-9][0-9]{3,7})"
        r"\$(?P<salt>[!-#%-~]{8,128})\$(?P<digest>[A-Za-z0-9+/]{43}=)"
    )

    def _decode(self, digest: str) -> bytes:
        return base64.b64decode(digest)


class WerkzeugPBKDF2(_PBKDF2):
    """Checks Werkzeug's ``pbkdf2:sha256:…``, of 1,000 up to *iterations*; Flask uses Werkzeug.

    Args:
        iterations: the most iterations of a hash in the table; every sign-in does this work.
            Werkzeug 2.3 writes 600,000, 3.1 1,000,000; before 2.3 it was the default scheme.

    Raises:
        TypeError: if it is not an int.
        ValueError: below 1,000 or above 10,000,000.
    """

    _form = re.compile(
        r"pbkdf2:sha256:(?P<iterations>[1-9][0-9]{3,7})"
        r"\$(?P<salt>[!-#%-~]{8,128})\$(?P<digest>[0-9a-f]{64})"
    )

    def _decode(self, digest: str) -> bytes:
        return bytes.fromhex(digest)
