"""Broken on purpose, each in one way: every behaviour of a contract catches at least one.

`REPOSITORIES`, `DIRECTORIES` and `MAILERS` are classes; what each is wrong in is its
docstring, and `caught_by` has the behaviours that must notice it. Who writes a contract of their
own, or changes ours, tries it on these.

>>> from schoolauth.testing import check_repository
>>> from schoolauth.testing.broken import REPOSITORIES
>>> (padded,) = [each for each in REPOSITORIES if each.__name__ == "PaddedComparison"]
>>> report = check_repository(padded)
>>> set(padded.caught_by) <= report.failures.keys()
True
"""

from schoolauth.testing.broken import (
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
)
from schoolauth.testing.broken.base import BrokenRepository
from schoolauth.testing.broken.directory import BrokenDirectory
from schoolauth.testing.broken.mailers import BrokenMailer

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

__all__ = [
    "DIRECTORIES",
    "MAILERS",
    "REPOSITORIES",
    "BrokenDirectory",
    "BrokenMailer",
    "BrokenRepository",
]
