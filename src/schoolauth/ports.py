"""What the library needs from outside: each port is small, and an adapter is any object that fits.

`docs/reference/repository-contract.md` has the clauses that a storage adapter keeps.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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


UNDECIDED_SECONDS = 30
"""After so many seconds without a word about it, an attempt counts as failed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *attempts* within *seconds*."""

    attempts: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together: *key* is a keyed digest, and every one of *limits* holds.

    A success clears it if *cleared_by_success*, and gives back only its own place otherwise.
    """

    key: str
    limits: tuple[Limit, ...]
    cleared_by_success: bool = True


class Outcome(enum.Enum):
    """How a reserved attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Reservation:
    """A place held in every bucket of *buckets*, or, with *retry_after* set, in none.

    *first_refusal* is true for the first refusal of a full bucket's window.
    """

    id: str
    buckets: tuple[Bucket, ...]
    retry_after: int | None = None
    first_refusal: bool = False


class Throttle(Protocol):
    """Counts attempts before they are verified, so that no crowd slips past the limit.

    Places undecided for 30 seconds count as failed. Where only undecided attempts fill a bucket,
    `reserve` waits for them, for a bounded time. Any call may raise `StorageUnavailable`: what
    could not be reserved is not tried, and what could not be settled will count as failed.
    """

    def reserve(self, buckets: Sequence[Bucket], now: datetime, /) -> Reservation:
        """Hold a place in every bucket, or say after how many seconds to come back."""
        ...

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime, /) -> None:
        """Say how the attempt ended; a second word about the same reservation is ignored."""
        ...

    def peek(self, bucket: Bucket, now: datetime, /) -> int:
        """Return after how many seconds *bucket* has a free place, 0 for now."""
        ...

    def clear(self, key: str, /) -> None:
        """Forget every attempt of the bucket with this *key*."""
        ...
