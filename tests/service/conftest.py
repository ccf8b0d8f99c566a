"""The small schools that the service tests use."""

from __future__ import annotations

import pytest

from schoolauth.ports import SchoolDirectory, UserRepository
from tests.service.world import World, make_world


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()


@pytest.fixture
def stored_world(users: UserRepository, schools: SchoolDirectory) -> World:
    """A school on every store in turn."""
    return make_world(users, schools)
