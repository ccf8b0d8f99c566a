"""Signing in, staying signed in, and ending it everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from schoolauth.errors import (
    LoginRefused,
    PasswordChangeRequired,
    SessionEnded,
    TokenRefused,
    UserNotFound,
)
from schoolauth.model.change import Decision
from schoolauth.model.events import LoginWay, actor_user
from schoolauth.model.names import UserId, Username
from schoolauth.model.text import require_text
from schoolauth.model.user import Status, User
from schoolauth.rules import accounts
from schoolauth.rules.links import token_refusal
from schoolauth.rules.sign_in import (
    Attempt,
    read_typed_name,
    record_refusal,
    record_sign_in,
    refusal,
    space_hints,
)
from schoolauth.service.attempts import Outcome, require_source
from schoolauth.service.core import Core

NOBODY = Username.stored("", "@")
"""Looked up where nothing typed can be a key, so that every try asks the store the same once."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody is signed in. Keep `session`: `SchoolAuth.resume` turns it into the user again.

    `password_below_policy` says that the password would not be accepted today; it is the host's to
    ask for another one.
    """

    user: User
    session: str = field(repr=False)
    how: LoginWay
    password_below_policy: bool = False


class SignIn:
    """The calls about signing in; part of `SchoolAuth`."""

    _core: Core

    def log_in(self, identifier: str, password: str, *, source: str | None = None) -> Login:
        """Sign somebody in by username or e-mail address.

        Args:
            identifier: what was typed into the name box, as it was typed.
            password: what was typed into the password box, as it was typed.
            source: where the request comes from, such as the client's address as the host knows it.

        Raises:
            LoginRefused: unknown, wrong, inactive or invited; ``hints`` tell of typed spaces.
            PasswordChangeRequired: right, but an admin set it; its token chooses a new one.
            Throttled: too many attempts under this name or from this source; see ``retry_after``.
            Overloaded: too many people are signing in.
            StorageUnavailable: if the store does not answer; nobody is signed in.
        """
        require_text(identifier, "identifier")
        require_text(password, "password")
        require_source(source)
        core, typed = self._core, read_typed_name(identifier)
        hints = space_hints(identifier, password)
        with core.attempts.begin(core.users, typed.text, source) as places:
            user = core.find(typed.key or NOBODY)
            room = core.attempts.join_account(places, user, typed.text)
            stored = user.password if user and typed.exact and room else None
            matches, unreadable = core.credentials.check(password, stored)
            if not matches:  # at once: whatever fails from here on, it has been tried
                places.settle(Outcome.FAILED)
            attempt = Attempt(
                at=core.clock.now(),
                typed=typed,
                name_digest=places.name_digest,
                hints=hints,
                user=user,
                matches=matches,
                unreadable=unreadable,
                throttled=not room,
                temporary_password=core.lifetimes.temporary_password,
            )
            reason = refusal(attempt)
            if reason is None and user is not None:
                signed_in = self._welcome(user, attempt.at, password)
                places.settle(Outcome.SUCCEEDED)
                return self._login(signed_in, "password", password)
            changing = reason == "must_change_password"
            places.settle(Outcome.SUCCEEDED if changing else Outcome.FAILED)
            core.users.save(record_refusal(attempt, reason or "unknown"))
            if user is not None and changing:
                raise PasswordChangeRequired(core.issue("must_change", user)[0])
            raise LoginRefused(hints)

    def _welcome(self, verified: User, at: datetime, password: str) -> User:
        """Record the sign-in of *verified*, unless its credentials have changed since."""
        core = self._core
        rehashed = core.credentials.rehash(password, verified.password)
        known: User | None = verified

        def decide() -> Decision[User]:
            nonlocal known
            user, known = known or core.find(verified.id), None
            if user is None or user.epoch != verified.epoch:
                return Decision(None, LoginRefused())
            # of a crowd that shares the account, one has written its hash already
            same = user.password == verified.password
            return record_sign_in(user, at, rehashed=rehashed if same else None)

        return core.settle(decide)

    def _login(self, user: User, how: LoginWay, password: str) -> Login:
        below = bool(self._core.policy.violations(password, user))  # a host's rule may raise
        session, _ = self._core.issue("session", user)
        return Login(user=user, session=session, how=how, password_below_policy=below)

    def resume(self, session: str) -> User:
        """Return whose session it is: one read.

        It is good while the account is ACTIVE, its credentials and role stand, and the lifetime
        lasts: a new password, a new address or deactivation end it at once (ASVS 7.4.2, 7.4.3).

        Raises:
            SessionEnded: if it is over.
            StorageUnavailable: if the store does not answer.
        """
        core = self._core
        try:
            claims = core.tokens.read(session, "session")
        except TokenRefused:
            claims = None
        user = None if claims is None else core.find(claims.user)
        if (
            claims is None
            or user is None
            or user.status is not Status.ACTIVE
            or token_refusal(claims, user, core.clock.now(), None) is not None
        ):
            raise SessionEnded
        return user

    def end_sessions(self, user_id: UserId | str) -> None:
        """End every session of the account, everywhere, and the links that were mailed to it.

        Raises:
            UserNotFound: if there is no such account.
        """
        core = self._core
        key = core.user_id(user_id)

        def decide() -> Decision[None]:
            user = core.find(key)
            if user is None or user.status is Status.ERASED:
                return Decision(None, UserNotFound())
            return Decision(accounts.end_sessions(user, core.stamp(actor_user(key))), None)

        core.settle(decide)
