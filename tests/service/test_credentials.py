"""The decoy that every try without an account is verified against."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from schoolauth import StoredPassword
from schoolauth.service.credentials import Credentials
from tests.service.doubles import Recorder

SECONDS = 30.0


class Together(Recorder):
    """A hasher that makes no hash until two are asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2, timeout=SECONDS)

    def hash(self, password: str, /) -> StoredPassword:
        self._both.wait()
        return super().hash(password)


def test_the_first_decoy_is_made_without_a_lock() -> None:
    """Who waited for one in a hash worker would keep its maker's hash from ever being made."""
    credentials = Credentials(Together())
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(credentials.check, "Chalkboard7", None) for _ in range(2)]
        assert [one.result(SECONDS) for one in tries] == [(False, False), (False, False)]
