"""Staying signed in, and ending it everywhere."""

from __future__ import annotations

from schoolauth.errors import SessionEnded, TokenRefused, UserNotFound
from schoolauth.model.change import Decision
from schoolauth.model.events import actor_user
from schoolauth.model.names import UserId
from schoolauth.model.user import Status, User
from schoolauth.rules import accounts
from schoolauth.rules.links import token_refusal
from schoolauth.service.core import Service


class Sessions(Service):
    """The calls about sessions; part of `SchoolAuth`."""

    def resume(self, session: str) -> User:
        """Return the user of *session*: one read of the store.

        It is valid while the account is ACTIVE, its credentials and role are unchanged, and it has
        not expired: a new password, a new address or deactivation end it at once (ASVS 7.4.2 and
        7.4.3).

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
