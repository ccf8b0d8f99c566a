"""What is killed in the middle: processes, connections, files. Nothing half, and no restart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from schoolauth import HistoryQuery, SchoolAuth, StorageUnavailable, User
from schoolauth.storage.sql import SqlSchoolDirectory, SqlStore, SqlUserRepository, create_tables
from tests.databases import Databases
from tests.service.world import HASHER, KEY, PASSWORD, World, make_world

ROUNDS = 6
WRITER = f"""
import sys
from sqlalchemy import create_engine
from schoolauth import SchoolAuth
from schoolauth.storage.sql import SqlStore
from schoolauth.testing import cheap_hasher
auth = SchoolAuth(
    SqlStore(create_engine(sys.argv[1])), secret_key={KEY!r}, hasher=cheap_hasher()
)
desk = auth.manage(by="user-1")
for number in range(100_000):
    desk.set_email("user-2", f"a{{number}}@{{sys.argv[2]}}.example.org")
    auth.end_sessions("user-2")
    print(number, flush=True)
"""


def is_whole(world: World, user: User) -> User:
    """Return *user* as stored: each version but a sign-in's is one event of the account."""
    stored = world.users.find([user.id])[user.id]
    kinds = frozenset({"user_added", "password_changed", "email_changed", "sessions_ended"})
    seen, after = 0, None
    for _ in range(1000):
        page = world.users.history(HistoryQuery(user=user.id, kinds=kinds, limit=500, after=after))
        seen, after = seen + len(page.items), page.next
        if after is None:
            break
    assert seen == stored.version
    return stored


def test_a_killed_process_leaves_no_half_save(tmp_path: Path) -> None:
    """SIGKILL at any moment: every version has its event, and the next process goes on."""
    url = f"sqlite:///{tmp_path / 'accounts.db'}"
    engine = create_engine(url)
    create_tables(engine)
    world = make_world(SqlUserRepository(engine), SqlSchoolDirectory(engine))
    teacher = world.teacher()
    before = teacher.version
    for round_ in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, url, f"r{round_}"], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            for _ in range(2 + round_):  # it is at work, each time in another step
                assert writer.stdout.readline()
            writer.kill()
        stored = is_whole(world, teacher)
        assert stored.version > before
        before = world.desk.set_email(teacher.id, f"after{round_}@hill.example.org").version
    engine.dispose()


KILL = {
    "postgresql": (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()",
        "SELECT pg_backend_pid()",
        "SELECT pg_terminate_backend({})",
    ),
    "mariadb": (
        "SELECT id FROM information_schema.processlist WHERE db = database()",
        "SELECT connection_id()",
        "KILL {}",
    ),
}


@contextmanager
def killing(engine: Engine, store: str) -> Iterator[None]:
    """Kill every other connection to the database, again and again."""
    done = Event()
    everybody, myself, kill = KILL[store]
    single = create_engine(engine.url, isolation_level="AUTOCOMMIT", pool_size=1)

    def work(connection: Connection) -> None:
        own = connection.execute(text(myself)).scalar()
        while not done.wait(0.02):
            for number in connection.execute(text(everybody)).scalars().all():
                if number != own:
                    with suppress(SQLAlchemyError):  # it has ended by itself
                        connection.execute(text(kill.format(number)))

    with single.connect() as connection:
        killer = Thread(target=work, args=(connection,))
        killer.start()
        try:
            yield
        finally:
            done.set()
            killer.join()
    single.dispose()


@pytest.mark.parametrize("store", KILL)
def test_killed_connections_leave_no_half_save(store: str, databases: Databases) -> None:
    """Under fire only StorageUnavailable, and afterwards the same objects work again."""
    backend = databases.backend(store)
    assert backend.engine is not None
    world = make_world(backend.users, backend.schools)
    teacher = world.teacher()
    lost = 0
    with killing(backend.engine, store):
        for number in range(400):
            try:
                world.desk.set_email(teacher.id, f"a{number}@hill.example.org")
            except StorageUnavailable:
                lost += 1
            if lost == 10:
                break
    assert lost
    stored = is_whole(world, teacher)
    assert world.desk.edit_user(teacher.id, given_name="Alive").version == stored.version + 1
    backend.engine.dispose()  # a connection whose kill arrives late is not left to the next test


def test_a_file_that_may_only_be_read_signs_nobody_in(tmp_path: Path) -> None:
    """A sign-in that cannot be recorded is none, and works once it can be."""
    path = tmp_path / "accounts.db"
    engine = create_engine(f"sqlite:///{path}")
    create_tables(engine)
    world = make_world(SqlUserRepository(engine), SqlSchoolDirectory(engine))
    readers = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    auth = SchoolAuth(SqlStore(readers), secret_key=KEY, hasher=HASHER, clock=world.clock)
    for password in (PASSWORD, "Wrong1234"):
        with pytest.raises(StorageUnavailable):
            auth.log_in("wg204nx_admin", password)
    readers.dispose()
    assert world.log_in(world.admin).user.last_login_at is not None
    engine.dispose()


def test_a_file_that_is_gone_signs_nobody_in(tmp_path: Path) -> None:
    """Connections that still hold the lost file write nothing; put back, it works again."""
    path = tmp_path / "accounts.db"
    engine = create_engine(f"sqlite:///{path}")
    create_tables(engine)
    world = make_world(SqlUserRepository(engine), SqlSchoolDirectory(engine))
    path.rename(tmp_path / "away.db")
    with pytest.raises(StorageUnavailable):
        world.log_in(world.admin)
    (tmp_path / "away.db").rename(path)
    assert world.log_in(world.admin)
    engine.dispose()
