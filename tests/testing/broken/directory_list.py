"""Directories whose list is in another order, or in pages that do not join."""

from __future__ import annotations

from schoolauth.model.change import PAGE_MAX, Page
from schoolauth.model.school import School
from schoolauth.storage.paging import check_limit
from tests.testing.broken.directory import BrokenDirectory


class OrdersByTypedCode(BrokenDirectory):
    """Orders a page by the form in which codes were typed."""

    caught_by = ("directory.order",)

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return a page in another order."""
        page = super().list(after=after, limit=limit)
        return Page(tuple(sorted(page.items, key=lambda school: str(school.code))), page.next)


class UnstablePaging(BrokenDirectory):
    """Counts what it has given, as OFFSET does, and does not notice what came."""

    caught_by = ("directory.pages_while_growing",)

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return what comes after as many as were given already."""
        check_limit(limit)
        end = int(after or 0) + limit
        whole = super().list(limit=PAGE_MAX).items
        return Page(whole[end - limit : end], str(end) if len(whole) > end else None)


class FirstPageOnly(BrokenDirectory):
    """Gives no `next`."""

    caught_by = ("directory.pages", "directory.pages_while_growing")

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return a page that is always the last."""
        return Page(super().list(after=after, limit=limit).items)


class NextOfNothing(BrokenDirectory):
    """Gives a `next` to a page without anything in it."""

    caught_by = ("directory.empty",)

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return a page with a `next` if it is empty."""
        page = super().list(after=after, limit=limit)
        return page if page.items else Page((), "first")


class AnyLimit(BrokenDirectory):
    """Takes a limit out of bounds for the nearest one within."""

    caught_by = ("directory.limits",)

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return a page of 1 to 500 schools."""
        return super().list(after=after, limit=max(1, min(limit, PAGE_MAX)))


class LongPages(BrokenDirectory):
    """Gives 100 schools where nothing is said."""

    caught_by = ("directory.limits",)

    def list(self, *, after: str | None = None, limit: int = 100) -> Page[School]:
        """Return a page of schools."""
        return super().list(after=after, limit=limit)


class AcceptsAnyCursor(BrokenDirectory):
    """Gives the first page where `after` is no cursor of its own."""

    caught_by = ("directory.bad_cursor",)

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return some page in any case."""
        check_limit(limit)
        try:
            return super().list(after=after, limit=limit)
        except ValueError:
            return super().list(limit=limit)


ALL: tuple[type[BrokenDirectory], ...] = (
    OrdersByTypedCode,
    UnstablePaging,
    FirstPageOnly,
    NextOfNothing,
    AnyLimit,
    LongPages,
    AcceptsAnyCursor,
)
