"""What is written and what is asked: one `Change`, and the two queries with their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from schoolauth.errors import Refused
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.user import Role, Status, User

Item = TypeVar("Item")
PAGE_MAX = 500
LISTED = frozenset(Status) - {Status.ERASED}


@dataclass(frozen=True, slots=True, init=False)
class Change:
    """Accounts in their new state, with the events that say why: saved whole, or not at all.

    Every user carries the version it was read at, 0 for a new one. The accounts in *unchanged*
    must still have the version that was read when the change is written.

    Raises:
        ValueError: without an event (nothing changes unaudited), or if an account is in it twice.
    """

    users: tuple[User, ...]
    events: tuple[AuditEvent, ...]
    unchanged: tuple[User, ...]

    def __init__(
        self,
        users: Iterable[User] = (),
        events: Iterable[AuditEvent] = (),
        unchanged: Iterable[User] = (),
    ) -> None:
        written, stated, guarded = tuple(users), tuple(events), tuple(unchanged)
        if not stated:
            raise ValueError("a change needs an event that says why")
        ids = [user.id for user in (*written, *guarded)]
        if len(set(ids)) != len(ids):
            raise ValueError("an account is in the change twice")
        object.__setattr__(self, "users", written)
        object.__setattr__(self, "events", stated)
        object.__setattr__(self, "unchanged", guarded)


@dataclass(frozen=True, slots=True)
class Decision(Generic[Item]):
    """What a rule decided: the change to save first, if any, and then the answer or the refusal."""

    change: Change | None
    answer: Item | Refused


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who does something and when; *epoch* is a credential epoch that was never issued before."""

    at: datetime
    epoch: int
    actor: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a longer list: pass `next` as *after* to go on; None at the end."""

    items: tuple[Item, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Accounts of one school, ordered by `username.key` in code points.

    Every one of *words* (folded) must be in `search_text`; *limit* is 1 to 500.
    """

    school: SchoolCode
    words: tuple[str, ...] = ()
    statuses: frozenset[Status] = LISTED
    roles: frozenset[Role] = frozenset(Role)
    has_email: bool | None = None
    after: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        _check_page(self.after, self.limit)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Events, newest save first; the events of one save keep their order.

    None for *school* or *user* means any; no *kinds* means all; *limit* is 1 to 500.
    """

    school: SchoolCode | None = None
    user: UserId | None = None
    kinds: frozenset[str] = frozenset()
    since: datetime | None = None
    after: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        _check_page(self.after, self.limit)


def _check_page(after: str | None, limit: int) -> None:
    if after is not None and not isinstance(after, str):
        raise TypeError("after must be the `next` of a page")
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise TypeError("limit must be int")
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"limit must be 1 to {PAGE_MAX}")
