"""Every behaviour of a joined repository can fail, and the one in memory that joins is right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY, joined
from schoolauth.testing.repository.joined import Join
from tests.testing.broken import joined as broken_joined
from tests.testing.broken.joined import JoinableRepository

BY_ID = {behaviour.id: behaviour for behaviour in REPOSITORY.behaviours}
IDS = [name for name, each in BY_ID.items() if each.check.__module__ == joined.__name__]
CAUGHT = [(broken, name) for broken in broken_joined.ALL for name in broken.caught_by]


def failure(
    repository: type[JoinableRepository], name: str, join: Join = broken_joined.join
) -> str | None:
    """Return how *repository* fails to keep a behaviour, or None if it keeps it."""
    try:
        show(BY_ID[name], Maker(REPOSITORY, repository, {"join": join}))
    except (Unkept, ContractBroken) as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("broken", "name"), CAUGHT, ids=[f"{broken.__name__}-{name}" for broken, name in CAUGHT]
)
def test_a_broken_repository_is_caught(broken: type[JoinableRepository], name: str) -> None:
    """Each behaviour that is said to notice the defect does."""
    assert failure(broken, name)


@pytest.mark.parametrize(
    "broken", broken_joined.ALL, ids=[broken.__name__ for broken in broken_joined.ALL]
)
def test_a_broken_repository_is_wrong_in_one_way(broken: type[JoinableRepository]) -> None:
    """Nothing notices the defect but what is said to; alone, it refuses without a trace."""
    assert {name for name in IDS if failure(broken, name)} == set(broken.caught_by)
    assert failure(broken, "save.refused_leaves_nothing") is None


def test_every_behaviour_can_fail() -> None:
    """Some broken repository is caught by each behaviour of joined ones."""
    assert set(IDS) == {name for _, name in CAUGHT}


@pytest.mark.parametrize("name", IDS)
def test_what_they_are_made_of_is_right(name: str) -> None:
    """The repository of which the broken ones are made keeps every behaviour."""
    assert failure(JoinableRepository, name) is None


def test_a_join_must_let_exceptions_out() -> None:
    """A `join` that swallows what its block raises would hide failures, and is one itself."""

    @contextmanager
    def swallowing(users: UserRepository) -> Iterator[UserRepository]:
        with broken_joined.join(users) as guest, suppress(Unkept):
            yield guest

    told = failure(broken_joined.DoesNotSayJoined, "joined.says_so", swallowing)
    assert told is not None
    assert "swallowed" in told
