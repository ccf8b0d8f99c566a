"""What every store here does alike: pages, batches, and the refusal of a taken key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from schoolauth.errors import EmailTaken, MisIdTaken, Refused, UsernameTaken
from schoolauth.model.change import PAGE_MAX, Page
from schoolauth.model.names import EmailAddress, MisId, UserKey
from schoolauth.model.text import is_encodable

Item = TypeVar("Item")
_CURSOR_MAX = 100
"""A key of a username or a school is shorter; a longer text is not carried to the database."""


def page_of(found: Sequence[Item], limit: int, cursor: Callable[[Item], str]) -> Page[Item]:
    """Return the first *limit* of *found*, which holds one more if there is a next page."""
    items = tuple(found[:limit])
    return Page(items, cursor(items[-1]) if len(found) > limit else None)


def check_limit(limit: int) -> None:
    """Raise `ValueError` unless *limit* is 1 to 500, `TypeError` if it is not an int."""
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise TypeError("limit must be int")
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"limit must be 1 to {PAGE_MAX}")


def text_cursor(after: str | None) -> str | None:
    """Return *after*, or raise `ValueError` if no store could have given it."""
    if after is not None and not isinstance(after, str):
        raise TypeError("after must be the `next` of a page")
    if after is not None and not (len(after) <= _CURSOR_MAX and is_storable(after)):
        raise ValueError("after must be the `next` of a page")
    return after


def number_cursor(after: str | None) -> int | None:
    """Return the position in *after*, or raise `ValueError` if there is none."""
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 18):  # 18 digits fit 64 bits
        raise ValueError("after must be the `next` of a page")
    return int(after)


def is_storable(text: str) -> bool:
    """Tell whether every database can hold *text*: no lone surrogate, no NUL (PostgreSQL)."""
    return "\0" not in text and is_encodable(text)


def taken(key: UserKey) -> Refused:
    """Return the refusal that says that *key* is another account's."""
    if isinstance(key, EmailAddress):
        return EmailTaken(key)
    if isinstance(key, MisId):
        return MisIdTaken(key)
    return UsernameTaken(key)


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut *items* so that no statement has more than *size* keys."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
