"""A repository beside the reference in memory: both must refuse, keep and find the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib.util import find_spec

from schoolauth.errors import EmailTaken, MisIdTaken, StaleUser, UsernameTaken
from schoolauth.model.change import Change, HistoryQuery, Item, Page, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.pagination import pages
from schoolauth.testing.repository.contract import Make, behaviour


@behaviour("lives.like_memory")
def _(make: Make) -> None:
    """Whatever is done with it, the repository refuses, keeps and finds what the reference does.

    The reference is `MemoryUserRepository`; both get the same random sequences of calls.
    """
    missing = "Random sequences of calls need the extra schoolauth[testing]: install it."
    expect(find_spec("hypothesis"), missing)
    from schoolauth.testing.repository.state_machine import run  # Hypothesis is loaded here only

    run(make)


@dataclass(frozen=True, slots=True)
class ComparedRepositories:
    """The repository under test and the reference, which are told and asked the same.

    Every method raises `Unkept` where their answers differ.
    """

    users: UserRepository
    model: UserRepository

    def save(self, change: Change) -> None:
        """Save *change* in both; which of several taken keys is told is the store's choice."""
        found, expected = _outcome(self.users, change), _outcome(self.model, change)
        expect(found == expected, f"A change was {found}; it should have been {expected}.")

    def find(self, keys: Collection[UserKey]) -> None:
        """Ask both for *keys*."""
        found, expected = self.users.find(keys), self.model.find(keys)
        for key in keys:
            _alike(found.get(key), expected.get(key), f"find by {key!r}")
        equal(len(found), len(expected), "the number of keys that find an account")

    def search(self, query: UserQuery) -> None:
        """Ask both for all pages of *query*, each by its own cursors."""

        def ask(users: UserRepository, after: str | None, limit: int) -> Page[User]:
            return users.search(replace(query, after=after, limit=limit))

        found, expected = self._both(ask, query.limit)
        named, meant = ([user.id.key for user in people] for people in (found, expected))
        equal(named, meant, "the ids of the accounts that search gives")
        for one, other in zip(found, expected, strict=True):
            _alike(one, other, f"search: {other.id!r}")

    def history(self, query: HistoryQuery) -> None:
        """Ask both for all pages of *query*, each by its own cursors."""

        def ask(users: UserRepository, after: str | None, limit: int) -> Page[AuditEvent]:
            return users.history(replace(query, after=after, limit=limit))

        found, expected = self._both(ask, query.limit)
        equal(len(found), len(expected), "the number of events that history gives")
        for number, (one, other) in enumerate(zip(found, expected, strict=True), 1):
            equal(one, other, f"event {number} of those that history gives")

    def _both(
        self, ask: Callable[[UserRepository, str | None, int], Page[Item]], limit: int
    ) -> Iterator[list[Item]]:
        for users in (self.users, self.model):
            yield [item for page in pages(partial(ask, users), limit) for item in page.items]


def _outcome(users: UserRepository, change: Change) -> str:
    try:
        users.save(change)
    except StaleUser:
        return "refused as stale"
    except (EmailTaken, UsernameTaken, MisIdTaken):
        return "refused for a taken key"
    return "saved"


def _alike(found: User | None, expected: User | None, what: str) -> None:
    """Raise `Unkept` unless both are one account with the same fields, or both None."""
    if found is None or expected is None:
        equal(found and found.id, expected and expected.id, what)
        return
    for name in (field.name for field in fields(User)):
        equal(getattr(found, name), getattr(expected, name), f"{what}: {name}")
