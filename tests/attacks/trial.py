"""One operation under faults: what may come of it, on whatever store and throttle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

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
from tests.attacks.faults import PortDown, Snapshot, snapshot
from tests.attacks.operations import OPERATIONS, STEP_BY_STEP, Faces
from tests.attacks.rewound import Rewound
from tests.service.world import KEY

State = dict[UserId, User | None]


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
        self._before, self._schools_before = snapshot(rewound.users), rewound.schools()
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
        with self._faces() as faces:
            failed, answer = rewound.fuse.blow(lambda: OPERATIONS[name](faces), number, late=late)
        assert failed == self.calls[number - 1], name
        if not rewound.fuse.blew:
            assert late, name
            return 0  # refused, and so never carried out
        what = (name, number, failed, late)
        after = self._before if rewound.untouched else snapshot(rewound.users)
        events, changed = fresh_events(self._before, after), plain(self._before, after)
        if failed.startswith("mailer."):
            assert not isinstance(answer, PortDown), what
        elif failed.startswith("driver."):
            if self._goes_unheard(number):
                assert type(answer) is type(self._answer), what
                assert (changed, kinds(events)) == (self._whole, self._events), what
            else:
                assert isinstance(answer, StorageUnavailable), what
        else:
            assert isinstance(answer, PortDown), what
        if isinstance(answer, Login):
            assert failed.startswith("mailer.") or self._goes_unheard(number), what
            assert kinds(events) == self._events, what  # whoever is in, is on record
        if name in STEP_BY_STEP:
            assert changed.items() <= self._whole.items(), what
        else:
            assert changed in ({}, self._whole), what
        assert rewound.schools() in (self._schools_before, self._schools), what
        assert kinds(events) <= self._events, what
        assert {user.key for user in changed} <= named(events), what  # nothing without its event
        if isinstance(answer, Exception):
            text = told(answer)
            secrets = {KEY, *rewound.sample.secrets(), *rewound.minted}
            assert [one for one in secrets if one in text] == [], what
            frames = in_our_frames(answer)
            assert "self=" in frames, what
            kept = {KEY, *rewound.sample.hashes(), *rewound.minted}
            assert [one for one in kept if one in frames] == [], what
        return 1

    def _goes_unheard(self, number: int) -> bool:
        """Tell whether the call *number* is only the throttle's tidying up, and fails nothing.

        It deletes old rows after a place is taken or given back, and clears counts when a new
        password is written, unless a failure ends the host's transaction.
        """
        call, before = self.calls[number - 1], self.calls[: number - 1]
        port = call.partition(" in ")[2] or call
        if port == "throttle.clear":
            return self._name not in FORGETTING and not self._joined
        if not port.startswith("throttle.") or port not in before:
            return False
        begun = len(before) - before[::-1].index(port)
        return f"driver.commit in {port}" in before[begun:]  # what was asked for is done

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
            assert not (answer is error and self._goes_unheard(number)), what
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
    ("throttle.", StorageUnavailable()),
    ("hasher.hash", Overloaded(7)),
    ("hasher.verify", Overloaded(7)),
    ("legacy.verify", Overloaded(7)),
    ("legacy.pretend", Overloaded(7)),
    ("mailer.", MailNotSent()),
]


FORGETTING = {"UserManagement.unlock"}
"""Calls that are there to have the throttle forget, and so say that it has not."""


def _decided_again(state: State) -> dict[str, User]:
    """Leave out what another decision takes anew: epochs, and the ids of new accounts."""
    nobody = UserId.stored("x", "x")
    return {
        one.username.key: replace(one, epoch=0, id=nobody if one.version == 1 else one.id)
        for one in state.values()
        if one is not None
    }
