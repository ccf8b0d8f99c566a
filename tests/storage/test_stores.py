"""The storage contract, kept by each of the four stores."""

from __future__ import annotations

import pytest

from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.storage.memory import MemorySchoolDirectory
from tests.storage.contract import UserRepositoryContract
from tests.storage.contract_queries import (
    HistoryContract,
    SchoolDirectoryContract,
    SearchContract,
)
from tests.storage.people import NOW


class EveryContract(
    UserRepositoryContract, SearchContract, HistoryContract, SchoolDirectoryContract
):
    """All promises; a subclass names the store."""


class TestMemory(EveryContract):
    @pytest.fixture
    def store(self) -> str:
        return "memory"

    def test_a_directory_may_stand_alone(self) -> None:
        """Without a repository the directory still keeps schools."""
        school = School("hill", "Hill")
        schools = MemorySchoolDirectory()
        schools.save(school, SchoolAdded(at=NOW, school=school.code))
        assert schools.find([school.code]) == {school.code: school}


class TestSQLite(EveryContract):
    @pytest.fixture
    def store(self) -> str:
        return "sqlite"


class TestPostgreSQL(EveryContract):
    @pytest.fixture
    def store(self) -> str:
        return "postgresql"


class TestMariaDB(EveryContract):
    @pytest.fixture
    def store(self) -> str:
        return "mariadb"
