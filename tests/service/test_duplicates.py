"""Two accounts of one person: found, resolved as the help page says, and taken back."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest

from schoolauth import (
    LastAdmin,
    LoginRefused,
    MisId,
    NotPermitted,
    Refused,
    Role,
    RosterRow,
    School,
    SessionEnded,
    StaleUser,
    Status,
    TokenRefused,
    TransitionForbidden,
    Unavailable,
    User,
    UserNotFound,
)
from schoolauth.model.events import DuplicateResolved, DuplicateRestored
from tests.service.world import PASSWORD, World

EMAIL = "james@hill.example.org"


@pytest.fixture
def pair(world: World) -> tuple[World, User, User]:
    """The same in memory, for what does not depend on the store."""
    return doubled(world)


@pytest.fixture
def stored_pair(stored_world: World) -> tuple[World, User, User]:
    """Two accounts of James, on every store."""
    return doubled(stored_world)


def doubled(world: World) -> tuple[World, User, User]:
    """Make the account that James works with, and the one that a mapping made for him."""
    old = world.teacher()
    new = world.teacher(
        PASSWORD, email=EMAIL, mis_id=MisId(world.school.code, "sims", "17"), given_name="Jess"
    )
    assert str(new.username) == f"{old.username}.1"
    return world, old, new


def test_a_pair_is_found_with_its_reasons(pair: tuple[World, User, User]) -> None:
    """The suffix and the name tell, and the verdict is one person (FAQ)."""
    world, old, new = pair
    (group,) = world.desk.find_duplicates()
    assert [user.id for user in group.users] == [old.id, new.id]
    assert (group.reasons, group.verdict) == (("same_name", "username_suffix"), "one_person")


def test_the_second_is_retired_in_favour_of_the_first(
    stored_pair: tuple[World, User, User],
) -> None:
    """The FAQ's five steps at once: inactive, no address, which the first one has now."""
    world, old, new = stored_pair
    session = world.log_in(new).session
    kept_session = world.log_in(old).session
    world.auth.request_password_reset(EMAIL)
    link = world.token("password_reset")
    kept = world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    assert kept == world.desk.get_user(old.id)
    assert (str(kept.email), str(kept.mis_id)) == (EMAIL, "wg204nx:sims:17")
    retired = world.desk.get_user(new.id)
    assert (retired.status, retired.email, retired.mis_id) == (Status.INACTIVE, None, None)
    assert retired.superseded_by == old.id
    for dead in (session, kept_session):
        with pytest.raises(SessionEnded):
            world.auth.resume(dead)
    with pytest.raises(LoginRefused):
        world.log_in(new)
    with pytest.raises(TokenRefused):
        world.auth.reset_password(link, "Blackboard8")
    assert world.auth.log_in(EMAIL, PASSWORD).user.id == old.id
    assert str(world.mail("email_changed").to) == EMAIL
    event = world.desk.history(new.id, kinds=["duplicate_resolved"]).items[0]
    assert isinstance(event, DuplicateResolved)
    assert (event.kept, event.old, event.moved) == (old.id.key, "active", ("email", "mis_id"))
    assert EMAIL not in str(event.to_record())
    assert [group.verdict for group in world.desk.find_duplicates()] == ["resolved"]


def test_the_next_staff_list_finds_the_kept_account(pair: tuple[World, User, User]) -> None:
    """The MIS id went along, so the list that made the second account makes no third."""
    world, old, new = pair
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    row = RosterRow("17", "Jess", "James", email=EMAIL)
    (item,) = world.desk.plan_mapping([row], source="sims").items
    assert (item.kind, item.user_id) == ("matched", old.id)


def test_undone_everything_is_where_it_was(stored_pair: tuple[World, User, User]) -> None:
    """Status, address and MIS id come back; both sign in with their passwords again."""
    world, old, new = stored_pair
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    restored = world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert restored == world.desk.get_user(new.id)
    assert (restored.status, str(restored.email)) == (Status.ACTIVE, EMAIL)
    assert (str(restored.mis_id), restored.superseded_by) == ("wg204nx:sims:17", None)
    kept = world.desk.get_user(old.id)
    assert (kept.email, kept.mis_id, kept.status) == (None, None, Status.ACTIVE)
    assert world.log_in(new).user.id == new.id
    assert world.log_in(old).user.id == old.id
    event = world.desk.history(new.id, kinds=["duplicate_restored"]).items[0]
    assert isinstance(event, DuplicateRestored)
    assert (event.kept, event.moved) == (old.id.key, ("email", "mis_id"))
    with pytest.raises(TransitionForbidden):
        world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert world.desk.resolve_duplicate(keep=new.id, retire=old.id).email is not None


