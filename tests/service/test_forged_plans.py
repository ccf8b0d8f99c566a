"""A plan travels through a browser: nothing of it counts but the rows, the source and flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schoolauth import MappingItem, MappingOutdated, MappingPlan, MisId, Role, RosterRow, User
from tests.service.world import World, make_world

KINDS = ("matched", "changed", "new", "may_match", "conflict", "left", "problem")
Forge = Callable[[MappingItem, User], MappingItem]

FORGERIES: dict[str, Forge] = {
    "another account": lambda item, victim: replace(item, user_id=victim.id),
    "another kind": lambda item, victim: replace(
        item, kind="changed", user_id=victim.id, fields=("email",)
    ),
    "a leaver": lambda item, victim: replace(item, kind="left", user_id=victim.id, fields=()),
    "another candidate": lambda item, victim: replace(
        item, kind="may_match", candidates=(victim.id,)
    ),
    "another username": lambda item, victim: replace(item, username="wg204nx_admin"),
    "another key": lambda item, victim: replace(item, key=f"{item.key}0"),
    "a raised role": lambda item, victim: replace(
        item, row=replace(item.row or RosterRow(None, "X", "Y"), role=Role.ADMIN)
    ),
    "no row": lambda item, victim: replace(item, row=None if item.row else RosterRow(None, "", "")),
    "other reasons": lambda item, victim: replace(item, reasons=("email",)),
}


@pytest.fixture(scope="module")
def school() -> tuple[World, MappingPlan]:
    """A school, and a plan that has every kind of item."""
    world = make_world()

    def add(number: str | None, given: str, family: str, email: str | None = None) -> User:
        mis_id = None if number is None else MisId(world.school.code, "sims", number)
        return world.desk.add_user(
            given_name=given,
            family_name=family,
            role=Role.TEACHER,
            email=email,
            mis_id=mis_id,
        )

    add("1", "Ann", "Oak", "ann@hill.example.org")
    add("2", "Bob", "Elm", "bob@hill.example.org")
    add(None, "Cat", "Ash")
    add("4", "Dan", "Yew", "dan@hill.example.org")
    add("5", "Eve", "Fir", "eve@hill.example.org")
    add("9", "Ivy", "Box")
    rows = [
        RosterRow("1", "Ann", "Oak", email="ann@hill.example.org"),
        RosterRow("2", "Bobby", "Elm", email="bob@hill.example.org"),
        RosterRow("7", "New", "Lime", email="new@hill.example.org"),
        RosterRow("3", "Cat", "Ash"),
        RosterRow("4", "Dan", "Yew", email="eve@hill.example.org"),
        RosterRow("8", "Bad", "Row", email="no address"),
    ]
    plan = world.desk.plan_mapping(rows, source="sims", complete=True)
    assert sorted({item.kind for item in plan.items}) == sorted(KINDS)
    return world, plan


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_item_is_refused(
    school: tuple[World, MappingPlan], kind: str, forgery: str
) -> None:
    """Whatever is changed of an item of any kind, nothing is applied."""
    world, plan = school
    position = next(n for n, item in enumerate(plan.items) if item.kind == kind)
    forged = FORGERIES[forgery](plan.items[position], world.admin)
    items = (*plan.items[:position], forged, *plan.items[position + 1 :])
    before = world.kinds()
    with pytest.raises(MappingOutdated):
        world.desk.apply_mapping(replace(plan, items=items))
    assert world.kinds() == before


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_that_is_moved_is_refused(school: tuple[World, MappingPlan], kind: str) -> None:
    """The items are those of the rows, in their order."""
    world, plan = school
    position = next(n for n, item in enumerate(plan.items) if item.kind == kind)
    rest = (*plan.items[:position], *plan.items[position + 1 :])
    moved = (plan.items[position], *rest) if position else (*rest, plan.items[0])
    with pytest.raises(MappingOutdated):
        world.desk.apply_mapping(replace(plan, items=moved))


def test_a_plan_of_another_source_is_refused(school: tuple[World, MappingPlan]) -> None:
    """The source says whose ids they are."""
    world, plan = school
    with pytest.raises(MappingOutdated):
        world.desk.apply_mapping(replace(plan, source="arbor"))
