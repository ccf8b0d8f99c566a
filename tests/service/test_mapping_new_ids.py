"""The day the school changes its MIS: every id is new, and perhaps another person's."""

from __future__ import annotations

import pytest

from schoolauth import Create, Link, MappingPlan, MisId, Role, RosterRow, Skip, User
from schoolauth.model.events import UserEdited
from tests.service.world import World


def person(world: World, number: str, given: str, family: str, email: str | None = None) -> User:
    return world.desk.add_user(
        given_name=given,
        family_name=family,
        role=Role.TEACHER,
        email=email,
        mis_id=MisId(world.school.code, "sims", number),
    )


def planned(
    world: World, *rows: RosterRow, source: str = "sims", complete: bool = False
) -> MappingPlan:
    return world.desk.plan_mapping(rows, source=source, complete=complete, rekey=True)


def ids(world: World, *users: User) -> list[str | None]:
    """Return the MIS ids as they are now."""
    now = [world.desk.get_user(user.id).mis_id for user in users]
    return [None if mis_id is None else mis_id.key.partition(":")[2] for mis_id in now]


def test_everybody_gets_the_id_of_the_new_mis(stored_world: World) -> None:
    """Matched by e-mail, then by name if a person says so; nobody is there twice."""
    world = stored_world
    ann = person(world, "1", "Ann", "Oak", "ann@hill.example.org")
    bob = person(world, "2", "Bob", "Elm")
    rows = [
        RosterRow("A7", "Ann", "Oak", email="ann@hill.example.org"),
        RosterRow("A8", "Bob", "Elm"),
    ]
    made = planned(world, *rows, source="arbor")
    assert [(item.kind, item.fields, item.candidates) for item in made.items] == [
        ("changed", ("mis_id",), ()),
        ("may_match", (), (bob.id,)),
    ]
    report = world.desk.apply_mapping(made, {"2": Link(bob.id)})
    assert (report.added, set(report.changed)) == ((), {ann.id, bob.id})
    assert ids(world, ann, bob) == ["arbor:A7", "arbor:A8"]
    again = planned(world, *rows, source="arbor")
    assert [item.kind for item in again.items] == ["matched", "matched"]


def test_without_the_flag_another_id_of_the_same_mis_is_a_conflict(world: World) -> None:
    """Only the caller knows that the ids are new ones."""
    ann = person(world, "1", "Ann", "Oak", "ann@hill.example.org")
    row = RosterRow("7", "Ann", "Oak", email="ann@hill.example.org")
    (item,) = world.desk.plan_mapping([row], source="sims").items
    assert (item.kind, item.candidates, item.reasons) == ("conflict", (ann.id,), ("other_mis_id",))
    world.desk.apply_mapping(planned(world, row))
    assert ids(world, ann) == ["sims:7"]


def test_two_people_swap_their_ids(stored_world: World) -> None:
    """A renumbering may give each the other's id."""
    world = stored_world
    ann = person(world, "1", "Ann", "Oak", "ann@hill.example.org")
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    rows = [
        RosterRow("2", "Ann", "Oak", email="ann@hill.example.org"),
        RosterRow("1", "Bob", "Elm", email="bob@hill.example.org"),
    ]
    world.desk.apply_mapping(planned(world, *rows))
    assert ids(world, ann, bob) == ["sims:2", "sims:1"]
    assert [item.kind for item in planned(world, *rows).items] == ["matched", "matched"]


def test_an_id_that_is_another_persons_now(stored_world: World) -> None:
    """Whoever had the id gives it up in the same step, which the plan and the history say."""
    world = stored_world
    ann = person(world, "1", "Ann", "Oak", "ann@hill.example.org")
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    row = RosterRow("2", "Ann", "Oak", email="ann@hill.example.org")
    (item,) = planned(world, row).items
    assert (item.kind, item.user_id, item.candidates) == ("changed", ann.id, (bob.id,))
    assert item.reasons == ("email", "takes_mis_id_of_another")
    report = world.desk.apply_mapping(planned(world, row))
    assert set(report.changed) == {ann.id, bob.id}
    assert ids(world, ann, bob) == ["sims:2", None]
    event = world.desk.history(bob.id).items[0]
    assert isinstance(event, UserEdited)
    assert (event.fields, event.source, event.mis_digest) == (("mis_id",), "sims", None)


