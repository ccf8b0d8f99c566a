"""What stands against one account of an import, and what is recorded of a good one."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth.model.events import StatusChanged, UserAdded
from schoolauth.model.imported import ImportedUser
from schoolauth.model.names import UserId
from schoolauth.model.user import Role, Status
from schoolauth.rules.imports import import_account, read_account
from tests.rules.canary import HILL, NOW, STAMP


@pytest.mark.parametrize("column", ["given_name", "family_name"])
def test_a_problem_says_which_name_it_is(column: str) -> None:
    """Whoever mends the list reads the sentence, not the code."""
    names: dict[str, Any] = {"given_name": "Ann", "family_name": "Ash", column: "a\0b"}
    read = read_account(ImportedUser("ann", role=Role.SLT, **names), HILL, 7)
    ((line, told, message),) = ((one.line, one.column, one.message) for one in read.problems)
    assert (line, told) == (7, column)
    assert message == f"This {column.replace('_', ' ')} cannot be used (forbidden character)."


def test_an_active_account_comes_with_two_events() -> None:
    """It is added from its source and made active, both by whoever imports."""
    account = ImportedUser("ann", "Ann", "Ash", Role.SLT, password_hash="hash")
    read = read_account(account, HILL, 1)
    user, (added, changed) = import_account(read, UserId.parse("u1"), HILL, STAMP, "old")
    assert (user.status, user.password) == (Status.ACTIVE, account.password)
    assert isinstance(added, UserAdded)
    assert (added.source, added.actor) == ("old", STAMP.actor)
    assert changed == StatusChanged(
        at=NOW,
        actor=STAMP.actor,
        school=HILL,
        user=user.id,
        old=Status.INVITED,
        new=Status.ACTIVE,
    )
