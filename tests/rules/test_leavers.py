"""The brake, and who must still stand: pure rules about leavers."""

from __future__ import annotations

import pytest

from schoolauth.errors import TooManyLeavers
from schoolauth.model.mapping import MappingItem
from schoolauth.model.names import UserId
from schoolauth.model.user import Role, Status
from schoolauth.rules.leavers import brake, guard
from tests.rules.rows import account


def leaving(count: int) -> list[MappingItem]:
    return [
        MappingItem(f"left:{n}", "left", None, user_id=UserId.parse(f"u{n}")) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("standing", "allowed"), [(1, 3), (39, 3), (40, 4), (100, 10), (500, 50), (5000, 50)]
)
def test_a_tenth_at_least_three_at_most_fifty(standing: int, allowed: int) -> None:
    """By count and by share; inactive accounts are no part of the school's size."""
    everyone = [account(f"u{n}") for n in range(standing)]
    everyone += [account(f"gone{n}", status=Status.INACTIVE) for n in range(100)]
    brake(leaving(allowed), everyone, None)
    with pytest.raises(TooManyLeavers) as caught:
        brake(leaving(allowed + 1), everyone, None)
    assert (caught.value.leavers, caught.value.allowed) == (allowed + 1, allowed)


def test_a_leaver_without_an_account_costs_nothing() -> None:
    """Only accounts that would become inactive count."""
    nobody = [MappingItem(str(n), "left", None) for n in range(60)]
    brake(nobody, [], 0)


def test_who_stands_while_a_list_is_applied() -> None:
    """An admin outside the change, nobody if one inside of it stands, nobody if there is none."""
    ann, bob = account("ann", role=Role.ADMIN), account("bob", role=Role.ADMIN)
    teacher = account("cat")
    assert guard([ann], [ann, bob]) is None
    assert guard([teacher], [teacher, ann, bob]) is ann
    gone = account("ann", role=Role.ADMIN, status=Status.INACTIVE)
    assert guard([gone], [ann, bob]) is bob
    assert guard([teacher], [teacher]) is None