def test_both_have_an_address(world: World) -> None:
    """The kept one keeps its own; the other's is released, told, and does not come back."""
    old = world.teacher(email="old@hill.example.org")
    new = world.teacher(email="new@hill.example.org")
    kept = world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    assert str(kept.email) == "old@hill.example.org"
    assert str(world.mail("email_changed").to) == "new@hill.example.org"
    world.teacher(family_name="Other", email="new@hill.example.org")
    restored = world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert (restored.status, restored.email) == (Status.ACTIVE, None)
    assert str(world.desk.get_user(old.id).email) == "old@hill.example.org"


def test_the_address_need_not_move(world: World) -> None:
    """With move_email=False it is only released."""
    old, new = world.teacher(), world.teacher(email=EMAIL)
    assert world.desk.resolve_duplicate(keep=old.id, retire=new.id, move_email=False).email is None
    assert world.desk.set_email(old.id, EMAIL).email is not None


def test_an_address_that_was_changed_since_stays(world: World) -> None:
    """Undoing does not take from the kept account what it got later."""
    old, new = world.teacher(), world.teacher(email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    world.desk.set_email(old.id, "later@hill.example.org")
    assert world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id).email is None
    assert str(world.desk.get_user(old.id).email) == "later@hill.example.org"


def test_an_address_that_the_retired_one_got_since_stays(world: World) -> None:
    """Undoing takes no newer address away, from either, and tells nobody that it did."""
    old, new = world.teacher(), world.teacher(email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    world.desk.set_email(new.id, "later@hill.example.org")
    world.outbox.clear()
    restored = world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert str(restored.email) == "later@hill.example.org"
    assert str(world.desk.get_user(old.id).email) == EMAIL
    assert world.outbox == []


def test_an_id_that_was_changed_since_stays(world: World) -> None:
    """A list of the new MIS gave the kept account another id: undoing does not take that away."""
    old = world.teacher()
    new = world.teacher(mis_id=MisId(world.school.code, "sims", "17"), email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    row = RosterRow("A1", "Jess", "James", email=EMAIL)
    plan = world.desk.plan_mapping([row], source="arbor", rekey=True)
    world.desk.apply_mapping(plan)
    restored = world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert (restored.mis_id, str(restored.email)) == (None, EMAIL)
    assert str(world.desk.get_user(old.id).mis_id) == "wg204nx:arbor:A1"


def test_an_inactive_duplicate_that_holds_the_address(world: World) -> None:
    """The FAQ's third case: found among the inactive; undone, it is inactive again."""
    old, new = world.teacher(email=EMAIL), world.teacher()
    world.desk.deactivate(old.id)
    kept = world.desk.resolve_duplicate(keep=new.id, retire=old.id)
    assert str(kept.email) == EMAIL
    restored = world.desk.undo_resolve_duplicate(keep=new.id, retire=old.id)
    assert (restored.status, str(restored.email)) == (Status.INACTIVE, EMAIL)


def test_an_invited_duplicate_is_invited_again(world: World) -> None:
    """Undone, an account without a password is INVITED."""
    old, new = world.teacher(), world.teacher(None, email=EMAIL)
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    restored = world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)
    assert restored.status is Status.INVITED


@pytest.mark.parametrize("call", ["resolve_duplicate", "undo_resolve_duplicate"])
def test_who_can_be_resolved(world: World, call: str) -> None:
    """Two accounts of this school, the kept one standing; wrong types are told at once."""
    old, new = world.teacher(), world.teacher()
    support = world.auth.support(by="x")
    support.add_school(School("mill", "Mill"))
    foreign = support.manage("mill").add_user(given_name="A", family_name="B", role=Role.TEACHER)
    act: Any = getattr(world.desk, call)
    with pytest.raises(ValueError, match="two accounts"):
        act(keep=old.id, retire=old.id)
    for keep, retire in ((foreign.id, new.id), (new.id, foreign.id), ("nobody", new.id)):
        with pytest.raises(UserNotFound):
            act(keep=keep, retire=retire)
    with pytest.raises(TypeError):
        act(keep=old.id, retire=None)
    gone = world.desk.erase(world.teacher().id)
    with pytest.raises(TransitionForbidden):
        act(keep=old.id, retire=gone.id)
    world.desk.deactivate(old.id)
    with pytest.raises(TransitionForbidden):
        act(keep=old.id, retire=new.id)


def test_what_was_not_resolved_cannot_be_undone(world: World) -> None:
    """Neither two strangers, nor a pair the other way round, nor one that was woken since."""
    old, new = world.teacher(), world.teacher()
    world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    with pytest.raises(TransitionForbidden):
        world.desk.resolve_duplicate(keep=old.id, retire=new.id)
    with pytest.raises(TransitionForbidden):
        world.desk.undo_resolve_duplicate(keep=new.id, retire=old.id)
    world.desk.reactivate(new.id)
    with pytest.raises(TransitionForbidden):
        world.desk.undo_resolve_duplicate(keep=old.id, retire=new.id)


def test_the_newest_resolution_is_the_one_that_is_undone(world: World) -> None:
    """Retired in favour of another one since, it is no longer that of the first."""
    one, two, gone = world.teacher(), world.teacher(), world.teacher(email=EMAIL)
    for keep in (one, two):
        world.desk.resolve_duplicate(keep=keep.id, retire=gone.id)
        if keep is one:
            world.desk.undo_resolve_duplicate(keep=one.id, retire=gone.id)
    with pytest.raises(TransitionForbidden):
        world.desk.undo_resolve_duplicate(keep=one.id, retire=gone.id)
    assert str(world.desk.undo_resolve_duplicate(keep=two.id, retire=gone.id).email) == EMAIL


def test_ones_own_account(world: World) -> None:
    """No admin moves an address to themselves, retires themselves, or undoes about themselves."""
    own = world.admin.id
    world.auth.support(by="x").manage("wg204nx").release_email(own)
    second = world.teacher(email=EMAIL)
    with pytest.raises(NotPermitted):
        world.desk.resolve_duplicate(keep=own, retire=second.id)
    with pytest.raises(NotPermitted):
        world.desk.resolve_duplicate(keep=second.id, retire=own)
    assert world.desk.get_user(second.id).email is not None
    world.desk.resolve_duplicate(keep=own, retire=second.id, move_email=False)
    for keep, retire in ((own, second.id), (second.id, own)):
        with pytest.raises(NotPermitted):
            world.desk.undo_resolve_duplicate(keep=keep, retire=retire)
    with pytest.raises(TypeError):
        world.desk.resolve_duplicate(keep=own, retire=second.id, move_email="no")  # type: ignore[arg-type] # on purpose


def test_the_last_admin_is_no_duplicate(world: World) -> None:
    """The support desk cannot retire the only admin either; with another one it can."""
    teacher = world.teacher()
    desk = world.auth.support(by="x").manage("wg204nx")
    with pytest.raises(LastAdmin):
        desk.resolve_duplicate(keep=teacher.id, retire=world.admin.id)
    other = world.desk.add_user(given_name="B", family_name="B", role=Role.ADMIN)
    desk.set_password(other.id, PASSWORD, must_change=False)
    assert desk.resolve_duplicate(keep=other.id, retire=world.admin.id).is_active_admin


def test_two_desks_retire_each_other_at_once(stored_world: World) -> None:
    """Of two opposite resolutions one wins, and one of the two accounts stands."""
    world = stored_world
    one, other = world.teacher(), world.teacher()
    barrier = Barrier(2)
    refused: list[Exception] = []

    def resolve(keep: User, retire: User) -> None:
        desk = world.auth.support(by="x").manage("wg204nx")
        barrier.wait()
        try:
            desk.resolve_duplicate(keep=keep.id, retire=retire.id)
        except (Refused, Unavailable) as error:
            refused.append(error)

    threads = [Thread(target=resolve, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert isinstance(refused[0], TransitionForbidden | StaleUser)
    statuses = {world.desk.get_user(user.id).status for user in (one, other)}
    assert statuses == {Status.ACTIVE, Status.INACTIVE}


def test_accounts_that_once_had_the_same_mis_id(world: World) -> None:
    """The day the ids were new left a trace: an old list's second account is found by it."""
    first = [RosterRow("1", "Ann", "Oak", email="ann@hill.example.org")]
    world.desk.apply_mapping(world.desk.plan_mapping(first, source="sims"))
    renewed = [RosterRow("A1", "Ann", "Ash", email="ann@hill.example.org")]
    plan = world.desk.plan_mapping(renewed, source="arbor", rekey=True)
    world.desk.apply_mapping(plan)
    again = [RosterRow("1", "Annie", "Oak")]
    report = world.desk.apply_mapping(world.desk.plan_mapping(again, source="sims"))
    (group,) = world.desk.find_duplicates()
    assert (group.reasons, group.verdict) == (("same_mis_id", "username_suffix"), "one_person")
    assert report.added[0] in {user.id for user in group.users}
