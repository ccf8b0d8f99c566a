"""The one function that gives somebody a session."""

from __future__ import annotations

from schoolauth.model.events import LoginWay
from schoolauth.model.login import Login
from schoolauth.model.user import User
from schoolauth.service.core import Core
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
