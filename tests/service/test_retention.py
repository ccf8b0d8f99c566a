"""Leavers' data: who is due is said first, then erased; a legal hold spares."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schoolauth import LeaversErasure, NotConfigured, Role, School, Status, User
from tests.service.world import World, make_world

YEAR = timedelta(days=365)


@pytest.fixture
def leavers(world: World) -> tuple[World, list[User]]:
    """The same in memory, for what does not depend on the store."""
    return left(world)


@pytest.fixture
def stored_leavers(stored_world: World) -> tuple[World, list[User]]:
    """Three leavers of two schools, on every store."""
    return left(stored_world)


def left(world: World) -> tuple[World, list[User]]:
    """Make three leavers of two schools, one under a legal hold, and one who left lately."""
    support = world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    mill = support.manage("mill")
    users = [
        world.teacher(email="a@hill.example.org"),
        world.teacher(family_name="Held"),
        mill.add_user(given_name="M", family_name="Mill", role=Role.STAFF),
    ]
    for desk, user in zip((world.desk, world.desk, mill), users, strict=True):
        desk.deactivate(user.id)
    support.set_legal_hold(users[1].id, True, reason="Case 12")
    world.clock.advance(YEAR)
    late = world.teacher(family_name="Late")
    world.clock.advance(days=1)
    world.desk.deactivate(late.id)
    return world, users


def test_it_is_said_first_and_then_done(stored_leavers: tuple[World, list[User]]) -> None:
    """Nothing is erased without apply; with it, what was due, in every school."""
    world, (first, held, other) = stored_leavers
    support = world.auth.support(by="Robin")
    before = world.kinds()
    plan = support.erase_leavers(YEAR)
    assert plan == LeaversErasure((other.id, first.id), (held.id,)) or plan == LeaversErasure(
        (first.id, other.id), (held.id,)
    )
    assert world.kinds() == before
    done = support.erase_leavers(YEAR, apply=True)
    assert (done.due, done.held, done.erased) == (plan.due, plan.held, plan.due)
    gone = world.desk.get_user(first.id)
    assert (gone.status, gone.given_name, gone.email) == (Status.ERASED, "", None)
    assert world.desk.get_user(held.id).given_name == "Jess"
    event = world.desk.history(first.id, kinds=["user_erased"]).items[0]
    assert event.actor == "support:Robin"
    assert support.erase_leavers(YEAR, apply=True).due == ()
    assert world.teacher(email="a@hill.example.org").email is not None


def test_a_hold_that_is_lifted_makes_it_due(leavers: tuple[World, list[User]]) -> None:
    """A legal hold excludes an account for as long as it lasts."""
    world, (_, held, _) = leavers
    support = world.auth.support(by="Robin")
    support.set_legal_hold(held.id, False, reason="Case 12")
    assert held.id in support.erase_leavers(YEAR, apply=True).erased


@pytest.mark.parametrize("ends", ["comes back", "is held", "is gone"])
def test_who_is_not_due_any_more_is_spared(world: World, ends: str) -> None:
    """Between planning and erasing, somebody may come back, or be needed as evidence."""
    people = [world.teacher(family_name=f"Leaver{letter}") for letter in "ab"]
    for user in people:
        world.desk.deactivate(user.id)
    world.clock.advance(YEAR)
    support = world.auth.support(by="Robin")

    class Meanwhile:
        """A repository in which something happens to the second while the first is erased."""

        def __init__(self, users: Any) -> None:
            self._users = users
            self.happened = False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._users, name)

        def save(self, change: Any) -> None:
            self._users.save(change)
            if not self.happened:
                self.happened = True
                other = next(user for user in people if user.id != change.users[0].id)
                if ends == "comes back":
                    world.desk.reactivate(other.id)
                elif ends == "is held":
                    support.set_legal_hold(other.id, True, reason="Case 13")
                else:
                    world.desk.erase(other.id)

    from dataclasses import replace

    from schoolauth.service.support_desk import SupportDesk

    core = replace(world.auth._core, users=Meanwhile(world.users))
    report = SupportDesk(core, "support:Robin").erase_leavers(YEAR, apply=True)
    assert len(report.due) == 2
    assert len(report.erased) == (2 if ends == "is gone" else 1)


def test_progress_is_told(world: World) -> None:
    """Every hundred accounts, and at the end."""
    for number in range(101):
        user = world.desk.add_user(
            given_name="L", family_name="L", role=Role.STAFF, username=f"leaver{number}"
        )
        world.desk.deactivate(user.id)
    told: list[int] = []
    support = world.auth.support(by="Robin")
    support.erase_leavers(timedelta(0), progress=told.append)
    assert told == []
    support.erase_leavers(timedelta(0), apply=True, progress=told.append)
    assert told == [100, 101]


def test_every_school_is_looked_at(world: World) -> None:
    """More schools than a page of the directory has."""
    support = world.auth.support(by="Robin")
    for number in range(501):
        support.add_school(School(f"z{number}", "A School"))
    desk = support.manage("z500")
    user = desk.add_user(given_name="L", family_name="L", role=Role.STAFF)
    desk.deactivate(user.id)
    assert support.erase_leavers(timedelta(0)).due == (user.id,)


def test_bad_input(world: World) -> None:
    """Nothing is guessed of a call that cannot be taken back."""
    support = world.auth.support(by="Robin")
    wrong: list[tuple[Any, Any, type[Exception]]] = [
        (365, False, TypeError),
        (YEAR, "no", TypeError),
        (-YEAR, True, ValueError),
    ]
    for older_than, apply, error in wrong:
        with pytest.raises(error):
            support.erase_leavers(older_than, apply=apply)
    from dataclasses import replace

    from schoolauth.service.support_desk import SupportDesk

    core = replace(make_world().auth._core, schools=None)
    with pytest.raises(NotConfigured):
        SupportDesk(core, "support:x").erase_leavers(YEAR)