def test_a_new_person_with_an_old_id_is_decided_by_a_person(world: World) -> None:
    """The holder may have married, or the id may be given again: never silently a second one."""
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    row = RosterRow("2", "Bob", "Ash")
    made = planned(world, row)
    (item,) = made.items
    assert (item.kind, item.candidates, item.reasons) == (
        "may_match",
        (bob.id,),
        ("mis_id_of_another",),
    )
    assert world.desk.apply_mapping(made).left_alone == ("1",)
    assert world.desk.apply_mapping(made, {"1": Skip()}).left_alone == ("1",)
    report = world.desk.apply_mapping(made, {"1": Create()})
    assert (len(report.added), report.changed) == (1, (bob.id,))
    assert ids(world, bob, world.desk.get_user(report.added[0])) == [None, "sims:2"]


def test_the_holder_is_the_same_person_under_another_name(world: World) -> None:
    """Linked, the account keeps its id and gets the name."""
    bob = person(world, "2", "Bob", "Elm")
    report = world.desk.apply_mapping(
        planned(world, RosterRow("2", "Bob", "Ash")), {"1": Link(bob.id)}
    )
    assert (report.added, report.changed) == ((), (bob.id,))
    assert world.desk.get_user(bob.id).full_name == "Bob Ash"
    assert ids(world, bob) == ["sims:2"]


def test_a_holder_who_has_a_row_without_id_keeps_the_other_out(world: World) -> None:
    """A row that may be nobody in the list has no candidate, and no account without a decision."""
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    rows = [
        RosterRow("2", "New", "Person"),
        RosterRow(None, "Bob", "Elm", email="bob@hill.example.org"),
    ]
    made = planned(world, *rows)
    assert [(item.kind, item.candidates) for item in made.items] == [
        ("may_match", ()),
        ("matched", ()),
    ]
    report = world.desk.apply_mapping(made, {"1": Create()})
    assert len(report.added) == 1
    assert ids(world, bob) == [None]


def test_a_new_person_whose_id_is_given_up_by_its_own_row(world: World) -> None:
    """The holder gets another id by the same list, so nothing is to be asked."""
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    rows = [
        RosterRow("3", "Bob", "Elm", email="bob@hill.example.org"),
        RosterRow("2", "New", "Person"),
    ]
    made = planned(world, *rows)
    assert [(item.kind, item.reasons) for item in made.items] == [
        ("changed", ("email",)),
        ("new", ()),
    ]
    (added,) = world.desk.apply_mapping(made).added
    assert ids(world, bob, world.desk.get_user(added)) == ["sims:3", "sims:2"]


def test_who_is_absent_on_that_day_has_left_whatever_their_id(world: World) -> None:
    """The new list is the school's: accounts with an id of the old MIS are absent from it too."""
    ann = person(world, "1", "Ann", "Oak", "ann@hill.example.org")
    bob = person(world, "2", "Bob", "Elm", "bob@hill.example.org")
    row = RosterRow("2", "Ann", "Oak", email="ann@hill.example.org")
    made = planned(world, row, complete=True)
    assert [item.user_id for item in made.of("left")] == [bob.id]
    world.desk.apply_mapping(made)
    assert ids(world, ann, bob) == ["sims:2", None]
    assert not world.desk.get_user(bob.id).is_active_admin


@pytest.mark.parametrize("complete", [True, False])
def test_a_linked_person_is_not_taken_for_a_leaver(world: World, complete: bool) -> None:
    """A candidate may be somebody in the list."""
    bob = person(world, "2", "Bob", "Elm")
    made = planned(world, RosterRow("9", "Bob", "Elm"), complete=complete)
    assert made.of("left") == ()
    assert made.items[0].candidates == (bob.id,)
