"""Sample data in a store that can be reset, so that thousands of faults start alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from schoolauth import School, SchoolAuth, StoredPassword
from schoolauth.model.mail import MailMessage
from schoolauth.ports import Store, UserRepository
from schoolauth.service.school_auth import Joined
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlStore
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import FrozenClock, Outbox, counted_ids
from schoolauth.throttle import MemoryThrottle
from tests.attacks.faults import Fuse
from tests.attacks.operations import LEGACY, Faces, add_sample
from tests.databases import Backend
from tests.service.world import HASHER, KEY, LINKS, make_world


class PretendingOutbox(Outbox):
    """An outbox that also takes as long over a mail that nobody gets."""

    def __init__(self) -> None:
        super().__init__()
        self.pretended: list[MailMessage] = []

    def pretend(self, message: MailMessage, /) -> None:
        """Keep what was not sent."""
        self.pretended.append(message)


class NotingHasher:
    """The tests' hasher, which notes every hash that it makes in *minted*."""

    def __init__(self, minted: set[str]) -> None:
        self._minted = minted
        self.workers, self.wait = HASHER.workers, HASHER.wait

    def hash(self, password: str) -> StoredPassword:
        """Return a hash of *password*."""
        made = HASHER.hash(password)
        self._minted.add(made.reveal())
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(HASHER, name)


def note_tokens(auth: SchoolAuth, minted: set[str]) -> None:
    """Note every token that *auth* makes from now on in *minted*."""
    tokens: Any = auth._core.tokens
    for name in ("issue", "issue_recovery", "issue_device"):
        real = getattr(tokens, name)

        def issue(claims: Any, real: Callable[[Any], str] = real) -> str:
            token = real(claims)
            minted.add(token)
            return token

        setattr(tokens, name, issue)


class Rewound:
    """A school in a store, and faces on it whose ports hang on one fuse."""

    def __init__(self, backend: Backend) -> None:
        self._world = make_world(backend.users, backend.schools, legacy=[LEGACY])
        self.sample = add_sample(self._world)
        self.engine = backend.engine
        self.fuse = Fuse()
        self.outbox = PretendingOutbox()
        self.minted: set[str] = set()
        self._backend = backend
        self._restore = _restorer(backend)

    @property
    def clock(self) -> FrozenClock:
        """What all the faces take for the time."""
        return self._world.clock

    @property
    def users(self) -> UserRepository:
        """The store itself, without a fuse."""
        return self._backend.users

    def schools(self) -> tuple[School, ...]:
        """Return the directory as it is."""
        return self._backend.schools.list().items

    def faces(self, connection: Connection | None = None) -> Faces:
        """Return fresh faces, with nothing throttled, no mail sent and nothing minted.

        With a *connection* the desks work inside its transaction.
        """
        fuse, backend = self.fuse, self._backend
        self.outbox, self.minted = PretendingOutbox(), set()
        ids = counted_ids("new")
        engine, in_memory = backend.engine, Store(backend.users, backend.schools, MemoryThrottle())
        auth = SchoolAuth(
            _wired(in_memory if engine is None else SqlStore(engine), fuse),
            secret_key=KEY,
            mailer=fuse.wire(self.outbox, "mailer"),
            hasher=fuse.wire(NotingHasher(self.minted), "hasher"),
            legacy=[fuse.wire(LEGACY, "legacy")],
            clock=fuse.wire(self._world.clock, "clock"),
            new_id=lambda: str(fuse.through("new_id", ids)),
            links=LINKS,
        )
        note_tokens(auth, self.minted)
        desks: SchoolAuth | Joined = auth
        if connection is not None:
            joined = _wired(SqlStore(connection), fuse)
            desks = auth.within(joined, mailer=fuse.wire(self.outbox, "mailer"))
        desk = desks.manage(by=self.sample.people["admin"].id)
        return Faces(auth, desk, desks.support(by="Test Support"), self.sample)

    @property
    def untouched(self) -> bool:
        """Whether nothing can have been written since the sample was set: only SELECT was sent."""
        return self.fuse.watches and not self.fuse.written

    def rewind(self) -> None:
        """Put the store back to how the sample was set."""
        if not self.untouched:
            self._restore()
            self.fuse.written = False


def _wired(store: Store, fuse: Fuse) -> Store:
    parts: dict[str, Any] = {name: part for name, part in vars(store).items() if part is not None}
    return Store(**{name: fuse.wire(part, name) for name, part in parts.items()})


def _restorer(backend: Backend) -> Callable[[], None]:
    if backend.engine is None:
        return _memory_restorer(backend.users, backend.schools)
    engine, tables = (
        backend.engine,
        [table for table in standard_tables() if table.name[-4:] != "gate"],
    )
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables
        }

    def restore() -> None:
        with engine.begin() as connection:
            for table in tables:
                connection.execute(delete(table))
                if rows[table.name]:
                    connection.execute(insert(table).inline(), rows[table.name])

    return restore


def _memory_restorer(users: Any, schools: Any) -> Callable[[], None]:
    assert isinstance(users, MemoryUserRepository)
    assert isinstance(schools, MemorySchoolDirectory)
    kept = (dict(users._by_key), dict(users._users), list(users._events), dict(schools._schools))

    def restore() -> None:
        users._by_key, users._users = dict(kept[0]), dict(kept[1])
        users._events[:] = kept[2]  # the directory has the very list
        schools._schools = dict(kept[3])

    return restore
