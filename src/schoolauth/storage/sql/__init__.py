"""The SQL stores: SQLAlchemy Core (2.0.40 or later) over SQLite, PostgreSQL, MariaDB or MySQL."""

from schoolauth.storage.sql.schools import SqlSchoolDirectory
from schoolauth.storage.sql.store import SqlStore
from schoolauth.storage.sql.tables import (
    SCHEMA_VERSION,
    ExactText,
    HiddenText,
    Tables,
    build_tables,
    create_tables,
    schema_sql,
)
from schoolauth.storage.sql.throttle import SqlThrottle
from schoolauth.storage.sql.users import SqlUserRepository
from schoolauth.storage.sql.verify import verify_schema

__all__ = [
    "SCHEMA_VERSION",
    "ExactText",
    "HiddenText",
    "SqlSchoolDirectory",
    "SqlStore",
    "SqlThrottle",
    "SqlUserRepository",
    "Tables",
    "build_tables",
    "create_tables",
    "schema_sql",
    "verify_schema",
]
