"""The one function that gives somebody a session, and the token of the browser that they use."""

from __future__ import annotations

import secrets

from schoolauth.errors import TokenRefused
from schoolauth.model.events import LoginWay
from schoolauth.model.login import Login
from schoolauth.model.text import require_text
from schoolauth.model.token import DeviceClaims
from schoolauth.model.user import User
from schoolauth.service.buckets import names_of
from schoolauth.service.core import Core
from schoolauth.service.settings import PURPOSES
from schoolauth.tokens import expiry


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
    claims = _device_claims(core, user)
    session, _ = core.issue("session", user)
    return Login(
        user=user,
        session=session,
        how=how,
        password_below_policy=below,
        device=core.tokens.issue_device(claims) if device is None else device,
    )


def known_browser(core: Core, device: str | None) -> DeviceClaims | None:
    """Return what a browser's token says; None without a good one, which is no reason to refuse."""
    if device is None:
        return None
    try:
        claims = core.tokens.read_device(require_text(device, "device"))
    except TokenRefused:
        return None
    return claims if core.clock.now() < claims.expires_at else None


def _device_claims(core: Core, user: User) -> DeviceClaims:
    digest = core.attempts.buckets.name_digest
    return DeviceClaims(
        user=user.id,
        epoch=user.epoch,
        nonce=secrets.token_hex(8),
        names=tuple(digest(name) for name in names_of(user)),
        expires_at=expiry(core.clock.now(), PURPOSES["device"].lifetime(core.lifetimes)),
    )
