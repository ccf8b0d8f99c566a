"""Repositories that lose races: each is caught every time, by the behaviours that it names."""

from __future__ import annotations

import pytest

from schoolauth.errors import ContractBroken, Refused, StaleUser
from schoolauth.model.change import Change
from schoolauth.model.names import UserId
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY
from tests.testing.broken import concurrency
from tests.testing.broken.base import BrokenRepository


class StaleAtFirst(MemoryUserRepository):
    """Tells whoever comes too late that it is stale, and why only when they ask again."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[UserId] = set()

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        if refusal is not None and self.is_new(change.users[0].id):
            raise StaleUser
        return refusal

    def is_new(self, user_id: UserId) -> bool:
        told = user_id in self._told
        self._told.add(user_id)
        return not told


class StaleForEver(StaleAtFirst):
    """Never tells whoever comes too late why."""

    def is_new(self, user_id: UserId) -> bool:
        return True


BEHAVIOURS = {each.id: each for each in REPOSITORY.behaviours if each.id.startswith("threads.")}
ALONE = [each for each in REPOSITORY.behaviours if each.id.startswith(("find.", "key.", "save."))]
CASES = [(broken, name) for broken in concurrency.ALL for name in broken.caught_by]


@pytest.mark.parametrize(
    ("broken", "name"), CASES, ids=[f"{broken.__name__}-{name}" for broken, name in CASES]
)
def test_a_race_is_lost_every_time(broken: type[BrokenRepository], name: str) -> None:
    """No luck is needed: of twenty runs, twenty catch it."""
    for _ in range(20):
        with pytest.raises((Unkept, ContractBroken)):
            show(BEHAVIOURS[name], Maker(REPOSITORY, broken))


def test_every_behaviour_catches_something() -> None:
    """None of those about threads is there in vain."""
    assert {name for _, name in CASES} == set(BEHAVIOURS)


@pytest.mark.parametrize("broken", concurrency.ALL, ids=lambda broken: broken.__name__)
def test_nothing_else_is_wrong(broken: type[BrokenRepository]) -> None:
    """A single caller is served as the contract says: only threads bring it to light."""
    for behaviour in ALONE:
        show(behaviour, Maker(REPOSITORY, broken))


@pytest.mark.parametrize(
    "broken",
    [concurrency.CheckThenInsert, concurrency.TellsTheDriversError],
    ids=lambda each: each.__name__,
)
def test_a_gap_for_keys_is_none_for_versions(broken: type[BrokenRepository]) -> None:
    """What is wrong in its keys alone is right in its versions, with threads too."""
    for name in ("threads.one_version_wins", "threads.new_id_once", "threads.guard"):
        show(BEHAVIOURS[name], Maker(REPOSITORY, broken))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_reference_wins_every_time(name: str) -> None:
    """What is not broken is kept, as often as it is tried."""
    for _ in range(20):
        show(BEHAVIOURS[name], Maker(REPOSITORY, MemoryUserRepository))


def test_a_loser_may_hear_why_when_it_asks_again() -> None:
    """A store whose race ends in a deadlock says `StaleUser`, and the reason to the next try."""
    show(BEHAVIOURS["threads.one_claim_wins"], Maker(REPOSITORY, StaleAtFirst))
    with pytest.raises(Unkept, match="tried again alone, was refused as StaleUser"):
        show(BEHAVIOURS["threads.one_claim_wins"], Maker(REPOSITORY, StaleForEver))
