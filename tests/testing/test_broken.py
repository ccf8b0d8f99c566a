"""Every behaviour can fail: each is noticed by adapters that are broken on purpose."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Contract, Maker
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.mailer import MAILER
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.sample_accounts import a_full_user
from schoolauth.testing.throttle import THROTTLE
from tests.testing.broken import (
    DIRECTORIES,
    MAILERS,
    REPOSITORIES,
    THROTTLES,
    altered_fields,
    find,
    history,
    joined,
    moved_keys,
    pagination,
    save,
    search,
    unique_keys,
)
from tests.testing.broken.directory import NeverEmpty, NeverNew
from tests.testing.failures import failure

PAIRS: tuple[tuple[Contract[Any], tuple[type[Any], ...]], ...] = (
    (REPOSITORY, REPOSITORIES),
    (DIRECTORY, DIRECTORIES),
    (MAILER, MAILERS),
    (THROTTLE, THROTTLES),
)


@dataclass(frozen=True)
class Topic:
    """Broken adapters, and the behaviours that are tried with each of them."""

    contract: Contract[Any]
    broken: tuple[type[Any], ...]
    tried: Collection[str]

    def failing(self, broken: type[Any]) -> set[str]:
        """Return the behaviours that *broken* does not keep."""
        return {name for name in self.tried if failure(self.contract, name, broken.maker())}


def ids(contract: Contract[Any], *modules: str) -> list[str]:
    """Return the ids of the behaviours that these modules of a contract add; of all, if none."""
    return [
        each.id
        for each in contract.behaviours
        if not modules or each.check.__module__.rpartition(".")[2] in modules
    ]


SLOW = {"find.many", "save.atomic"}
SAVES = Topic(
    REPOSITORY,
    (*find.ALL, *altered_fields.ALL, *save.ALL, *unique_keys.ALL, *moved_keys.ALL),
    set(ids(REPOSITORY, "find", "save", "unique_keys", "moved_keys")) - SLOW,
)
LISTS = Topic(
    REPOSITORY, (*search.ALL, *pagination.ALL, *history.ALL), ids(REPOSITORY, "search", "history")
)
JOINS = Topic(REPOSITORY, joined.ALL, ids(REPOSITORY, "joined"))
SCHOOLS = Topic(DIRECTORY, DIRECTORIES, ids(DIRECTORY))
MAILS = Topic(MAILER, MAILERS, ids(MAILER))
UNUSABLE = {NeverEmpty, NeverNew}


def each(*topics: Topic) -> list[Any]:
    """Return the parameters for every broken adapter of *topics*."""
    return [
        pytest.param(topic, broken, id=f"{topic.contract.name}-{broken.__name__}")
        for topic in topics
        for broken in topic.broken
    ]


def bases(*topics: Topic) -> list[Any]:
    """Return the parameters for every class of which broken adapters of *topics* are made."""
    found: dict[type[Any], Topic] = {}
    for topic in topics:
        for broken in topic.broken:
            for base in broken.__mro__:
                if hasattr(base, "caught_by") and not base.caught_by:
                    found.setdefault(base, topic)
    return [
        pytest.param(topic, base, id=f"{topic.contract.name}-{base.__name__}")
        for base, topic in found.items()
    ]


@pytest.mark.parametrize(("contract", "broken"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_every_behaviour_has_something_to_catch(
    contract: Contract[Any], broken: tuple[type[Any], ...]
) -> None:
    """Each behaviour is named by a broken adapter, and each of those names behaviours there are."""
    named = [set(each.caught_by) for each in broken]
    assert all(named)
    assert set().union(*named) == set(ids(contract))
    assert len(set(ids(contract))) == len(contract.behaviours)


@pytest.mark.parametrize(("contract", "broken"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_every_broken_one_says_what_it_is(
    contract: Contract[Any], broken: tuple[type[Any], ...]
) -> None:
    """A dozen and more, each with a name and a sentence of its own."""
    assert len(broken) >= 12
    assert len({each.__name__ for each in broken}) == len(broken)
    assert len({each.__doc__ for each in broken}) == len(broken)


@pytest.mark.parametrize(("topic", "broken"), each(SAVES, LISTS, JOINS, SCHOOLS, MAILS))
def test_a_broken_adapter_is_caught(topic: Topic, broken: type[Any]) -> None:
    """Each behaviour that is said to notice the defect does."""
    kept = [name for name in broken.caught_by if not failure(topic.contract, name, broken.maker())]
    assert kept == []


@pytest.mark.parametrize(("topic", "broken"), each(JOINS, SCHOOLS))
def test_a_broken_adapter_is_wrong_in_one_way(topic: Topic, broken: type[Any]) -> None:
    """Nothing notices the defect but what is said to."""
    assert topic.failing(broken) == set(topic.tried if broken in UNUSABLE else broken.caught_by)


@pytest.mark.parametrize(("topic", "broken"), each(SAVES))
def test_a_broken_save_is_not_useless(topic: Topic, broken: type[Any]) -> None:
    """It is wrong in one way: accounts are found at all, and two thirds of the rest are kept."""
    failing = topic.failing(broken)
    assert "find.each_key" not in failing - set(broken.caught_by)
    assert 3 * len(failing) <= len(topic.tried)


@pytest.mark.parametrize(("topic", "broken"), each(LISTS))
def test_a_broken_list_is_not_useless(topic: Topic, broken: type[Any]) -> None:
    """It is wrong in one way: half of what it promises is kept at least."""
    assert 2 * len(topic.failing(broken)) <= len(topic.tried)


@pytest.mark.parametrize(("topic", "base"), bases(LISTS, JOINS, SCHOOLS, MAILS))
def test_what_they_are_made_of_is_right(topic: Topic, base: type[Any]) -> None:
    """The adapters of which the broken ones are made keep every behaviour."""
    assert topic.failing(base) == set()


@pytest.mark.parametrize("broken", joined.ALL, ids=lambda broken: broken.__name__)
def test_alone_it_refuses_without_a_trace(broken: type[joined.JoinableRepository]) -> None:
    """What is wrong when it is joined is right when it stands alone."""
    assert failure(REPOSITORY, "save.refused_leaves_nothing", broken.maker()) is None


def test_a_join_must_let_exceptions_out() -> None:
    """A `join` that swallows what its block raises would hide failures, and is one itself."""

    @contextmanager
    def swallowing(users: UserRepository) -> Iterator[UserRepository]:
        with joined.join(users) as guest, suppress(Unkept):
            yield guest

    maker = Maker(REPOSITORY, joined.DoesNotSayJoined, {"join": swallowing})
    assert "swallowed" in str(failure(REPOSITORY, "joined.says_so", maker))


def test_a_failure_names_what_went_wrong() -> None:
    """The sentence has the kind of the event, or the word, that met the defect."""
    for broken, name, told in (
        (history.ForgetsEventDetails, "history.every_kind", "login_failed"),
        (search.WildcardsInWords, "search.literal_signs", "'x%y'"),
        (pagination.OneTooMany, "search.pages", "limit is 1"),
    ):
        assert told in str(failure(REPOSITORY, name, broken.maker()))


def test_the_full_sample_is_full() -> None:
    """No field of the sample has its default: a store that forgets any field is caught."""
    sample = a_full_user()
    for field in dataclasses.fields(User):
        assert field.name == "version" or getattr(sample, field.name) != field.default
