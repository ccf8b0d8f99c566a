"""One verification for every attempt: the same work for every account, name and state."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

from schoolauth.errors import Overloaded
from schoolauth.model.user import StoredPassword
from schoolauth.ports import HasWorkers, LegacyVerifier, PasswordHasher
from schoolauth.rules.passwords import prepare_password
from schoolauth.workers import Workers

T = TypeVar("T")
_WAIT = 10.0


class Credentials:
    """Hashes and checks passwords, and hides from the clock whether there was anything to check."""

    def __init__(self, hasher: PasswordHasher, legacy: Sequence[LegacyVerifier] = ()) -> None:
        self.hasher = hasher
        self._legacy = tuple(legacy)
        if isinstance(hasher, HasWorkers):
            self._workers, self._wait = hasher.workers, hasher.wait
        else:
            self._workers = Workers(os.cpu_count() or 1, name="schoolauth-legacy")
            self._wait = _WAIT
        self._decoy: StoredPassword | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Carry *work* out in one turn of the hash workers, and return or raise what it does.

        Raises:
            Overloaded: if too many are waiting already; nothing of *work* was done.
        """
        context = copy_context()
        return self._workers.run(lambda: context.run(work), wait=self._wait)

    def check(self, password: str, stored: StoredPassword | None) -> tuple[bool, bool]:
        """Verify once, against *stored* or a decoy; return whether it matches, and is unreadable.

        Every legacy scheme does its work too, once for each text that it may have hashed. Call it
        within `run`.
        """
        decoy = self._make_decoy()  # always first, so that its one hash tells nothing
        prepared = prepare_password(password)
        if prepared is None:
            password, prepared, stored = "", "", None
        scheme = self._scheme_of(stored)
        matches, unreadable = self._verify(prepared, None if scheme else stored, decoy)
        # an old system may have hashed the text in NFC or as it was typed
        for text in dict.fromkeys((prepared, password)):
            for each in self._legacy:
                if each is scheme and stored is not None:
                    right, corrupt = _verify_legacy(each, text, stored)
                    matches, unreadable = matches or right, unreadable or corrupt
                else:
                    each.pretend(text)
        return matches, unreadable

    def _verify(
        self, prepared: str, stored: StoredPassword | None, decoy: StoredPassword
    ) -> tuple[bool, bool]:
        if stored is None:
            self.hasher.verify(prepared, decoy)
            return False, False
        try:
            return self.hasher.verify(prepared, stored), False
        except ValueError:
            self.hasher.verify(prepared, decoy)
        return False, True

    def _scheme_of(self, stored: StoredPassword | None) -> LegacyVerifier | None:
        """Return the legacy verifier that recognises *stored*, or None."""
        if stored is None or not self._legacy or self._is_current(stored):
            return None
        return next((each for each in self._legacy if each.recognises(stored)), None)

    def _is_current(self, stored: StoredPassword) -> bool:
        try:
            return not self.hasher.needs_rehash(stored)
        except ValueError:
            return False

    def _is_outdated(self, stored: StoredPassword) -> bool:
        return self._scheme_of(stored) is not None or self.hasher.needs_rehash(stored)

    def is_readable(self, stored: StoredPassword) -> bool:
        """Tell whether *stored* is a hash that a password could match here; no work."""
        try:
            self._is_outdated(stored)
        except ValueError:
            return False
        return True

    def hash(self, password: str) -> StoredPassword:
        """Return a new hash of a *password* that the policy let through.

        Raises:
            Overloaded: if too many are waiting already.
        """
        prepared = prepare_password(password)
        assert prepared is not None  # noqa: S101 # every policy forbids what cannot be prepared
        return self.hasher.hash(prepared)

    def rehash(self, password: str, stored: StoredPassword | None) -> StoredPassword | None:
        """Return a new hash if *stored* is out of date, or None; too busy is no reason to fail."""
        if stored is None or not self._is_outdated(stored):
            return None
        try:
            return self.hash(password)
        except Overloaded:
            return None

    def _make_decoy(self) -> StoredPassword:
        # without a lock: a hash worker that waited for it would keep the hash from being made
        if self._decoy is None:
            made = self.hasher.hash(secrets.token_hex(16))
            self._decoy = self._decoy or made
        return self._decoy


def _verify_legacy(scheme: LegacyVerifier, text: str, stored: StoredPassword) -> tuple[bool, bool]:
    try:
        return scheme.verify(text, stored), False
    except ValueError:
        scheme.pretend(text)
    return False, True
