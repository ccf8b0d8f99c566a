"""scrypt, as Django and Werkzeug write it."""

from __future__ import annotations

import base64
import hashlib
import re

from schoolauth.errors import Overloaded
from schoolauth.legacy.scheme import Found, Scheme, require_cost

_MEMORY_MOST = 256 * 2**20
"""Bytes for one hash: as much as a stored argon2 hash may take."""
_LANES_MOST = 16
_RETRY_AFTER = 10


class _Scrypt(Scheme):
    def __init__(self, *, n: int, r: int, p: int) -> None:
        self._n = require_cost("n", n, 2, 2**24)
        self._r = require_cost("r", r, 1, 64)
        self._p = require_cost("p", p, 1, _LANES_MOST)
        if n & (n - 1):
            raise ValueError("n must be a power of two")
        if 128 * n * r > _MEMORY_MOST:
            raise ValueError(f"n and r take more than {_MEMORY_MOST:,} bytes")
        self._dummy = Found((n, r, p), b"no salt of anybody", b"")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n={self._n}, r={self._r}, p={self._p})"

    def _fits(self, costs: tuple[int, ...]) -> bool:
        n, r, p = costs
        return n == self._n and r == self._r and p <= self._p

    def _work(self, secret: bytes, found: Found) -> bytes:
        lanes = found.costs[2]
        digest = self._derive(secret, found.salt, lanes)
        if lanes < self._p:  # OpenSSL does one lane after the other
            self._derive(secret, found.salt, self._p - lanes)
        return digest

    def _derive(self, secret: bytes, salt: bytes, lanes: int) -> bytes:
        # what OpenSSL counts, and a little more: the costs are bounded already
        most = 128 * self._r * (self._n + lanes + 2) + 2**16
        try:
            return hashlib.scrypt(
                secret, salt=salt, n=self._n, r=self._r, p=lanes, maxmem=most, dklen=64
            )
        except (ValueError, MemoryError):  # OpenSSL says ValueError when it gets no memory
            pass
        raise Overloaded(_RETRY_AFTER)


class DjangoScrypt(_Scrypt):
    """Checks Django's ``scrypt$…`` with exactly this *n* and *r*, and with 1 up to *p* lanes.

    Args:
        n: the work factor, a power of two.
        r: the block size. Both together take ``128 * n * r`` bytes, at most 256 MiB.
        p: the most lanes that a hash in the table has: Django 5.1 and later have 5, before it was
            1. The defaults are Django's own.

    Raises:
        TypeError: if one is not an int.
        ValueError: if one is out of bounds.
    """

    _form = re.compile(
        r"scrypt\$(?P<n>[1-9][0-9]{0,7})\$(?P<salt>[!-#%-~]{8,128})"
        r"\$(?P<r>[1-9][0-9]?)\$(?P<p>[1-9][0-9]?)\$(?P<digest>[A-Za-z0-9+/]{86}==)"
    )

    def __init__(self, *, n: int = 2**14, r: int = 8, p: int = 5) -> None:
        super().__init__(n=n, r=r, p=p)

    def _decode(self, digest: str) -> bytes:
        return base64.b64decode(digest)


class WerkzeugScrypt(_Scrypt):
    """Checks Werkzeug's ``scrypt:…`` with exactly this *n* and *r*, and with 1 up to *p* lanes.

    Args:
        n: the work factor, a power of two.
        r: the block size. Both together take ``128 * n * r`` bytes, at most 256 MiB.
        p: the most lanes that a hash in the table has. The defaults are Werkzeug's own.

    Raises:
        TypeError: if one is not an int.
        ValueError: if one is out of bounds.
    """

    _form = re.compile(
        r"scrypt:(?P<n>[1-9][0-9]{0,7}):(?P<r>[1-9][0-9]?):(?P<p>[1-9][0-9]?)"
        r"\$(?P<salt>[!-#%-~]{8,128})\$(?P<digest>[0-9a-f]{128})"
    )

    def __init__(self, *, n: int = 2**15, r: int = 8, p: int = 1) -> None:
        super().__init__(n=n, r=r, p=p)

    def _decode(self, digest: str) -> bytes:
        return bytes.fromhex(digest)
