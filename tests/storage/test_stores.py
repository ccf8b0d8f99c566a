"""The storage contract, kept by each of the four stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.testing import UserRepositoryContract
from schoolauth.testing.repository.sample_accounts import NOW
from tests.databases import Databases


class TestMemory(UserRepositoryContract):
    def make_repository(self) -> UserRepository:
        return MemoryUserRepository()

    def test_it_has_no_host(self) -> None:
        """A store in memory says of itself that it joins nobody's transaction."""
        users = MemoryUserRepository()
        assert users.joined is MemorySchoolDirectory(users).joined is False

    def test_a_directory_may_stand_alone(self) -> None:
        """Without a repository the directory still keeps schools."""
        school = School("hill", "Hill")
        schools = MemorySchoolDirectory()
        schools.save(school, SchoolAdded(at=NOW, school=school.code))
        assert schools.find([school.code]) == {school.code: school}


class SqlContract(UserRepositoryContract):
    """The contract on a database, alone and inside a host's transaction."""

    store: str

    @pytest.fixture(autouse=True)
    def _databases(self, databases: Databases) -> None:
        self.databases = databases

    def make_repository(self) -> UserRepository:
        return self.databases.backend(self.store).users

    @contextmanager
    def join(self, users: UserRepository) -> Iterator[UserRepository]:
        with self.databases.engine(self.store).begin() as connection:
            yield SqlUserRepository(connection)


class TestSQLite(SqlContract):
    store = "sqlite"


class TestPostgreSQL(SqlContract):
    store = "postgresql"


class TestMariaDB(SqlContract):
    store = "mariadb"
