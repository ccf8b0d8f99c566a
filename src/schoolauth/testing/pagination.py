"""How behaviours turn the pages of an answer, and what every paged answer promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from schoolauth.model.change import Page
from schoolauth.testing.assertions import Unkept, equal, expect, raises

Item = TypeVar("Item")
Ask = Callable[[str | None, int], Page[Item]]
"""Asks for a page: what comes after the cursor, at most so many items."""
PAGES_MAX = 50
"""More than any behaviour has: a store that gives `next` this often never ends."""
NO_CURSORS = ("a\0b", "\udc00")
"""No store can have given these: most cannot hold the first, and UTF-8 has no second."""


def pages(ask: Ask[Item], limit: int) -> Iterator[Page[Item]]:
    """Yield page after page of at most *limit* items.

    Raises:
        Unkept: for a page that is too long, for an empty one after a `next`, and without an end.
    """
    after = None
    for _ in range(PAGES_MAX):
        page = ask(after, limit)
        length = len(page.items)
        expect(length <= limit, f"A page has {length} items where the limit is {limit}.")
        expect(length or after is None, "A page is empty: the `next` before it must be None.")
        yield page
        if page.next is None:
            return
        after = page.next
    raise Unkept(f"There is still a `next` after {PAGES_MAX} pages of a short list.")


def paged(ask: Ask[Item], whole: list[Item], what: str) -> None:
    """Expect that *whole* comes back in pages of any size; *what* names it in the sentence."""
    for limit in (1, 2, len(whole) - 1, len(whole), len(whole) + 1):
        found = [item for page in pages(ask, limit) for item in page.items]
        equal(found, whole, f"{what}, {limit} at a time")


def no_page(page: Page[Item], what: str) -> None:
    """Expect that *page* is empty and the last; *what* names it in the sentence."""
    equal(tuple(page.items), (), what)
    equal(page.next, None, f"the `next` of {what}")


def refuses_cursors(ask: Callable[[str], object]) -> None:
    """Expect a `ValueError` for what cannot be the `next` of a page."""
    for after in NO_CURSORS:
        due = f"A page after {after!r} was given; it is no `next`, so a ValueError is due."
        with raises(ValueError, due):
            ask(after)
