"""bcrypt, as PHP and Django write it; needs the extra ``legacy``, which brings `bcrypt`.

bcrypt looks at 72 bytes. Older systems cut longer passwords off there without a word, and the
package refuses them since 5.0. Here they match nothing, after the same work: otherwise anybody who
knows 72 bytes could make a password with any ending the account's new one.
"""

from __future__ import annotations

import hashlib
import re
from types import ModuleType

from schoolauth.errors import NotConfigured
from schoolauth.legacy.scheme import Found, Scheme, require_cost

_LEAST, _MOST = 4, 16
"""Costs: bcrypt's own least, and sixteen times what is usual in 2026."""
_HASH = (
    # the last signs of both parts have bits that mean nothing, and have to be 0
    r"(?P<salt>\$2[aby]\$(?=(?P<cost>[0-9]{2})\$)[0-9]{2}\$[./A-Za-z0-9]{21}[.Oeu])"
    r"(?P<digest>[./A-Za-z0-9]{30}[.CGKOSWaeimquy26])"
)


class _Bcrypt(Scheme):
    _longest = 72

    def __init__(self, *, cost: int = 12) -> None:
        self._cost = require_cost("cost", cost, _LEAST, _MOST)
        self._bcrypt = _load()
        self._dummy = Found((cost,), b"$2b$%02d$" % cost + b"." * 22, b"")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(cost={self._cost})"

    def _fits(self, costs: tuple[int, ...]) -> bool:
        return _LEAST <= costs[0] <= self._cost

    def _decode(self, digest: str) -> bytes:
        return digest.encode()

    def _work(self, secret: bytes, found: Found) -> bytes:
        digest: bytes = self._bcrypt.hashpw(secret, found.salt)[-31:]
        for cost in range(found.costs[0], self._cost):  # 2^c + 2^c + 2^(c+1) + … = 2^cost
            self._bcrypt.hashpw(secret, b"$2b$%02d$" % cost + found.salt[-22:])
        return digest


class PHPBcrypt(_Bcrypt):
    """Checks bcrypt hashes as PHP's ``password_hash`` writes them, and most others: ``$2y$…``.

    ``$2a$`` and ``$2b$`` too. A password of more than 72 bytes never matches.

    Args:
        cost: the highest cost of a hash in the table; every sign-in does this work. PHP 8.4 and
            later have 12, before it was 10.

    Raises:
        NotConfigured: without the extra ``legacy``.
        TypeError: if it is not an int.
        ValueError: below 4 or above 16.
    """

    _form = re.compile(_HASH)


class DjangoBcrypt(_Bcrypt):
    """Checks Django's ``bcrypt$$2b$…``. A password of more than 72 bytes never matches.

    Args:
        cost: the highest cost of a hash in the table; every sign-in does this work. It is 12 in
            all versions of Django, which calls it `rounds`.

    Raises:
        NotConfigured: without the extra ``legacy``.
        TypeError: if it is not an int.
        ValueError: below 4 or above 16.
    """

    _form = re.compile(r"bcrypt\$" + _HASH)


class DjangoBcryptSHA256(_Bcrypt):
    """Checks Django's ``bcrypt_sha256$$2b$…``, which takes passwords of any length.

    Args:
        cost: the highest cost of a hash in the table; every sign-in does this work. It is 12 in
            all versions of Django, which calls it `rounds`.

    Raises:
        NotConfigured: without the extra ``legacy``.
        TypeError: if it is not an int.
        ValueError: below 4 or above 16.
    """

    _form = re.compile(r"bcrypt_sha256\$" + _HASH)

    def _prepare(self, secret: bytes) -> bytes:
        return hashlib.sha256(secret).hexdigest().encode()


def _load() -> ModuleType:
    try:
        import bcrypt
    except ImportError:
        pass  # raised below, where it carries no context
    else:
        return bcrypt
    raise NotConfigured('bcrypt hashes need the extra "legacy": pip install "schoolauth[legacy]"')
