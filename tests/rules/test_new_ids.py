"""Rows with new ids of the MIS: who gives up an id, and who is still a candidate."""

from __future__ import annotations

from schoolauth.model.roster import RosterRow
from tests.rules.rows import account, planned

ANN = account("ann", mis="1", email="ann@example.org", given_name="Ann", family_name="Oak")
BOB = account("bob", mis="2", email="bob@example.org", given_name="Bob", family_name="Elm")
NEW = RosterRow("2", "New", "Person")


def test_an_old_id_whose_holder_gets_another_is_free() -> None:
    """Whoever has it in the list is new, with nobody to be asked about."""
    bob = RosterRow("7", "Bob", "Elm", "bob@example.org")
    new, moved = planned([NEW, bob], ANN, BOB, rekey=True)
    assert (new.kind, new.candidates, new.reasons) == ("new", (), ())
    assert (moved.kind, moved.user_id, moved.fields) == ("changed", BOB.id, ("mis_id",))


def test_a_leavers_row_takes_nobodys_id() -> None:
    """It says only that the person has gone, whatever id it has."""
    row = RosterRow("2", "Ann", "Oak", "ann@example.org", active=False)
    (item,) = planned([row], ANN, BOB, rekey=True)
    assert (item.kind, item.user_id, item.candidates) == ("left", ANN.id, ())
    assert item.reasons == ("left_in_list",)


def test_a_row_of_two_accounts_stays_a_conflict_with_an_id_of_a_third() -> None:
    """Address and username name two people: no proposal makes one of them."""
    row = RosterRow("2", "New", "Person", "ann@example.org", "cat")
    (item,) = planned([row], ANN, BOB, account("cat"), rekey=True)
    assert (item.kind, item.reasons) == ("conflict", ("email", "username"))
    assert [str(one) for one in item.candidates] == ["ann", "cat"]


def test_who_takes_an_id_still_names_its_holder_if_that_one_has_a_row() -> None:
    """Both people are in the list, and the plan says from whom the id comes."""
    rows = [
        RosterRow("2", "Ann", "Oak", "ann@example.org"),
        RosterRow("1", "Bob", "Elm", "bob@example.org"),
    ]
    items = planned(rows, ANN, BOB, rekey=True)
    assert [(item.kind, item.candidates) for item in items] == [
        ("changed", (BOB.id,)),
        ("changed", (ANN.id,)),
    ]


def test_a_conflict_keeps_its_candidate_though_another_row_denotes_it() -> None:
    """The address says that it is the account, and the MIS says that it is somebody else."""
    rows = [RosterRow("1", "Ann", "Oak"), RosterRow("3", "Ann", "Oak", "ann@example.org")]
    matched, conflict = planned(rows, ANN, BOB)
    assert (matched.kind, matched.user_id) == ("matched", ANN.id)
    assert (conflict.kind, conflict.candidates) == ("conflict", (ANN.id,))
