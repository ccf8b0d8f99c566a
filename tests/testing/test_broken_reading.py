"""Every behaviour of `search` and `history` can fail: a repository is broken there."""

from __future__ import annotations

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY, history, search
from tests.testing.broken import history as broken_history
from tests.testing.broken import pagination
from tests.testing.broken import search as broken_search
from tests.testing.broken.base import BrokenRepository

BY_ID = {behaviour.id: behaviour for behaviour in REPOSITORY.behaviours}
TOPICS = {module.__name__ for module in (search, history)}
IDS = [name for name, behaviour in BY_ID.items() if behaviour.check.__module__ in TOPICS]
BROKEN = (*broken_search.ALL, *pagination.ALL, *broken_history.ALL)
BASES = {
    base.__name__: base
    for broken in BROKEN
    for base in broken.__mro__
    if issubclass(base, BrokenRepository) and not base.caught_by
}
CAUGHT = [(broken, name) for broken in BROKEN for name in broken.caught_by]


def failure(broken: type[BrokenRepository], name: str) -> str | None:
    """Return how *broken* fails to keep a behaviour, or None if it keeps it."""
    try:
        show(BY_ID[name], Maker(REPOSITORY, broken))
    except (Unkept, ContractBroken) as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("broken", "name"), CAUGHT, ids=[f"{broken.__name__}-{name}" for broken, name in CAUGHT]
)
def test_a_broken_repository_is_caught(broken: type[BrokenRepository], name: str) -> None:
    """Each behaviour that is said to notice the defect does."""
    assert failure(broken, name)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.__name__ for broken in BROKEN])
def test_a_broken_repository_is_not_useless(broken: type[BrokenRepository]) -> None:
    """It is wrong in one way: half of what it promises is kept at least."""
    assert 2 * sum(failure(broken, name) is not None for name in IDS) <= len(IDS)


def test_every_behaviour_can_fail() -> None:
    """Some broken repository is caught by each behaviour of these topics."""
    assert set(IDS) <= {name for _, name in CAUGHT}


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_what_they_are_made_of_is_right(base: type[BrokenRepository]) -> None:
    """The repositories of which the broken ones are made keep every behaviour."""
    assert {name: failure(base, name) for name in IDS} == dict.fromkeys(IDS)


def test_a_failure_names_what_went_wrong() -> None:
    """The sentence has the kind of the event, or the word, that met the defect."""
    assert "login_failed" in str(failure(broken_history.ForgetsEventDetails, "history.every_kind"))
    assert "'x%y'" in str(failure(broken_search.WildcardsInWords, "search.literal_signs"))
    assert "limit is 1" in str(failure(pagination.OneTooMany, "search.pages"))
