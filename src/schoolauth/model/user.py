"""An account: `User`, its `Role` and `Status`, and the table of what may become what."""

from __future__ import annotations

import enum
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Self, TypeVar

from schoolauth.errors import ContractBroken
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.text import fold

Scalar = str | int | bool | None
"""What a flat record holds."""


class Role(enum.StrEnum):
    """What somebody is at school; the library only asks whether it is ADMIN."""

    ADMIN = "admin"
    SLT = "slt"
    TEACHER = "teacher"
    STAFF = "staff"


class Status(enum.StrEnum):
    """The state of an account: only ACTIVE can sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ERASED = "erased"


TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.INVITED: frozenset({Status.ACTIVE, Status.INACTIVE, Status.ERASED}),
        Status.ACTIVE: frozenset({Status.INACTIVE, Status.ERASED}),
        Status.INACTIVE: frozenset({Status.ACTIVE, Status.INVITED, Status.ERASED}),
        Status.ERASED: frozenset(),
    }
)
"""Which status may follow which; every change obeys this table, and the docs draw it."""


class StoredPassword:
    """A password's hash, kept from view: masked in `repr`, refuses pickling, copies to itself."""

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("a stored password is text")
        text = str(text)  # a store's own text may hide itself
        self._text: Callable[[], str] = lambda: (
            text
        )  # a closure: vars() and tracebacks show no hash

    def reveal(self) -> str:
        """Return the text that a store keeps; for storage adapters and hashers only."""
        return self._text()

    def __repr__(self) -> str:
        return "StoredPassword(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredPassword) and hmac.compare_digest(
            self.reveal().encode("utf-8", "surrogatepass"),
            other.reveal().encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a stored password does not travel by pickle")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One person's account at their home school, as it was read.

    `epoch` is the credential epoch: sessions and links carry it and end when it changes.
    `version` is the version that was read, 0 for an account that is not stored yet.
    """

    id: UserId
    school: SchoolCode
    username: Username
    given_name: str
    family_name: str
    role: Role
    status: Status
    status_since: datetime
    created_at: datetime
    email: EmailAddress | None = None
    mis_id: MisId | None = None
    password: StoredPassword | None = None
    must_change_password: bool = False
    last_login_at: datetime | None = None
    superseded_by: UserId | None = None
    legal_hold: bool = False
    epoch: int = 0
    version: int = 0

    @property
    def full_name(self) -> str:
        """Given and family name, for a greeting."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def is_active_admin(self) -> bool:
        """Whether this account may manage its school."""
        return self.role is Role.ADMIN and self.status is Status.ACTIVE

    @property
    def search_text(self) -> str:
        """Names, username and e-mail, folded: every word of a search must be in it."""
        if self.status is Status.ERASED:
            return ""
        parts = (self.given_name, self.family_name, str(self.username), str(self.email or ""))
        return " ".join(fold(part) for part in parts if part)

    def saved(self) -> Self:
        """Return the account as a store holds it once this one has been written."""
        return replace(self, version=self.version + 1)

    def to_record(self, *, with_password: bool = False) -> dict[str, Scalar]:
        """Return the account as one flat row or document; times are microseconds since 1970 UTC.

        Stores pass *with_password*; nobody else should.
        """
        record: dict[str, Scalar] = {
            "id": self.id.key,
            "school": str(self.school),
            "school_key": self.school.key,
            "username": str(self.username),
            "username_key": self.username.key,
            "email": None if self.email is None else str(self.email),
            "email_key": None if self.email is None else self.email.key,
            "mis_key": None if self.mis_id is None else self.mis_id.key,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "role": self.role.value,
            "status": self.status.value,
            "status_since": to_micros(self.status_since),
            "created_at": to_micros(self.created_at),
            "last_login_at": None if self.last_login_at is None else to_micros(self.last_login_at),
            "must_change_password": self.must_change_password,
            "superseded_by": None if self.superseded_by is None else self.superseded_by.key,
            "legal_hold": self.legal_hold,
            "epoch": self.epoch,
            "version": self.version,
        }
        if with_password:
            record["password"] = None if self.password is None else self.password.reveal()
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Rebuild the account that `to_record` gave; what a store did not keep gets its default.

        Raises:
            ContractBroken: if it is not such a record; the error has no value of it.
        """
        return rebuilt(cls._rebuild, record)

    @classmethod
    def _rebuild(cls, record: Mapping[str, Any]) -> Self:
        get = record.get
        email, mis_key, password = get("email_key"), get("mis_key"), get("password")
        last_login, superseded = get("last_login_at"), get("superseded_by")
        return cls(
            id=UserId.stored(record["id"], record["id"]),
            school=SchoolCode.stored(record["school"], record["school_key"]),
            username=Username.stored(record["username"], record["username_key"]),
            email=None if email is None else EmailAddress.stored(record["email"], email),
            mis_id=None if mis_key is None else MisId.stored(mis_key, mis_key),
            given_name=record["given_name"],
            family_name=record["family_name"],
            role=Role(record["role"]),
            status=Status(record["status"]),
            status_since=from_micros(record["status_since"]),
            created_at=from_micros(record["created_at"]),
            last_login_at=None if last_login is None else from_micros(last_login),
            password=None if password is None else StoredPassword(password),
            must_change_password=bool(get("must_change_password", False)),
            superseded_by=None if superseded is None else UserId.stored(superseded, superseded),
            legal_hold=bool(get("legal_hold", False)),
            epoch=get("epoch", 0),
            version=get("version", 0),
        )


Item = TypeVar("Item")


def rebuilt(rebuild: Callable[[Mapping[str, Any]], Item], record: Mapping[str, Any]) -> Item:
    """Return what *rebuild* makes of a record, or raise `ContractBroken` if it makes nothing."""
    try:
        return rebuild(record)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        pass  # its text may hold values of the record
    raise ContractBroken("A record holds what this version cannot read. Did a newer one write it?")


_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Return whole microseconds since 1970 UTC; a time without a zone is a `ValueError`."""
    if moment.tzinfo is None:
        raise ValueError("a time must know its zone")
    return (moment - _1970) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the aware UTC time that `to_micros` was given."""
    return _1970 + timedelta(microseconds=micros)
