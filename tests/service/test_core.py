"""What every service shares: odd stores, odd ids, and running out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schoolauth import (
    Change,
    ContractBroken,
    LoginRefused,
    PasswordRejected,
    Role,
    SchoolAuth,
    StaleUser,
    User,
    UserId,
    UserKey,
    Username,
    UsernameTaken,
    UserNotFound,
    UserRepository,
)
from schoolauth.model.change import Decision
from schoolauth.ports import Store
from schoolauth.rules.accounts import end_sessions
from schoolauth.service.core import EpochSource
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import a_school
from tests.service.world import HASHER, KEY, PASSWORD, World, make_world


class Altered:
    """A store whose one method is replaced once it is armed."""

    def __init__(self, users: UserRepository) -> None:
        self._users = users
        self._altered: dict[str, Callable[..., Any]] = {}

    def arm(self, **altered: Callable[..., Any]) -> None:
        self._altered = altered

    def __getattr__(self, name: str) -> Any:
        return self._altered.get(name) or getattr(self._users, name)


@pytest.fixture
def altered() -> tuple[World, Altered]:
    """A school on a store that can be altered."""
    inner = MemoryUserRepository()
    users = Altered(inner)
    return make_world(users, MemorySchoolDirectory(inner)), users


def test_an_answer_about_somebody_else_is_a_broken_contract(
    altered: tuple[World, Altered],
) -> None:
    """A store that mixes accounts up signs nobody in: the developer is told."""
    world, users = altered
    session = world.log_in(world.teacher()).session
    users.arm(find=lambda keys: dict.fromkeys(keys, world.admin))
    with pytest.raises(ContractBroken):
        world.auth.resume(session)


def test_names_are_suggested_past_the_first_twenty(world: World) -> None:
    """The next free number is found however many there are."""
    for number in range(25):
        world.teacher(None, username=f"wg204nx_smith.{number}" if number else "wg204nx_smith")
    assert str(world.teacher(None, family_name="Smith").username) == "wg204nx_smith.25"


def test_running_out_of_suggestions_is_a_refusal(altered: tuple[World, Altered]) -> None:
    """Ten thousand people of one name: the username has to be given."""
    world, users = altered

    def everything_is_taken(keys: Collection[UserKey]) -> Mapping[UserKey, User]:
        names = {key: world.admin for key in keys if isinstance(key, Username)}
        return names | dict(world.users._users.find(keys))  # type: ignore[attr-defined] # the inner

    users.arm(find=everything_is_taken)
    with pytest.raises(UsernameTaken):
        world.teacher(None, family_name="Smith")


def test_a_password_changed_between_verifying_and_saving(
    altered: tuple[World, Altered],
) -> None:
    """Whoever proved an old password cannot choose the new one any more."""
    world, users = altered
    teacher = world.teacher()
    real = world.users._users  # type: ignore[attr-defined] # the inner store
    asked: list[int] = []

    def moved_on(keys: Collection[UserKey]) -> Mapping[UserKey, User]:
        asked.append(1)
        found = dict(real.find(keys))
        if len(asked) > 1:
            found = {key: replace(user, epoch=user.epoch + 1) for key, user in found.items()}
        return found

    users.arm(find=moved_on)
    with pytest.raises(LoginRefused):
        world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    users.arm()
    assert world.log_in(teacher)


def test_ids_are_made_by_the_host_or_at_random() -> None:
    """A maker may give text or ids; without one, ids are 32 random hexadecimal digits."""
    made: Iterator[UserId | str] = iter(["one", UserId.parse("two")])
    world = make_world(new_id=lambda: next(made))
    assert str(world.teacher(None).id) == "two"
    users = MemoryUserRepository()
    auth = SchoolAuth(
        Store(users, MemorySchoolDirectory(users)),
        secret_key=KEY,
        hasher=HASHER,
    )
    _, admin, desk = a_school(auth)
    other = desk.add_user(given_name="A", family_name="B", role=Role.TEACHER)
    assert len({str(admin.id), str(other.id)}) == 2
    assert len(bytes.fromhex(str(other.id))) == 16


def test_an_epoch_is_the_time_in_milliseconds_and_never_one_twice() -> None:
    """Also while the clock stands, or is set back; so a restart begins behind every earlier one."""
    source, at = EpochSource(), datetime(2026, 9, 1, 12, 0, 0, 123_999, tzinfo=UTC)
    first = 1_788_264_000_123
    assert [source.next(at), source.next(at)] == [first, first + 1]
    assert source.next(at - timedelta(days=1)) == first + 2
    assert source.next(at + timedelta(milliseconds=2)) == first + 3
    assert source.next(at + timedelta(milliseconds=9)) == first + 9


def test_epochs_strictly_increase_while_the_clock_stands(world: World) -> None:
    """No credential epoch is issued twice in a process, so no link is ever good by chance."""
    teacher = world.teacher()
    seen = [teacher.epoch]
    for _ in range(5):
        world.auth.end_sessions(teacher.id)
        seen.append(world.desk.get_user(teacher.id).epoch)
    assert seen == sorted(set(seen))


def test_a_decision_is_made_again_when_the_account_changed(
    altered: tuple[World, Altered],
) -> None:
    """An edit that meets another edit is decided on what is there now, and both stand."""
    world, users = altered
    teacher = world.teacher()
    real = world.users._users  # type: ignore[attr-defined] # the inner store

    def overtaken(change: Change) -> None:
        users.arm()
        world.auth.support(by="x").manage("wg204nx").edit_user(teacher.id, family_name="Other")
        real.save(change)

    users.arm(save=overtaken)
    assert world.desk.edit_user(teacher.id, given_name="Jessica").full_name == "Jessica Other"


def test_a_school_of_more_than_one_page_is_read_whole(world: World) -> None:
    """Everybody of a big school is looked at when a list is mapped."""
    from schoolauth import RosterRow

    rows = [RosterRow(str(n), "Given", f"Family{n}") for n in range(600)]
    world.desk.apply_mapping(world.desk.plan_mapping(rows, source="sims"))
    again = world.desk.plan_mapping([RosterRow(None, "Given", "Family599")], source="sims")
    assert again.items[0].kind == "may_match"


def test_a_change_is_tried_eight_times(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the store's own word stands: somebody else is faster each time."""
    user, tried = world.teacher(), []

    def stale(change: Change) -> None:
        tried.append(change)
        raise StaleUser(change.users[0].id.key)

    monkeypatch.setattr(world.users, "save", stale)
    with pytest.raises(StaleUser):
        world.desk.set_email(user.id, "jess@hill.example.org")
    assert len(tried) == 8


