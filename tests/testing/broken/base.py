"""What every broken repository is: the one in memory, wrong in one way."""

from __future__ import annotations

from typing import ClassVar

from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.repository import REPOSITORY


class BrokenRepository(MemoryUserRepository):
    """Wrong in one way, which its docstring says; for showing that a contract notices it."""

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""

    @classmethod
    def maker(cls) -> Maker[UserRepository]:
        """Return the maker of new ones."""
        return Maker(REPOSITORY, cls)
