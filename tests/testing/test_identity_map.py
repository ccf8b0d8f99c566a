"""A joined repository on a session of SQLAlchemy's ORM, which keeps what it has read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, inspect, select
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import StaticPool

from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.storage.sql import SqlUserRepository, build_tables, create_tables
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.repository import REPOSITORY


class Base(DeclarativeBase):
    """The host's own."""


class Account(Base):
    """The entity of an account."""

    __table__ = build_tables(Base.metadata).users


class SelectsEntities(SqlUserRepository):
    """Finds the entities of accounts, which the session gives as it read them first."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        found = super().find(keys)
        stored = {user.id: user for user in self.read([user.id.key for user in found.values()])}
        return {key: stored[user.id] for key, user in found.items()}

    def read(self, ids: list[str]) -> Iterator[User]:
        names = inspect(Account).columns.keys()
        for entity in self._session.scalars(select(Account).where(Account.__table__.c.id.in_(ids))):
            yield User.from_record({name: getattr(entity, name) for name in names})


class SelectsColumns(SelectsEntities):
    """Finds the columns of accounts, which the database gives as they are."""

    def read(self, ids: list[str]) -> Iterator[User]:
        users = Account.__table__
        for row in self._session.execute(select(users).where(users.c.id.in_(ids))).mappings():
            yield User.from_record(dict(row))


@pytest.fixture
def engine() -> Iterator[Engine]:
    """One empty database in memory."""
    made = create_engine("sqlite://", poolclass=StaticPool)
    create_tables(made)
    yield made
    made.dispose()


def show_reads(engine: Engine, kind: Callable[[Session], UserRepository]) -> None:
    """Show that a repository of this kind, joined to a session, reads anew."""

    @contextmanager
    def join(_: UserRepository) -> Iterator[UserRepository]:
        with Session(engine) as session, session.begin():
            held = session.scalars(select(Account)).all()  # as a host may: else they are let go of
            yield kind(session)
            assert held

    (behaviour,) = (each for each in REPOSITORY.behaviours if each.id == "joined.reads_anew")
    show(behaviour, Maker(REPOSITORY, lambda: SqlUserRepository(engine), {"join": join}))


def test_entities_that_the_session_holds_are_noticed(engine: Engine) -> None:
    """What was saved beside the session is in the database, and not in what it holds."""
    with pytest.raises(Unkept, match="after a save in the same transaction"):
        show_reads(engine, SelectsEntities)


def test_columns_are_read_anew(engine: Engine) -> None:
    """The same session gives columns as they stand."""
    show_reads(engine, SelectsColumns)