def test_within_a_host_s_transaction_there_is_one_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read there stays as it was read, so another try would end like the first."""
    user, tried = world.teacher(), []

    def stale(change: Change) -> None:
        tried.append(change)
        raise StaleUser(user.id.key)

    def decide() -> Decision[None]:
        return Decision(end_sessions(user, world.auth._core.stamp()), None)

    monkeypatch.setattr(world.users, "save", stale)
    with pytest.raises(StaleUser):
        replace(world.auth._core, joined=True).settle(decide)
    assert len(tried) == 1


def test_a_refused_password_is_told_with_who_chose_it(world: World) -> None:
    """Its owner, or the desk that set it."""
    user = world.teacher()
    with pytest.raises(PasswordRejected):
        world.auth.change_password(user.id, current=PASSWORD, new="short7")
    with pytest.raises(PasswordRejected):
        world.desk.set_password(user.id, "short7")
    events = world.desk.history(user.id, kinds=["password_refused"]).items
    assert [event.actor for event in events] == [f"user:{world.admin.id}", f"user:{user.id}"]


@pytest.mark.parametrize("value", ["", "a b", "x" * 65])
def test_an_id_that_can_be_nobodys_is_not_found(world: World, value: Any) -> None:
    """Before the store is asked, and without saying why."""
    with pytest.raises(UserNotFound) as caught:
        world.auth._core.user_id(value)
    assert caught.value.__context__ is None
    assert world.auth._core.user_id("u1") == UserId.parse("u1")
