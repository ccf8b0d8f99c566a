"""A process is killed between any two statements of a save: the change is whole, or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine

from schoolauth.model.change import HistoryQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.storage.sql import SqlUserRepository, create_tables
from schoolauth.testing.repository.sample_accounts import keys_of, save
from tests.databases import Databases
from tests.processes import needs_fork
from tests.storage.victim import a_pair, the_change

State = tuple[dict[UserKey, User], tuple[AuditEvent, ...]]
MOMENTS_MAX = 100


def state(users: UserRepository, number: int) -> State:
    """Return everything that the change of *number* is about, as it is stored."""
    pair = a_pair(number)
    new = the_change(pair, number).users[-1]
    keys = [key for user in (*pair, new) for key in keys_of(user)]
    events = users.history(HistoryQuery(user=pair[0].id)).items
    return dict(users.find(keys)), events


@contextmanager
def victims(url: URL) -> Iterator[subprocess.Popen[str]]:
    """Start the process whose children are killed."""
    address = url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.victim", address],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def ways_to_die(engine: Engine) -> Iterator[tuple[str, bool]]:
    """Kill a child at each moment of a save; yield the moment, and whether the change is there."""
    users = SqlUserRepository(engine)
    with victims(engine.url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(MOMENTS_MAX):
            model = MemoryUserRepository()
            pair = save(model, *a_pair(number))
            before = state(model, number)
            model.save(the_change(pair, number))
            after = state(model, number)
            save(users, *a_pair(number))
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            *moment, ended = process.stdout.readline().split()
            found = state(users, number)
            assert found in (before, after)
            if found == before:  # the store goes on: what was lost can be done again
                users.save(the_change(pair, number))
            assert state(users, number) == after
            if not moment:
                assert (ended, found == after) == ("0", True)
                return
            assert ended == str(-signal.SIGKILL)
            yield " ".join(moment), found == after
    pytest.fail("a save does not end")


@needs_fork
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_killed_save_is_whole_or_absent(store: str, databases: Databases) -> None:
    """Up to the commit nothing of the change is there, after it everything is; and it goes on."""
    engine = create_engine(databases.url(store), poolclass=NullPool)  # every call opens it anew
    create_tables(engine)
    moments = list(ways_to_die(engine))
    assert moments[-2:] == [("before COMMIT", False), ("after COMMIT", True)]
    assert not any(there for _, there in moments[:-1])
    names = [name for name, _ in moments]
    assert names[:-2:2] == [name.replace("after", "before") for name in names[1:-2:2]]
    assert {"before UPDATE", "after UPDATE", "before INSERT", "after INSERT"} <= set(names)
