"""Random changes, on each SQL store and in memory: both must say and keep the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from schoolauth.errors import EmailTaken, MisIdTaken, SchoolAuthError, StaleUser, UsernameTaken
from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from tests.databases import SQL_STORES, Databases
from tests.storage.people import HILL, MILL, a_user, edited

# few values, so that keys collide, move and come back
IDS = [UserId.parse(text) for text in ("i1", "i2", "I1", "i3")]
USERNAMES = [Username.parse(text) for text in ("ann", "ben", "cat", "dän")]
EMAILS = [None, *(EmailAddress.parse(f"{text}@x.example") for text in ("a", "b", "c"))]
MIS_IDS = [None, MisId(HILL, "sims", "1"), MisId(HILL, "sims", "A")]
KEYS: list[UserKey] = [*IDS, *USERNAMES, *filter(None, EMAILS), *filter(None, MIS_IDS)]


@dataclass(frozen=True)
class Wish:
    """What one account shall be, and how far its version is from the stored one."""

    id: UserId
    username: Username
    email: EmailAddress | None
    mis_id: MisId | None
    role: Role
    off: int

    def user(self, stored: User | None) -> User:
        return a_user(
            self.id.key,
            username=self.username,
            email=None if self.email is None else str(self.email),
            mis_id=self.mis_id,
            role=self.role,
            school=MILL if self.role is Role.SLT else HILL,
            version=max(0, (stored.version if stored else 0) + self.off),
        )


WISHES = st.builds(
    Wish,
    id=st.sampled_from(IDS),
    username=st.sampled_from(USERNAMES),
    email=st.sampled_from(EMAILS),
    mis_id=st.sampled_from(MIS_IDS),
    role=st.sampled_from([Role.TEACHER, Role.SLT]),
    off=st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1]),
)


def outcome(users: UserRepository, change: Change) -> str:
    """Return what became of *change*; which of several taken keys is told is the store's choice."""
    try:
        users.save(change)
    except StaleUser:
        return "stale"
    except (EmailTaken, UsernameTaken, MisIdTaken) as error:
        assert_context_free(error)
        return "taken"
    return "saved"


def assert_context_free(error: SchoolAuthError) -> None:
    assert error.__cause__ is error.__context__ is None


class Twins(RuleBasedStateMachine):
    """The same calls on a SQL store and on the reference."""

    databases: ClassVar[Databases]
    store: ClassVar[str]

    @initialize()
    def empty(self) -> None:
        self.users = self.databases.stock(self.store).users
        self.model = MemoryUserRepository()
        self.count = 0

    def save(self, people: list[User], unchanged: list[User], events: int) -> None:
        numbers = range(self.count, self.count + events)
        self.count += events
        happened = [edited(source=str(number)) for number in numbers]
        change = Change(people, happened, unchanged)
        assert outcome(self.users, change) == outcome(self.model, change)

    @rule(
        wishes=st.lists(WISHES, max_size=3, unique_by=lambda wish: wish.id),
        unchanged=st.lists(st.sampled_from(IDS), max_size=2, unique=True),
        events=st.integers(1, 3),
    )
    def change(self, wishes: list[Wish], unchanged: list[UserId], events: int) -> None:
        """Write a few accounts, anew or again."""
        stored = self.model.find(IDS)
        people = [wish.user(stored.get(wish.id)) for wish in wishes]
        written = {user.id for user in people}
        still = [stored[key] for key in unchanged if key in stored and key not in written]
        self.save(people, still, events)

    @rule(turn=st.integers(1, 3), names=st.booleans())
    def hand_on(self, turn: int, names: bool) -> None:
        """Hand the keys of all accounts round in one change."""
        people = list(self.model.find(IDS).values())
        turned = [
            replace(
                user,
                email=other.email,
                mis_id=other.mis_id,
                username=other.username if names else user.username,
            )
            for user, other in zip(people, people[turn:] + people[:turn], strict=True)
        ]
        self.save(turned, [], 1)

    @rule(key=st.sampled_from(IDS))
    def erase(self, key: UserId) -> None:
        """Release every key of an account."""
        for user in self.model.find([key]).values():
            gone = replace(
                user,
                username=Username.of_erased(user.id),
                email=None,
                mis_id=None,
                status=Status.ERASED,
            )
            self.save([gone], [], 1)

    @invariant()
    def same_accounts(self) -> None:
        assert self.users.find(KEYS) == self.model.find(KEYS)
        query = UserQuery(school=HILL, words=("a",))
        assert self.users.search(query) == self.model.search(query)

    @invariant()
    def same_history(self) -> None:
        query = HistoryQuery(limit=500)
        assert self.users.history(query).items == self.model.history(query).items


@pytest.mark.parametrize("store", SQL_STORES)
def test_sql_and_memory_are_twins(store: str, databases: Databases) -> None:
    """After any changes, a SQL store answers, refuses and keeps exactly what the reference does."""
    databases.engine(store)
    this_store = {"databases": databases, "store": store}
    run_state_machine_as_test(
        type("TwinsOfOneStore", (Twins,), this_store),
        settings=settings(
            max_examples=settings().max_examples,
            stateful_step_count=15,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
