"""Staff lists as files, for the tests of the readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from schoolauth.errors import RosterUnreadable
from schoolauth.mis import Roster, read_csv

DATA = Path(__file__).resolve().parents[1] / "data"


def read(directory: Path, content: str | bytes, columns: Mapping[str, str] | None = None) -> Roster:
    """Read *content* as a file; text is written as UTF-8, as it stands."""
    path = directory / "staff.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_csv(path, columns)


def refused(
    directory: Path, content: str | bytes, columns: Mapping[str, str] | None = None
) -> RosterUnreadable:
    """Return the refusal of a file that cannot be read at all."""
    with pytest.raises(RosterUnreadable) as caught:
        read(directory, content, columns)
    return caught.value


def outcome(directory: Path, content: str | bytes) -> Roster | RosterUnreadable:
    """Return what reading makes of *content*, whichever of the two it is."""
    try:
        return read(directory, content)
    except RosterUnreadable as error:
        return error


def codes(error: RosterUnreadable) -> list[str]:
    """Return what is wrong with a file as a whole."""
    return [problem.code for problem in error.problems]
