"""Known browsers: what the token of a request says, and what a new one is to say.

A browser that somebody signed in from has counts of its own, so that strangers who use up those of
the name cannot lock its owner out: see `attempts.begin`, and ``BROWSER`` in `throttle.policy`.
"""

from __future__ import annotations

import secrets

from schoolauth.errors import TokenRefused
from schoolauth.model.text import require_text
from schoolauth.model.token import DeviceClaims
from schoolauth.model.user import User
from schoolauth.service.buckets import names_of
from schoolauth.service.core import Core
from schoolauth.service.settings import PURPOSES
from schoolauth.tokens import expiry


def known_browser(core: Core, device: str | None) -> DeviceClaims | None:
    """Return what a browser's token says; None without a good one, which is no reason to refuse."""
    if device is None:
        return None
    try:
        claims = core.tokens.read_device(require_text(device, "device"))
    except TokenRefused:
        return None
    return claims if core.clock.now() < claims.expires_at else None


def device_claims(core: Core, user: User) -> DeviceClaims:
    """Return what remembers the browser from which *user* signs in now."""
    digest = core.attempts.buckets.name_digest
    return DeviceClaims(
        user=user.id,
        epoch=user.epoch,
        nonce=secrets.token_hex(8),
        names=tuple(digest(name) for name in names_of(user)),
        expires_at=expiry(core.clock.now(), PURPOSES["device"].lifetime(core.lifetimes)),
    )
