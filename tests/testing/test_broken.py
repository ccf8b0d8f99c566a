"""All that is broken on purpose, together; that each is caught is shown topic by topic."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth.model.change import Change
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import check_repository
from schoolauth.testing.behaviour import Contract
from schoolauth.testing.broken import DIRECTORIES, MAILERS, REPOSITORIES
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.mailer import MAILER
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.people import edited
from schoolauth.testing.throttle import THROTTLE
from tests.testing.broken.throttles import ALL as THROTTLES

PAIRS: tuple[tuple[Contract[Any], tuple[type[Any], ...]], ...] = (
    (REPOSITORY, REPOSITORIES),
    (DIRECTORY, DIRECTORIES),
    (MAILER, MAILERS),
    (THROTTLE, THROTTLES),
)


@pytest.mark.parametrize(("contract", "broken"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_every_behaviour_has_something_to_catch(
    contract: Contract[Any], broken: tuple[type[Any], ...]
) -> None:
    """Each behaviour is named by a broken adapter, and each of those names behaviours there are."""
    named = [set(each.caught_by) for each in broken]
    assert all(named)
    assert set().union(*named) == {behaviour.id for behaviour in contract.behaviours}


@pytest.mark.parametrize(("contract", "broken"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_every_broken_one_says_what_it_is(
    contract: Contract[Any], broken: tuple[type[Any], ...]
) -> None:
    """A dozen and more, each with a name and a sentence of its own."""
    assert len(broken) >= 12
    assert len({each.__name__ for each in broken}) == len(broken)
    assert len({each.__doc__ for each in broken}) == len(broken)


def test_a_shared_store_is_caught_at_once() -> None:
    """A repository that is not new is the one failure, and the rest is not run."""
    (shared,) = (each for each in REPOSITORIES if each.__name__ == "SharesItsStore")
    report = check_repository(shared)
    assert list(report.failures) == ["make.fresh"]
    assert "has an account in it; it must be empty" in report.failures["make.fresh"]
    assert len(report.not_run) == len(report.lines) - 1


def test_a_store_with_a_history_is_not_new() -> None:
    """A repository without accounts, but with an event of somebody, was used."""

    def make() -> MemoryUserRepository:
        users = MemoryUserRepository()
        users.save(Change(events=[edited()]))
        return users

    report = check_repository(make)
    assert "has an event in it; it must be empty" in report.failures["make.fresh"]
