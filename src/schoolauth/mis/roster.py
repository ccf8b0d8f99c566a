"""What a reader makes of a staff list: rows that can be used, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import overload

from schoolauth.errors import RosterProblem
from schoolauth.model.roster import RosterRow


@dataclass(frozen=True, slots=True, repr=False)
class Roster(Sequence[RosterRow]):
    """The good rows of one staff list, in its order; a row with a problem is not among them.

    A list with `problems` is not complete: who has a problem row has not left the school.
    `columns` says under which heading each field was found, as the file writes it.
    `warnings` are what a reader put up with, and cost no row.
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
