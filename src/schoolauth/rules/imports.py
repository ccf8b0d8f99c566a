"""Which accounts of an older system can be imported, and every reason why one cannot.

Problems name the line, the field and the reason, never the value: it may be a name or a hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from schoolauth.errors import Refused, RosterProblem
from schoolauth.model.change import Stamp
from schoolauth.model.events import AuditEvent, StatusChanged
from schoolauth.model.imported import ImportedUser
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, UserKey, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, Status, StoredPassword, User
from schoolauth.rules.accounts import NewUser, add_user

_COLUMNS: dict[type, str] = {Username: "username", EmailAddress: "email", MisId: "mis_id"}


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """An account as far as it could be parsed; *problems* says what could not."""

    line: int
    values: Mapping[str, Any]
    status: Status
    password: StoredPassword | None
    problems: tuple[RosterProblem, ...]

    @property
    def keys(self) -> tuple[UserKey, ...]:
        """The keys that the account claims."""
        named = (self.values.get(column) for column in _COLUMNS.values())
        return tuple(key for key in named if key is not None)


def read_account(account: ImportedUser, school: SchoolCode, line: int) -> ReadAccount:
    """Return *account* parsed, with every problem that it has by itself."""
    if account.mis_id is not None and not isinstance(account.mis_id, MisId):
        raise TypeError("mis_id must be a MisId")
    found: list[RosterProblem] = []
    values: dict[str, Any] = {"mis_id": account.mis_id, "email": None}
    for column, parse in _PARSERS.items():
        value = getattr(account, column)
        try:
            if value is not None:
                values[column] = parse(value)
            elif column != "email":
                found.append(RosterProblem.of("missing", line, column))
        except Refused as error:
            facts = error.details()
            found.append(RosterProblem(line, column, error.code, error.message, facts=facts))
    if account.mis_id is not None and account.mis_id.school != school:
        found.append(RosterProblem.of("mis_id_of_other_school", line, "mis_id"))
    if account.role in set(Role):
        values["role"] = Role(account.role)
    else:
        found.append(RosterProblem.of("role_invalid", line, "role"))
    stored = account.password
    status = Status.INVITED if stored is None else Status.ACTIVE
    if account.status is not None:
        status = _status(account.status)
    if status is Status.ERASED:
        found.append(RosterProblem.of("status_invalid", line, "status"))
    if status is Status.ACTIVE and stored is None:
        found.append(RosterProblem.of("password_hash_missing", line, "password_hash"))
    if status is Status.INVITED and stored is not None:
        found.append(RosterProblem.of("password_hash_unexpected", line, "password_hash"))
    return ReadAccount(line, values, status, stored, tuple(found))


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "username": lambda value: value if isinstance(value, Username) else Username.parse(value),
    "given_name": lambda value: parse_name(value, "given_name"),
    "family_name": lambda value: parse_name(value, "family_name"),
    "email": lambda value: value if isinstance(value, EmailAddress) else EmailAddress.parse(value),
}


def _status(value: Any) -> Status:
    """Return the status, or ERASED, which no import may have, for any other value."""
    with suppress(ValueError):
        return Status(value)
    return Status.ERASED


def repeated(accounts: Iterable[ReadAccount]) -> Iterator[RosterProblem]:
    """Yield a problem for every key that an earlier account of the import has claimed."""
    seen: set[UserKey] = set()
    for account in accounts:
        for key in account.keys:
            if key in seen:
                yield RosterProblem.of("repeated", account.line, _COLUMNS[type(key)])
            seen.add(key)


def taken(
    accounts: Iterable[ReadAccount], known: Mapping[UserKey, User]
) -> Iterator[RosterProblem]:
    """Yield a problem for every key that an account in the store has, of any school and status."""
    for account in accounts:
        for key in account.keys:
            if key in known:
                column = _COLUMNS[type(key)]
                yield RosterProblem.of(f"{column}_taken", account.line, column)


def import_account(
    account: ReadAccount, user_id: UserId, school: SchoolCode, stamp: Stamp, source: str
) -> tuple[User, list[AuditEvent]]:
    """Return the account of a row without problems, and what is recorded of it."""
    user, added = add_user(
        NewUser(id=user_id, school=school, **account.values), stamp, source=source
    )
    if account.status is Status.INVITED:
        return user, [added]
    changed = StatusChanged(
        at=stamp.at,
        actor=stamp.actor,
        school=school,
        user=user_id,
        old=user.status,
        new=account.status,
    )
    return replace(user, status=account.status, password=account.password), [added, changed]
