"""What holds of every list and school: no second account, no stolen address, an admin left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth import (
    Create,
    Link,
    MappingPlan,
    Role,
    RosterRow,
    School,
    Skip,
    Status,
    TooManyLeavers,
    User,
    UserKey,
)
from schoolauth.model.change import UserQuery
from schoolauth.model.mapping import MappingDecision
from schoolauth.rules.mapping.row import read_row
from tests.service.world import World, make_world

NAMES = ("Ann", "Bea", "Cy")
EMAILS = ("a@hill.example.org", "b@hill.example.org", "A@hill.example.org", "c@mill.example.org")
ELSEWHERE = "c@mill.example.org"

rows = st.builds(
    RosterRow,
    mis_id=st.sampled_from([None, "1", "2", "3", "4"]),
    given_name=st.sampled_from(NAMES),
    family_name=st.sampled_from(["Oak", "O'Ak", "Elm"]),
    email=st.sampled_from([None, *EMAILS]),
    username=st.sampled_from([None, None, None, "wg204nx_oak", "wg204nx_elm"]),
    role=st.sampled_from([None, Role.SLT, Role.TEACHER]),
    active=st.sampled_from([True, True, True, False]),
)
lists = st.lists(rows, min_size=1, max_size=6)
flags = st.fixed_dictionaries({"complete": st.booleans(), "rekey": st.booleans()})


def school_after(earlier: Sequence[RosterRow], retired: Sequence[int]) -> World:
    """Return a school with accounts of an earlier list, some retired, and one of another school."""
    world = make_world()
    support = world.auth.support(by="x")
    support.add_school(School("mill", "Mill"))
    support.manage("mill").add_user(
        given_name="Cy", family_name="Elm", role=Role.TEACHER, email=ELSEWHERE
    )
    plan = world.desk.plan_mapping(earlier, source="sims")
    world.desk.apply_mapping(plan, leavers_at_most=99)
    for number in retired:
        standing = [user for user in everyone(world) if user.role is not Role.ADMIN]
        if number < len(standing) and standing[number].status is not Status.INACTIVE:
            world.desk.deactivate(standing[number].id)
    return world


def everyone(world: World) -> list[User]:
    """Return the accounts of the school."""
    return list(world.users.search(UserQuery(world.school.code, limit=500)).items)


def keys(world: World) -> list[str]:
    """Return every address and MIS id that is held."""
    return [key.key for user in everyone(world) for key in (user.email, user.mis_id) if key]


def decide(plan: MappingPlan, choices: Sequence[str]) -> dict[str, MappingDecision]:
    """Return a decision for every item that wants one, as far as the choices go."""
    decisions: dict[str, MappingDecision] = {}
    linked: set[Any] = set()
    for item, choice in zip(plan.items, choices, strict=False):
        free = [one for one in item.candidates if one not in linked]
        if choice == "skip":
            decisions[item.key] = Skip()
        elif item.kind == "may_match" and choice == "link" and free:
            linked.add(free[0])
            decisions[item.key] = Link(free[0])
        elif item.kind == "may_match" and choice == "create":
            decisions[item.key] = Create()
    return decisions


choices = st.lists(st.sampled_from(["skip", "link", "create", "leave"]), max_size=8)
retirements = st.lists(st.integers(0, 3), max_size=2)


@given(earlier=lists, retired=retirements, later=lists, how=flags, chosen=choices)
def test_no_list_makes_two_holders_or_ends_the_last_admin(
    earlier: list[RosterRow],
    retired: list[int],
    later: list[RosterRow],
    how: Mapping[str, bool],
    chosen: list[str],
) -> None:
    """Every key has one holder, an active admin stands, and what was planned is what was done."""
    world = school_after(earlier, retired)
    before = {user.id: user for user in everyone(world)}
    plan = world.desk.plan_mapping(later, source="sims", **how)
    assert MappingPlan.from_json(plan.to_json()) == plan
    assert {user.id: user for user in everyone(world)} == before
    decisions = decide(plan, chosen)
    report = world.desk.apply_mapping(plan, decisions, leavers_at_most=99)
    after = {user.id: user for user in everyone(world)}
    held = keys(world)
    assert len(held) == len(set(held))
    assert any(user.is_active_admin for user in after.values())
    assert set(after) == set(before) | set(report.added)
    kept = {item.key for item in plan.items if item.kind not in {"changed", "new", "left"}}
    doing = [item for item in plan.items if item.key not in decisions and item.key not in kept]
    linked = [one.user_id for one in decisions.values() if isinstance(one, Link)]
    created = [one for one in decisions.values() if isinstance(one, Create)]
    assert len(report.added) == len([item for item in doing if item.kind == "new"]) + len(created)
    assert set(report.left) == {item.user_id for item in doing if item.kind == "left"} - {None}
    assert {item.user_id for item in doing if item.kind == "changed"} <= set(report.changed)
    assert all(after[one].status is Status.INACTIVE for one in report.left)
    touched = {*report.added, *report.changed, *report.left}
    assert {one for one in before if before[one] != after[one]} <= touched | set(linked)
    assert not any(one.role is Role.ADMIN and before[one.id] != one for one in after.values())


@given(earlier=lists, retired=retirements, later=lists, how=flags)
def test_the_same_list_twice_is_once(
    earlier: list[RosterRow], retired: list[int], later: list[RosterRow], how: Mapping[str, bool]
) -> None:
    """A list that was applied has nothing new, nothing changed and nobody left the next time."""
    world = school_after(earlier, retired)
    first = world.desk.plan_mapping(later, source="sims", **how)
    world.desk.apply_mapping(first, leavers_at_most=99)
    second = world.desk.plan_mapping(later, source="sims", **how)
    assert [item for item in second.items if item.kind in {"changed", "new"}] == []
    assert [item for item in second.of("left") if item.user_id is not None] == []
    before = everyone(world)
    world.desk.apply_mapping(second)
    assert everyone(world) == before


@given(earlier=lists, retired=retirements, later=lists, how=flags)
def test_nobody_who_is_known_gets_a_second_account(
    earlier: list[RosterRow],
    retired: list[int],
    later: list[RosterRow],
    how: Mapping[str, bool],
) -> None:
    """A row whose MIS id, e-mail or username an account has is `new` under no circumstances."""
    world = school_after(earlier, retired)
    plan = world.desk.plan_mapping(later, source="sims", **how)
    renewed = {item.user_id for item in plan.items if "mis_id" in item.fields}
    held: set[UserKey | None] = set()
    for user in everyone(world):
        held |= {user.email, user.username}
        if user.id not in renewed:  # who gets a new id in the same step gives up the old one
            held.add(user.mis_id)
    for item in plan.of("new"):
        assert item.row is not None
        assert not held & set(read_row(item.row, world.school.code, "sims").keys)


@given(earlier=lists, later=lists, at_most=st.none() | st.integers(0, 3))
def test_the_brake_holds(
    earlier: list[RosterRow], later: list[RosterRow], at_most: int | None
) -> None:
    """No list makes more accounts inactive than it may; refused, it does nothing at all."""
    world = school_after(earlier, ())
    before = everyone(world)
    plan = world.desk.plan_mapping(later, source="sims", complete=True)
    leaving = [item for item in plan.of("left") if item.user_id is not None]
    allowed = 3 if at_most is None else at_most
    if len(leaving) > allowed:
        with pytest.raises(TooManyLeavers) as refused:
            world.desk.apply_mapping(plan, leavers_at_most=at_most)
        assert (refused.value.leavers, refused.value.allowed) == (len(leaving), allowed)
        assert everyone(world) == before
    else:
        assert len(world.desk.apply_mapping(plan, leavers_at_most=at_most).left) == len(leaving)
