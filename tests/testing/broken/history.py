"""Repositories whose history has other events, in another order, or not all that was in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from schoolauth.errors import SchoolAuthError
from schoolauth.model.change import Change, HistoryQuery, Page
from schoolauth.model.events import ANONYMOUS, AuditEvent, LoginFailed
from tests.testing.broken.base import BrokenRepository


class _Adding(BrokenRepository):
    """Adds the events of a save to the history as `added` does."""

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events from the oldest to the newest, once *new* ones are there."""
        return [*before, *new]

    def save(self, change: Change, /) -> None:
        """Write every user, and the events in some way."""
        count = len(self._events)
        super().save(change)
        self._events[:] = self.added(self._events[:count], self._events[count:])


class _Rewriting(_Adding):
    """Keeps of an event what `kept` returns."""

    def kept(self, event: AuditEvent) -> AuditEvent:
        """Return what is kept of *event*."""
        return event

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events with what is kept of the *new* ones."""
        return [*before, *map(self.kept, new)]


# --- order ---


class OldestFirst(_Adding):
    """Gives the oldest save first."""

    caught_by = ("history.order", "history.pages", "history.pages_while_growing")

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the *new* ones as the oldest."""
        return [*new, *before]


class ReversedWithinASave(_Adding):
    """Gives the last event of a save first, as `ORDER BY id DESC` does."""

    caught_by = ("history.order", "history.pages")

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the *new* ones in the other order."""
        return [*before, *reversed(new)]


class OrdersByTime(_Adding):
    """Orders events by their time, though a clock may go back."""

    caught_by = ("history.order", "history.since")

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events ordered by time."""
        return sorted([*before, *new], key=lambda event: event.at)


# --- what is kept ---


class EventsOneSaveLate(_Adding):
    """Writes events into a buffer, which the next save empties into the history."""

    caught_by = ("history.same_transaction", "history.order")

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Sequence[AuditEvent] = ()

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events without the *new* ones."""
        late, self._waiting = self._waiting, new
        return [*before, *late]


class EventsOfRefused(BrokenRepository):
    """Writes the events of a refused change in a transaction of their own."""

    caught_by = ("history.same_transaction", "save.refused_leaves_nothing")

    def save(self, change: Change, /) -> None:
        """Write every user or none, and the events in any case."""
        try:
            super().save(change)
        except SchoolAuthError:
            super().save(Change(events=change.events))
            raise


class ForgetsEventDetails(_Rewriting):
    """Keeps no hints, of which it did not know when its table was made."""

    caught_by = ("history.every_kind",)

    def kept(self, event: AuditEvent) -> AuditEvent:
        """Return *event* without hints."""
        return replace(event, hints=()) if isinstance(event, LoginFailed) else event


class ForgetsActor(_Rewriting):
    """Does not keep who did it."""

    caught_by = ("history.every_kind",)

    def kept(self, event: AuditEvent) -> AuditEvent:
        """Return *event* as if nobody had done it."""
        return replace(event, actor=ANONYMOUS)


class EmptyTextIsNone(_Rewriting):
    """Reads an empty text as None, as some databases do."""

    caught_by = ("history.every_kind",)

    def kept(self, event: AuditEvent) -> AuditEvent:
        """Return *event* with None for every empty text."""
        empty: dict[str, Any] = {name: None for name, value in _details(event) if value == ""}
        return replace(event, **empty)


class TrueIsOne(_Rewriting):
    """Reads True as 1, as databases without booleans do."""

    caught_by = ("history.every_kind",)

    def kept(self, event: AuditEvent) -> AuditEvent:
        """Return *event* with a number for every True and False."""
        details = _details(event)
        numbers: dict[str, Any] = {
            name: int(value) for name, value in details if isinstance(value, bool)
        }
        return replace(event, **numbers)


def _details(event: AuditEvent) -> Iterator[tuple[str, Any]]:
    return ((field.name, getattr(event, field.name)) for field in fields(event))


class DropsNobodysEvents(_Adding):
    """Keeps no event without a school and an account."""

    caught_by = ("history.nobody",)

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events that are somebody's."""
        return [*before, *(event for event in new if event.school or event.user)]


class DropsEventsOfTheGone(_Adding):
    """Reads the events of accounts that are there, as a JOIN does."""

    caught_by = ("history.nobody",)

    def added(self, before: Sequence[AuditEvent], new: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return the events of no account and of known ones."""
        return [*before, *(event for event in new if event.user in {None, *self._users})]


# --- filters ---


class OtherSchoolsHistory(BrokenRepository):
    """Gives the events of every school."""

    caught_by = ("history.school", "history.filters_together", "history.pages")

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return events of any school."""
        return super().history(replace(query, school=None))


class OtherAccountsHistory(BrokenRepository):
    """Gives the events of every account."""

    caught_by = ("history.user", "history.filters_together", "history.nobody")

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return events of any account."""
        return super().history(replace(query, user=None))


class IgnoresKinds(BrokenRepository):
    """Gives events of every kind."""

    caught_by = ("history.kinds", "history.filters_together")

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return events of any kind."""
        return super().history(replace(query, kinds=frozenset()))


class IgnoresSince(BrokenRepository):
    """Gives events of any time."""

    caught_by = ("history.since", "history.filters_together")

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return events of any time."""
        return super().history(replace(query, since=None))


class SinceExclusive(BrokenRepository):
    """Leaves out what happened at the very moment that is asked for."""

    caught_by = ("history.since", "history.filters_together")

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return events after the moment only."""
        since = query.since and query.since + timedelta(microseconds=1)
        return super().history(replace(query, since=since))


class AccountAlone(BrokenRepository):
    """Looks at no school once there is an account to look for."""

    caught_by = ("history.filters_together",)

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return an account's events of any school."""
        return super().history(replace(query, school=None) if query.user else query)


ALL: tuple[type[BrokenRepository], ...] = (
    OldestFirst,
    ReversedWithinASave,
    OrdersByTime,
    EventsOneSaveLate,
    EventsOfRefused,
    ForgetsEventDetails,
    ForgetsActor,
    EmptyTextIsNone,
    TrueIsOne,
    DropsNobodysEvents,
    DropsEventsOfTheGone,
    OtherSchoolsHistory,
    OtherAccountsHistory,
    IgnoresKinds,
    IgnoresSince,
    SinceExclusive,
    AccountAlone,
)
