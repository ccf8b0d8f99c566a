"""A repository beside the reference: each difference between their answers is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from schoolauth.model.change import Change, HistoryQuery, Page
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.repository.model_comparison import ComparedRepositories
from schoolauth.testing.repository.sample_accounts import a_user, edited

ANN = a_user("ann")
CHANGE = Change([ANN], [edited(source="one"), edited(source="two")])


def test_equal_repositories_agree() -> None:
    """Two that are right answer alike, saved or refused."""
    compared = ComparedRepositories(MemoryUserRepository(), MemoryUserRepository())
    compared.save(CHANGE)
    compared.save(CHANGE)
    compared.find([ANN.id])
    compared.history(HistoryQuery())


def test_another_ending_is_told() -> None:
    """What is refused here and saved there is told by both endings."""
    compared = ComparedRepositories(MemoryUserRepository(), MemoryUserRepository())
    compared.model.save(CHANGE)
    with pytest.raises(Unkept, match=r"^A change was saved; it should have been refused as stale"):
        compared.save(CHANGE)


@pytest.mark.parametrize("there", ["users", "model"])
def test_an_account_that_only_one_finds_is_told(there: str) -> None:
    """Whichever of the two has it, the sentence says None for the other."""
    compared = ComparedRepositories(MemoryUserRepository(), MemoryUserRepository())
    getattr(compared, there).save(CHANGE)
    pair = ("UserId('ann')", "None") if there == "users" else ("None", "UserId('ann')")
    with pytest.raises(Unkept) as unkept:
        compared.find([ANN.id])
    assert str(unkept.value).endswith(f": {pair[0]} instead of {pair[1]}.")


def test_a_key_that_nobody_asked_for_is_told() -> None:
    """An answer with more in it is another answer."""

    class Generous(MemoryUserRepository):
        def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
            return super().find([*keys, ANN.username])

    compared = ComparedRepositories(Generous(), MemoryUserRepository())
    compared.save(CHANGE)
    with pytest.raises(Unkept, match="the number of keys that find an account: 2 instead of 1"):
        compared.find([ANN.id])


def test_another_event_is_told() -> None:
    """As many events, but not the same ones: the first that differs is named by its position."""

    class Alike(MemoryUserRepository):
        def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
            page = super().history(query)
            return Page((page.items[0],) * len(page.items), page.next)

    compared = ComparedRepositories(Alike(), MemoryUserRepository())
    compared.save(CHANGE)
    with pytest.raises(Unkept, match="event 2 of those that history gives"):
        compared.history(HistoryQuery())


def test_another_field_is_told() -> None:
    """Accounts are compared in full, not by their keys."""
    compared = ComparedRepositories(MemoryUserRepository(), MemoryUserRepository())
    compared.users.save(CHANGE)
    compared.model.save(Change([replace(ANN, given_name="Zoë")], CHANGE.events))
    with pytest.raises(Unkept, match="given_name: 'Given' instead of 'Zoë'"):
        compared.find([ANN.id])
