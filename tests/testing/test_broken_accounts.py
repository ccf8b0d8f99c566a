"""Every behaviour of `find` and `save` can fail: each has a repository that is broken there."""

from __future__ import annotations

import dataclasses

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Behaviour, Maker, show
from schoolauth.testing.repository import REPOSITORY, find, moved_keys, save, unique_keys
from schoolauth.testing.repository.sample_accounts import a_full_user
from tests.testing.broken import BrokenRepository, altered_fields
from tests.testing.broken import find as broken_find
from tests.testing.broken import moved_keys as broken_moved_keys
from tests.testing.broken import save as broken_save
from tests.testing.broken import unique_keys as broken_unique_keys

BROKEN = (
    *broken_find.ALL,
    *altered_fields.ALL,
    *broken_save.ALL,
    *broken_unique_keys.ALL,
    *broken_moved_keys.ALL,
)
BY_ID = {behaviour.id: behaviour for behaviour in REPOSITORY.behaviours}
TOPICS = {module.__name__ for module in (find, save, unique_keys, moved_keys)}
IDS = [name for name, behaviour in BY_ID.items() if behaviour.check.__module__ in TOPICS]
QUICK = set(IDS) - {"find.many", "save.atomic"}
CAUGHT = [(broken, name) for broken in BROKEN for name in broken.caught_by]


def failure(broken: type[BrokenRepository], behaviour: Behaviour[UserRepository]) -> str | None:
    """Return how *broken* fails to keep *behaviour*, or None if it keeps it."""
    try:
        show(behaviour, Maker(REPOSITORY, broken))
    except (Unkept, ContractBroken) as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("broken", "name"), CAUGHT, ids=[f"{broken.__name__}-{name}" for broken, name in CAUGHT]
)
def test_a_broken_repository_is_caught(broken: type[BrokenRepository], name: str) -> None:
    """Each behaviour that is said to notice the defect does."""
    assert failure(broken, BY_ID[name])


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.__name__ for broken in BROKEN])
def test_a_broken_repository_is_not_useless(broken: type[BrokenRepository]) -> None:
    """It is wrong in one way: accounts are found at all, and most of the contract is kept."""
    failing = {name for name in QUICK if failure(broken, BY_ID[name])}
    assert "find.each_key" not in failing - set(broken.caught_by)
    assert len(failing) <= len(QUICK) / 3


@pytest.mark.parametrize("name", IDS)
def test_every_behaviour_can_fail(name: str) -> None:
    """Some broken repository is caught by each behaviour of these topics."""
    assert any(name in broken.caught_by for broken in BROKEN)


def test_the_full_sample_is_full() -> None:
    """No field of the sample has its default: a store that forgets any field is caught."""
    sample = a_full_user()
    for field in dataclasses.fields(User):
        assert field.name == "version" or getattr(sample, field.name) != field.default
