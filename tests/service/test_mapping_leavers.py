"""Leavers: in a list, absent from a complete one, spared, or too many at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from schoolauth import (
    EmailTaken,
    LastAdmin,
    LoginRefused,
    MappingOutdated,
    MappingPlan,
    MisId,
    NotPermitted,
    Role,
    RosterProblem,
    RosterRow,
    RosterUnreadable,
    SessionEnded,
    Skip,
    Status,
    TooManyLeavers,
    Unavailable,
    User,
)
from schoolauth.mis import Roster
from schoolauth.model.events import MappingApplied, StatusChanged
from tests.service.world import World

ANN = RosterRow("1", "Ann", "Oak", email="ann@hill.example.org")
BOB = RosterRow("2", "Bob", "Elm", email="bob@hill.example.org")
CAT = RosterRow("3", "Cat", "Ash", email="cat@hill.example.org")


def plan(world: World, *rows: RosterRow, complete: bool = True) -> MappingPlan:
    return world.desk.plan_mapping(rows, source="sims", complete=complete)


def linked(
    world: World, number: str, *, family_name: str | None = None, email: str | None = None
) -> User:
    """Add somebody with an id of the MIS."""
    mis_id = MisId(world.school.code, "sims", number)
    name = family_name or f"Person{number}"
    return world.teacher(mis_id=mis_id, family_name=name, email=email)


def test_who_is_not_in_a_complete_list_has_left(stored_world: World) -> None:
    """Absent from a complete list: inactive, signed out, its address kept, and counted."""
    world = stored_world
    jess = linked(world, "9", email="jess@hill.example.org")
    session = world.log_in(jess).session
    made = plan(world, ANN)
    item = made.of("left")[0]
    assert (item.key, item.row, item.user_id) == (f"left:{jess.id}", None, jess.id)
    assert item.reasons == ("not_in_list",)
    assert made.rows == (ANN,)
    report = world.desk.apply_mapping(MappingPlan.from_json(made.to_json()))
    assert (report.left, len(report.added), report.left_alone) == ((jess.id,), 1, ())
    gone = world.desk.get_user(jess.id)
    assert (gone.status, str(gone.email)) == (Status.INACTIVE, "jess@hill.example.org")
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
    with pytest.raises(LoginRefused):
        world.log_in(jess)
    applied = world.desk.history(kinds=["mapping_applied"]).items[0]
    assert isinstance(applied, MappingApplied)
    assert (applied.added, applied.changed, applied.left) == (1, 0, 1)
    changed = world.desk.history(jess.id, kinds=["status_changed"]).items[0]
    assert isinstance(changed, StatusChanged)
    assert changed.new is Status.INACTIVE
    assert plan(world, ANN).of("left") == ()


def test_absence_from_a_part_of_a_list_says_nothing(world: World) -> None:
    """Only the caller knows that a list is complete."""
    linked(world, "9")
    assert plan(world, ANN, complete=False).of("left") == ()


def test_accounts_made_by_hand_and_of_another_mis_are_left_alone(world: World) -> None:
    """Nobody without an id of this list's source can be absent from it."""
    world.teacher()
    other = MisId(world.school.code, "arbor", "9")
    world.teacher(family_name="Other", mis_id=other)
    assert plan(world, ANN).of("left") == ()


@pytest.mark.parametrize(
    "row",
    [
        RosterRow("9", "Jess", "James", email="not an address"),
        RosterRow("a b", "Jess", "James"),
        RosterRow("9", "J", "J", role=Role.ADMIN),
        RosterRow(None, "Jess", "James"),
        RosterRow(None, "J", "J", email="jess@hill.example.org"),
        RosterRow("8", "J", "J", email="jess@hill.example.org"),
    ],
    ids=["bad address", "bad id", "admin", "name only", "address only", "other id"],
)
def test_who_has_a_bad_row_has_not_left(world: World, row: RosterRow) -> None:
    """A row with a problem, a conflict or a proposal is about somebody who is there."""
    linked(world, "9", family_name="James", email="jess@hill.example.org")
    assert plan(world, ANN, row).of("left") == ()


def test_a_list_with_problems_is_not_complete(world: World) -> None:
    """What a reader could not use may have been anybody; pupils' rows cost nobody."""
    linked(world, "9")
    bad = RosterProblem(3, "Work Email", "email_invalid", "This is no address.")
    pupil = RosterProblem(4, "Role", "not_staff", "This is a pupil.")
    with pytest.raises(RosterUnreadable) as caught:
        world.desk.plan_mapping(Roster((ANN,), (bad, pupil)), source="sims", complete=True)
    assert caught.value.problems == (bad,)
    made = world.desk.plan_mapping(Roster((ANN,), (pupil,)), source="sims", complete=True)
    assert len(made.of("left")) == 1
    assert world.desk.plan_mapping(Roster((ANN,), (bad,)), source="sims").of("left") == ()


