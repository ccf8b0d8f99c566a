"""Bringing in the accounts of an older system, with their hashes: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolauth.errors import (
    EmailTaken,
    ImportRefused,
    MisIdTaken,
    RosterProblem,
    UsernameTaken,
)
from schoolauth.model.change import Change, Decision
from schoolauth.model.events import AuditEvent
from schoolauth.model.imported import ImportedUser
from schoolauth.model.names import MisId
from schoolauth.model.user import Role, User
from schoolauth.rules import imports
from schoolauth.rules.imports import ReadAccount
from schoolauth.service.core import TRIES
from schoolauth.service.desk import Desk
from schoolauth.service.enrolment import new_user_id


class UserImport(Desk):
    """The support desk's import into one school (see `SupportDesk.import_users`)."""

    def run(self, accounts: Iterable[ImportedUser], source: str) -> tuple[User, ...]:
        """Import *accounts*, and tell those who were active admins before of every new admin."""
        MisId(self._school, source, "1")  # an unusable source is refused before any work
        given = tuple(accounts)
        for account in given:
            if not isinstance(account, ImportedUser):
                raise TypeError("accounts must be ImportedUser")
        if not given:
            return ()
        read = [
            imports.read_account(account, self._school, line)
            for line, account in enumerate(given, 1)
        ]
        admins = [account for account in read if account.values.get("role") is Role.ADMIN]
        standing = list(self._active_admins()) if admins else []
        imported = self._import(read, source)
        for user in imported:
            for admin in standing if user.role is Role.ADMIN else ():
                self._core.notify("admin_added", admin, admin.email, new_admin=user.full_name)
        return imported

    def _import(self, read: list[ReadAccount], source: str) -> tuple[User, ...]:
        core = self._core
        alone = [*self._alone(read)]
        ids = [new_user_id(core) for _ in read]
        keys = {key for account in read for key in account.keys}

        def decide() -> Decision[tuple[User, ...]]:
            problems = [*alone, *imports.taken(read, core.users.find(keys))]
            if problems:
                return Decision(None, ImportRefused(sorted(problems, key=_line)))
            stamp = core.stamp(self._actor)
            users: list[User] = []
            events: list[AuditEvent] = []
            for account, user_id in zip(read, ids, strict=True):
                user, recorded = imports.import_account(
                    account, user_id, self._school, stamp, source
                )
                users.append(user)
                events.extend(recorded)
            return Decision(Change(users, events), tuple(user.saved() for user in users))

        for _ in range(TRIES):
            try:
                return core.settle(decide)
            except (EmailTaken, UsernameTaken, MisIdTaken):
                continue  # taken since it was looked up: the next look says by whose account
        return core.settle(decide)

    def _alone(self, read: list[ReadAccount]) -> Iterator[RosterProblem]:
        """Yield the problems that do not depend on what the store has."""
        for account in read:
            yield from account.problems
            stored = account.password
            if stored is not None and not self._core.credentials.is_readable(stored):
                yield RosterProblem.of("password_hash_unknown", account.line, "password_hash")
        yield from imports.repeated(read)


def _line(found: RosterProblem) -> int:
    return found.line or 0
