"""Broken on purpose, each in one way: every behaviour of a contract catches at least one.

`REPOSITORIES`, `DIRECTORIES`, `MAILERS` and `THROTTLES` are classes; what each is wrong in is its
docstring, and `caught_by` has the behaviours that must notice it.
"""

from tests.testing.broken import (
    accounts,
    directory,
    fields,
    histories,
    joining,
    keys,
    listing,
    living,
    look_ups,
    mailers,
    moves,
    paging,
    racing,
    reading,
    shared,
    throttles,
)
from tests.testing.broken.base import BrokenRepository
from tests.testing.broken.directory import BrokenDirectory
from tests.testing.broken.mailers import BrokenMailer
from tests.testing.broken.throttles import BrokenThrottle

REPOSITORIES: tuple[type[BrokenRepository], ...] = (
    *look_ups.ALL,
    *fields.ALL,
    *accounts.ALL,
    *keys.ALL,
    *moves.ALL,
    *reading.ALL,
    *paging.ALL,
    *histories.ALL,
    *joining.ALL,  # with `joining.join`
    *racing.ALL,
    *living.ALL,
    *shared.ALL,
)
DIRECTORIES: tuple[type[BrokenDirectory], ...] = (*directory.ALL, *listing.ALL)
MAILERS: tuple[type[BrokenMailer], ...] = mailers.ALL
THROTTLES: tuple[type[BrokenThrottle], ...] = throttles.ALL

__all__ = [
    "DIRECTORIES",
    "MAILERS",
    "REPOSITORIES",
    "THROTTLES",
    "BrokenDirectory",
    "BrokenMailer",
    "BrokenRepository",
    "BrokenThrottle",
]
