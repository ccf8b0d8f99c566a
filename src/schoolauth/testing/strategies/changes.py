"""Strategies for changes: what the library's own rules make of accounts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from hypothesis import strategies as st

from schoolauth.model.change import LISTED, Change, Stamp
from schoolauth.model.events import AuditEvent, UserAdded
from schoolauth.model.names import EmailAddress, UserKey, Username
from schoolauth.model.user import Role, Status, User, to_micros
from schoolauth.rules import accounts
from schoolauth.testing.strategies.events import actors
from schoolauth.testing.strategies.values import (
    emails,
    moments,
    names,
    stored_passwords,
    usernames,
    users,
)

Key = TypeVar("Key", bound=UserKey)

_RELEASED = {
    "erase": {"username", "email", "mis_id"},
    "release_email": {"email"},
    "set_email": {"email"},
    "set_username": {"username"},
}
_ACTIVE = ("choose_password", "deactivate")
_ALWAYS = ("end_sessions", "set_names", "set_username", "set_email", "set_legal_hold")


def changes(stored: Collection[User] = ()) -> st.SearchStrategy[Change]:
    """Return a strategy for changes that a store takes in which *stored* are all the accounts.

    Each change adds accounts, or changes some of *stored* as the desks would, with the events of
    it, or both; others may have to stand unchanged. Usernames and addresses are unique in the
    outcome, though they may move from one account to another, or be swapped.

    Args:
        stored: the accounts as they were read, with their versions; for an empty store, none.
    """
    return _changes(tuple(stored))


@st.composite
def _changes(draw: st.DrawFn, stored: tuple[User, ...]) -> Change:
    now = draw(moments())
    stamp = Stamp(at=now, epoch=to_micros(now) // 1000, actor=draw(actors()))
    plan = [(user, draw(st.sampled_from(["leave", "guard", *_calls(user)]))) for user in stored]
    keys = _Keys(draw, plan)
    made = [_change(draw, user, call, stamp, keys) for user, call in plan if call in _calls(user)]
    written = [user for change in made for user in change.users]
    events: list[AuditEvent] = [event for change in made for event in change.events]
    for _ in range(draw(st.integers(0 if written else 1, 3))):
        new = draw(_new_users(keys, stamp))
        keys.taken.update(_keys(new))
        written.append(new)
        events.append(UserAdded(at=now, actor=stamp.actor, school=new.school, user=new.id))
    return Change(written, events, [user for user, call in plan if call == "guard"])


class _Keys:
    """Which keys are somebody's once the change is made, and which were given up by then."""

    def __init__(self, draw: st.DrawFn, plan: Iterable[tuple[User, str]]) -> None:
        self._draw = draw
        self.taken: set[UserKey] = set()
        self.released: list[UserKey] = []
        for user, call in plan:
            given_up = [getattr(user, name) for name in _RELEASED.get(call, ())]
            self.taken.update(key for key in _keys(user) if key not in given_up)
            self.released.extend(key for key in given_up if key is not None)

    def free(self, fresh: st.SearchStrategy[Key], kind: type[Key]) -> st.SearchStrategy[Key]:
        """Return a strategy for keys of one kind that nobody has: *fresh* ones, or given up."""
        given_up = (key for key in self.released if key not in self.taken)
        again = [key for key in given_up if isinstance(key, kind)]
        either = fresh | st.sampled_from(again) if again else fresh
        return either.filter(lambda key: key not in self.taken)

    def take(self, fresh: st.SearchStrategy[Key], kind: type[Key]) -> Key:
        """Return a key that nobody has, for somebody to have from now on."""
        key = self._draw(self.free(fresh, kind))
        self.taken.add(key)
        return key


def _keys(user: User) -> list[UserKey]:
    keys = (user.id, user.username, user.email, user.mis_id)
    return [key for key in keys if key is not None]


def _new_users(keys: _Keys, stamp: Stamp) -> st.SearchStrategy[User]:
    new = users(
        username=keys.free(usernames(), Username),
        email=st.none() | keys.free(emails(), EmailAddress),
        status=st.sampled_from(sorted(LISTED)),
        status_since=stamp.at,
        created_at=stamp.at,
        last_login_at=None,
        superseded_by=None,
        version=0,
    )
    return new.filter(lambda user: keys.taken.isdisjoint(_keys(user)))


def _calls(user: User) -> list[str]:
    """Return what may be done to *user*."""
    if user.status is Status.ERASED:
        return []
    calls = [*_ALWAYS, *(["reactivate"] if user.status is Status.INACTIVE else _ACTIVE)]
    if user.email is not None:
        calls.append("release_email")
    if not user.legal_hold:
        calls.append("erase")
    return calls


def _change(draw: st.DrawFn, user: User, call: str, stamp: Stamp, keys: _Keys) -> Change:
    rules: dict[str, Callable[[], Change | None]] = {
        "choose_password": lambda: accounts.choose_password(
            user, draw(stored_passwords()), stamp, how="admin", must_change=draw(st.booleans())
        ),
        "deactivate": lambda: accounts.deactivate(user, stamp),
        "end_sessions": lambda: accounts.end_sessions(user, stamp),
        "erase": lambda: accounts.erase(user, stamp),
        "reactivate": lambda: accounts.reactivate(user, stamp),
        "release_email": lambda: accounts.release_email(user, stamp),
        "set_email": lambda: accounts.set_email(user, keys.take(emails(), EmailAddress), stamp),
        "set_legal_hold": lambda: accounts.set_legal_hold(
            user, not user.legal_hold, draw(names()), stamp
        ),
        "set_names": lambda: accounts.edit_user(
            user, stamp, given_name=draw(names()), role=draw(st.sampled_from(Role))
        ),
        "set_username": lambda: accounts.edit_user(
            user, stamp, username=keys.take(usernames(), Username)
        ),
    }
    return rules[call]() or accounts.end_sessions(user, stamp)  # it was as it should be