def test_a_list_of_changes_is_not_complete(world: World) -> None:
    """A delta set says by itself that it has not everybody, whatever its caller says."""
    linked(world, "9")
    changes = Roster((ANN,), delta=True)
    with pytest.raises(RosterUnreadable) as caught:
        world.desk.plan_mapping(changes, source="sims", complete=True)
    assert [problem.code for problem in caught.value.problems] == ["delta"]
    assert world.desk.plan_mapping(changes, source="sims").of("left") == ()


def test_an_empty_list_is_not_complete(world: World) -> None:
    """Nobody in the list: refused when planned, and in a plan whose rows were cut out."""
    linked(world, "9")
    with pytest.raises(RosterUnreadable) as caught:
        plan(world)
    assert [problem.code for problem in caught.value.problems] == ["no_rows"]
    with pytest.raises(RosterUnreadable):
        world.desk.apply_mapping(MappingPlan("sims", plan(world, ANN).of("left"), complete=True))
    assert world.desk.search(statuses=[Status.INACTIVE]).items == ()


def test_somebody_on_leave_is_skipped(world: World) -> None:
    """Skip is for a leaver too, and does not count against the brake."""
    people = [linked(world, str(number)) for number in range(10, 14)]
    made = plan(world, ANN)
    keys = [item.key for item in made.of("left")]
    report = world.desk.apply_mapping(made, {keys[0]: Skip()})
    assert report.left == tuple(user.id for user in people[1:])
    assert report.left_alone == (keys[0],)
    assert world.desk.get_user(people[0].id).status is Status.ACTIVE


def test_too_many_leavers(world: World) -> None:
    """More than a tenth, and more than three: refused whole, until the caller says how many."""
    people = [linked(world, str(number)) for number in range(10, 14)]
    made = plan(world, ANN)
    before = world.kinds()
    with pytest.raises(TooManyLeavers) as caught:
        world.desk.apply_mapping(made)
    assert (caught.value.leavers, caught.value.allowed) == (4, 3)
    assert world.kinds() == before
    with pytest.raises(TooManyLeavers):
        world.desk.apply_mapping(made, leavers_at_most=3)
    with pytest.raises(TooManyLeavers):
        world.desk.apply_mapping(made, leavers_at_most=0)
    assert len(world.desk.apply_mapping(made, leavers_at_most=4).left) == len(people)


def test_a_leavers_row_counts_too(world: World) -> None:
    """A file that calls everybody a leaver meets the same brake; it changes nothing else."""
    people = [linked(world, str(number)) for number in range(10, 14)]
    rows = [
        RosterRow(str(n), "X", "Y", email=f"x{n}@hill.example.org", active=False)
        for n in range(10, 14)
    ]
    made = plan(world, *rows, complete=False)
    assert [item.user_id for item in made.of("left")] == [user.id for user in people]
    with pytest.raises(TooManyLeavers):
        world.desk.apply_mapping(made)
    world.desk.apply_mapping(made, leavers_at_most=4)
    assert [world.desk.get_user(user.id).email for user in people] == [None] * 4
    again = plan(world, *rows, complete=False)
    assert {(item.kind, item.reasons) for item in again.items} == {("matched", ("left_in_list",))}


@pytest.mark.parametrize("value", [True, "3", 1.5])
def test_leavers_at_most_is_a_number(world: World, value: object) -> None:
    """Nothing is guessed of what lifts a brake."""
    with pytest.raises(TypeError):
        world.desk.apply_mapping(plan(world, ANN), leavers_at_most=value)  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match="0 or more"):
        world.desk.apply_mapping(plan(world, ANN), leavers_at_most=-1)


@pytest.mark.parametrize("flag", ["complete", "rekey"])
def test_flags_are_bools(world: World, flag: str) -> None:
    """The text "false" would count as true."""
    with pytest.raises(TypeError):
        world.desk.plan_mapping([ANN], source="sims", **{flag: "false"})  # type: ignore[arg-type] # on purpose


