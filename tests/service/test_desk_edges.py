"""The desk at its bounds: pages, texts, lists of nobody, and leavers who come back meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schoolauth import (
    Change,
    EmailAddress,
    EmailTaken,
    NameInvalid,
    NotPermitted,
    Role,
    RosterRow,
    School,
    User,
)
from schoolauth.model.events import MetElsewhere
from schoolauth.service import retention
from schoolauth.tokens import Tokens
from tests.service.world import KEY, World

EMAIL = "jess@hill.example.org"


def watched(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """Return the changes that are saved from now on."""
    saved, save = [], world.users.save

    def keep(change: Change) -> None:
        saved.append(change)
        save(change)

    monkeypatch.setattr(world.users, "save", keep)
    return saved


def test_a_page_is_fifty_unless_said_otherwise(world: World) -> None:
    """Of accounts and of events; *limit* says otherwise, and *has_email* narrows it."""
    for number in range(55):
        world.teacher(None, family_name=f"Person{number}")
    assert len(world.desk.search().items) == len(world.desk.history().items) == 50
    assert len(world.desk.search(limit=3).items) == len(world.desk.history(limit=3).items) == 3
    assert [user.id for user in world.desk.search(has_email=True).items] == [world.admin.id]
    assert world.admin not in world.desk.search(has_email=False, limit=500).items


def test_two_hundred_characters_are_searched(world: World) -> None:
    """One more is no search any more."""
    assert world.desk.search("x" * 200).items == ()
    with pytest.raises(NameInvalid) as caught:
        world.desk.search("x" * 201)
    assert (caught.value.field, caught.value.reason) == ("text", "too_long")


def test_the_desk_of_a_school_is_not_taken_along_to_another(world: World) -> None:
    """Who is moved, and made admin there, has no desk of the old school any more."""
    other = world.teacher(role=Role.ADMIN)
    desk, support = world.auth.manage(other.id), world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    support.move_user(other.id, "mill")
    support.manage("mill").edit_user(other.id, role=Role.ADMIN)
    assert world.auth.manage(other.id).school.key == "mill"
    with pytest.raises(NotPermitted):
        desk.search()


def test_the_last_admin_may_be_given_another_name(world: World) -> None:
    """Nobody else has to stand for what takes no admin away, whoever does it."""
    mill = world.auth.support(by="Robin").manage(world.school.code)
    assert mill.edit_user(world.admin.id, given_name="Adele").given_name == "Adele"


def test_a_school_without_an_admin_can_still_be_tidied(world: World) -> None:
    """The last admin is guarded against leaving, and nobody else against the lack of one."""
    support = world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    mill = support.manage("mill")
    teacher = mill.add_user(given_name="Mo", family_name="Mill", role=Role.TEACHER)
    duplicate = mill.add_user(given_name="Mo", family_name="Mill", role=Role.TEACHER)
    assert mill.resolve_duplicate(keep=teacher.id, retire=duplicate.id).id == teacher.id
    assert mill.deactivate(teacher.id).status == "inactive"


@pytest.mark.parametrize("field", ["given_name", "family_name"])
def test_a_name_that_cannot_be_used_is_said_to_be_which(world: World, field: str) -> None:
    """The form shows the error beside the box that it is about, and nothing is changed."""
    user = world.teacher()
    with pytest.raises(NameInvalid) as caught:
        world.desk.edit_user(user.id, **{field: " "})  # type: ignore[arg-type] # one of the names
    assert (caught.value.field, world.desk.get_user(user.id)) == (field, user)


def test_the_list_of_a_school_without_accounts_is_planned(world: World) -> None:
    """Nothing is taken there, and the first person is new."""
    support = world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    made = support.manage("mill").plan_mapping([RosterRow("1", "Ann", "Oak")], source="sims")
    assert [(item.kind, item.username) for item in made.items] == [("new", "mill_oak")]


def test_only_keys_of_other_schools_are_met_elsewhere(world: World) -> None:
    """Not those of one's own accounts, and each once a day, however often the list is planned."""
    world.teacher(email=EMAIL)
    support = world.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    support.manage("mill").add_user(
        given_name="Mo", family_name="Mill", role=Role.STAFF, email="mo@mill.example.org"
    )
    own = RosterRow(None, "Jess", "James", EMAIL)
    world.desk.plan_mapping([own], source="sims")
    assert world.desk.history(kinds=["met_elsewhere"]).items == ()
    rows = [own, RosterRow(None, "Mo", "Mill", "mo@mill.example.org")]
    for hours, met in ((0, 1), (1, 1), (22, 1), (2, 2)):
        world.clock.advance(hours=hours)
        world.desk.plan_mapping(rows, source="sims")
        assert len(world.desk.history(kinds=["met_elsewhere"]).items) == met
    (event,) = world.desk.history(kinds=["met_elsewhere"], limit=1).items
    digest = Tokens(KEY).digest("elsewhere:mo@mill.example.org")  # other versions count it too
    assert isinstance(event, MetElsewhere)
    assert event.digests == (digest,)


