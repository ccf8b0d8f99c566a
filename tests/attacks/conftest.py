"""The small schools that are attacked."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator

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


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger at DEBUG, and every warning among the log's lines."""
    for name in (None, "schoolauth", "sqlalchemy", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        yield caplog
    logging.captureWarnings(False)
