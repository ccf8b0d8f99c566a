"""How the tests reach throttles: in memory, in each database, and in Redis.

``SCHOOLAUTH_TEST_REDIS`` is the URL of a Redis; one that is not there skips its tests with the
reason, and fails them where ``CI=true``.
"""

from __future__ import annotations

import os
import secrets
from itertools import count

import pytest
from redis import Redis, RedisError
from sqlalchemy import Engine, delete

from schoolauth.ports import Throttle
from schoolauth.storage.sql import SqlThrottle
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.redis import RedisThrottle
from tests.databases import SQL_STORES, Databases

SHARED = (*SQL_STORES, "redis")
THROTTLES = ("memory", *SHARED)


class Throttles:
    """Makes throttles; those of one kind share a store, so use one of them at a time."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._redis: Redis | None = None
        self._name = f"schoolauth_test_{secrets.token_hex(8)}"
        self._numbers = count()

    def make(self, kind: str) -> Throttle:
        """Return a new throttle of one *kind*, which knows no try."""
        if kind == "memory":
            made = MemoryThrottle()
            made._secret = b"the same cells in every run"
            return made
        if kind == "redis":
            return RedisThrottle(self.redis(), prefix=self.prefix())
        engine = self.engine(kind)
        with engine.begin() as connection:
            connection.execute(delete(standard_tables().counts))
        return SqlThrottle(engine)

    def engine(self, kind: str) -> Engine:
        """Return the engine of the database where the throttles of this *kind* count."""
        return self._databases.engine(kind)

    def redis(self) -> Redis:
        """Return the client of a server that answers."""
        if self._redis is None:
            url = os.environ.get("SCHOOLAUTH_TEST_REDIS", "redis://127.0.0.1:6379/0")
            client, missing = Redis.from_url(url), None
            try:
                client.ping()
            except RedisError as error:
                missing = f"no Redis server to test with (set SCHOOLAUTH_TEST_REDIS): {error}"
            if missing is not None:
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
            self._redis = client
        return self._redis

    def prefix(self) -> str:
        """Return a prefix for keys that nobody else has: other processes test, too."""
        return f"{self._name}_{next(self._numbers)}"

    def close(self) -> None:
        """Leave nothing behind in Redis."""
        if self._redis is not None:
            for key in self._redis.scan_iter(f"{{{self._name}_*", count=1000):
                self._redis.delete(key)
            self._redis.close()