def test_whoever_applies_a_list_must_still_be_an_admin(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk's admin, or another one if it is the list that changes the desk's."""
    saved = watched(world, monkeypatch)
    made = world.desk.plan_mapping([RosterRow("1", "Ann", "Oak")], source="sims")
    world.desk.apply_mapping(made)
    assert [user.id for user in saved[-1].unchanged] == [world.admin.id]
    row = RosterRow("2", "Adam", "Admin", "admin@wg204nx.example.org")
    world.desk.apply_mapping(world.desk.plan_mapping([row], source="sims"))
    assert saved[-1].unchanged == ()
    assert world.desk.get_user(world.admin.id).given_name == "Adam"


def test_flags_of_lists_and_erasures_are_named(world: World) -> None:
    """The error says which of them is no flag, and what is no span of time."""
    with pytest.raises(TypeError, match=r"^has_email must be"):
        world.desk.search(has_email="no")  # type: ignore[arg-type] # on purpose
    with pytest.raises(TypeError, match=r"^text must be str"):
        world.desk.search(7)  # type: ignore[arg-type] # on purpose
    with pytest.raises(TypeError, match=r"^rekey must be"):
        world.desk.plan_mapping([], source="sims", rekey="no")  # type: ignore[arg-type] # on purpose
    support = world.auth.support(by="Robin")
    with pytest.raises(TypeError, match=r"^apply must be"):
        support.erase_leavers(timedelta(0), apply="no")  # type: ignore[arg-type] # on purpose
    with pytest.raises(TypeError, match="older_than must be a timedelta"):
        support.erase_leavers(365)  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match=r"^older_than must not be less than nothing$"):
        support.erase_leavers(timedelta(microseconds=-1))


def test_an_address_that_is_free_again_has_no_holder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had it when it was saved may have let it go before anybody could be named."""
    user = world.teacher()

    def taken(_: Change) -> None:
        raise EmailTaken(EmailAddress.parse(EMAIL))

    monkeypatch.setattr(world.users, "save", taken)
    with pytest.raises(EmailTaken) as caught:
        world.desk.set_email(user.id, EMAIL)
    assert caught.value.holder_username is None


def left(world: World) -> User:
    user = world.teacher(None)
    world.desk.deactivate(user.id)
    return user


@pytest.mark.parametrize("leaves_again", [False, True])
def test_who_came_back_is_not_erased_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch, leaves_again: bool
) -> None:
    """Nor whoever has left again since: a year is counted from the last time."""
    user, older_than = left(world), timedelta(days=365 if leaves_again else 0)
    world.clock.advance(days=400)
    support = world.auth.support(by="Robin")
    every = type(support)._inactive_since

    def meanwhile(self: retention.Retention, before: object) -> list[User]:
        found = list(every(self, before))  # type: ignore[arg-type] # handed through
        world.desk.reactivate(user.id)
        if leaves_again:
            world.desk.deactivate(user.id)
        return found

    monkeypatch.setattr(retention.Retention, "_inactive_since", meanwhile)
    report = support.erase_leavers(older_than, apply=True)
    assert (report.due, report.erased) == ((user.id,), ())
    assert world.desk.get_user(user.id).given_name == "Jess"


def test_nobody_has_to_watch_an_erasure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without *progress* the hundredth account is erased like the first."""
    monkeypatch.setattr(retention, "_EVERY", 1)
    user = left(world)
    support = world.auth.support(by="Robin")
    assert support.erase_leavers(timedelta(0), apply=True).erased == (user.id,)
    assert world.desk.search(roles=[Role.TEACHER]).items == ()
