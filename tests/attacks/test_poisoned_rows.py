"""Attack 24 and a rolling upgrade: rows that this version did not write."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text

from schoolauth import ContractBroken, LoginRefused
from tests.databases import SQL_STORES, Databases
from tests.service.world import World, make_world

HUGE = "$argon2id$v=19$m=99999999,t=3,p=4$c29tZXNhbHRzb21l$" + "A" * 43


@pytest.fixture(params=SQL_STORES)
def poisoned(request: pytest.FixtureRequest, databases: Databases) -> tuple[World, Engine]:
    """A school on each SQL store, and the engine to spoil it by."""
    backend = databases.backend(request.param)
    assert backend.engine is not None
    return make_world(backend.users, backend.schools), backend.engine


def spoil(engine: Engine, table: str, column: str, value: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE schoolauth_{table} SET {column} = :v"), {"v": value})


@pytest.mark.parametrize(
    ("column", "value"), [("role", "governor"), ("status", "asleep"), ("last_login_at", 2**62)]
)
def test_an_account_that_cannot_be_read_is_a_broken_contract(
    poisoned: tuple[World, Engine], column: str, value: Any
) -> None:
    """Typed and without the row's values, so that a newer version's row is no riddle."""
    world, engine = poisoned
    spoil(engine, "users", column, value)
    for call in (
        lambda: world.log_in(world.admin),
        lambda: world.users.find([world.admin.id]),
        lambda: world.desk.search(),
    ):
        with pytest.raises(ContractBroken) as caught:
            call()
        assert str(value) not in str(caught.value)
        assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("details", ["{", "[]", '{"unheard_of": 1}'])
def test_an_event_that_cannot_be_read_is_a_broken_contract(
    poisoned: tuple[World, Engine], details: str
) -> None:
    """Details that are no JSON, no object or a newer version's."""
    world, engine = poisoned
    spoil(engine, "events", "details", details)
    with pytest.raises(ContractBroken):
        world.desk.history()


@pytest.mark.parametrize("stored", ["", "!", "x" * 512, HUGE])
def test_a_spoilt_hash_lets_nobody_in_and_is_noted(
    poisoned: tuple[World, Engine], stored: str
) -> None:
    """No password matches it, however much memory it asks for, and the desk is told."""
    world, engine = poisoned
    spoil(engine, "users", "password", stored)
    with pytest.raises(LoginRefused):
        world.log_in(world.admin)
    assert world.kinds(world.admin)[:2] == ["login_failed", "stored_password_unreadable"]
