"""Desks inside a transaction of the host's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from schoolauth import (
    Change,
    EmailTaken,
    HeldMailer,
    Joined,
    LastAdmin,
    NotConfigured,
    PasswordChangeRequired,
    Role,
    School,
    SchoolAuth,
    StaleUser,
    TokenRefused,
    UserRepository,
)
from schoolauth.ports import Store
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlSchoolDirectory, SqlStore, SqlUserRepository
from tests.databases import SQL_STORES, Databases
from tests.service.world import HASHER, KEY, PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"
Begin = Callable[[Engine], AbstractContextManager[Connection | Session]]


@contextmanager
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
        if opened.in_transaction():
            opened.rollback()


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened
        opened.rollback()


@pytest.fixture(params=SQL_STORES)
def joined_world(request: pytest.FixtureRequest, databases: Databases) -> tuple[World, Engine]:
    """A school on each SQL store, with the engine below and a table of the host's own."""
    backend = databases.backend(request.param)
    assert backend.engine is not None
    with backend.engine.begin() as host:
        host.execute(text("DROP TABLE IF EXISTS host_notes"))
        host.execute(text("CREATE TABLE host_notes (note VARCHAR(40))"))
    return make_world(backend.users, backend.schools), backend.engine


@pytest.fixture(params=[connection, session], ids=["connection", "session"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """How the host opens its transaction."""
    chosen: Begin = request.param
    return chosen


def join(world: World, bind: Connection | Session, held: HeldMailer | None = None) -> Joined:
    return world.auth.within(
        SqlStore(bind),
        mailer=held,
    )


def notes(engine: Engine) -> list[str]:
    with engine.connect() as host:
        return list(host.execute(text("SELECT note FROM host_notes")).scalars())


def test_both_halves_are_committed_together(
    joined_world: tuple[World, Engine], begin: Begin
) -> None:
    """The host's row and the library's account are there after the host's commit, mail with it."""
    world, engine = joined_world
    held = HeldMailer(world.outbox)
    with begin(engine) as host:
        host.execute(text("INSERT INTO host_notes VALUES ('mine')"))
        desk = join(world, host, held).manage(by=world.admin.id)
        user = desk.add_user(given_name="Jess", family_name="James", role=Role.TEACHER, email=EMAIL)
        desk.send_create_password_email(user.id)
        assert world.outbox == []
        host.commit()
    held.release()
    assert notes(engine) == ["mine"]
    assert world.kinds(user) == ["create_password_sent", "user_added"]
    assert world.auth.reset_password(world.token("create_password"), PASSWORD)


def test_both_halves_are_rolled_back_together(
    joined_world: tuple[World, Engine], begin: Begin
) -> None:
    """Nothing of either is there after the host's rollback, and no mail goes out."""
    world, engine = joined_world
    held = HeldMailer(world.outbox)
    before = world.kinds()
    with begin(engine) as host:
        host.execute(text("INSERT INTO host_notes VALUES ('mine')"))
        joined = join(world, host, held)
        joined.support(by="x").add_school(School("other", "Other School"))
        user = joined.manage(by=world.admin.id).add_user(
            given_name="Jess", family_name="James", role=Role.ADMIN, email=EMAIL
        )
        joined.manage(by=world.admin.id).send_create_password_email(user.id)
        host.rollback()
    held.discard()
    assert (notes(engine), world.kinds(), world.outbox) == ([], before, [])
    assert len(world.auth.support(by="x").schools().items) == 1


def test_a_refused_change_leaves_the_hosts_transaction_usable(
    joined_world: tuple[World, Engine], begin: Begin
) -> None:
    """After a refusal the host goes on and commits, and nothing of the change is there."""
    world, engine = joined_world
    world.teacher(email=EMAIL)
    before = world.kinds()
    with begin(engine) as host:
        host.execute(text("INSERT INTO host_notes VALUES ('before')"))
        desk = join(world, host).manage(by=world.admin.id)
        with pytest.raises(EmailTaken) as caught:
            desk.add_user(given_name="X", family_name="Y", role=Role.TEACHER, email=EMAIL)
        assert caught.value.holder_username == "wg204nx_james"
        with pytest.raises(LastAdmin):
            desk.deactivate(world.admin.id)
        host.execute(text("INSERT INTO host_notes VALUES ('after')"))
        host.commit()
    assert notes(engine) == ["before", "after"]
    assert world.kinds() == before


def test_a_link_of_a_rolled_back_transaction_is_never_good(
    joined_world: tuple[World, Engine], begin: Begin
) -> None:
    """Neither then nor after the owner's next change (measured: with epoch + 1 it was)."""
    world, engine = joined_world
    teacher = world.teacher(email=EMAIL)
    held = HeldMailer(world.outbox)
    with begin(engine) as host:
        desk = join(world, host, held).manage(by=world.admin.id)
        desk.set_password(teacher.id, "Temporary1")  # the epoch moves on, and the link carries it
        desk.send_create_password_email(teacher.id)
        token = held.messages[-1].token
        host.rollback()
    assert token is not None
    for change in (
        lambda: None,
        lambda: world.desk.set_password(teacher.id, "Whiteboard9", must_change=False),
        lambda: world.auth.end_sessions(teacher.id),
    ):
        change()
        with pytest.raises(TokenRefused):
            world.auth.check_password_token(token)


def test_a_joined_desk_does_not_try_again(world: World) -> None:
    """A stale account is told at once: in a host's transaction a second read sees the same."""
    users = AlwaysStale(world.users)
    joined = world.auth.within(Store(users), mailer=None)
    with pytest.raises(StaleUser):
        joined.manage(by=world.admin.id).edit_user(world.admin.id, given_name="Adele")
    assert users.saves == 1


class AlwaysStale:
    """A joined repository that was overtaken by somebody else."""

    joined = True

    def __init__(self, users: UserRepository) -> None:
        self._users = users
        self.saves = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._users, name)

    def save(self, change: Change) -> None:
        self.saves += 1
        raise StaleUser


def test_within_and_the_instance_want_their_own_kind_of_repository(
    joined_world: tuple[World, Engine],
) -> None:
    """A joined repository is refused by SchoolAuth, and one that commits itself by within()."""
    world, engine = joined_world
    with engine.connect() as host:
        with pytest.raises(NotConfigured):
            SchoolAuth(SqlStore(host), secret_key=KEY, hasher=HASHER)
        with pytest.raises(NotConfigured):
            SchoolAuth(Store(world.users, SqlSchoolDirectory(host)), secret_key=KEY, hasher=HASHER)
        with pytest.raises(NotConfigured):
            world.auth.within(Store(SqlUserRepository(host), world.schools), mailer=None)
    users = MemoryUserRepository()
    with pytest.raises(NotConfigured):
        world.auth.within(Store(users, MemorySchoolDirectory(users)), mailer=None)


def test_signing_in_stays_outside(joined_world: tuple[World, Engine]) -> None:
    """The joined object has the two desks and nothing that signs people in."""
    world, engine = joined_world
    teacher = world.teacher(None)
    with engine.connect() as host:
        joined = join(world, host)
        assert not {"log_in", "resume", "reset_password"} & set(dir(joined))
        joined.manage(by=world.admin.id).set_password(teacher.id, "Temporary1")
        host.commit()
    with pytest.raises(PasswordChangeRequired):
        world.log_in(teacher, "Temporary1")
