"""Random sequences of calls: which broken repositories they find, and how they tell it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import settings

from schoolauth.model.change import Change, Page, UserQuery
from schoolauth.model.names import UserId, UserKey
from schoolauth.model.user import Role, User
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.report import Report, check
from schoolauth.testing.repository import REPOSITORY
from tests.processes import run_python
from tests.profiles import load_profile
from tests.testing.broken import state_machine

SEQUENCES = 60  # not what Hypothesis itself has as its default


@pytest.fixture(autouse=True, scope="module")
def _profile() -> Iterator[None]:
    """The same sequences every time."""
    settings.register_profile(
        "sequences", max_examples=SEQUENCES, derandomize=True, database=None, deadline=None
    )
    settings.load_profile("sequences")
    yield
    load_profile()


class OneByOne(MemoryUserRepository):
    """Saves a change account by account: a swap is refused, and a refusal leaves a half."""

    def save(self, change: Change, /) -> None:
        for user in change.users[:-1]:
            super().save(Change([user], change.events[:1]))
        super().save(Change(change.users[-1:], change.events, change.unchanged))


class Guardless(MemoryUserRepository):
    """Takes no notice of `unchanged`."""

    def save(self, change: Change, /) -> None:
        super().save(Change(change.users, change.events))


class Folding(MemoryUserRepository):
    """Finds an id in other case."""

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        folded = {key: UserId.parse(key.key.lower()) for key in keys if isinstance(key, UserId)}
        found = super().find([*keys, *folded.values()])
        by_id = {key: found[other] for key, other in folded.items() if other in found}
        return {key: found[key] for key in keys if key in found} | by_id


class KeptAddress(MemoryUserRepository):
    """An account that is written without an address keeps the one that it had."""

    def save(self, change: Change, /) -> None:
        found = super().find([user.id for user in change.users])
        users = [
            replace(user, email=user.email or found[user.id].email) if user.id in found else user
            for user in change.users
        ]
        super().save(Change(users, change.events, change.unchanged))


class OneTooFar(MemoryUserRepository):
    """The cursor names the first account of the next page, which is then left out."""

    def search(self, query: UserQuery, /) -> Page[User]:
        page = super().search(query)
        if page.next is None:
            return page
        first = super().search(replace(query, after=page.next, limit=1)).items[0]
        return Page(page.items, first.username.key)


class AnyRole(MemoryUserRepository):
    """Searches without asking for the role."""

    def search(self, query: UserQuery, /) -> Page[User]:
        return super().search(replace(query, roles=frozenset(Role)))


class Forgetful(MemoryUserRepository):
    """Loses the second event of a change that writes an account."""

    def save(self, change: Change, /) -> None:
        events = change.events[:1] if change.users else change.events
        super().save(Change(change.users, events, change.unchanged))


class Raising(MemoryUserRepository):
    """Leaves a driver's error as it is."""

    def search(self, query: UserQuery, /) -> Page[User]:
        if query.words:
            raise LookupError("a row of ann@x.example")
        return super().search(query)


BROKEN = (
    OneByOne,
    Guardless,
    Folding,
    KeptAddress,
    OneTooFar,
    AnyRole,
    Forgetful,
    *state_machine.ALL,
)


def report_on(make: Callable[[], UserRepository]) -> Report:
    """Run this one behaviour."""
    behaviours = [each for each in REPOSITORY.behaviours if each.id == "lives.like_memory"]
    alone = replace(REPOSITORY, behaviours=behaviours)
    return check(alone, Maker(alone, make), gaps={}, version=None, progress=None)


def test_the_reference_answers_like_itself() -> None:
    """What is not broken is kept, after as many sequences as the host's profile has examples."""
    made: list[UserRepository] = []

    def make() -> UserRepository:
        made.append(MemoryUserRepository())
        return made[-1]

    assert report_on(make).ok
    assert SEQUENCES <= len(made) < 1.2 * SEQUENCES


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_repository_is_found(broken: type[MemoryUserRepository]) -> None:
    """Each way of being broken is found, and told in one sentence and a few calls."""
    report = report_on(broken)
    assert list(report.failures) == ["lives.like_memory"]
    (line,) = report.lines
    title, *steps = line.script
    assert title.startswith(("Failing test case", "Falsifying example"))
    assert [step for step in steps if not step.startswith("state")] == []
    assert len(steps) <= 8


def test_a_sequence_is_as_short_as_can_be() -> None:
    """An address that stays is told by an account that lets go of it."""
    report = report_on(KeptAddress)
    told = "find by UserId('ann'): email: EmailAddress('a@x.example') instead of None."
    assert report.failures == {"lives.like_memory": told}
    (line,) = report.lines
    assert line.script[1:] == (
        "state = Repository()",
        "state.settle(accounts=1)",
        "state.erase(account='ann')",
        "state.teardown()",
    )
    assert str(report).endswith("\n".join(["\nlives.like_memory fails after:", *line.script]))


def test_a_drivers_error_has_its_steps() -> None:
    """The calls are told where the store raises something else, and nothing of the error's text."""
    report = report_on(Raising)
    assert "LookupError (test_state_machine.py, line " in report.failures["lives.like_memory"]
    assert "words='n'" in str(report)
    assert "a row" not in str(report)


def test_without_hypothesis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Hypothesis is not installed, one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    report = report_on(MemoryUserRepository)
    told = report.failures["lives.like_memory"]
    assert told == "Random sequences of calls need the extra schoolauth[testing]: install it."


def test_the_kit_loads_hypothesis_late() -> None:
    """Importing the kit, and listing its behaviours, leaves Hypothesis alone."""
    run_python(
        "import sys\n"
        "from schoolauth.testing.repository import REPOSITORY\n"
        "assert 'lives.like_memory' in [each.id for each in REPOSITORY.behaviours]\n"
        "assert 'hypothesis' not in sys.modules"
    )
