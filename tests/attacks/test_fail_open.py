"""Attack 25: every port fails at every call of every operation, on every store.

A call that a fault has hit never signs anybody in, leaves the store as it was or as the call would
have left it, and tells no secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy.exc import PendingRollbackError

from schoolauth import (
    Login,
    MailNotSent,
    Overloaded,
    SchoolAuthError,
    StaleUser,
    StorageUnavailable,
    User,
    UserId,
)
from schoolauth.model.events import AuditEvent, DuplicateResolved, DuplicateRestored
from tests.attacks.canaries import in_our_frames, told
from tests.attacks.faults import LATE, PortDown, Snapshot, snapshot
from tests.attacks.operations import NO_OPERATIONS, OPERATIONS, STEP_BY_STEP, Faces, public_calls
from tests.attacks.rewound import Rewound
from tests.databases import Databases
from tests.service.world import KEY

State = dict[UserId, User | None]
FULL, SAMPLED = ("memory", "sqlite"), ("postgresql", "mariadb")


def test_every_public_call_is_an_operation() -> None:
    """A new call cannot be forgotten: it is put under faults here, or says why not."""
    called = {name.split(":")[0] for name in OPERATIONS}
    assert called | set(NO_OPERATIONS) == public_calls()
    assert not called & set(NO_OPERATIONS)


def fresh_events(before: Snapshot, after: Snapshot) -> list[AuditEvent]:
    """Return what was added to the history, oldest first; what was there must be there."""
    added = len(after[1]) - len(before[1])
    assert after[1][added:] == before[1]
    return list(reversed(after[1][:added]))


def plain(before: Snapshot, after: Snapshot) -> State:
    """Return the accounts that differ; a new hash is another one each time, so it is left out."""
    return {
        key: replace(user, password=None)
        for key, user in after[0].items()
        if user != before[0].get(key)
    }


def kinds(events: list[AuditEvent]) -> Counter[tuple[str, Any]]:
    return Counter((event.kind, event.user) for event in events if event.kind != "mail_failed")


def named(events: list[AuditEvent]) -> set[str]:
    """Return whose accounts *events* speak of."""
    kept = {
        event.kept for event in events if isinstance(event, DuplicateResolved | DuplicateRestored)
    }
    return kept | {event.user.key for event in events if event.user is not None}


class Trial:
    """One operation on one store, with and without a fault; *joined* to a host's transaction."""

    def __init__(self, rewound: Rewound, name: str, *, joined: bool = False) -> None:
        self._rewound, self._name, self._joined = rewound, name, joined
        rewound.rewind()
        self._before = snapshot(rewound.users)
        with self._faces() as faces:
            self.calls, self._answer = rewound.fuse.names(lambda: OPERATIONS[name](faces))
        expected = snapshot(rewound.users)
        self._whole = plain(self._before, expected)
        self._events = kinds(fresh_events(self._before, expected))
        self._schools = rewound.schools()
        assert not isinstance(self._answer, PortDown)

    @contextmanager
    def _faces(self) -> Iterator[Faces]:
        engine = self._rewound.engine
        if not self._joined or engine is None:
            yield self._rewound.faces()
            return
        with engine.connect() as connection:
            yield self._rewound.faces(connection)
            with suppress(PendingRollbackError):  # the library has given it up
                connection.commit()  # whatever was raised: the worst that a host can do

    def blow(self, number: int, *, late: bool) -> int:
        """Let the call *number* fail, and judge what comes of it; return how many faults it was."""
        rewound, name = self._rewound, self._name
        rewound.rewind()
        schools = rewound.schools()
        with self._faces() as faces:
            failed, answer = rewound.fuse.blow(lambda: OPERATIONS[name](faces), number, late=late)
        assert failed == self.calls[number - 1], name
        if not rewound.fuse.blew:
            assert late, name
            return 0  # refused, and so never carried out
        what = (name, number, failed, late)
        after = snapshot(rewound.users)
        events, changed = fresh_events(self._before, after), plain(self._before, after)
        if failed.startswith("mailer."):
            assert not isinstance(answer, PortDown), what
        elif failed.startswith("driver."):
            assert isinstance(answer, StorageUnavailable), what
        else:
            assert isinstance(answer, PortDown), what
        if isinstance(answer, Login):
            assert failed.startswith("mailer."), what
            assert kinds(events) == self._events, what  # whoever is in, is on record
        if name in STEP_BY_STEP:
            assert changed.items() <= self._whole.items(), what
        else:
            assert changed in ({}, self._whole), what
        assert rewound.schools() in (schools, self._schools), what
        assert kinds(events) <= self._events, what
        assert {user.key for user in changed} <= named(events), what  # nothing without its event
        if isinstance(answer, Exception):
            text = told(answer)
            secrets = {KEY, *rewound.stage.secrets(), *_mailed(rewound)}
            assert [one for one in secrets if one in text] == [], what
            frames = in_our_frames(answer)
            assert "self=" in frames, what
            assert [one for one in (KEY, *rewound.stage.hashes()) if one in frames] == [], what
        return 1

    def declare(self, number: int) -> int:
        """Let the call *number* raise what its port may raise; return how many errors it was.

        Either that comes out and nothing has changed, or all is as without it: a stale decision is
        made again, and a hash that is not renewed waits for the next sign-in.
        """
        rewound, name, call = self._rewound, self._name, self.calls[number - 1]
        errors = [kind for start, kind in DECLARED if call.startswith(start)]
        for error in errors:
            rewound.rewind()
            faces = rewound.faces()
            _, answer = rewound.fuse.blow(lambda: OPERATIONS[name](faces), number, error=error)  # noqa: B023 # called at once
            what = (name, number, call, error)
            after = snapshot(rewound.users)
            changed = _decided_again(plain(self._before, after))
            events = Counter(
                kind for kind, _ in kinds(fresh_events(self._before, after)).elements()
            )
            expected = Counter(kind for kind, _ in self._events.elements())
            missing = set(expected - events)
            if answer is error or (call.startswith("mailer.") and isinstance(answer, MailNotSent)):
                assert not isinstance(answer, StaleUser) or changed == {}, what
            else:
                assert changed == _decided_again(self._whole), what
                assert missing <= {"password_rehashed"}, what
                assert type(answer) is type(self._answer), what
            assert events <= expected, what
        return len(errors)


