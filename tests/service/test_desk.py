"""Whose desk it is, and what it may reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from schoolauth import (
    EmailTaken,
    LastAdmin,
    MisId,
    NotPermitted,
    Role,
    School,
    Status,
    User,
    UserManagement,
    UserNotFound,
)
from tests.service.world import PASSWORD, World

EMAIL = "jess@hill.example.org"


def other_school(world: World) -> UserManagement:
    support = world.auth.support(by="test")
    support.add_school(School("other", "Other School"))
    return support.manage("other")


CALLS: list[Callable[[UserManagement, User], object]] = [
    lambda desk, user: desk.get_user(user.id),
    lambda desk, user: desk.history(user.id),
    lambda desk, user: desk.edit_user(user.id, given_name="X"),
    lambda desk, user: desk.set_email(user.id, "x@hill.example.org"),
    lambda desk, user: desk.release_email(user.id),
    lambda desk, user: desk.set_password(user.id, PASSWORD),
    lambda desk, user: desk.send_create_password_email(user.id),
    lambda desk, user: desk.deactivate(user.id),
    lambda desk, user: desk.reactivate(user.id),
    lambda desk, user: desk.unlock(user.id),
    lambda desk, user: desk.erase(user.id),
]


CALL_NAMES = [
    "get",
    "history",
    "edit",
    "set_email",
    "release_email",
    "set_password",
    "send",
    "deactivate",
    "reactivate",
    "unlock",
    "erase",
]


def test_a_holder_in_another_school_is_not_named(world: World) -> None:
    """An admin does not learn who holds an address elsewhere."""
    other = other_school(world)
    other.add_user(given_name="Sam", family_name="Else", role=Role.TEACHER, email=EMAIL)
    with pytest.raises(EmailTaken) as caught:
        world.teacher(email=EMAIL)
    assert caught.value.details() == {"holder_username": None, "holder_status": None}
    assert "else" not in caught.value.message


@pytest.mark.parametrize("call", CALLS, ids=CALL_NAMES)
def test_another_schools_account_does_not_exist(
    world: World, call: Callable[[UserManagement, User], object]
) -> None:
    """Every call on a foreign account is UserNotFound and leaves its row alone (ASVS 8.4.1)."""
    foreign = other_school(world).add_user(
        given_name="Sam", family_name="Else", role=Role.TEACHER, email=EMAIL
    )
    with pytest.raises(UserNotFound):
        call(world.desk, foreign)
    assert world.users.find([foreign.id])[foreign.id] == foreign
    assert foreign.id not in {user.id for user in world.desk.search().items}


@pytest.mark.parametrize("call", CALLS, ids=CALL_NAMES)
def test_a_former_admin_does_nothing(
    world: World, call: Callable[[UserManagement, User], object]
) -> None:
    """The admin is read again at every call: a desk opened before is dead after (ASVS 8.3.2)."""
    teacher = world.teacher(email=EMAIL)
    second = world.teacher(family_name="Second", role=Role.ADMIN)
    desk = world.auth.manage(by=second.id)
    world.desk.edit_user(second.id, role=Role.TEACHER)
    actions: list[Callable[[], object]] = [
        lambda: call(desk, teacher),
        lambda: desk.search(),
        lambda: desk.history(),
        lambda: desk.add_user(given_name="A", family_name="B", role=Role.TEACHER),
        lambda: desk.plan_mapping([], source="sims"),
    ]
    for action in actions:
        with pytest.raises(NotPermitted):
            action()


def test_only_an_active_admin_opens_a_desk(world: World) -> None:
    """A teacher, an invited admin, nobody and rubbish are NotPermitted."""
    teacher = world.teacher()
    invited = world.teacher(None, family_name="Boss", role=Role.ADMIN)
    for by in (teacher.id, invited.id, "nobody", "no id!"):
        with pytest.raises(NotPermitted):
            world.auth.manage(by=by)
    assert world.auth.manage(by=str(world.admin.id)).school == world.school.code


def test_ones_own_account_is_self_service(world: World) -> None:
    """On their own account an admin cannot set the password or the address."""
    calls: list[Callable[[], object]] = [
        lambda: world.desk.set_password(world.admin.id, PASSWORD),
        lambda: world.desk.set_email(world.admin.id, EMAIL),
        lambda: world.desk.release_email(str(world.admin.id)),
    ]
    for call in calls:
        with pytest.raises(NotPermitted) as caught:
            call()
        assert caught.value.reason == "own_account"
    assert world.desk.edit_user(world.admin.id, given_name="Adele").given_name == "Adele"


def test_the_last_admin_stays(stored_world: World) -> None:
    """Not deactivated, demoted or erased, by anybody; a second one changes that."""
    world = stored_world
    support = world.auth.support(by="test").manage(world.school.code)
    for desk in (world.desk, support):
        calls: list[Callable[[], object]] = [
            partial(desk.deactivate, world.admin.id),
            partial(desk.edit_user, world.admin.id, role=Role.TEACHER),
            partial(desk.erase, world.admin.id),
        ]
        for call in calls:
            with pytest.raises(LastAdmin):
                call()
    world.teacher(family_name="Second", role=Role.ADMIN)
    assert support.deactivate(world.admin.id).status is Status.INACTIVE


def test_an_admin_may_leave_when_there_is_another(world: World) -> None:
    """Their own deactivation ends their desk."""
    world.teacher(family_name="Second", role=Role.ADMIN)
    world.desk.deactivate(world.admin.id)
    with pytest.raises(NotPermitted):
        world.desk.search()


def test_a_new_admin_is_told_to_all_admins(world: World) -> None:
    """All active admins with an address hear of it, also the one whose account did it."""
    second = world.teacher(family_name="Second", role=Role.ADMIN, email="second@hill.example.org")
    third = world.teacher(family_name="Third", email="third@hill.example.org")
    desk = world.auth.manage(by=second.id)
    world.outbox.clear()
    desk.edit_user(third.id, role=Role.ADMIN)
    both = {"admin@wg204nx.example.org", "second@hill.example.org"}
    assert {str(mail.to) for mail in world.outbox} == both
    desk.edit_user(third.id, given_name="Tess")
    world.desk.add_user(given_name="F", family_name="Fourth", role=Role.ADMIN)
    assert {str(mail.to) for mail in world.outbox[2:]} == both | {"third@hill.example.org"}


def test_another_schools_mis_id_is_refused(world: World) -> None:
    """An MIS id belongs to its school."""
    from schoolauth import SchoolCode

    with pytest.raises(NotPermitted):
        world.teacher(None, mis_id=MisId(SchoolCode.parse("other"), "sims", "1"))
