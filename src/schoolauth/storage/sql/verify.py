"""Asks a database whether it has the tables that the SQL stores need, inserting nothing."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    String,
    false,
    func,
    inspect,
    literal_column,
    select,
    union,
)

from schoolauth.errors import ContractBroken
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.tables import (
    SCHEMA_VERSION,
    ExactText,
    Tables,
    has_gate_row,
    standard_tables,
)

_LOOK_ALIKES = ("'a'", "'a '", "'A'", "'á'")


def verify_schema(engine: Engine, *, tables: Tables | None = None) -> None:
    """Return if the database can keep the storage contract; for a host's start-up or its tests.

    Asks for every table and column, for the gate's row, and whether the key columns tell ``a``
    from ``a`` with a space, ``A`` and ``á``. Nothing is written.

    Raises:
        ContractBroken: naming all that is wrong.
        StorageUnavailable: if the database does not answer.
    """
    tables = tables or standard_tables()
    flaws = Binding(engine).read(lambda connection: _flaws(connection, tables))
    if flaws:
        raise ContractBroken(
            f"This is not schema version {SCHEMA_VERSION} of schoolauth: {'; '.join(flaws)}. "
            "See create_tables(engine) and schema_sql(dialect)."
        )


def _flaws(connection: Connection, tables: Tables) -> list[str]:
    inspector = inspect(connection)
    flaws = []
    for table in tables:
        if not inspector.has_table(table.name, schema=table.schema):
            flaws.append(f"the table {table.fullname} is missing")
            continue
        there = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
        absent = [column.name for column in table.columns if column.name not in there]
        flaws.extend(f"the column {table.fullname}.{name} is missing" for name in absent)
    if flaws:
        return flaws
    if not has_gate_row(connection, tables):
        flaws.append(f"the table {tables.gate.fullname} lacks its row with id = 1")
    exact = [c for table in tables for c in table.columns if isinstance(c.type, ExactText)]
    flaws.extend(
        f"the collation of {column.table.fullname}.{column.name} does not tell 'a' from "
        "'a ', 'A' or 'á'"
        for column in exact
        if not _is_exact(connection, column)
    )
    return flaws


def _is_exact(connection: Connection, column: Column[str]) -> bool:
    # UNION drops what it takes for equal, by the collation of its first part: the real column
    probes = [select(literal_column(text, String).label("probe")) for text in _LOOK_ALIKES]
    kept = union(select(column.label("probe")).where(false()), *probes).subquery("kept")
    return connection.execute(select(func.count()).select_from(kept)).scalar() == len(_LOOK_ALIKES)