DECLARED: list[tuple[str, SchoolAuthError]] = [
    ("users.", StorageUnavailable()),
    ("users.save", StaleUser()),
    ("schools.", StorageUnavailable()),
    ("hasher.hash", Overloaded(7)),
    ("hasher.verify", Overloaded(7)),
    ("legacy.verify", Overloaded(7)),
    ("legacy.pretend", Overloaded(7)),
    ("mailer.", MailNotSent()),
]


def _decided_again(state: State) -> dict[str, User]:
    """Leave out what another decision takes anew: epochs, and the ids of new accounts."""
    nobody = UserId.stored("x", "x")
    return {
        one.username.key: replace(one, epoch=0, id=nobody if one.version == 1 else one.id)
        for one in state.values()
        if one is not None
    }


def _mailed(rewound: Rewound) -> set[str]:
    return {mail.token for mail in rewound.outbox if mail.token is not None}


@pytest.mark.parametrize("store", FULL)
def test_a_fault_at_any_call_lets_nobody_in_and_leaves_no_half(
    store: str, databases: Databases
) -> None:
    """All operations, all calls of all ports; in SQLite each statement and commit besides."""
    rewound, blown = Rewound(databases.stock(store)), 0
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            trial = Trial(rewound, name)
            for number, call in enumerate(trial.calls, 1):
                blown += trial.blow(number, late=False)
                if call.startswith(LATE):
                    blown += trial.blow(number, late=True)
    assert blown > {"memory": 600, "sqlite": 950}[store]  # the loops went round


def test_what_a_port_may_raise_comes_out_or_leaves_no_trace(databases: Databases) -> None:
    """Unavailable, overloaded, not sent, stale: told as it is, or decided again to the same end."""
    rewound, declared = Rewound(databases.stock("memory")), 0
    for name in OPERATIONS:
        trial = Trial(rewound, name)
        for number in range(1, len(trial.calls) + 1):
            declared += trial.declare(number)
    assert declared > 250


def test_a_fault_in_a_hosts_transaction_leaves_no_half(databases: Databases) -> None:
    """All calls of the desks, joined: a host that commits after any error commits no half."""
    rewound, blown = Rewound(databases.stock("sqlite")), 0
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            if not name.startswith("SchoolAuth."):
                trial = Trial(rewound, name, joined=True)
                for number in range(1, len(trial.calls) + 1):
                    blown += trial.blow(number, late=False)
    assert blown > 350


@pytest.mark.parametrize("store", SAMPLED)
def test_a_fault_at_some_calls_does_no_harm_on_a_server(store: str, databases: Databases) -> None:
    """All operations: what writes, its commit, and one call more by the name's checksum."""
    rewound = Rewound(databases.stock(store))
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            trial = Trial(rewound, name)
            calls = trial.calls
            chosen = {1 + crc32(name.encode()) % len(calls)}
            chosen |= {calls.index(one) + 1 for one in {"users.save", "driver.commit"} & set(calls)}
            for number in sorted(chosen):
                trial.blow(number, late=calls[number - 1] == "users.save")
