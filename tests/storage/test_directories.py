"""The directory contract, kept by each of the four stores."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.ports import SchoolDirectory, UserRepository
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import SchoolDirectoryContract
from schoolauth.testing.repository.sample_accounts import NOW
from tests.databases import Databases


class StoreContract(SchoolDirectoryContract):
    """The contract on a store, with the repository of the same store."""

    store: str

    @pytest.fixture(autouse=True)
    def _databases(self, databases: Databases) -> None:
        self.databases = databases

    def make_directory(self) -> tuple[SchoolDirectory, UserRepository]:
        backend = self.databases.backend(self.store)
        return backend.schools, backend.users


class TestMemory(StoreContract):
    store = "memory"


class TestSQLite(StoreContract):
    store = "sqlite"


class TestPostgreSQL(StoreContract):
    store = "postgresql"


class TestMariaDB(StoreContract):
    store = "mariadb"


@pytest.mark.parametrize("missing", ["headteacher_email", "headteacher_email_key"])
def test_half_an_address_is_none(missing: str, databases: Databases) -> None:
    """A row in which an address lacks its canonical text, or its form that is shown, has none."""
    backend = databases.backend("sqlite")
    hill = School("hill", "Hill", "head@x.example", "deputy@x.example")
    backend.schools.save(hill, SchoolAdded(at=NOW, school=hill.code))
    assert backend.engine is not None
    with backend.engine.begin() as connection:
        connection.execute(update(standard_tables().schools).values({missing: None}))
    found = backend.schools.find([hill.code])[hill.code]
    assert (found.headteacher_email, found.deputy_email) == (None, hill.deputy_email)
