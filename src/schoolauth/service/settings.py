"""What a host decides once: the addresses of its own pages, and how long things last.

`PURPOSES` says which page, which mail and which lifetime each kind of token has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from schoolauth.errors import NotConfigured
from schoolauth.model.mail import MailKind
from schoolauth.model.text import require_text
from schoolauth.model.token import TokenPurpose

_LONGEST = timedelta(days=3653)
"""Ten years: no calendar ends before."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Page = Literal["password", "email", "recovery"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Addresses of the host's own pages, each with ``{token}`` where the token goes.

    *password* is where a password is chosen, *email* where a new address is confirmed, *recovery*
    where an admin recovery is approved. They come from here only, never from a request.

    Raises:
        NotConfigured: if one is not ``https`` (or ``http`` on localhost), has no ``{token}`` behind
            the host, or has a space or an unprintable character, where a mail would break it.
        TypeError: if one is not a str.
    """

    password: str | None = None
    email: str | None = None
    recovery: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            template = getattr(self, field.name)
            if template is None:
                continue
            if not _is_safe(require_text(template, f"links.{field.name}")):
                raise NotConfigured(
                    f"links.{field.name} must be https (or http on localhost), with one {{token}}"
                )

    def template(self, page: Page) -> str | None:
        """Return the address of *page* as the host gave it."""
        return {"password": self.password, "email": self.email, "recovery": self.recovery}[page]

    def to(self, page: Page, token: str) -> str:
        """Return the link to *page* that carries *token*.

        Raises:
            NotConfigured: if the host gave no address for it.
        """
        template = self.template(page)
        if template is None:
            raise NotConfigured(f"this call needs links.{page}")
        return template.replace("{token}", token)


def _is_safe(template: str) -> bool:
    try:
        parts = urlsplit(template)
        host, _ = parts.hostname, parts.port
    except ValueError:  # such as an unclosed bracket, or a port that is not a number
        return False
    if not template.isprintable() or " " in template or "{token}" in parts.netloc:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return secure and bool(host) and template.count("{token}") == 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetimes:
    """How long things last from the moment they are made.

    Raises:
        NotConfigured: if one is not positive, or longer than ten years.
        TypeError: if one is not a `timedelta`.
    """

    session: timedelta = timedelta(hours=12)
    password_reset: timedelta = timedelta(hours=24)
    create_password: timedelta = timedelta(days=7)
    must_change: timedelta = timedelta(hours=1)
    temporary_password: timedelta = timedelta(days=7)
    confirm_email: timedelta = timedelta(hours=24)
    recovery: timedelta = timedelta(days=7)
    device: timedelta = timedelta(days=180)

    def __post_init__(self) -> None:
        for field in fields(self):
            lifetime = getattr(self, field.name)
            if not isinstance(lifetime, timedelta):
                raise TypeError(f"lifetimes.{field.name} must be a timedelta")
            if lifetime <= timedelta(0):
                raise NotConfigured(f"lifetimes.{field.name} must be longer than nothing")
            if lifetime > _LONGEST:
                raise NotConfigured(f"lifetimes.{field.name} must be ten years or less")


class Purpose(NamedTuple):
    """What belongs to one kind of token: its lifetime, and its mail and page if it has them."""

    lifetime: Callable[[Lifetimes], timedelta]
    mail: MailKind | None = None
    page: Page | None = None


PURPOSES: Mapping[TokenPurpose | Literal["recovery", "device"], Purpose] = {
    "session": Purpose(lambda last: last.session),
    "must_change": Purpose(lambda last: last.must_change),
    "password_reset": Purpose(lambda last: last.password_reset, "password_reset", "password"),
    "create_password": Purpose(lambda last: last.create_password, "create_password", "password"),
    "confirm_email": Purpose(lambda last: last.confirm_email, "confirm_email_change", "email"),
    "recovery": Purpose(lambda last: last.recovery, "approve_recovery", "recovery"),
    "device": Purpose(lambda last: last.device),
}
