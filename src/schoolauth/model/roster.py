"""A staff list, one row per person, from a reader or from a host that uses an API of the MIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import overload

from schoolauth.errors import RosterProblem
from schoolauth.model.user import Role


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One line of a staff list, as text: the plan judges it, so nothing is lost on the way.

    `mis_id` is the id as the MIS writes it; `active` is False for somebody whom the list itself
    calls a leaver; `line` is where in the file it stands, from 1.
    """

    mis_id: str | None
    given_name: str
    family_name: str
    email: str | None = None
    username: str | None = None
    role: Role | None = None
    active: bool = True
    line: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Roster(Sequence[RosterRow]):
    """The good rows of one staff list, in its order; a row with a problem is not among them.

    A list with `problems` is not complete: a person with a problem row has not left the school.
    `columns` says under which heading each field was found, as the file writes it.
    `warnings` are what a reader tolerated; no row was lost by them.
    `version` is the file's standard, if it has one.
    `complete` is True where the file itself says that it is the whole list, and all was read.
    `delta` is True where it says that it has only what has changed.
    """

    rows: tuple[RosterRow, ...]
    problems: tuple[RosterProblem, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    warnings: tuple[RosterProblem, ...] = ()
    version: str | None = None
    complete: bool = False
    delta: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @overload
    def __getitem__(self, index: int) -> RosterRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RosterRow, ...]: ...
    def __getitem__(self, index: int | slice) -> RosterRow | tuple[RosterRow, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:  # counts only: the rows are personal data
        return f"Roster({len(self.rows)} rows, {len(self.problems)} problems)"
