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
from schoolauth.model.names import MisId, SchoolCode
from schoolauth.model.user import Role, User
from schoolauth.rules import imports
from schoolauth.rules.imports import ReadAccount
from schoolauth.service.core import TRIES
from schoolauth.service.desk import Desk, SupportService
from schoolauth.service.enrolment import new_user_id


class UserImport(SupportService):
    """The call that imports accounts; part of `SupportDesk`."""

    def import_users(
        self,
        school: SchoolCode | str,
        accounts: Iterable[ImportedUser],
        *,
        source: str = "import",
    ) -> tuple[User, ...]:
        """Bring in the accounts of an older system with their hashes: all of them, or none.

        An account with a hash is ACTIVE and signs in with its old password; one without is INVITED,
        until a password is chosen. The school's active admins are told of every new admin.

        Args:
            school: whose accounts they are.
            accounts: what the older system has, each as an `ImportedUser`.
            source: the older system's name for the history, such as ``django``; lower case.

        Raises:
            ImportRefused: with every problem of every account, such as a hash that no configured
                scheme recognises, or a name that is taken.
            SchoolUnknown: if there is no such school.
            NameInvalid: if *source* cannot be used.
            NotConfigured: without a school directory.
        """
        desk = self._desk(self._school(school).code)
        MisId(desk.school, source, "1")  # an unusable source is refused before any work
        given = tuple(accounts)
        for account in given:
            if not isinstance(account, ImportedUser):
                raise TypeError("accounts must be ImportedUser")
        if not given:
            return ()
        read = [imports.read_account(each, desk.school, line) for line, each in enumerate(given, 1)]
        admins = [account for account in read if account.values.get("role") is Role.ADMIN]
        standing = list(desk.active_admins()) if admins else []
        imported = self._import(desk, read, source)
        for user in imported:
            for admin in standing if user.role is Role.ADMIN else ():
                self._core.notify("admin_added", admin, admin.email, new_admin=user.full_name)
        return imported

    def _import(self, desk: Desk, read: list[ReadAccount], source: str) -> tuple[User, ...]:
        core = self._core
        alone = [*self._alone(read)]
        ids = [new_user_id(core) for _ in read]
        keys = {key for account in read for key in account.keys}

        def decide() -> Decision[tuple[User, ...]]:
            problems = [*alone, *imports.taken(read, core.users.find(keys))]
            if problems:
                return Decision(None, ImportRefused(sorted(problems, key=_line)))
            stamp = desk.stamp()
            users: list[User] = []
            events: list[AuditEvent] = []
            for account, user_id in zip(read, ids, strict=True):
                user, recorded = imports.import_account(
                    account, user_id, desk.school, stamp, source
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
