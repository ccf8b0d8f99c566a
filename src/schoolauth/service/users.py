"""Adding people to a school, changing what is known of them, and what becomes of their accounts."""

from __future__ import annotations

from typing import Any

from schoolauth.errors import NotPermitted
from schoolauth.model.arguments import (
    KEEP,
    parse_email,
    parse_role,
    parse_username,
    require_flag,
)
from schoolauth.model.change import Change, Decision
from schoolauth.model.names import EmailAddress, MisId, UserId, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts
from schoolauth.service.desk import DeskService
from schoolauth.service.enrolment import Person, new_account, new_user_id, with_suggestion


class Users(DeskService):
    """The calls that change accounts; part of `UserManagement`."""

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
        look at what came back: it may be the same person a second time. All active admins are
        told of a new admin.

        Raises:
            EmailTaken: with the holder's username and status if it is one of this school's.
            UsernameTaken, MisIdTaken: if another account has it.
            NameInvalid, EmailInvalid, UsernameInvalid: if a value cannot be used.
            NotPermitted: if *mis_id* is another school's, or the admin who opened this desk is no
                longer an active admin.
        """
        person = Person.parse(given_name, family_name, role, email, username, mis_id)
        desk, core = self._desk, self._desk.core
        if mis_id is not None and mis_id.school != desk.school:
            raise NotPermitted("other_school")
        user_id = new_user_id(core)

        def decide() -> Decision[User]:
            read = desk.read()
            user, event = new_account(core, user_id, desk.school, person, desk.stamp())
            return Decision(desk.guarded(Change([user], [event]), read), user.saved())

        user = with_suggestion(lambda: desk.settle(decide), suggested=username is None)
        if user.role is Role.ADMIN:
            desk.tell_admins(user)
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
        before, after = self._desk.change(
            user_id, lambda user, stamp: accounts.edit_user(user, stamp, **wanted)
        )
        if after.role is Role.ADMIN and before.role is not Role.ADMIN:
            self._desk.tell_admins(after)
        return after

    def set_email(
        self, user_id: UserId | str, email: EmailAddress | str, *, was_wrong: bool = False
    ) -> User:
        """Save an address on somebody's profile; sessions and links die, the old address is told.

        With *was_wrong* the old address was a stranger's: it is not told, and a password that may
        have been chosen through it is dropped.

        Raises:
            EmailTaken: with the holder's username and status if it is one of this school's.
            EmailInvalid: if it is not an address.
            NotPermitted: for one's own account; that is `SchoolAuth.request_email_change`.
            UserNotFound: if the school has no such account.
        """
        require_flag(was_wrong, "was_wrong")
        self._desk.refuse_own(user_id)
        parsed = parse_email(email)
        before, after = self._desk.change(
            user_id,
            lambda user, stamp: accounts.set_email(user, parsed, stamp, was_wrong=was_wrong),
        )
        if before.email != after.email and not was_wrong:
            self._desk.core.notify("email_changed", after, before.email)
        return after

    def release_email(self, user_id: UserId | str) -> User:
        """Remove somebody's address, so that another account can have it; the address is told.

        Raises:
            EmailMissing: if the account has no address.
            NotPermitted: for one's own account.
            UserNotFound: if the school has no such account.
        """
        self._desk.refuse_own(user_id)
        before, after = self._desk.change(user_id, accounts.release_email)
        self._desk.core.notify("email_changed", after, before.email)
        return after

    def deactivate(self, user_id: UserId | str, *, release_email: bool = False) -> User:
        """Make a leaver's account INACTIVE: no sign-in, and sessions and links end at once.

        Raises:
            LastAdmin: if this would leave the school without an active admin.
            TransitionForbidden: if it is INACTIVE or ERASED already.
            UserNotFound: if the school has no such account.
        """
        require_flag(release_email, "release_email")
        return self._desk.change(
            user_id, lambda user, stamp: accounts.deactivate(user, stamp, release=release_email)
        ).after

    def reactivate(self, user_id: UserId | str) -> User:
        """Make an INACTIVE account ACTIVE again with its old password, or INVITED without one.

        Raises:
            TransitionForbidden: if it is not INACTIVE.
            UserNotFound: if the school has no such account.
        """
        return self._desk.change(user_id, accounts.reactivate).after

    def erase(self, user_id: UserId | str) -> User:
        """Erase everything personal for good; an opaque id and the audit trail remain.

        Raises:
            NotPermitted: under a legal hold.
            LastAdmin: if this would leave the school without an active admin.
            TransitionForbidden: if it is ERASED already.
            UserNotFound: if the school has no such account.
        """
        return self._desk.change(user_id, accounts.erase).after
