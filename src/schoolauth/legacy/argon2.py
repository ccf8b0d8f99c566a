"""argon2, as Django writes it."""

from __future__ import annotations

from typing import Literal

from schoolauth.hashing import Argon2


class DjangoArgon2(Argon2):
    """Checks Django's ``argon2$argon2id$…`` with exactly these parameters.

    Args:
        variant: ``id``, or ``i`` for hashes of Django before 3.2.
        time_cost: how many passes the hashes took.
        memory_cost: how much memory they took, in KiB.
        parallelism: how many lanes they had. The defaults are Django's own.

    Raises:
        TypeError: if a number is not one.
        ValueError: if there is no such variant, or a parameter is out of bounds.
    """

    _prefix = "argon2"

    def __init__(
        self,
        *,
        variant: Literal["id", "i", "d"] = "id",
        time_cost: int = 2,
        memory_cost: int = 102_400,
        parallelism: int = 8,
    ) -> None:
        super().__init__(
            variant=variant,
            time_cost=time_cost,
            memory_cost=memory_cost,
            parallelism=parallelism,
        )
