"""Broken on purpose, each in one way: every behaviour of a contract catches at least one.

`REPOSITORIES`, `DIRECTORIES`, `MAILERS` and `THROTTLES` are classes; what each is wrong in is its
docstring, and `caught_by` has the behaviours that must notice it.
"""

from tests.testing.broken import (
    altered_fields,
    concurrency,
    directory,
    directory_list,
    find,
    history,
    joined,
    mailer,
    moved_keys,
    pagination,
    save,
    search,
    shared_store,
    state_machine,
    throttle,
    unique_keys,
)
from tests.testing.broken.base import BrokenRepository
from tests.testing.broken.directory import BrokenDirectory
from tests.testing.broken.mailer import BrokenMailer
from tests.testing.broken.throttle import BrokenThrottle

REPOSITORIES: tuple[type[BrokenRepository], ...] = (
    *find.ALL,
    *altered_fields.ALL,
    *save.ALL,
    *unique_keys.ALL,
    *moved_keys.ALL,
    *search.ALL,
    *pagination.ALL,
    *history.ALL,
    *joined.ALL,  # with `joined.join`
    *concurrency.ALL,
    *state_machine.ALL,
    *shared_store.ALL,
)
DIRECTORIES: tuple[type[BrokenDirectory], ...] = (*directory.ALL, *directory_list.ALL)
MAILERS: tuple[type[BrokenMailer], ...] = mailer.ALL
THROTTLES: tuple[type[BrokenThrottle], ...] = throttle.ALL

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
