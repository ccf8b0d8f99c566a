"""Repositories that are not new when their factory gives them."""

from __future__ import annotations

from typing import ClassVar

from schoolauth.storage.memory import MemoryUserRepository
from tests.testing.broken.base import BrokenRepository


class SharesItsStore(BrokenRepository):
    """Begins with what the ones before it were given."""

    caught_by = ("make.fresh",)
    shared: ClassVar[MemoryUserRepository] = MemoryUserRepository()

    def __init__(self) -> None:
        super().__init__()
        for name in ("_by_key", "_users", "_events"):
            setattr(self, name, getattr(self.shared, name))


ALL = (SharesItsStore,)