def test_the_last_admin_is_never_touched(world: World) -> None:
    """An admin who is absent stays, with the reason, when no other active admin would."""
    boss = world.desk.add_user(
        given_name="B",
        family_name="Boss",
        role=Role.ADMIN,
        mis_id=MisId(world.school.code, "sims", "50"),
    )
    world.desk.set_password(boss.id, "Chalkboard7", must_change=False)
    assert [item.user_id for item in plan(world, ANN).of("left")] == [boss.id]
    world.auth.manage(by=boss.id).deactivate(world.admin.id)
    desk = world.auth.manage(by=boss.id)
    made = desk.plan_mapping([ANN], source="sims", complete=True)
    (item,) = made.of("problem")
    assert (item.user_id, item.candidates) == (None, (boss.id,))
    assert item.reasons == ("not_in_list", "last_admin")
    assert desk.apply_mapping(made).left == ()
    assert desk.get_user(boss.id).is_active_admin


def test_an_admin_who_leaves_is_retired_by_a_colleague_or_the_support(world: World) -> None:
    """An admin goes like anybody else as long as another one stands."""
    boss = world.desk.add_user(
        given_name="B",
        family_name="Boss",
        role=Role.ADMIN,
        mis_id=MisId(world.school.code, "sims", "50"),
    )
    world.desk.set_password(boss.id, "Chalkboard7", must_change=False)
    desk = world.auth.support(by="x").manage("wg204nx")
    made = desk.plan_mapping([ANN], source="sims", complete=True)
    assert desk.apply_mapping(made).left == (boss.id,)
    world.desk.reactivate(boss.id)
    own = world.auth.manage(by=boss.id)
    made = own.plan_mapping([ANN], source="sims", complete=True)
    assert own.apply_mapping(made).left == (boss.id,)


def test_a_leaver_who_comes_back_is_shown_and_not_woken(world: World) -> None:
    """No list wakes an account; the plan says that it is inactive."""
    world.desk.apply_mapping(plan(world, ANN, BOB))
    world.desk.apply_mapping(plan(world, ANN))
    (item,) = plan(world, ANN, BOB).items[1:]
    assert (item.kind, item.reasons[-1]) == ("matched", "inactive")


def test_a_released_address_of_a_leaver(world: World) -> None:
    """The address stays with the leaver, where the desk finds and releases it (FAQ)."""
    world.desk.apply_mapping(plan(world, ANN, BOB))
    world.desk.apply_mapping(plan(world, ANN))
    new = world.teacher()
    with pytest.raises(EmailTaken, match=r"wg204nx_elm \(inactive\)"):
        world.desk.set_email(new.id, "bob@hill.example.org")


def test_the_flags_of_a_plan_are_part_of_it(world: World) -> None:
    """A plan that calls itself complete on its way is another plan."""
    linked(world, "9")
    made = plan(world, ANN, complete=False)
    with pytest.raises(MappingOutdated):
        world.desk.apply_mapping(replace(made, complete=True))
    with pytest.raises(MappingOutdated):
        MappingPlan.from_json(made.to_json().replace('"complete": false, ', ""))
    renewed = world.desk.plan_mapping([CAT], source="sims", rekey=True)
    assert MappingPlan.from_json(renewed.to_json()) == renewed


def test_one_plan_applied_by_many_at_once(stored_world: World) -> None:
    """Of eight who press the button one applies it; the others are told to plan again."""
    world = stored_world
    jess = linked(world, "9")
    made = plan(world, ANN, BOB)
    barrier, reports, refused = Barrier(8), [], []

    def apply() -> None:
        desk = world.auth.support(by="x").manage("wg204nx")
        barrier.wait()
        try:
            reports.append(desk.apply_mapping(made))
        except (MappingOutdated, Unavailable) as error:
            refused.append(error)

    threads = [Thread(target=apply) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(len(report.added), report.left) for report in reports] == [(2, (jess.id,))]
    assert len(refused) == 7
    assert len(world.desk.history(kinds=["mapping_applied"]).items) == 1


def test_an_admin_who_is_gone_meanwhile_is_not_the_last(stored_world: World) -> None:
    """A list retires one admin while another retires herself: one of the two stands."""
    world = stored_world
    boss = world.desk.add_user(
        given_name="B",
        family_name="Boss",
        role=Role.ADMIN,
        mis_id=MisId(world.school.code, "sims", "50"),
    )
    world.desk.set_password(boss.id, "Chalkboard7", must_change=False)
    made = plan(world, ANN)
    barrier = Barrier(2)
    support = world.auth.support(by="x").manage("wg204nx")

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        with suppress(LastAdmin, MappingOutdated, Unavailable, NotPermitted):
            call()

    threads = [
        Thread(target=run, args=(lambda: support.apply_mapping(made),)),
        Thread(target=run, args=(lambda: support.deactivate(world.admin.id),)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(support.search(roles=[Role.ADMIN], statuses=[Status.ACTIVE]).items) == 1
