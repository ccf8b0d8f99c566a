"""What every broken repository is: the one in memory, wrong in one way."""

from __future__ import annotations

from typing import ClassVar

from schoolauth.storage.memory import MemoryUserRepository


class BrokenRepository(MemoryUserRepository):
    """Wrong in one way, which its docstring says; for showing that a contract notices it."""

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""
