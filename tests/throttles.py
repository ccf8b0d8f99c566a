"""How the tests reach throttles: in memory, in each database, in Redis and in Memcached.

``SCHOOLAUTH_TEST_REDIS`` is the URI of a Redis; one that is not there skips its tests with the
reason, and fails them where ``CI=true``. ``SCHOOLAUTH_TEST_MEMCACHED`` is that of a Memcached,
which may be missing everywhere: without one, a double of its client shows the same behaviours.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from typing import Any

import pytest
from limits.storage import MemcachedStorage, RedisStorage, Storage
from sqlalchemy import MetaData

from schoolauth.errors import StorageUnavailable
from schoolauth.ports import Throttle
from schoolauth.storage.sql import SqlThrottle, build_tables
from schoolauth.testing.throttle.attempts import at, bucket
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.limits import LimitsThrottle
from tests.databases import SQL_STORES, Databases

LIMITS_STORES = ("memory storage", "redis", "memcached", "memcached double")
THROTTLES = ("memory", *SQL_STORES, *LIMITS_STORES)
_SERVERS = {
    "redis": ("SCHOOLAUTH_TEST_REDIS", "redis://127.0.0.1:6379/0"),
    "memcached": ("SCHOOLAUTH_TEST_MEMCACHED", "memcached://127.0.0.1:11211"),
}


class MemcachedDouble:
    """What `LimitsThrottle` uses of pymemcache's client, with the versions that Memcached gives."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes, bytes]] = {}
        self.lifetimes: dict[str, int] = {}
        self._lock = threading.Lock()
        self._versions = 0

    def gets(self, key: str) -> tuple[bytes | None, bytes | None]:
        return self.values.get(key, (None, None))

    def add(self, key: str, value: str, *, expire: int, noreply: bool) -> bool:
        with self._lock:
            return key not in self.values and self._put(key, value, expire)

    def cas(self, key: str, value: str, version: bytes, *, expire: int, noreply: bool) -> bool:
        with self._lock:
            return self.gets(key)[1] == version and self._put(key, value, expire)

    def _put(self, key: str, value: str, expire: int) -> bool:
        self._versions += 1
        self.values[key] = (value.encode(), str(self._versions).encode())
        self.lifetimes[key] = expire
        return True


def memcached_on(client: Any) -> MemcachedStorage:
    """Return a storage of limits whose client is *client*."""
    return MemcachedStorage("memcached://127.0.0.1:1", client_getter=lambda *_: client)


class Throttles:
    """Throttles that share nothing but their stores, which are left clean at the end."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._name = f"schoolauth_test_{secrets.token_hex(8)}"  # other processes test, too
        self._closing: list[Callable[[], object]] = []

    def make(self, kind: str, *, wait: float = 20.0) -> Throttle:
        """Return a new throttle of one *kind*, which knows no attempt."""
        if kind == "memory":
            return MemoryThrottle(wait=wait)
        if kind in LIMITS_STORES:
            made = LimitsThrottle(self.storage(kind), prefix=self.prefix(), wait=wait)
            self._closing.append(lambda: _close(made))
            return made
        metadata, engine = MetaData(), self._databases.engine(kind)
        tables = build_tables(metadata, prefix=f"throttle_{secrets.token_hex(4)}_")
        tables.throttle.create(engine)
        self._closing.append(lambda: tables.throttle.drop(engine))
        return SqlThrottle(engine, tables=tables, wait=wait)

    def prefix(self) -> str:
        """Return a prefix for keys that nobody else has."""
        return f"{self._name}_{secrets.token_hex(4)}"

    def storage(self, kind: str) -> Storage | str:
        """Return a storage of limits, or its URI, where a server answers."""
        if kind == "memory storage":
            return "memory://"
        if kind == "memcached double":
            return memcached_on(MemcachedDouble())
        variable, default = _SERVERS[kind]
        uri = os.environ.get(variable, default)
        missing = None
        probe = LimitsThrottle(uri, prefix=self.prefix())
        try:
            probe.peek(bucket(), at(0))
        except StorageUnavailable as error:
            missing = f"no {kind} server to test with (set {variable}): {error}"
        _close(probe)
        if missing is not None:
            must = os.environ.get("CI") == "true" and kind == "redis"
            (pytest.fail if must else pytest.skip)(missing)
        if kind == "redis":
            self._closing.append(lambda: _delete(uri, self._name))
        return uri

    def close(self) -> None:
        """Drop everything that was made."""
        while self._closing:
            self._closing.pop()()


def _close(throttle: LimitsThrottle) -> None:
    """Close the connections, which limits leaves to the interpreter."""
    client: Any = getattr(throttle._cells, "_client", None)
    if hasattr(client, "close"):
        client.close()


def _delete(uri: str, name: str) -> None:
    client: Any = RedisStorage(uri).get_connection()
    for key in client.scan_iter(f"{{{name}_*", count=1000):
        client.delete(key)
    client.close()
