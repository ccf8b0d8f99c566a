"""The published check of threads, on real databases: it finds the race that many apps have."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY
from tests.databases import SQL_STORES, Databases
from tests.storage.check_then_insert import CheckThenInsert

BEHAVIOURS = {each.id: each for each in REPOSITORY.behaviours}


def is_found(engine: Engine) -> bool:
    """Play all scenarios once."""
    try:
        show(BEHAVIOURS["threads.linearizable"], Maker(REPOSITORY, lambda: CheckThenInsert(engine)))
    except Unkept as unkept:
        return str(unkept).endswith("no order of the calls explains the answers.")
    return False


@pytest.mark.parametrize("store", SQL_STORES)
def test_a_missing_unique_key_is_found(store: str, databases: Databases) -> None:
    """Two holders of one key are found; one run is nearly always enough, three are here."""
    engine = databases.engine(store)
    assert any(is_found(engine) for _ in range(3))


def test_one_caller_finds_nothing_wrong(databases: Databases) -> None:
    """For calls that come one by one, the look before the writing is as good as a unique key."""
    engine = databases.engine("sqlite")
    for name in ("save.stale", "save.atomic", "key.claimed_by_change"):
        show(BEHAVIOURS[name], Maker(REPOSITORY, lambda: CheckThenInsert(engine)))
