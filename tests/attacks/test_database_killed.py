"""A database that is killed during a load of mixed calls, and comes back."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine, create_engine, text

from schoolauth import HistoryQuery, ImportedUser, Refused, Role, Status, Unavailable, User
from schoolauth.model.events import AuditEvent, StatusChanged
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository, create_tables
from tests.private_postgresql import private_postgresql
from tests.processes import SECONDS
from tests.service.world import PASSWORD, World, make_world

THREADS, KILLS, BETWEEN = 5, 3, 60
WRITING = ("user_added", "user_edited", "email_changed", "status_changed", "sessions_ended")


@dataclass(frozen=True)
class State:
    """What one person's calls change of their account."""

    given_name: str
    email: str | None
    status: Status

    @classmethod
    def of(cls, user: User) -> State:
        """Return the state of *user*."""
        return cls(user.given_name, None if user.email is None else str(user.email), user.status)


@dataclass
class Load:
    """One thread's calls, and what may be true after them: one state, more where one was lost."""

    world: World
    user: User
    number: int
    acknowledged: Callable[[], None]
    possible: set[State] = field(default_factory=set)
    added: list[User] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        """Make calls until *stop*; only the library's own errors are expected."""
        self.possible = {State.of(self.user)}
        turn = 0
        while not stop.is_set():
            turn += 1
            for name, call, effect in self._calls(f"{self.number}x{turn}"):
                try:
                    answer = call()
                except Refused:
                    continue  # by what was read: nothing was written
                except Unavailable:
                    self.lost[name] += 1
                    self.possible |= {effect(state) for state in self.possible}
                    stop.wait(0.01)
                except BaseException as error:  # noqa: BLE001 # the test shows it
                    self.errors.append(error)
                    return
                else:
                    self.done[name] += 1
                    self.possible = {effect(state) for state in self.possible}
                    if isinstance(answer, User) and answer.id == self.user.id:
                        self.possible = {State.of(answer)}
                    self.acknowledged()

    def _calls(self, mark: str) -> list[tuple[str, Callable[[], Any], Callable[[State], State]]]:
        auth, desk, key = self.world.auth, self.world.desk, self.user.id

        def same(state: State) -> State:
            return state

        def add() -> None:
            user = desk.add_user(
                given_name="New", family_name=f"N{mark}", role=Role.STAFF, username=f"new{mark}"
            )
            self.added.append(user)

        def pair() -> None:
            both = [ImportedUser(f"pair{mark}{half}", "Pa", "Ir", Role.STAFF) for half in "ab"]
            self.added += auth.support(by="x").import_users("wg204nx", both, source="old")

        name, email = f"Jess {mark}", f"a{mark}@x.example.org"
        return [
            (
                "edit",
                lambda: desk.edit_user(key, given_name=name),
                lambda state: replace(state, given_name=name),
            ),
            (
                "email",
                lambda: desk.set_email(key, email),
                lambda state: replace(state, email=email),
            ),
            ("add", add, same),
            (
                "log_in",
                lambda: auth.log_in(str(self.user.username), PASSWORD),
                same,
            ),
            ("request", lambda: auth.request_password_reset(str(self.user.username)), same),
            (
                "leave",
                lambda: desk.deactivate(key, release_email=True),
                lambda state: replace(state, email=None, status=Status.INACTIVE),
            ),
            ("pair", pair, same),
            (
                "return",
                lambda: desk.reactivate(key),
                lambda state: replace(state, status=Status.ACTIVE),
            ),
            ("end", lambda: auth.end_sessions(key), same),
        ]


def events_of(world: World, user: User) -> list[AuditEvent]:
    """Return the whole history of *user*, newest first."""
    found: list[AuditEvent] = []
    query = HistoryQuery(user=user.id, limit=500)
    while True:
        page = world.users.history(query)
        found += page.items
        if page.next is None:
            return found
        query = replace(query, after=page.next)


def judge(load: Load, before: Counter[str], version: int) -> None:
    """What was acknowledged is there, what was not is whole or absent, the trail agrees."""
    world = load.world
    stored = world.users.find([load.user.id])[load.user.id]
    assert State.of(stored) in load.possible
    history = events_of(world, load.user)
    kinds = Counter(event.kind for event in history)
    kinds.subtract(before)
    assert stored.version - version == sum(kinds[kind] for kind in WRITING)
    statuses = [event.new for event in history if isinstance(event, StatusChanged)]
    assert statuses[0] == stored.status
    for name, kind in (
        ("edit", "user_edited"),
        ("email", "email_changed"),
        ("log_in", "login_succeeded"),
        ("request", "password_reset_requested"),
        ("end", "sessions_ended"),
    ):
        assert load.done[name] <= kinds[kind] <= load.done[name] + load.lost[name], name
    found = world.users.find([user.id for user in load.added])
    assert len(found) == len(load.added)


def is_whole(engine: Engine) -> None:
    """Every account has its one `user_added`, and every pair is two or none."""
    with engine.connect() as connection:
        users = set(connection.execute(text("SELECT id FROM schoolauth_users")).scalars())
        added = connection.execute(
            text("SELECT user_id FROM schoolauth_events WHERE kind = 'user_added'")
        ).scalars()
        assert sorted(added) == sorted(users)
        pairs = connection.execute(
            text("SELECT username FROM schoolauth_users WHERE username LIKE 'pair%'")
        ).scalars()
        assert set(Counter(name[:-1] for name in pairs).values()) == {2}


def test_a_database_killed_under_load_keeps_every_acknowledged_change() -> None:
    """SIGKILL three times: only typed errors, and the same objects work on at once."""
    with private_postgresql() as server:
        engine = create_engine(server.url, pool_size=THREADS, max_overflow=2)
        create_tables(engine)
        users, schools = SqlUserRepository(engine), SqlSchoolDirectory(engine)
        world = make_world(users, schools, new_id=lambda: secrets.token_hex(8))
        acknowledged = threading.Semaphore(0)
        loads = []
        for number in range(THREADS):
            user = world.teacher(family_name=f"Load{number}", email=f"l{number}@x.example.org")
            login = world.log_in(user)  # later ones of the day write no account
            loads.append(Load(world, login.user, number, acknowledged.release))
        before = [Counter(event.kind for event in events_of(world, load.user)) for load in loads]
        stop = threading.Event()
        threads = [threading.Thread(target=load.run, args=(stop,)) for load in loads]
        for thread in threads:
            thread.start()
        try:
            for _ in range(KILLS):
                for _ in range(BETWEEN):
                    assert acknowledged.acquire(timeout=SECONDS)
                server.kill()
                server.start()
            for _ in range(BETWEEN):
                assert acknowledged.acquire(timeout=SECONDS)
        finally:
            stop.set()
            for thread in threads:
                thread.join(SECONDS)
        assert [error for load in loads for error in load.errors] == []
        assert sum((load.lost for load in loads), Counter())
        for load, kinds in zip(loads, before, strict=True):
            judge(load, kinds, load.user.version)
        is_whole(engine)
        engine.dispose()
