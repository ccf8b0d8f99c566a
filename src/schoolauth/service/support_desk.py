"""`SupportDesk`: what the vendor's own staff do; the host guards the door to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schoolauth.errors import NotPermitted, PasswordRejected
from schoolauth.mail.compose import compose
from schoolauth.model.change import Change, Decision, Page, Stamp
from schoolauth.model.events import AuditEvent, SchoolAdded, SchoolChanged
from schoolauth.model.imported import ImportedUser
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import parse_name, require_text
from schoolauth.model.user import Role, Status, User
from schoolauth.rules import accounts
from schoolauth.service.desk import require_flag
from schoolauth.service.enrolment import (
    KEEP,
    Person,
    free_username,
    new_account,
    new_user_id,
    parse_email,
    parse_username,
    with_suggestion,
)
from schoolauth.service.recovery_approval import confirm
from schoolauth.service.retention import Retention
from schoolauth.service.user_import import UserImport


class SupportDesk(Retention):
    """The desk of the vendor's support, over all schools (see `SchoolAuth.support`)."""

    def add_school(self, school: School) -> School:
        """Add a school; its two addresses may approve the recovery of an admin account.

        Raises:
            SchoolTaken: if there is one with this code.
            NotConfigured: without a school directory.
        """
        if not isinstance(school, School):
            raise TypeError("school must be a School")
        event = SchoolAdded(at=self._core.clock.now(), actor=self._actor, school=school.code)
        self._core.need_schools().save(school, event)
        return school

    def change_school(
        self,
        code: SchoolCode | str,
        *,
        name: str = KEEP,
        headteacher_email: EmailAddress | str | None = KEEP,
        deputy_email: EmailAddress | str | None = KEEP,
    ) -> School:
        """Change a school's name or approvers; what is not given stays. Old and new head are told.

        Raises:
            SchoolUnknown: if there is no such school.
            NameInvalid, EmailInvalid: if a value cannot be used.
            NotConfigured: without a school directory.
        """
        old = self._school(code)
        given = {"name": name, "headteacher_email": headteacher_email, "deputy_email": deputy_email}
        values: dict[str, Any] = {
            field: getattr(old, field) if value is KEEP else value for field, value in given.items()
        }
        new = School(old.code, **values)
        fields = tuple(field for field in given if getattr(old, field) != getattr(new, field))
        if fields:
            event: AuditEvent = SchoolChanged(
                at=self._core.clock.now(), actor=self._actor, school=old.code, fields=fields
            )
            self._core.need_schools().save(new, event)
            self._tell_heads(old, new, fields)
        return new

    def _tell_heads(self, old: School, new: School, fields: tuple[str, ...]) -> None:
        facts = {"fields": list(fields)}
        for to in {old.headteacher_email, new.headteacher_email}:
            if to is not None and self._core.mailer is not None:
                self._core.send(
                    compose(
                        "school_changed", to=to, school=new.code, school_name=new.name, facts=facts
                    )
                )

    def schools(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by code, *limit* (1 to 500) on a page.

        Raises:
            NotConfigured: without a school directory.
        """
        return self._core.need_schools().list(after=after, limit=limit)

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
            standing = self.manage(code).search(
                roles=[Role.ADMIN], statuses=[Status.ACTIVE, Status.INVITED], limit=1
            )
            if standing.items:
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
        code = self._school(school).code
        return UserImport(self._core, code, self._actor, None).run(accounts, source)

    def move_user(
        self,
        user_id: UserId | str,
        school: SchoolCode | str,
        *,
        username: Username | str | None = None,
    ) -> User:
        """Move an account to another school; sessions and links die, the MIS id stays behind.

        An admin arrives as STAFF. A username of the old school's form gets the new school's, unless
        one is given. Nothing changes for an account that is there already.

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
                return None  # there already: an admin must not become STAFF for nothing
            name = wanted or user.username
            if wanted is None and user.username.key.startswith(f"{user.school.key}_"):
                name = free_username(core, target, user.family_name, user.given_name)
            return accounts.move_user(user, target, name, stamp)

        return with_suggestion(
            lambda: desk._change(user_id, rule),  # noqa: SLF001 # its own desk
            suggested=username is None,
        )

    def set_legal_hold(self, user_id: UserId | str, on: bool, *, reason: str) -> User:
        """Forbid to erase an account, or allow it again.

        Args:
            user_id: whose.
            on: True to forbid.
            reason: a case number, 1 to 100 characters; it stays in the history, so no names.

        Raises:
            UserNotFound: if there is no such account.
            TransitionForbidden: for an ERASED account.
            NameInvalid: if the reason cannot be used.
        """
        require_flag(on, "on")
        text = parse_name(reason, "reason")
        desk = self._desk_of(user_id)
        return desk._change(  # noqa: SLF001 # its own desk
            user_id, lambda user, stamp: accounts.set_legal_hold(user, on, text, stamp)
        )

    def confirm_admin_recovery(
        self,
        school: SchoolCode | str,
        *,
        confirmation_from: EmailAddress | str,
        reference: str,
        new_email: EmailAddress | str,
        account: UserId | Username | str | None = None,
    ) -> User:
        """Give a lost admin account a new address, on the headteacher's written confirmation (FAQ).

        It counts only from an address on the school's file: write there yourself, and take the
        answer that comes back, for a sender's address can be forged. Sessions end, the new address
        is mailed a link that chooses a password; the old one and the other admins are told.

        Args:
            school: whose admin account is lost.
            confirmation_from: the address that has confirmed it, the headteacher's or the deputy's.
            reference: where the letter is kept, such as a ticket's number, 1 to 100 characters; it
                stays in the history, so no names.
            new_email: the address that the account gets.
            account: which one, by id or username, if the school has several admins.

        Raises:
            ApprovalRefused: for what stands against it; the refusal is recorded.
            SchoolUnknown: if there is no such school.
            NameInvalid, EmailInvalid: if a value cannot be used.
            MailNotSent: if the account has its address, and the link could not be handed over.
            NotConfigured: without a mailer, a school directory or `links.password`.
        """
        return confirm(
            self._core,
            self._school(school),
            confirmation_from=parse_email(confirmation_from),
            reference=parse_name(reference, "reference"),
            new_email=parse_email(new_email),
            account=account,
            actor=self._actor,
        )
