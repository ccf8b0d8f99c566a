"""The edges of duplicates: old ids, other people's records, and who is told of an undo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schoolauth import (
    Change,
    LoginRefused,
    MisId,
    NotPermitted,
    PasswordRejected,
    Role,
    RosterRow,
    SchoolAuth,
    User,
)
from schoolauth.model.events import UserAdded
from schoolauth.ports import Store
from tests.service.world import HASHER, LINKS, PASSWORD, World, make_world

EMAIL = "james@hill.example.org"


def mis(world: World, number: str) -> MisId:
    return MisId(world.school.code, "sims", number)


def group_of(world: World, user: User) -> tuple[str, ...]:
    """Return why an account is in a group."""
    return next(
        (group.reasons for group in world.desk.find_duplicates() if user in group.users), ()
    )


def test_only_an_active_admin_looks_for_duplicates(world: World) -> None:
    """A desk is not kept by somebody who has left."""
    boss = world.desk.add_user(given_name="B", family_name="Boss", role=Role.ADMIN)
    world.desk.set_password(boss.id, PASSWORD, must_change=False)
    desk = world.auth.manage(by=boss.id)
    world.desk.deactivate(boss.id)
    with pytest.raises(NotPermitted):
        desk.find_duplicates()


def test_an_id_that_came_by_a_list_and_went_again_is_remembered(world: World) -> None:
    """The account that once had it, and the one that a list made of it later, are one person's."""
    first = world.teacher(email=EMAIL)
    for number in ("9", "8"):
        row = RosterRow(number, "Jess", "James", EMAIL)
        world.desk.apply_mapping(world.desk.plan_mapping([row], source="sims", rekey=True))
    row = RosterRow("9", "Maria", "Curie")
    report = world.desk.apply_mapping(world.desk.plan_mapping([row], source="sims"))
    assert str(mis(world, "8")) == str(world.desk.get_user(first.id).mis_id)
    second = world.desk.get_user(report.added[0])
    assert group_of(world, second) == ("same_mis_id",)


def test_an_id_that_no_event_tells_of_counts(world: World) -> None:
    """Accounts that were there before events had digests are compared by what they have."""
    first = world.teacher(email=EMAIL)
    for number in ("9", "8"):
        row = RosterRow(number, "Jess", "James", EMAIL)
        world.desk.apply_mapping(world.desk.plan_mapping([row], source="sims", rekey=True))
    other = world.teacher(given_name="Maria", family_name="Curie")
    event = UserAdded(at=world.clock.now(), school=other.school, user=other.id)
    other = replace(other, mis_id=mis(world, "9"))
    world.users.save(Change([other], [event]))
    assert group_of(world, world.desk.get_user(first.id)) == ("same_mis_id",)


def test_whoever_gets_an_address_back_is_told(world: World) -> None:
    """A mail to the address that leaves the kept account, and none where no address moves."""
    old, new = world.teacher(), world.teacher(email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    world.outbox.clear()
    world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    (mail,) = (mail for mail in world.outbox if mail.kind == "email_changed")
    assert (str(mail.to), mail.user) == (EMAIL, old.id)
    bare = world.teacher()
    world.desk.resolve_duplicate(keep=old.id, retire=bare.id)
    world.outbox.clear()
    world.desk.undo_resolve_duplicate(keep=old.id, retire=bare.id)
    assert list(world.outbox) == []


def test_an_undo_outlives_a_rotation_of_the_key() -> None:
    """What stands for the address was made by the old key, and is known by it."""
    old_key, new_key = "an old key for tests, not a secret!!", "a new key for tests, not a secret!!"
    world = make_world(secret_key=old_key)
    old, new = world.teacher(), world.teacher(email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    auth = SchoolAuth(
        Store(world.users, world.schools),
        secret_key=new_key,
        old_secret_keys=[old_key],
        mailer=world.outbox,
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
    )
    desk = auth.manage(by=world.admin.id)
    assert str(desk.undo_resolve_duplicate(keep=old.id, retire=new.id).email) == EMAIL


def test_an_undo_reads_the_record_of_its_own_account(world: World) -> None:
    """Another one that was retired in favour of the same says nothing of this one."""
    old, new, bare = world.teacher(), world.teacher(email=EMAIL), world.teacher()
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    world.desk.resolve_duplicate(keep=old.id, retire=bare.id)
    assert str(world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id).email) == EMAIL


def test_the_desks_own_admin_must_still_stand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever retires another admin is held to be one when it is written."""
    boss = world.desk.add_user(
        given_name="B", family_name="Boss", role=Role.ADMIN, username="a_boss"
    )
    other = world.desk.add_user(
        given_name="O", family_name="Other", role=Role.ADMIN, username="a_other"
    )
    for user in (boss, other):
        world.desk.set_password(user.id, PASSWORD, must_change=False)
    teacher, saved, save = world.teacher(), [], world.users.save

    def keep(change: Change) -> None:
        saved.append(change)
        save(change)

    monkeypatch.setattr(world.users, "save", keep)
    world.desk.resolve_duplicate(keep=teacher.id, retire=other.id)
    assert [user.id for user in saved[0].unchanged] == [world.admin.id]


def test_flags_and_names_are_what_they_should_be(world: World) -> None:
    """The error says which of them is not."""
    old, new = world.teacher(), world.teacher()
    with pytest.raises(TypeError, match=r"^move_email must be"):
        world.desk.resolve_duplicate(keep=old.id, retire=new.id, move_email="no")  # type: ignore[arg-type] # on purpose
    with pytest.raises(TypeError, match=r"^identifier must be"):
        world.desk.diagnose(7)  # type: ignore[arg-type] # on purpose


def test_a_diagnosis_is_of_one_account(world: World) -> None:
    """Another's history explains nothing, and father and son are no duplicates."""
    jess = world.teacher(mis_id=mis(world, "1"), email=EMAIL)
    son = world.teacher(mis_id=mis(world, "2"))
    with pytest.raises(PasswordRejected):
        world.auth.change_password(son.id, current=PASSWORD, new="short7")
    with pytest.raises(LoginRefused):
        world.log_in(son, "Wrong12345")
    assert [one.code for one in world.desk.diagnose(str(jess.username)).findings] == [
        "nothing_found"
    ]
