"""`Store`: accounts, schools and counts in one object."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from schoolauth import LoginRefused, Role, SchoolAuth, Throttled
from schoolauth.storage.memory import MemoryStore
from schoolauth.storage.sql import SqlStore, create_tables
from schoolauth.testing import a_school
from tests.service.world import HASHER, KEY


def test_two_lines_are_enough() -> None:
    """A SQL store and a key make an instance that adds a school and signs its admin in."""
    engine = create_engine("sqlite://")
    create_tables(engine)
    auth = SchoolAuth(SqlStore(engine), secret_key=KEY, hasher=HASHER)
    _, admin, desk = a_school(auth)
    assert auth.log_in(str(admin.username), "Chalkboard7").user.id == admin.id
    assert desk.history(admin.id).items
    engine.dispose()


def test_instances_on_one_memory_store_share_accounts_and_counts() -> None:
    """What one instance adds, and the wrong passwords that it counts, the other knows."""
    store = MemoryStore()
    one, other = (SchoolAuth(store, secret_key=KEY, hasher=HASHER) for _ in range(2))
    _, _, desk = a_school(one)
    user = desk.add_user(given_name="Jess", family_name="James", role=Role.TEACHER)
    for _ in range(20):
        with pytest.raises((LoginRefused, Throttled)):
            one.log_in(str(user.username), "Wrong1234")
    with pytest.raises(Throttled):
        other.log_in(str(user.username), "Wrong1234")
