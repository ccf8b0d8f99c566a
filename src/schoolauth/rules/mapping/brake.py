"""The brake: how many accounts a staff list may make inactive without being asked again."""

from __future__ import annotations

from collections.abc import Iterable

from schoolauth.errors import TooManyLeavers
from schoolauth.model.mapping import MappingItem
from schoolauth.model.names import UserId
from schoolauth.model.user import Status, User

_FEW, _MANY, _SHARE = 3, 50, 10
"""A file may retire a tenth of the accounts, or 3 of a small school's, and never more than 50."""


def brake(items: Iterable[MappingItem], everyone: Iterable[User], at_most: int | None) -> None:
    """Limit how many accounts a list makes inactive; *at_most* is the caller's own limit.

    Raises:
        TooManyLeavers: if it has more leavers.
    """
    leavers = len(leaving(items))
    if at_most is None:
        standing = sum(user.status is not Status.INACTIVE for user in everyone)
        at_most = min(_MANY, max(_FEW, standing // _SHARE))
    if leavers > at_most:
        raise TooManyLeavers(leavers, at_most)


def leaving(items: Iterable[MappingItem]) -> set[UserId]:
    """Return the accounts that *items* would make inactive."""
    return {item.user_id for item in items if item.kind == "left" and item.user_id is not None}
