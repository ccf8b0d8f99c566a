"""Where `LimitsThrottle` keeps its tallies: one text for each bucket, changed only if unchanged."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from limits.storage import MemcachedStorage, MemoryStorage, RedisStorage, Storage

from schoolauth.errors import NotConfigured
from schoolauth.workers import renew_in_children

_MONTH = 30 * 24 * 60 * 60
"""Memcached takes a longer lifetime for a date."""
_SWAP = b"""
for i, key in ipairs(KEYS) do
  if (redis.call('GET', key) or '') ~= ARGV[3 * i - 2] then return 0 end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[3 * i - 1], 'EX', ARGV[3 * i])
end
return #KEYS
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a store holds under a key, "" for nothing, and its version where the store has one."""

    key: str
    text: str
    version: Any = None


@dataclass(frozen=True, slots=True)
class Swap:
    """What shall be in the place of *cell*, forgotten after *lifetime* seconds."""

    cell: Cell
    text: str
    lifetime: int


class Cells(Protocol):
    """A store that changes a cell only if it is still as it was read."""

    def read(self, keys: Sequence[str]) -> list[Cell]:
        """Return the cells of *keys*, in their order."""
        ...

    def swap(self, swaps: Sequence[Swap]) -> int:
        """Do *swaps* in their order until one finds its cell changed; return how many were done."""
        ...


class RedisCells:
    """Cells of Redis or Valkey: all of the swaps are done at once, or none."""

    def __init__(self, storage: RedisStorage) -> None:
        self._client: Any = storage.get_connection()
        self._swap = self._client.register_script(_SWAP)

    def read(self, keys: Sequence[str]) -> list[Cell]:
        """Return the cells of *keys*, in their order."""
        texts = self._client.mget(keys)
        return [Cell(key, _text(found)) for key, found in zip(keys, texts, strict=True)]

    def swap(self, swaps: Sequence[Swap]) -> int:
        """Do all of *swaps* and return their number, or none and return 0."""
        values = [value for each in swaps for value in (each.cell.text, each.text, each.lifetime)]
        return int(self._swap([each.cell.key for each in swaps], values))


class MemcachedCells:
    """Cells of Memcached, which can change one at a time only."""

    def __init__(self, storage: MemcachedStorage) -> None:
        self._storage = storage
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with new connections, as a new instance or in a forked child."""
        from pymemcache.client.base import PooledClient

        self._storage.local_storage = threading.local()
        client = self._storage.storage
        # limits has a client for each thread, and a thread that ends leaves its connection open
        self._pooled = client if isinstance(client, PooledClient) else None

    @property
    def _client(self) -> Any:
        return self._pooled or self._storage.storage

    def read(self, keys: Sequence[str]) -> list[Cell]:
        """Return the cells of *keys*, in their order."""
        client, cells = self._client, []
        for key in keys:
            found, version = client.gets(key)
            cells.append(Cell(key, _text(found), version))
        return cells

    def swap(self, swaps: Sequence[Swap]) -> int:
        """Do *swaps* in their order until one finds its cell changed; return how many were done."""
        client = self._client
        for number, each in enumerate(swaps):
            lifetime = each.lifetime if each.lifetime <= _MONTH else 0  # as long as there is room
            key, version = each.cell.key, each.cell.version
            if version is None:
                done = client.add(key, each.text, expire=lifetime, noreply=False)
            else:
                done = client.cas(key, each.text, version, expire=lifetime, noreply=False)
            if not done:
                return number
        return len(swaps)


class MemoryCells:
    """Cells of the memory storage of limits, which keeps numbers: a text is one."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock, as a new instance or in a forked child."""
        self._lock = threading.Lock()

    def read(self, keys: Sequence[str]) -> list[Cell]:
        """Return the cells of *keys*, in their order."""
        with self._lock:
            return [Cell(key, self._text(key)) for key in keys]

    def swap(self, swaps: Sequence[Swap]) -> int:
        """Do all of *swaps* and return their number, or none and return 0."""
        with self._lock:
            if any(self._text(each.cell.key) != each.cell.text for each in swaps):
                return 0
            for each in swaps:
                self._storage.clear(each.cell.key)
                number = int.from_bytes(each.text.encode())
                self._storage.incr(each.cell.key, each.lifetime, amount=number)
        return len(swaps)

    def _text(self, key: str) -> str:
        number = self._storage.get(key)
        return number.to_bytes((number.bit_length() + 7) // 8).decode()


def cells_in(storage: Storage) -> Cells:
    """Return the cells that *storage* can keep.

    Raises:
        NotConfigured: if it cannot change a text only if it is unchanged.
    """
    if isinstance(storage, RedisStorage):
        return RedisCells(storage)
    if isinstance(storage, MemcachedStorage):
        return MemcachedCells(storage)
    if isinstance(storage, MemoryStorage):
        return MemoryCells(storage)
    raise NotConfigured("a throttle needs a storage of limits for Redis, Memcached or memory")


def _text(found: Any) -> str:
    """Return what a client found as text: bytes, text if it decodes by itself, None for nothing."""
    return found.decode() if isinstance(found, bytes) else found or ""
