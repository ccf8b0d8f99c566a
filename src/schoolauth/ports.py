"""What the library needs from outside: each port is small, and an adapter is any object that fits.

`docs/reference/repository-contract.md` has the clauses that a storage adapter keeps. An optional
port is asked for by `isinstance`, so an object that wraps another and passes calls on by
``__getattr__`` must define `joined`, `pretend`, `workers` and `wait` itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from schoolauth.model.change import Change, HistoryQuery, Page, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import SchoolCode, UserKey
from schoolauth.model.school import School
from schoolauth.model.user import StoredPassword, User
from schoolauth.workers import Workers


@runtime_checkable
class Joinable(Protocol):
    """Attribute of a repository or directory that can work in a transaction of the host."""

    joined: bool
    """Whether it works in one: then it never commits, and only `SchoolAuth.within` accepts it."""


class UserRepository(Protocol):
    """Where accounts and their history are kept; safe to use from many threads.

    One that can work in a transaction of the host is `Joinable` too.
    """

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote; an absent key is absent from the answer.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        ...

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return the accounts of one school that fit *query*, by `username.key` in code points.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        ...

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change* in one transaction, or nothing at all.

        A user's stored version must be the one it carries (0: not there yet) and goes up by one.
        Keys are judged on the resulting state, so that one change may move or swap them.

        Raises:
            StaleUser: if a user, or one of `change.unchanged`, is not as it was read.
            EmailTaken, UsernameTaken, MisIdTaken: if another account has a claimed key.
            StorageUnavailable: if the store does not answer.
        """
        ...

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return the events that fit *query*, newest save first, each save's in their order.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        ...


class SchoolDirectory(Protocol):
    """Where schools are kept; safe to use from many threads."""

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools with these codes; an unknown code is absent from the answer.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        ...

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by `code.key`, *limit* (1 to 500) at a time.

        Raises:
            StorageUnavailable: if the store does not answer.
        """
        ...

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school* and *event* in one transaction: a new one if it is a `SchoolAdded`.

        Raises:
            SchoolTaken: if a new one is there already.
            SchoolUnknown: if a changed one is not there.
            StorageUnavailable: if the store does not answer.
        """
        ...


@dataclass(frozen=True)
class Store:
    """Where accounts, schools and counts are kept together: what `SchoolAuth` works on.

    `schoolauth.storage.memory.MemoryStore` and `schoolauth.storage.sql.SqlStore` are complete ones.

    Args:
        users: accounts and their history.
        schools: the schools, in the same database as *users*; without it, the calls about schools
            raise `NotConfigured`.
        throttle: counts attempts; in this process's memory if not given.
    """

    users: UserRepository
    schools: SchoolDirectory | None = None
    throttle: Throttle | None = None


class PasswordHasher(Protocol):
    """Turns passwords into hashes and checks them; safe to use from many threads."""

    def hash(self, password: str, /) -> StoredPassword:
        """Return a new salted hash of *password*.

        Raises:
            Overloaded: if too many are waiting already.
        """
        ...

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is a hash of *password*.

        Raises:
            ValueError: before any work, if *stored* is corrupt or outside the bounds.
            Overloaded: if too many are waiting already.
        """
        ...

    def needs_rehash(self, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* was made with other parameters than today's; no work.

        Raises:
            ValueError: if it is not a hash that `verify` would check.
        """
        ...


@runtime_checkable
class HasWorkers(Protocol):
    """What a hasher may also offer: its own threads, for other work on passwords.

    Legacy verifiers and `AsyncSchoolAuth` use them; without them, each has a pool of its own.
    """

    workers: Workers
    """The threads in which it hashes; a call that already runs there hashes in the same thread."""

    wait: float
    """For how many seconds a call may wait for its turn there."""


class LegacyVerifier(Protocol):
    """Checks the hashes of one older scheme; safe to use from many threads.

    Each sign-in runs every verifier once, in the hasher's workers: `verify` for its own hash,
    `pretend` otherwise. So both must do the same work, whatever the hash.
    """

    def recognises(self, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is of this scheme and within its bounds; no work."""
        ...

    def verify(self, password: str, stored: StoredPassword, /) -> bool:
        """Tell whether *stored* is a hash of *password*.

        Raises:
            ValueError: before any work, if *stored* is not recognised; or if it is corrupt.
            Overloaded: if the machine lacks what the work takes.
        """
        ...

    def pretend(self, password: str, /) -> None:
        """Do the work of `verify` for *password*, without a result.

        Raises:
            Overloaded: if the machine lacks what the work takes.
        """
        ...


class Mailer(Protocol):
    """Hands a mail over for sending; whatever it raises means that it was not handed over."""

    def send(self, message: MailMessage, /) -> None:
        """Hand *message* over."""
        ...


@runtime_checkable
class PretendingMailer(Mailer, Protocol):
    """What a mailer may also offer: to take as long without sending a mail as with sending one."""

    def pretend(self, message: MailMessage, /) -> None:
        """Do what `send` costs the caller, and send nothing; never raises."""
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 # the only line that reads the clock


NEVER = 10 * 365 * 24 * 60 * 60
"""The seconds to wait, ten years, where no time frees a place and only `Throttle.clear` does."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Holds *burst* places; a used one is free again after *refill*, one place at a time.

    So at most ``burst + window / refill`` tries pass in any window. With *refill* None a place
    stays used until it is given back or cleared.
    """

    burst: int
    refill: timedelta | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together; every one of *limits* holds.

    Args:
        key: a keyed digest with a prefix, at most 100 characters of ASCII.
        limits: always the same ones, in the same order, for the same key.
        invented: whether strangers can make up as many keys of this kind as they like. A store
            with little room may then count two keys as one, and must not forget either.

    Raises:
        ValueError: if *invented* keys have a limit without a refill: they would stay for ever.
    """

    key: str
    limits: tuple[Limit, ...]
    invented: bool = False

    def __post_init__(self) -> None:
        if self.invented and any(limit.refill is None for limit in self.limits):
            raise ValueError("an invented bucket needs limits with a refill")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The full bucket with the longest wait, and after how many whole seconds it has a place."""

    bucket: Bucket
    seconds: int


class Throttle(Protocol):
    """Counts tries before they are verified; safe to use from many threads.

    *now* is the time to count by, and is used as it is; None means the store's own clock, which is
    the same for all processes that share the store. A number that is ahead of *now* by more than
    its limit allows and 2 minutes comes from a wrong clock: the store writes it back as full as of
    now, also when the try is refused. Any call may raise `StorageUnavailable`: what could not be
    counted is not tried.
    """

    def take(
        self,
        buckets: Sequence[Bucket],
        now: datetime | None = None,
        /,
        *,
        even_if_full: bool = False,
    ) -> Refusal | None:
        """Take a place in every bucket, or in none and return why; no two have the same key.

        What is never given back counts. With *even_if_full* nothing is refused, and a full bucket
        stays full from now on.
        """
        ...

    def give_back(self, buckets: Sequence[Bucket], now: datetime | None = None, /) -> None:
        """Give back one place of every bucket; more than was taken frees nothing else."""
        ...

    def wait(self, bucket: Bucket, now: datetime | None = None, /) -> int:
        """Return after how many whole seconds *bucket* has a free place, 0 for now."""
        ...

    def clear(self, buckets: Sequence[Bucket], /) -> None:
        """Free every place of these buckets, and of no other."""
        ...
