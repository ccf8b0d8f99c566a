from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pytest

from schoolauth.errors import RosterProblem
from schoolauth.mis import Roster, read_csv
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role

ROWS = (RosterRow("1", "James", "Smith"), RosterRow("2", "Alice", "Smith"))


def test_roster_is_a_sequence_of_its_rows() -> None:
    """It can be handed on wherever rows are wanted."""
    roster = Roster(ROWS)
    assert isinstance(roster, Sequence)
    assert (len(roster), roster[0], roster[-1], roster[:1]) == (2, ROWS[0], ROWS[1], ROWS[:1])
    assert list(roster) == list(ROWS)
    assert ROWS[1] in roster


def test_roster_cannot_be_changed() -> None:
    """Neither its fields nor its columns, nor through the mapping that it was made from."""
    columns = {"mis_id": "ID"}
    roster = Roster(ROWS, columns=columns)
    columns["email"] = "Email"
    assert roster.columns == {"mis_id": "ID"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        roster.rows = ()  # type: ignore[misc] # what is tested
    with pytest.raises(TypeError):
        roster.columns["email"] = "Email"  # type: ignore[index] # what is tested


def test_rosters_are_equal_by_what_they_hold() -> None:
    """Two readings of one list are equal, and can be kept in a set."""
    problem = RosterProblem(3, None, "cell_count", "…")
    assert (
        len({Roster(ROWS, columns={"mis_id": "ID"}), Roster(ROWS, columns={"mis_id": "ID"})}) == 1
    )
    assert Roster(ROWS) != Roster(ROWS, (problem,))


def test_repr_counts_and_names_nobody() -> None:
    """A log that shows a roster has no personal data."""
    problem = RosterProblem(3, "Email", "email_invalid", "…", "smith@")
    assert repr(Roster(ROWS, (problem,), {"email": "Email"})) == "Roster(2 rows, 1 problems)"


def test_sample_staff_list_is_read_whole() -> None:
    """The list of the tour has what a tour shows: namesakes, a leaver, somebody without e-mail."""
    sample = resources.files("schoolauth.cli") / "sample" / "staff.csv"
    with resources.as_file(sample) as path:
        roster = read_csv(Path(path))
    assert roster.problems == ()
    assert 12 <= len(roster) <= 16
    assert [row.given_name for row in roster].count("James") == 1
    assert len({row.given_name for row in roster if row.family_name == "Smith"}) == 2
    assert {"O'Hara", "Fenwick-Stubbs"} <= {row.family_name for row in roster}
    assert "Zoë" in {row.given_name for row in roster}
    assert [row.active for row in roster].count(False) == 1
    assert [row.email for row in roster].count(None) == 1
    assert all(str(row.email).endswith("@hill.example.org") for row in roster if row.email)
    assert {row.role for row in roster} == {Role.SLT, Role.TEACHER, Role.STAFF}
