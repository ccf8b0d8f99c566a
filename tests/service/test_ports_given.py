"""What `SchoolAuth` is given: every method of every port, pages that are safe, and workers."""

from __future__ import annotations

import os
from typing import Any

import pytest

from schoolauth import (
    Argon2Hasher,
    Links,
    MemoryThrottle,
    NotConfigured,
    SchoolAuth,
    StoredPassword,
)
from schoolauth.ports import SystemClock
from schoolauth.service.credentials import Credentials
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import Outbox
from tests.service.doubles import Recorder
from tests.service.world import KEY

USERS = MemoryUserRepository()
PORTS: dict[str, tuple[object, tuple[str, ...]]] = {
    "users": (USERS, ("find", "search", "save", "history")),
    "mailer": (Outbox(), ("send",)),
    "schools": (MemorySchoolDirectory(USERS), ("find", "list", "save")),
    "hasher": (Recorder(), ("hash", "verify", "needs_rehash")),
    "throttle": (MemoryThrottle(), ("reserve", "settle", "peek", "clear")),
    "clock": (SystemClock(), ("now",)),
}


class Without:
    """A port that lacks one method."""

    def __init__(self, port: object, lacking: str) -> None:
        self._port = port
        self._lacking = lacking

    def __getattr__(self, name: str) -> Any:
        if name == self._lacking:
            raise AttributeError(name)
        return getattr(self._port, name)


def make(**ports: object) -> SchoolAuth:
    given: dict[str, Any] = {"users": USERS, "hasher": Recorder(), **ports}
    return SchoolAuth(given.pop("users"), secret_key=KEY, **given)


@pytest.mark.parametrize(
    ("port", "method"), [(port, name) for port, (_, names) in PORTS.items() for name in names]
)
def test_a_port_without_one_of_its_methods_is_refused(port: str, method: str) -> None:
    """At the start, by its name and all its methods, and not at the first call that needs one."""
    whole, methods = PORTS[port]
    assert make(**{port: whole})
    with pytest.raises(TypeError, match=f"{port} must have {', '.join(methods)}"):
        make(**{port: Without(whole, method)})


@pytest.mark.parametrize("method", ["recognises", "verify", "pretend"])
def test_a_legacy_verifier_without_one_of_its_methods_is_refused(method: str) -> None:
    """It would be missed at somebody's sign-in."""

    class Legacy:
        recognises = verify = pretend = StoredPassword

    assert make(legacy=[Legacy()])
    with pytest.raises(TypeError, match="legacy must have recognises, verify, pretend"):
        make(legacy=[Without(Legacy(), method)])


@pytest.mark.parametrize("page", ["ftp://localhost/{token}", "ws://127.0.0.1/{token}"])
def test_only_http_may_do_without_tls_on_one_s_own_machine(page: str) -> None:
    """What is neither HTTPS nor HTTP is no page."""
    with pytest.raises(NotConfigured, match=r"links\.password"):
        Links(password=page)
    assert Links(password="http://localhost/{token}").password


@pytest.mark.parametrize(("processors", "size"), [(3, 3), (None, 1)])
def test_legacy_schemes_have_as_many_workers_as_processors(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, size: int
) -> None:
    """Unless the hasher has workers of its own; a sign-in waits ten seconds, or as the hasher's."""
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    credentials = Credentials(Recorder())
    assert (credentials._workers.size, credentials._wait) == (size, 10.0)
    own = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1, workers=7, wait=2.5)
    shared = Credentials(own)
    assert (shared._workers, shared._wait) == (own.workers, 2.5)
