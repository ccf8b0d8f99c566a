"""Lets a test go on exactly when a transaction waits for a lock, as the server itself tells."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine, text

_WAITERS = {
    "postgresql": (
        "SELECT 1 FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ),
    # the server's own tables are for all databases: only ours has a statement on these rows
    "mysql": (
        "SELECT 1 FROM information_schema.innodb_trx AS t "
        "JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id "
        "WHERE t.trx_state = 'LOCK WAIT' AND p.db = database()"
    ),
}


def wait_for_a_waiter(engine: Engine) -> None:
    """Return when a transaction of the database of *engine* waits; fail after 30 seconds."""
    question = text(_WAITERS[engine.dialect.name])
    for _ in range(200):
        with engine.connect() as connection:
            if connection.execute(question).first():
                return
        time.sleep(0.15)  # MariaDB answers from a cache unless it was left alone for 0.1 s
    pytest.fail("nobody waits")
