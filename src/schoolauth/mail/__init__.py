"""Mails: how one is composed, and the ways of handing it over.

`SmtpMailer` is loaded when it is asked for, so that nobody else pays for smtplib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schoolauth.mail.held import HeldMailer
from schoolauth.mail.queued import QueuedMailer

if TYPE_CHECKING:
    from schoolauth.mail.smtp import SmtpMailer

__all__ = ["HeldMailer", "QueuedMailer", "SmtpMailer"]


def __getattr__(name: str) -> Any:
    if name != "SmtpMailer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from schoolauth.mail.smtp import SmtpMailer

    return SmtpMailer
