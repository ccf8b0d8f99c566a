"""What the verifiers of this package share: the same work for their own hashes and all others."""

from __future__ import annotations

import abc
import hmac
import re
from typing import ClassVar, NamedTuple

from schoolauth.model.user import StoredPassword


class Found(NamedTuple):
    """What a stored text says: its costs, its salt, and the digest of the right password."""

    costs: tuple[int, ...]
    salt: bytes
    digest: bytes

    def __repr__(self) -> str:  # tracebacks show it
        return "Found(***)"


class Scheme(abc.ABC):
    """A `LegacyVerifier` that always does the work of the costliest hash that it recognises.

    A cheaper hash gets the rest of the work on top, so that its time does not differ.
    """

    _form: ClassVar[re.Pattern[str]]
    """The whole stored text: the costs, in the order of `Found`, then ``salt`` and ``digest``."""
    _longest: ClassVar[int | None] = None
    """How many bytes of a password the scheme reads; None if all of them."""
    _dummy: Found
    """The costliest hash that is recognised, of no password."""

    def recognises(self, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is of this scheme and within its bounds; no work."""
        return self._read(stored) is not None

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is a hash of *password*.

        Raises:
            ValueError: before any work, if it is of another scheme or out of bounds.
            Overloaded: if the machine lacks memory.
        """
        found = self._read(stored)
        if found is None:
            raise ValueError("the stored password is of another scheme, or out of bounds")
        secret = self._secret(password)
        matches = hmac.compare_digest(self._work(secret or b"", found), found.digest)
        return matches and secret is not None

    def pretend(self, password: str, /) -> None:
        """Do the work of `verify`, without a result.

        Raises:
            Overloaded: if the machine lacks memory.
        """
        self._work(self._secret(password) or b"", self._dummy)

    def _secret(self, password: str) -> bytes | None:
        """Return what is hashed, or None if another password would give the same hash."""
        # raise no error here: a UnicodeEncodeError carries the whole password
        secret = self._prepare(password.encode("utf-8", "surrogatepass"))
        # HMAC pads with NUL and bcrypt repeats the password behind one: "a" is "a\0" or "a\0a"
        ambiguous = "\0" in password or (self._longest is not None and len(secret) > self._longest)
        return None if ambiguous else secret

    def _prepare(self, secret: bytes) -> bytes:
        """Return what the system made of the password before it hashed it."""
        return secret

    def _read(self, stored: StoredPassword) -> Found | None:
        match = self._form.fullmatch(stored.reveal())
        if match is None:
            return None
        texts = match.groupdict()
        salt, digest = texts.pop("salt").encode(), self._decode(texts.pop("digest"))
        found = Found(tuple(int(cost) for cost in texts.values()), salt, digest)
        return found if self._fits(found.costs) else None

    @abc.abstractmethod
    def _fits(self, costs: tuple[int, ...]) -> bool:
        """Tell whether a hash with these costs is within the bounds."""

    @abc.abstractmethod
    def _decode(self, digest: str) -> bytes:
        """Return the bytes that *digest*, of the right form, is written for."""

    @abc.abstractmethod
    def _work(self, secret: bytes, found: Found) -> bytes:
        """Return the digest of *secret*, after the work of the costliest hash."""


def require_cost(name: str, value: int, minimum: int, maximum: int) -> int:
    """Return *value*; `TypeError` if it is not an int, `ValueError` if it is out of bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be int")
    if not minimum <= value <= maximum:
        raise ValueError(f"{name} must be {minimum:,} to {maximum:,}")
    return value
