"""What `SchoolAuth` is given: every method of every port, pages that are safe, and workers."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from schoolauth import (
    Argon2Hasher,
    Lifetimes,
    Links,
    MemoryThrottle,
    NotConfigured,
    PasswordPolicy,
    SchoolAuth,
    StoredPassword,
)
from schoolauth.ports import Store, SystemClock
from schoolauth.service.credentials import Credentials
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import FrozenClock, Outbox
from tests.service.doubles import Recorder
from tests.service.world import KEY

USERS = MemoryUserRepository()
PORTS: dict[str, tuple[object, tuple[str, ...]]] = {
    "users": (USERS, ("find", "search", "save", "history")),
    "mailer": (Outbox(), ("send",)),
    "schools": (MemorySchoolDirectory(USERS), ("find", "list", "save")),
    "hasher": (Recorder(), ("hash", "verify", "needs_rehash")),
    "throttle": (MemoryThrottle(), ("take", "give_back", "wait", "clear")),
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
    parts = {name: given.pop(name) for name in ("users", "schools", "throttle") if name in given}
    return SchoolAuth(Store(**parts), secret_key=KEY, **given)


@pytest.mark.parametrize(
    ("port", "method"), [(port, name) for port, (_, names) in PORTS.items() for name in names]
)
def test_a_port_without_one_of_its_methods_is_refused(port: str, method: str) -> None:
    """At the start, by its name and all its methods, and not at the first call that needs one."""
    whole, methods = PORTS[port]
    assert make(**{port: whole})
    with pytest.raises(TypeError, match=f"^{port} must have {', '.join(methods)}$"):
        make(**{port: Without(whole, method)})


@pytest.mark.parametrize(
    ("name", "kind"), [("links", "Links"), ("policy", "PasswordPolicy"), ("lifetimes", "Lifetimes")]
)
def test_a_setting_that_is_none_of_its_kind_is_refused(name: str, kind: str) -> None:
    """By its name, at the start."""
    with pytest.raises(TypeError, match=f"^{name} must be {kind}$"):
        make(**{name: {}})
    with pytest.raises(TypeError, match=r"^new_id must have __call__$"):
        make(new_id="abc")


def test_what_is_given_is_used_and_what_is_not_has_its_default() -> None:
    """Every port and setting, each of which somebody may have chosen with care."""
    plain = SchoolAuth(Store(USERS), secret_key=KEY)._core
    assert (plain.links, plain.lifetimes) == (Links(), Lifetimes())
    assert plain.policy == PasswordPolicy.seed()
    kinds = (type(plain.clock), type(plain.credentials.hasher), type(plain.attempts._throttle))
    assert kinds == (SystemClock, Argon2Hasher, MemoryThrottle)
    given: dict[str, Any] = {
        "links": Links(email="https://app.example.org/{token}"),
        "lifetimes": Lifetimes(session=timedelta(hours=1)),
        "policy": PasswordPolicy.nist(),
        "clock": FrozenClock(),
        "hasher": Recorder(),
    }
    throttle = MemoryThrottle()
    core = SchoolAuth(Store(USERS, throttle=throttle), secret_key=KEY, **given)._core
    assert [core.links, core.lifetimes, core.policy, core.clock] == list(given.values())[:4]
    assert core.clock is given["clock"]
    assert core.attempts._throttle is throttle
    assert core.credentials.hasher is given["hasher"]


class JoinedUsers(MemoryUserRepository):
    """A store that says that its transaction is the host's."""

    joined = True


class JoinedThrottle(MemoryThrottle):
    """Counts that would end with the host's rollback: guesses without end."""

    joined = True


class JoinedSchools(MemorySchoolDirectory):
    """A directory that says so."""

    joined = True


def test_a_transaction_of_the_host_is_for_within_and_for_nothing_else() -> None:
    """Neither store may be in one at the start, and both have to be in `within`."""
    users, schools = JoinedUsers(), JoinedSchools(USERS)
    with pytest.raises(NotConfigured, match="use within"):
        make(users=users)
    with pytest.raises(NotConfigured, match="use within"):
        make(schools=schools)
    with pytest.raises(NotConfigured, match="use within"):
        make(throttle=JoinedThrottle())
    auth, outbox = make(), Outbox()
    with pytest.raises(NotConfigured, match=r"^within\(\) needs"):
        auth.within(Store(USERS), mailer=None)
    with pytest.raises(NotConfigured, match=r"^within\(\) needs"):
        auth.within(Store(users, MemorySchoolDirectory(USERS)), mailer=None)
    core = auth.within(Store(users, schools), mailer=outbox)._core
    assert (core.users, core.mailer, core.schools, core.joined) == (users, outbox, schools, True)


def test_a_mailer_of_within_is_checked_at_once() -> None:
    """Not at the first mail, where it would be `MailNotSent`."""
    mailer: Any = Outbox  # the class, and no instance
    with pytest.raises(TypeError, match=r"^mailer must have send$"):
        make().within(Store(JoinedUsers()), mailer=mailer)


@pytest.mark.parametrize("method", ["recognises", "verify", "pretend"])
def test_a_legacy_verifier_without_one_of_its_methods_is_refused(method: str) -> None:
    """It would be missed at somebody's sign-in."""

    class Legacy:
        recognises = verify = pretend = StoredPassword

    assert make(legacy=[Legacy()])
    with pytest.raises(TypeError, match=r"^legacy must have recognises, verify, pretend$"):
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


def test_a_store_is_needed_and_one_failure_may_be_enough() -> None:
    """Without a store nothing works; and the strictest lock is one."""
    with pytest.raises(TypeError, match=r"^users must have find, search, save, history$"):
        make(users=None)
    assert make(lock_after_failures=1)
