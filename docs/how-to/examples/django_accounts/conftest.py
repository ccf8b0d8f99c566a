"""Configures Django for these tests, on two databases that are made and dropped here."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import unquote, urlsplit

import django
import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections

FOLDER = tempfile.TemporaryDirectory(prefix="django_accounts_")
URL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
SERVER = urlsplit(os.environ.get("SCHOOLAUTH_TEST_POSTGRESQL", URL))
# In tests nothing must outlive a power cut: to wait for the disc would take most of the time.
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA synchronous=OFF",
    },
}
POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": SERVER.hostname,
    "PORT": SERVER.port or 5432,
    "USER": SERVER.username,
    "PASSWORD": unquote(SERVER.password or ""),
    "OPTIONS": {"options": "-c lock_timeout=5s -c synchronous_commit=off"},
}
settings.configure(
    SECRET_KEY="a key for these tests, and no secret",
    INSTALLED_APPS=["django_accounts"],
    USE_TZ=True,
    DATABASES={
        "default": {**SQLITE, "NAME": Path(FOLDER.name, "accounts.db")},
        "postgresql": {**POSTGRESQL, "NAME": f"django_accounts_{os.getpid()}_{token_hex(4)}"},
        "nowhere": {**SQLITE, "NAME": Path(FOLDER.name, "missing", "accounts.db")},
        "unmigrated": {**SQLITE, "NAME": Path(FOLDER.name, "unmigrated.db")},
        "server": {**POSTGRESQL, "NAME": SERVER.path.lstrip("/") or "postgres"},
    },
)
django.setup()
hypothesis.settings.register_profile("quick", max_examples=25)  # pytest --hypothesis-profile quick


@pytest.fixture(scope="session", params=["default", "postgresql"], ids=["sqlite", "postgresql"])
def using(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the name of a migrated database; it is gone at the end."""
    alias: str = request.param
    if alias == "postgresql":
        make_scratch_database()
    call_command("migrate", database=alias, verbosity=0)
    yield alias
    connections[alias].close()
    if alias == "postgresql":
        on_server("DROP DATABASE {} WITH (FORCE)")


def make_scratch_database() -> None:
    """Make the scratch database; without a server, the tests are skipped, but not in CI."""
    try:
        connections["server"].ensure_connection()
    except OperationalError as error:
        reason = f"PostgreSQL does not answer: {error}"
    else:
        return on_server("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def on_server(statement: str) -> None:
    """Run *statement*, with the name of the scratch database in it."""
    name = settings.DATABASES["postgresql"]["NAME"]
    with connections["server"].cursor() as cursor:
        cursor.execute(statement.format(f'"{name}"'))


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Close what is open and remove the SQLite file, after everything else."""
    yield
    connections.close_all()
    FOLDER.cleanup()
