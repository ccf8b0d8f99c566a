"""From what a mail is about to the mail: its facts, and the text that is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.user import User
from schoolauth.texts.mail import mail_text

MailFact = str | list[str] | None
_NO_FACTS: Mapping[str, MailFact] = MappingProxyType({})


def compose(
    kind: MailKind,
    *,
    to: EmailAddress,
    user: User | None = None,
    school_name: str | None = None,
    school: SchoolCode | None = None,
    token: str | None = None,
    link: str | None = None,
    expires_at: datetime | None = None,
    facts: Mapping[str, MailFact] = _NO_FACTS,
) -> MailMessage:
    """Write one mail: what happened, until when its link works, and what to do if it is wrong.

    Every fact but the link is put on one line and without control characters, so that none can
    add a line to the text or a header to the mail.

    Args:
        kind: what it is about.
        to: whom it is for.
        user: whose account it is about, and who is greeted, unless an approver is.
        school_name: the school's name; without it the *school*'s code is written.
        school: the school; by default that of *user*.
        token: what stands in the link.
        link: the host's page with the token in it.
        expires_at: until when the link works; written in UTC.
        facts: what else this kind says: ``new_admin`` and, if known, ``by``; ``fields``; or
            ``requested_by``, ``new_email`` and ``accounts``.

    Raises:
        KeyError: if the kind needs a fact that was not given.
    """
    if user is not None and school is None:
        school = user.school
    known: dict[str, Any] = {
        "full_name": None if user is None else user.full_name,
        "username": None if user is None else str(user.username),
        "school": None if school is None else str(school),
        "school_name": school_name,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    known = {name: fact for name, fact in known.items() if fact is not None} | dict(facts)
    said = {name: _one_line(fact) for name, fact in known.items()}
    if link is not None:
        said["link"] = link
    subject, text = mail_text(kind, said)
    return MailMessage(
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        user=None if user is None else user.id,
        school=school,
        token=token,
        link=link,
        expires_at=expires_at,
        facts=said,
    )


def _one_line(fact: MailFact) -> MailFact:
    if fact is None:
        return None
    if isinstance(fact, list):
        return [_plain(text) for text in fact]
    return _plain(fact)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
