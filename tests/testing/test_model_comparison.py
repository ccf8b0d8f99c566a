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
from schoolauth.testing.repository.model_comparison import Twins
from schoolauth.testing.repository.sample_accounts import a_user, edited

ANN = a_user("ann")
CHANGE = Change([ANN], [edited(source="one"), edited(source="two")])


def test_twins_agree() -> None:
    """Two that are right answer alike, saved or refused."""
    twins = Twins(MemoryUserRepository(), MemoryUserRepository())
    twins.save(CHANGE)
    twins.save(CHANGE)
    twins.find([ANN.id])
    twins.history(HistoryQuery())


def test_another_ending_is_told() -> None:
    """What is refused here and saved there is told by both endings."""
    twins = Twins(MemoryUserRepository(), MemoryUserRepository())
    twins.model.save(CHANGE)
    with pytest.raises(Unkept, match=r"^A change was saved; it should have been refused as stale"):
        twins.save(CHANGE)


@pytest.mark.parametrize("there", ["users", "model"])
def test_an_account_that_only_one_finds_is_told(there: str) -> None:
    """Whichever of the two has it, the sentence says None for the other."""
    twins = Twins(MemoryUserRepository(), MemoryUserRepository())
    getattr(twins, there).save(CHANGE)
    pair = ("UserId('ann')", "None") if there == "users" else ("None", "UserId('ann')")
    with pytest.raises(Unkept) as unkept:
        twins.find([ANN.id])
    assert str(unkept.value).endswith(f": {pair[0]} instead of {pair[1]}.")


def test_a_key_that_nobody_asked_for_is_told() -> None:
    """An answer with more in it is another answer."""

    class Generous(MemoryUserRepository):
        def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
            return super().find([*keys, ANN.username])

    twins = Twins(Generous(), MemoryUserRepository())
    twins.save(CHANGE)
    with pytest.raises(Unkept, match="the number of keys that find an account: 2 instead of 1"):
        twins.find([ANN.id])


def test_another_event_is_told() -> None:
    """As many events, but not the same ones: the first that differs is named by its place."""

    class Alike(MemoryUserRepository):
        def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
            page = super().history(query)
            return Page((page.items[0],) * len(page.items), page.next)

    twins = Twins(Alike(), MemoryUserRepository())
    twins.save(CHANGE)
    with pytest.raises(Unkept, match="event 2 of those that history gives"):
        twins.history(HistoryQuery())


def test_another_field_is_told() -> None:
    """Accounts are compared in full, not by their keys."""
    twins = Twins(MemoryUserRepository(), MemoryUserRepository())
    twins.users.save(CHANGE)
    twins.model.save(Change([replace(ANN, given_name="Zoë")], CHANGE.events))
    with pytest.raises(Unkept, match="given_name: 'Given' instead of 'Zoë'"):
        twins.find([ANN.id])
