"""The directory contract, kept by each of the four stores."""

from __future__ import annotations

import pytest

from schoolauth.ports import SchoolDirectory, UserRepository
from schoolauth.testing import SchoolDirectoryContract
from tests.databases import Databases


class StoreContract(SchoolDirectoryContract):
    """The contract on a store, with the repository of the same store."""

    store: str

    @pytest.fixture(autouse=True)
    def _databases(self, databases: Databases) -> None:
        self.databases = databases

    def make_directory(self) -> tuple[SchoolDirectory, UserRepository]:
        stock = self.databases.stock(self.store)
        return stock.schools, stock.users


class TestMemory(StoreContract):
    store = "memory"


class TestSQLite(StoreContract):
    store = "sqlite"


class TestPostgreSQL(StoreContract):
    store = "postgresql"


class TestMariaDB(StoreContract):
    store = "mariadb"
