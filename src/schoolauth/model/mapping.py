"""A mapping plan: what a staff list would do to a school's accounts, as data to be reviewed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from schoolauth.errors import MappingOutdated, Refused
from schoolauth.model.names import UserId
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role

MappingKind = Literal["matched", "changed", "new", "may_match", "conflict", "left", "problem"]


@dataclass(frozen=True, slots=True)
class MappingItem:
    """What one row would do: `reasons` are codes, `candidates` accounts that it might mean.

    `user_id` is the account that it denotes, if any; `fields` are what would change in it.
    `username` is what a new account would be called. `row` is None for somebody who is no longer
    in a complete list.
    """

    key: str
    kind: MappingKind
    row: RosterRow | None
    user_id: UserId | None = None
    candidates: tuple[UserId, ...] = ()
    reasons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """The row of a `may_match` item is the person of this account, one of its candidates."""

    user_id: UserId


@dataclass(frozen=True, slots=True)
class Create:
    """The row is a new person: make an account."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Do nothing about this item, this time; for a leaver, such as somebody on leave, too."""


MappingDecision = Link | Create | Skip


@dataclass(frozen=True, slots=True)
class MappingPlan:
    """Every row of a staff list of *source* with what it would do, in the list's order.

    If the list is *complete*, the accounts that are no longer in it follow after the rows.
    *rekey* says that the MIS has given new ids.
    """

    source: str
    items: tuple[MappingItem, ...]
    complete: bool = False
    rekey: bool = False

    @property
    def rows(self) -> tuple[RosterRow, ...]:
        """The rows that were planned: with source and flags, all that applying trusts."""
        return tuple(item.row for item in self.items if item.row is not None)

    def of(self, kind: MappingKind) -> tuple[MappingItem, ...]:
        """Return the items of one kind."""
        return tuple(item for item in self.items if item.kind == kind)

    def to_json(self) -> str:
        """Return the plan as text: review and apply are two requests."""
        items = [
            asdict(item)
            | {
                "user_id": None if item.user_id is None else item.user_id.key,
                "candidates": [candidate.key for candidate in item.candidates],
            }
            for item in self.items
        ]
        flags = {"complete": self.complete, "rekey": self.rekey}
        return json.dumps({"source": self.source, **flags, "items": items})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the plan that `to_json` wrote; it is checked again when it is applied.

        Raises:
            MappingOutdated: if it is not such a text.
        """
        try:
            data = json.loads(text)
            items = tuple(_item(**item) for item in data["items"])
            return cls(str(data["source"]), items, data["complete"] is True, data["rekey"] is True)
        except (Refused, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        raise MappingOutdated


def _row(role: str | None, active: bool, line: int | None, **cells: str | None) -> RosterRow:
    if type(active) is not bool or type(line) not in {int, type(None)}:
        raise TypeError("a row is active or not, and its line is a number")
    if not all(cell is None or isinstance(cell, str) for cell in cells.values()):
        raise TypeError("the cells of a row are text")
    return RosterRow(
        **cells,  # type: ignore[arg-type] # a row without a name is a problem item
        role=None if role is None else Role(role),
        active=active,
        line=line,
    )


def _item(
    row: dict[str, Any] | None,
    user_id: str | None,
    candidates: Sequence[str],
    reasons: Sequence[str],
    fields: Sequence[str],
    **rest: object,
) -> MappingItem:
    return MappingItem(
        row=None if row is None else _row(**row),
        user_id=None if user_id is None else UserId.parse(user_id),
        candidates=tuple(UserId.parse(candidate) for candidate in candidates),
        reasons=tuple(reasons),
        fields=tuple(fields),
        **rest,  # type: ignore[arg-type] # compared when applied
    )


@dataclass(frozen=True, slots=True)
class MappingReport:
    """What an applied plan did, and which items it left alone.

    `added` and `changed` are accounts, and `left` those that are inactive now.
    """

    added: tuple[UserId, ...]
    changed: tuple[UserId, ...]
    left_alone: tuple[str, ...]
    left: tuple[UserId, ...] = ()
