"""What support does for single accounts: the first admin of a school, and a move to another."""

from __future__ import annotations

from schoolauth.errors import NotPermitted, PasswordRejected
from schoolauth.model.arguments import parse_username
from schoolauth.model.change import Change, Decision, Stamp, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.text import require_text
from schoolauth.model.user import Role, Status, User
from schoolauth.rules import accounts
from schoolauth.service.desk import SupportService
from schoolauth.service.enrolment import (
    Person,
    free_username,
    new_account,
    new_user_id,
    with_suggestion,
)

_ADMIN = frozenset({Role.ADMIN})
_STANDING = frozenset({Status.ACTIVE, Status.INVITED})


class SupportAccounts(SupportService):
    """The calls about single accounts; part of `SupportDesk`."""

    def add_first_admin(
        self,
        school: SchoolCode | str,
        *,
        given_name: str,
        family_name: str,
        email: EmailAddress | str | None = None,
        username: Username | str | None = None,
        password: str | None = None,
    ) -> User:
        """Add a school's first administrator: ACTIVE with a *password*, INVITED without.

        For setting up together with that person: the password is not a temporary one. Two calls at
        the same moment may both succeed.

        Raises:
            NotPermitted: if the school has an admin already, who can add others.
            SchoolUnknown: if there is no such school.
            PasswordRejected: with every rule that the password breaks.
            EmailTaken, UsernameTaken: if another account has it.
            NameInvalid, EmailInvalid, UsernameInvalid: if a value cannot be used.
            NotConfigured: without a school directory.
        """
        person = Person.parse(given_name, family_name, Role.ADMIN, email, username)
        if password is not None:
            require_text(password, "password")
        core, code = self._core, self._school(school).code
        user_id, stored = new_user_id(core), None
        if password is not None:
            somebody, _ = new_account(core, user_id, code, person, core.stamp(self._actor))
            violations = core.policy.violations(password, somebody)
            if violations:
                raise PasswordRejected(violations)
            stored = core.credentials.hash(password)

        def decide() -> Decision[User]:
            admins = UserQuery(code, roles=_ADMIN, statuses=_STANDING, limit=1)
            if core.users.search(admins).items:
                raise NotPermitted("admin_exists")
            stamp = core.stamp(self._actor)
            user, added = new_account(core, user_id, code, person, stamp)
            events: list[AuditEvent] = [added]
            if stored is not None:
                change = accounts.choose_password(user, stored, stamp, how="support")
                user = change.users[0]
                events.extend(change.events)
            return Decision(Change([user], events), user.saved())

        return with_suggestion(lambda: core.settle(decide), suggested=username is None)

    def move_user(
        self,
        user_id: UserId | str,
        school: SchoolCode | str,
        *,
        username: Username | str | None = None,
    ) -> User:
        """Move an account to another school; sessions and links die, the MIS id stays behind.

        An admin arrives as STAFF. A username of the old school's form gets the new school's, unless
        one is given. Nothing changes for an account that is in that school already.

        Raises:
            LastAdmin: if this would leave the old school without an active admin.
            SchoolUnknown: if there is no such school.
            UserNotFound: if there is no such account.
            UsernameTaken: if another account has it.
            TransitionForbidden: for an ERASED account.
            NotConfigured: without a school directory.
        """
        core, target = self._core, self._school(school).code
        wanted = None if username is None else parse_username(username)
        desk = self._desk_of(user_id)

        def rule(user: User, stamp: Stamp) -> Change | None:
            if user.school == target and user.status is not Status.ERASED:
                return None  # in that school already: an admin must not become STAFF
            name = wanted or user.username
            if wanted is None and user.username.key.startswith(f"{user.school.key}_"):
                name = free_username(core, target, user.family_name, user.given_name)
            return accounts.move_user(user, target, name, stamp)

        return with_suggestion(lambda: desk.change(user_id, rule).after, suggested=username is None)
