"""The five tables of the SQL stores, and the ways to get them into a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Engine,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable, SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine

from schoolauth.model.arguments import require_kind

SCHEMA_VERSION = 3
GATE_ID = 1
_COLLATIONS = {
    "postgresql": "C",
    "mariadb": "utf8mb4_nopad_bin",
    "mysql": "utf8mb4_0900_bin",  # utf8mb4_bin would treat "james" and "james " as equal
}
_TABLE_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}


class ExactText(TypeDecorator[str]):
    """Text that the database compares by code points, as Python does: nothing folded or padded.

    *length* is in characters; without it the text is unbounded and cannot be indexed.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Return the type with the collation of *dialect*; SQLite compares exactly by itself."""
        # a mysql:// URL may lead to a MariaDB server, whose collations have other names
        name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
        kind = Text if self.length is None else String
        return kind(self.length, collation=_COLLATIONS.get(name))


class HiddenText(TypeDecorator[str]):
    """Text that SQLAlchemy's log (``echo``) and its errors do not show: parameters and rows."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Return the text, hidden."""
        return hidden(value)


class _Hidden(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def hidden(text: str | None) -> str | None:
    """Return *text*, whose `repr` does not show it; every driver takes it for the text it is."""
    return None if text is None else _Hidden(text)


@dataclass(frozen=True, eq=False, slots=True)
class Tables:
    """The tables of one installation, as `build_tables` made them."""

    users: Table
    events: Table
    schools: Table
    gate: Table
    counts: Table

    def __iter__(self) -> Iterator[Table]:
        return iter((self.users, self.events, self.schools, self.gate, self.counts))


def build_tables(
    metadata: MetaData, *, prefix: str = "schoolauth_", schema: str | None = None
) -> Tables:
    """Add the tables to *metadata*, for hosts that run their own migrations.

    The `gate` table also needs its one row, ``id = 1``: `create_tables` and `schema_sql` put it
    in; in a migration, ``op.bulk_insert(tables.gate, [{"id": 1}])``.
    """

    def table(name: str, *items: SchemaItem) -> Table:
        return Table(prefix + name, metadata, *items, schema=schema, **_TABLE_OPTIONS)

    def named(kind: str, name: str) -> str:
        return f"{kind}_{prefix}{name}"

    users = table(
        "users",
        Column("id", ExactText(64), nullable=False),
        Column("school", String(40), nullable=False),
        Column("school_key", ExactText(40), nullable=False),
        Column("username", String(64), nullable=False),
        Column("username_key", ExactText(80), nullable=False),
        Column("email", String(254)),
        Column("email_key", ExactText(254)),
        Column("mis_key", ExactText(200)),
        Column("given_name", String(100), nullable=False),
        Column("family_name", String(100), nullable=False),
        Column("role", String(20), nullable=False),
        Column("status", String(20), nullable=False),
        Column("status_since", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("last_login_at", BigInteger),
        Column("must_change_password", Boolean, nullable=False),
        Column("superseded_by", ExactText(64)),
        Column("legal_hold", Boolean, nullable=False),
        Column("epoch", BigInteger, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("password", HiddenText(512)),
        Column("search_text", ExactText(), nullable=False),
        PrimaryKeyConstraint("id", name=named("pk", "users")),
        UniqueConstraint("username_key", name=named("uq", "users_username_key")),
        UniqueConstraint("email_key", name=named("uq", "users_email_key")),
        UniqueConstraint("mis_key", name=named("uq", "users_mis_key")),
        Index(named("ix", "users_school"), "school_key", "username_key"),
    )
    events = table(
        "events",
        # SQLite counts up by itself only in a column of the type INTEGER
        Column(
            "seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False, autoincrement=True
        ),
        Column("kind", String(40), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("actor", String(120), nullable=False),
        Column("school_key", ExactText(40)),
        Column("user_id", ExactText(64)),
        Column("details", Text, nullable=False),
        PrimaryKeyConstraint("seq", name=named("pk", "events")),
        Index(named("ix", "events_school"), "school_key", "seq"),
        Index(named("ix", "events_user"), "user_id", "seq"),
    )
    schools = table(
        "schools",
        Column("code_key", ExactText(40), nullable=False),
        Column("code", String(40), nullable=False),
        Column("name", String(100), nullable=False),
        Column("headteacher_email", String(254)),
        Column("headteacher_email_key", ExactText(254)),
        Column("deputy_email", String(254)),
        Column("deputy_email_key", ExactText(254)),
        PrimaryKeyConstraint("code_key", name=named("pk", "schools")),
    )
    gate = table(
        "gate",
        Column("id", Integer, nullable=False, autoincrement=False),
        PrimaryKeyConstraint("id", name=named("pk", "gate")),
    )
    # not the `throttle` of version 2: its processes may still count there
    counts = table(
        "counts",
        Column("bucket", ExactText(100), nullable=False),
        Column("numbers", String(200), nullable=False),
        Column("over_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("bucket", name=named("pk", "counts")),
        Index(named("ix", "counts_over_at"), "over_at"),
    )
    return Tables(users, events, schools, gate, counts)


@cache
def standard_tables() -> Tables:
    """Return the tables with the standard names; always the same, so that statements are too."""
    return build_tables(MetaData())


def given_tables(tables: Tables | None) -> Tables:
    """Return *tables*, or those with the standard names.

    Raises:
        TypeError: if it is something else.
    """
    if tables is None:
        return standard_tables()
    require_kind(tables, Tables, "tables")
    return tables


def create_tables(engine: Engine, *, tables: Tables | None = None) -> None:
    """Create what is missing of the tables, with the gate's row; it may run twice.

    Errors of the database are SQLAlchemy's own: this is for set-up, not for requests.
    """
    tables = tables or standard_tables()
    with engine.begin() as connection:
        tables.users.metadata.create_all(connection, tables=list(tables))
        if not has_gate_row(connection, tables):
            connection.execute(insert(tables.gate), {"id": GATE_ID})


def has_gate_row(connection: Connection, tables: Tables) -> bool:
    """Tell whether the gate's one row is there."""
    row = select(tables.gate.c.id).where(tables.gate.c.id == GATE_ID)
    return connection.execute(row).first() is not None


def schema_sql(dialect_name: str, since: int | None = None) -> str:
    """Return the statements that create the tables, each ended by ``;``, with the gate's row.

    *dialect_name* is ``sqlite``, ``postgresql``, ``mysql`` or ``mariadb`` (the server, whatever
    the URL says). *since* is the schema version that the database has: what is missing since then,
    and for today's version ``""``.

    Raises:
        ValueError: if the dialect or the version is not known.
    """
    if dialect_name not in ("sqlite", *_COLLATIONS):
        raise ValueError(f"there is no schema for the dialect {dialect_name!r}")
    if since is not None and not 1 <= since <= SCHEMA_VERSION:
        raise ValueError(f"there is no schema version {since!r}")
    dialect = make_url(f"{dialect_name}://").get_dialect()()
    tables = standard_tables()
    newer = {1: (tables.counts,), 2: (tables.counts,), SCHEMA_VERSION: ()}  # since each version
    statements: list[str] = []
    for table in tables if since is None else newer[since]:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes)
    if since is None:
        row = insert(tables.gate).values(id=GATE_ID)
        statements.append(str(row.compile(dialect=dialect, compile_kwargs={"literal_binds": True})))
    return "".join(f"{statement.strip()};\n\n" for statement in statements)
