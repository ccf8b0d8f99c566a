"""One verification for every try: the same work for every account, name and state."""

from __future__ import annotations

import secrets
import threading

from schoolauth.errors import Overloaded
from schoolauth.model.user import StoredPassword
from schoolauth.ports import PasswordHasher
from schoolauth.rules.passwords import prepare_password
from schoolauth.workers import renew_in_children


class Credentials:
    """Hashes and checks passwords, and hides from the clock whether there was anything to check."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self.hasher = hasher
        self._decoy: StoredPassword | None = None
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock, as a new instance or in a forked child."""
        self._lock = threading.Lock()

    def check(self, password: str, stored: StoredPassword | None) -> tuple[bool, bool]:
        """Verify once, against *stored* or a decoy; return whether it matches, and is unreadable.

        Raises:
            Overloaded: if too many are waiting already, whether there is an account or not.
        """
        decoy = self._make_decoy()  # always first, so that its one hash tells nothing
        prepared = prepare_password(password)
        if prepared is None or stored is None:
            self.hasher.verify(prepared or "", decoy)
            return False, False
        try:
            return self.hasher.verify(prepared, stored), False
        except ValueError:
            self.hasher.verify(prepared, decoy)
        return False, True

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
        if stored is None or not self.hasher.needs_rehash(stored):
            return None
        try:
            return self.hash(password)
        except Overloaded:
            return None

    def _make_decoy(self) -> StoredPassword:
        if self._decoy is None:
            with self._lock:
                if self._decoy is None:
                    self._decoy = self.hasher.hash(secrets.token_hex(16))
        return self._decoy
