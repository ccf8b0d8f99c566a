"""Repositories whose pages do not join, in a search as in the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from schoolauth.model.change import PAGE_MAX, HistoryQuery, Page, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.user import User
from schoolauth.storage.paging import Item
from tests.testing.broken.base import BrokenRepository

Query = TypeVar("Query", UserQuery, HistoryQuery)
PAGES = ("search.pages", "history.pages")
WHILE_CHANGING = ("search.pages_while_changing", "history.pages_while_growing")
BAD_CURSOR = ("search.bad_cursor", "history.bad_cursor")


class _Paging(BrokenRepository):
    """Gives pages as `turn` does."""

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return the page that *query* asks for; *ask* gives the right one."""
        return ask(query)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return a page of accounts."""
        return self.turn(super().search, query)

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return a page of events."""
        return self.turn(super().history, query)


class UnstablePaging(_Paging):
    """Counts what it has given, as OFFSET does, and does not notice what came or went."""

    caught_by = WHILE_CHANGING

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return what comes after as many as were given already."""
        end = int(query.after or 0) + query.limit
        whole = ask(replace(query, after=None, limit=PAGE_MAX)).items
        return Page(whole[end - query.limit : end], str(end) if len(whole) > end else None)


class FirstPageOnly(_Paging):
    """Gives no `next`."""

    caught_by = (*PAGES, *WHILE_CHANGING)

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page that is always the last."""
        return Page(ask(query).items)


class LosesLastPage(_Paging):
    """Gives no `next` where the next page would not be full."""

    caught_by = PAGES

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page that is the last if what follows does not fill another."""
        page = ask(query)
        if page.next is None or len(ask(replace(query, after=page.next)).items) == query.limit:
            return page
        return Page(page.items)


class NextOfAFullPage(_Paging):
    """Gives a `next` to every full page, also if nothing follows."""

    caught_by = PAGES

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page that may be followed by an empty one."""
        page = ask(query)
        behind_all = "0" if isinstance(query, HistoryQuery) else "\U0010ffff"
        return (
            replace(page, next=page.next or behind_all) if len(page.items) == query.limit else page
        )


class NextForever(_Paging):
    """Begins again after the last page."""

    caught_by = (*PAGES, *WHILE_CHANGING)

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page with a `next` that leads to the first one in the end."""
        page = ask(replace(query, after=None) if query.after == "first" else query)
        return replace(page, next=page.next or "first") if page.items else page


class NextOfNothing(_Paging):
    """Gives a `next` to a page without anything in it."""

    caught_by = ("search.empty", "history.school")

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page with a `next` if it is empty."""
        page = ask(query)
        return page if page.items else replace(page, next="first")


class OneTooMany(_Paging):
    """Gives the item by which it has found out that there is a next page."""

    caught_by = (*PAGES, *WHILE_CHANGING)

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page of one item more than was asked for."""
        return ask(replace(query, limit=min(query.limit + 1, PAGE_MAX)))


class AcceptsAnyCursor(_Paging):
    """Gives the first page where `after` is no cursor of its own."""

    caught_by = BAD_CURSOR

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return some page in any case."""
        try:
            return ask(query)
        except ValueError:
            return ask(replace(query, after=None))


class ChokesOnCursors(_Paging):
    """Lets the driver's own error out where `after` is no cursor."""

    caught_by = BAD_CURSOR

    def turn(self, ask: Callable[[Query], Page[Item]], query: Query) -> Page[Item]:
        """Return a page, or fail as a driver does."""
        try:
            return ask(query)
        except ValueError:
            raise RuntimeError("invalid byte sequence") from None


ALL: tuple[type[BrokenRepository], ...] = (
    UnstablePaging,
    FirstPageOnly,
    LosesLastPage,
    NextOfAFullPage,
    NextForever,
    NextOfNothing,
    OneTooMany,
    AcceptsAnyCursor,
    ChokesOnCursors,
)
