"""Forgotten and changed passwords: what a person does alone, by a link or the old password."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from schoolauth.errors import LoginRefused, TokenRefused
from schoolauth.model.change import Change, Decision, Stamp
from schoolauth.model.events import LoginWay, PasswordChangeWay, actor_user
from schoolauth.model.login import Login
from schoolauth.model.names import UserId
from schoolauth.model.text import require_text
from schoolauth.model.token import PasswordPurpose, PasswordTokenInfo, TokenClaims
from schoolauth.model.user import User
from schoolauth.rules import accounts
from schoolauth.rules.links import DECOY, record_reset_request, reset_purpose, token_refusal
from schoolauth.rules.sign_in import read_typed_name, record_sign_in
from schoolauth.service.attempts import require_source
from schoolauth.service.core import NOBODY, Service
from schoolauth.service.known_browsers import known_browser
from schoolauth.service.sessions import issue_login
from schoolauth.service.verification import reauthenticate

_PURPOSES: tuple[PasswordPurpose, ...] = ("password_reset", "create_password", "must_change")
_WAYS: dict[str, PasswordChangeWay] = {
    "password_reset": "reset",
    "create_password": "create",
    "must_change": "must_change",
}


class Passwords(Service):
    """The calls about one's own password; part of `SchoolAuth`."""

    def request_password_reset(
        self, email_or_username: str, *, source: str | None = None, device: str | None = None
    ) -> None:
        """Mail a link to choose a new password, if the name is an account's that may have one.

        The answer, the work and the writes are the same for known, unknown and inactive accounts
        and for those without an address. An INVITED account gets a create-password link. Links
        asked for earlier live on until one is used (FAQ: forgotten password).

        Args:
            email_or_username: what was typed; spaces around it do not matter here.
            source: where the request comes from.
            device: `Login.device` of an earlier sign-in from this browser, if the host has it; see
                `log_in`.

        Raises:
            NotConfigured: without a mailer or `links.password`, whoever asks.
            StorageUnavailable: if the store does not answer.
        """
        require_text(email_or_username, "email_or_username")
        require_source(source)
        core, typed = self._core, read_typed_name(email_or_username)
        core.need_mail("password")
        browser = known_browser(core, device)
        user = core.find(typed.key or NOBODY)
        asked = core.attempts.count_mail(user, typed.text, source, browser)
        purpose = reset_purpose(user)
        receiver = user if user is not None and purpose is not None else DECOY  # the same work
        address = receiver.email
        assert address is not None  # noqa: S101 # reset_purpose asks for one, and the decoy has one
        message = core.link_mail(purpose or "password_reset", receiver, address)
        sent = receiver is user and asked.allowed
        digest = core.attempts.buckets.name_digest(typed.text)
        if asked.recorded:
            core.users.save(record_reset_request(user, core.stamp(), sent=sent, name_digest=digest))
        if sent:
            core.send(message)
        else:
            core.pretend(message)

    def check_password_token(self, token: str) -> PasswordTokenInfo:
        """Tell whose link it is and until when it works, for showing the form; changes nothing.

        Raises:
            TokenRefused: with the reason ``expired``, ``used`` or ``invalid``.
        """
        claims, user = self._redeem(token)
        return PasswordTokenInfo(
            purpose=cast("PasswordPurpose", claims.purpose),
            username=user.username,
            school=user.school,
            expires_at=claims.expires_at,
        )

    def reset_password(self, token: str, new_password: str, *, source: str | None = None) -> Login:
        """Choose a new password by a link or a must-change token, and sign in.

        A token is used once under any concurrency, and is dead after any change of the account's
        password, e-mail or status. A refused password leaves the token good.

        Args:
            token: what the link carries.
            new_password: what was typed.
            source: where the request comes from. It is not counted: nobody guesses a token, and a
                count would let strangers keep every link from working.

        Raises:
            TokenRefused: with the reason ``expired``, ``used`` or ``invalid``.
            PasswordRejected: with every rule that the password breaks.
            Overloaded: too many people are signing in.
        """
        require_text(token, "token")
        require_text(new_password, "new_password")
        require_source(source)
        core = self._core
        claims, user = self._redeem(token)
        how = _WAYS[claims.purpose]
        way: LoginWay = "password" if how == "must_change" else "link"
        stored = core.new_password(new_password, user, how, actor_user(user.id))

        def decide() -> Decision[User]:
            _, fresh = self._redeem(token)
            stamp = core.stamp(actor_user(fresh.id))
            change = accounts.choose_password(fresh, stored, stamp, how=how)
            return record_sign_in(change.users[0], stamp.at, how=way, after=change.events)

        changed = core.settle(decide)
        core.attempts.try_to_forget(changed)
        core.notify("password_changed", changed, changed.email)
        return issue_login(core, changed, way, new_password)

    def _redeem(self, token: str) -> tuple[TokenClaims, User]:
        """Return what the token says and whose it is, or raise `TokenRefused`."""
        core = self._core
        claims = core.tokens.read(token, *_PURPOSES)
        user = core.find(claims.user)
        email = None if user is None else user.email
        digest = core.tokens.address_digest(email, like=claims.sent_to)
        reason = token_refusal(claims, user, core.clock.now(), digest)
        if reason is not None or user is None:
            raise TokenRefused(reason or "invalid")
        return claims, user

    def change_password(self, user_id: UserId | str, *, current: str, new: str) -> Login:
        """Change one's own password; every other session ends, and this one goes on as returned.

        A refused new password leaves the old one working and says every rule that it breaks.

        Raises:
            LoginRefused: if *current* is not right; it counts as an attempt.
            PasswordRejected: with every rule that *new* breaks.
            UserNotFound: if there is no such account.
            Overloaded: too many people are signing in.
        """
        require_text(current, "current")
        require_text(new, "new")
        core, verified = self._core, reauthenticate(self._core, user_id, current)
        actor = actor_user(verified.id)
        stored = core.new_password(new, verified, "change", actor)
        changed = self._change_verified(
            verified,
            lambda user, stamp: accounts.choose_password(user, stored, stamp, how="change"),
        )
        core.notify("password_changed", changed, changed.email)
        return issue_login(core, changed, "password", new)

    def _change_verified(self, verified: User, change: Callable[[User, Stamp], Change]) -> User:
        """Save a change of the account, as long as its credentials are those that were verified."""
        core = self._core

        def decide() -> Decision[User]:
            user = core.find(verified.id)
            if user is None or user.epoch != verified.epoch:
                return Decision(None, LoginRefused())
            made = change(user, core.stamp(actor_user(user.id)))
            return Decision(made, made.users[0].saved())

        return core.settle(decide)
