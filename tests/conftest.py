"""Fixtures that every test may use: empty stores."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from schoolauth.ports import SchoolDirectory, UserRepository
from tests.databases import STORES, Backend, Databases
from tests.profiles import load_profile
from tests.throttles import Throttles

pytest.register_assert_rewrite("tests.storage.refusals")
load_profile()


@pytest.fixture(scope="session", autouse=True)
def outer_options() -> None:
    """Keep pytest's options of the environment from the runs that tests start."""
    os.environ.pop("PYTEST_ADDOPTS", None)  # not sooner: the workers of xdist read them too


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The scratch databases of this process, dropped at its end."""
    made = Databases()
    yield made
    made.close()


@pytest.fixture
def throttles(databases: Databases) -> Iterator[Throttles]:
    """Makes throttles of each kind."""
    made = Throttles(databases)
    yield made
    made.close()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """The name of each store in turn."""
    return str(request.param)


@pytest.fixture
def backend(store: str, databases: Databases) -> Backend:
    """Each store in turn, empty."""
    return databases.backend(store)


@pytest.fixture
def users(backend: Backend) -> UserRepository:
    """The empty accounts and history of each store in turn."""
    return backend.users


@pytest.fixture
def schools(backend: Backend) -> SchoolDirectory:
    """The empty directory of the same store as `users`."""
    return backend.schools
