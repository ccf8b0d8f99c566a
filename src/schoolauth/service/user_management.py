"""`UserManagement`: what an admin does with the accounts of their own school."""

from __future__ import annotations

from typing import Any

from schoolauth.errors import NotPermitted
from schoolauth.model.change import Change, Decision, Stamp
from schoolauth.model.names import EmailAddress, MisId, UserId, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts
from schoolauth.service.desk import require_flag
from schoolauth.service.diagnosis import Diagnosing
from schoolauth.service.duplicates import Duplicates
from schoolauth.service.enrolment import (
    KEEP,
    Person,
    new_account,
    new_user_id,
    parse_email,
    parse_role,
    parse_username,
    with_suggestion,
)
from schoolauth.service.invitations import Invitations
from schoolauth.service.mapping import RosterMapping


class UserManagement(Invitations, RosterMapping, Duplicates, Diagnosing):
    """The desk of an active admin, bound to them and to their school (see `SchoolAuth.manage`).

    The admin is read again, and must still stand, at every call.
    """

    def add_user(
        self,
        *,
        given_name: str,
        family_name: str,
        role: Role,
        email: EmailAddress | str | None = None,
        username: Username | str | None = None,
        mis_id: MisId | None = None,
    ) -> User:
        """Add an account: INVITED, until a password is chosen by link or set.

        Without a *username* the product's own form is suggested, ``wg204nx_james``, then ``.1``;
        look at what came back: it may be the same person a second time (FAQ). All active admins
        are told of a new admin.

        Raises:
            EmailTaken: with the holder's username and status if it is one of this school's.
            UsernameTaken, MisIdTaken: if another account has it.
            NameInvalid, EmailInvalid, UsernameInvalid: if a value cannot be used.
            NotPermitted: if *mis_id* is another school's, or the desk's admin is none any more.
        """
        person = Person.parse(given_name, family_name, role, email, username, mis_id)
        if mis_id is not None and mis_id.school != self._school:
            raise NotPermitted("other_school")
        user_id = new_user_id(self._core)

        def decide() -> Decision[User]:
            admin, _ = self._read()
            stamp = self._core.stamp(self._actor)
            user, event = new_account(self._core, user_id, self._school, person, stamp)
            unchanged = [] if admin is None else [admin]
            return Decision(Change([user], [event], unchanged), user.saved())

        user = with_suggestion(lambda: self._settle(decide), suggested=username is None)
        if user.role is Role.ADMIN:
            self._tell_admins(user)
        return user

    def edit_user(
        self,
        user_id: UserId | str,
        *,
        given_name: str = KEEP,
        family_name: str = KEEP,
        role: Role = KEEP,
        username: Username | str = KEEP,
    ) -> User:
        """Change somebody's names, role or username; what is not given stays.

        A new role ends sessions. All active admins are told of a new admin.

        Raises:
            LastAdmin: if this would leave the school without an active admin.
            UsernameTaken: if another account has it.
            NameInvalid, UsernameInvalid: if a value cannot be used.
            TransitionForbidden: for an ERASED account.
            UserNotFound: if the school has no such account.
        """
        wanted: dict[str, Any] = {}
        if given_name is not KEEP:
            wanted["given_name"] = parse_name(given_name, "given_name")
        if family_name is not KEEP:
            wanted["family_name"] = parse_name(family_name, "family_name")
        if role is not KEEP:
            wanted["role"] = parse_role(role)
        if username is not KEEP:
            wanted["username"] = parse_username(username)
        was_admin = False

        def rule(user: User, stamp: Stamp) -> Change | None:
            nonlocal was_admin
            was_admin = user.role is Role.ADMIN
            return accounts.edit_user(user, stamp, **wanted)

        edited = self._change(user_id, rule)
        if edited.role is Role.ADMIN and not was_admin:
            self._tell_admins(edited)
        return edited

    def _tell_admins(self, new: User) -> None:
        for admin in self._active_admins():
            if admin.id != new.id:  # whoever did it too: it may not have been them
                self._core.notify("admin_added", admin, admin.email, new_admin=new.full_name)

    def set_email(
        self, user_id: UserId | str, email: EmailAddress | str, *, was_wrong: bool = False
    ) -> User:
        """Save an address on somebody's profile; sessions and links die, the old address is told.

        With *was_wrong* the old address was a stranger's: it is not told, and a password that may
        have been chosen through it is dropped.

        Raises:
            EmailTaken: with the holder's username and status if it is one of this school's.
            EmailInvalid: if it is no address.
            NotPermitted: for one's own account; that is `SchoolAuth.request_email_change`.
            UserNotFound: if the school has no such account.
        """
        require_flag(was_wrong, "was_wrong")
        self._refuse_own(user_id)
        parsed = parse_email(email)
        old: EmailAddress | None = None

        def rule(user: User, stamp: Stamp) -> Change | None:
            nonlocal old
            old = user.email
            return accounts.set_email(user, parsed, stamp, was_wrong=was_wrong)

        changed = self._change(user_id, rule)
        if old != changed.email and not was_wrong:
            self._core.notify("email_changed", changed, old)
        return changed

    def release_email(self, user_id: UserId | str) -> User:
        """Remove somebody's address, so that another account can have it (FAQ); it is told.

        Raises:
            EmailMissing: if there is none.
            NotPermitted: for one's own account.
            UserNotFound: if the school has no such account.
        """
        self._refuse_own(user_id)
        old: EmailAddress | None = None

        def rule(user: User, stamp: Stamp) -> Change:
            nonlocal old
            old = user.email
            return accounts.release_email(user, stamp)

        changed = self._change(user_id, rule)
        self._core.notify("email_changed", changed, old)
        return changed

    def deactivate(self, user_id: UserId | str, *, release_email: bool = False) -> User:
        """Make a leaver's account INACTIVE: no sign-in, and sessions and links end at once (FAQ).

        Raises:
            LastAdmin: if this would leave the school without an active admin.
            TransitionForbidden: if it is INACTIVE or ERASED already.
            UserNotFound: if the school has no such account.
        """
        require_flag(release_email, "release_email")
        return self._change(
            user_id, lambda user, stamp: accounts.deactivate(user, stamp, release=release_email)
        )

    def reactivate(self, user_id: UserId | str) -> User:
        """Make an INACTIVE account ACTIVE again with its old password, or INVITED without one.

        Raises:
            TransitionForbidden: if it is not INACTIVE.
            UserNotFound: if the school has no such account.
        """
        return self._change(user_id, accounts.reactivate)

    def erase(self, user_id: UserId | str) -> User:
        """Erase everything personal for good; an opaque id and the audit trail remain.

        Raises:
            NotPermitted: under a legal hold.
            LastAdmin: if this would leave the school without an active admin.
            TransitionForbidden: if it is ERASED already.
            UserNotFound: if the school has no such account.
        """
        return self._change(user_id, accounts.erase)
