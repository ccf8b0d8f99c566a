"""Sessions: the one function that gives one, and the calls that resume one and end them all."""

from __future__ import annotations

from schoolauth.errors import SessionEnded, TokenRefused, UserNotFound
from schoolauth.model.change import Decision
from schoolauth.model.events import LoginWay, actor_user
from schoolauth.model.login import Login
from schoolauth.model.names import UserId
from schoolauth.model.user import Status, User
from schoolauth.rules import accounts
from schoolauth.rules.links import token_refusal
from schoolauth.service.core import Core, Service
from schoolauth.service.known_browsers import device_claims


def issue_login(
    core: Core, user: User, how: LoginWay, password: str, device: str | None = None
) -> Login:
    """Return a session of *user*, who has proved who they are.

    Args:
        core: the ports.
        user: whose session.
        how: how they proved it.
        password: what they typed.
        device: the browser's token, if it is still good; a new one is made otherwise.
    """
    # what a host gave may raise: before there is a token, which no traceback's locals may hold
    below = bool(core.policy.violations(password, user))
    claims = device_claims(core, user)
    session, _ = core.issue("session", user)
    return Login(
        user=user,
        session=session,
        how=how,
        password_below_policy=below,
        device=core.tokens.issue_device(claims) if device is None else device,
    )


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
