"""A database that is killed during a load of mixed calls, and comes back."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import Engine, create_engine, text

from schoolauth import (
    HistoryQuery,
    LoginRefused,
    PasswordChangeRequired,
    Status,
    Throttled,
    TokenRefused,
    User,
)
from schoolauth.model.events import AuditEvent, StatusChanged
from schoolauth.storage.sql import (
    SqlSchoolDirectory,
    SqlThrottle,
    SqlUserRepository,
    create_tables,
)
from tests.attacks.load import Load, State
from tests.private_postgresql import private_postgresql
from tests.processes import SECONDS
from tests.service.world import PASSWORD, World, make_world

THREADS, KILLS, BETWEEN = 5, 3, 60
WRITING = (
    "user_added",
    "user_edited",
    "email_changed",
    "password_changed",
    "status_changed",
    "sessions_ended",
)


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
    for names, kind in (
        (("edit",), "user_edited"),
        (("email",), "email_changed"),
        (("log_in", "reset", "choose"), "login_succeeded"),
        (("request",), "password_reset_requested"),
        (("reset", "change", "give", "choose"), "password_changed"),
        (("end",), "sessions_ended"),
    ):
        done = sum(load.done[name] for name in names)
        lost = sum(load.lost[name] for name in names)
        assert done <= kinds[kind] <= done + lost, names
    found = world.users.find([user.id for user in load.added])
    assert len(found) == len(load.added)


def is_let_in(load: Load) -> None:
    """The password that was acknowledged works, and no other; no token works a second time."""
    world, known = load.world, set(load.passwords)
    if State.of(world.desk.get_user(load.user.id)).status is Status.INACTIVE:
        world.desk.reactivate(load.user.id)
    with suppress(PasswordChangeRequired):
        load.log_in()
    (right,) = load.passwords
    for wrong in {*known, PASSWORD} - {right}:
        with pytest.raises(LoginRefused):
            world.log_in(load.user, wrong)
    for token in load.used:
        with pytest.raises(TokenRefused) as refused:
            world.auth.reset_password(token, "Blackboard8")
        assert refused.value.reason == "used"


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
    """SIGKILL three times: only typed errors, and the same objects work on at once.

    What was acknowledged of passwords, links and wrong tries stands, too: the throttle's counts are
    in the same database.
    """
    with private_postgresql() as server:
        engine = create_engine(server.url, pool_size=THREADS, max_overflow=2)
        create_tables(engine)
        users, schools = SqlUserRepository(engine), SqlSchoolDirectory(engine)
        world = make_world(
            users,
            schools,
            new_id=lambda: secrets.token_hex(8),
            throttle=SqlThrottle(engine),
        )
        guessed = world.teacher(family_name="Guessed")
        for _ in range(8):
            with pytest.raises(LoginRefused):
                world.log_in(guessed, "Wrong1234")
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
            is_let_in(load)
        done = sum((load.done for load in loads), Counter())
        assert not {"reset", "change", "give", "choose", "log_in", "request"} - set(done)
        with pytest.raises(Throttled):
            world.log_in(guessed)
        is_whole(engine)
        engine.dispose()
