from __future__ import annotations

from pathlib import Path

from tests.mis.lists import codes
from tests.mis.oneroster_sets import (
    DALE,
    HILL,
    a_set,
    folder,
    locations,
    one_1,
    person,
    read,
    refused,
    role,
)

TRUST = {"sourcedId": "d1", "name": "Trust", "type": "district"}


# --- Delta -----------------------------------------------------------------------------------


def test_delta_is_not_complete(tmp_path: Path) -> None:
    """Who is not in a delta set has not left, and it may hold none of the staff at all."""
    people = [person("u1", "Ann", "Able", status="tobedeleted"), person("u2", "Ben", "Brook")]
    roles = [role("u1", "teacher", status="tobedeleted"), role("u2", "teacher")]
    roster = read(folder(tmp_path, a_set("1.2", people, roles=roles, mode="delta")), strict=True)
    assert [(row.mis_id, row.active) for row in roster] == [("u1", False), ("u2", True)]
    assert (roster.complete, roster.delta) == (False, True)
    pupils = a_set("1.2", people, roles=[role("u1", "student")], mode="delta")
    assert len(read(folder(tmp_path, pupils))) == 0


def test_role_that_ends_in_a_delta_does_not_make_a_leaver(tmp_path: Path) -> None:
    """Other roles of this person may stand in an earlier file, so that a person has to look."""
    roles = [role("u1", "teacher", status="tobedeleted")]
    files = a_set("1.2", [person("u1", "Ann", "Able")], roles=roles, mode="delta")
    roster = read(folder(tmp_path, files))
    assert (len(roster), locations(roster.problems)) == (0, [(2, None, "role_ended")])


def test_user_without_a_role_is_left_out_with_a_warning(tmp_path: Path) -> None:
    """Without a role nobody can be told from a pupil; in a delta set the role may be an old one."""
    people = [person("u1", "Ann", "Able"), person("u2", "Ben", "Brook"), person("u3", "Cat", "Co")]
    files = a_set("1.2", people, roles=[role("u2", "teacher")], mode="delta")
    roster = read(folder(tmp_path, files), strict=True)
    assert [row.mis_id for row in roster] == ["u2"]
    assert locations(roster.warnings) == [(2, "users.csv", "no_role")]
    assert roster.warnings[0].message.endswith("So it is in 2 places.")


# --- Schools ---------------------------------------------------------------------------------


def test_several_schools_are_refused_unless_one_is_said(tmp_path: Path) -> None:
    """Nobody is mixed into another school: by id or identifier the caller says which is meant."""
    files = a_set(
        "1.2",
        [person("u1", "Ann", "Able"), person("u2", "Ben", "Brook"), person("u3", "Cat", "Cole")],
        roles=[role("u1", "teacher"), role("u2", "teacher", "o2"), role("u3", "student")],
        orgs=[HILL, DALE, {**DALE, "sourcedId": "o3"}],
    )
    path = folder(tmp_path, files)
    error = refused(path)
    assert codes(error) == ["several_schools"]
    assert error.problems[0].message == (
        "Its staff are of 2 schools. Say which by org=…: o1 (Hill), o2 (Dale)."
    )
    assert [row.mis_id for row in read(path, org="o1")] == ["u1"]
    assert [row.mis_id for row in read(path, org="135123")] == ["u1"]
    assert [row.mis_id for row in read(path, org="o2")] == ["u2"]
    assert read(path, org="o1").warnings == ()
    assert "several have this identifier: o2 (Dale), o3" in refused(path, org="135124").message
    assert codes(refused(path, org="o9")) == ["org_unknown"]
    assert codes(refused(path, org="")) == ["org_unknown"]
    assert codes(refused(path, org="o3")) == ["no_staff"]


def test_many_schools_are_not_all_named(tmp_path: Path) -> None:
    """A trust of twenty schools gets a message that can be read."""
    people = [one_1(f"u{number}", "teacher", org=f"o{number}") for number in range(20)]
    files = a_set("1.1", people)
    del files["orgs.csv"]
    path = folder(tmp_path, files)
    assert refused(path).message.endswith(": o0, o1, o2, o3, o4 and 15 more.")
    assert [row.mis_id for row in read(path, org="o7")] == ["u7"]
    assert "there is none of this id or identifier: o0, o1" in refused(path, org="x").message


def test_only_school_is_taken_and_the_rest_are_left_out(tmp_path: Path) -> None:
    """Staff of the trust's office are not of the school, and a warning counts them."""
    files = a_set(
        "1.1",
        [
            one_1("u1", "teacher"),
            one_1("u2", "administrator", org="d1"),
            one_1("u3", "aide", org="d1,o1"),
        ],
        orgs=[HILL, TRUST],
    )
    roster = read(folder(tmp_path, files), strict=True)
    assert [row.mis_id for row in roster] == ["u1", "u3"]
    assert locations(roster.warnings) == [(3, "users.csv", "other_org")]


def test_trust_alone_is_taken_where_no_school_has_staff(tmp_path: Path) -> None:
    """A set of one organisation needs no choice, whatever its type."""
    files = a_set("1.1", [one_1("u2", "administrator", org="d1")], orgs=[TRUST])
    assert [row.mis_id for row in read(folder(tmp_path, files))] == ["u2"]


def test_person_without_a_school(tmp_path: Path) -> None:
    """Where others have one it is a problem; where nobody has one, all are of one school."""
    people = [one_1("u1", "teacher"), one_1("u2", "teacher", org="")]
    roster = read(folder(tmp_path, a_set("1.1", people)))
    assert [row.mis_id for row in roster] == ["u1"]
    assert locations(roster.problems) == [(3, None, "org_missing")]
    assert not roster.complete
    assert len(read(folder(tmp_path, a_set("1.1", people[1:])))) == 1


def test_pupil_here_and_staff_elsewhere_is_not_of_the_staff(tmp_path: Path) -> None:
    """A role counts in its own school only."""
    roles = [role("u1", "student"), role("u1", "aide", "o2"), role("u2", "teacher")]
    people = [person("u1", "Ann", "Able"), person("u2", "Ben", "Brook")]
    files = a_set("1.2", people, roles=roles, orgs=[HILL, DALE])
    roster = read(folder(tmp_path, files), org="o1")
    assert [row.mis_id for row in roster] == ["u2"]
    assert roster.problems == ()


def test_unknown_role_is_a_problem(tmp_path: Path) -> None:
    """Who might be a pupil is no member of staff by guess."""
    roles = [role("u1", "ext:alumna"), role("u2", "teacher"), role("u2", "ext:x")]
    roles += [role("u3", "ext:x"), role("u3", "student")]
    people = [person(key, "Ann", f"Of{key}") for key in ("u1", "u2", "u3")]
    roster = read(folder(tmp_path, a_set("1.2", people, roles=roles)), strict=True)
    assert [row.mis_id for row in roster] == ["u2"]
    assert locations(roster.problems) == [(2, None, "role_unknown")]


def test_bulk_set_without_staff_is_refused(tmp_path: Path) -> None:
    """A list of pupils is no list of nobody: nobody is made a leaver by it."""
    assert codes(refused(folder(tmp_path, a_set("1.1", [one_1("u1", "student")])))) == ["no_staff"]
