"""The text of every mail: plain, British English, one thing each, and never a password in it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.user import User
from schoolauth.texts.dates import written_moment

_WIDTH = 76
_TIE = "\N{NO-BREAK SPACE}"
"""Holds together what should stand on one line; no value has one, and no mail is sent with it."""
_NO_FACTS: Mapping[str, str] = MappingProxyType({})
_TO_APPROVERS = frozenset({"approve_recovery", "school_changed"})
"""Kinds whose reader is no user of the school: they are not greeted with a user's name."""

_TEXTS: Mapping[str, str] = {
    "password_reset": """\
Choose a new password

Somebody, probably you, has asked for a new password for your account {account}.

To choose one, open this page:

{link}

The link works once, until {until}. Do not pass it on: whoever has it can choose the password.

If it was not you, you need not do anything. Your password stays as it is.""",
    "create_password": """\
Create a password for your account

You have an account at {school}. Your username is {account}.

To create a password for account {account}, open this page:

{link}

The link works once, until {until}. Do not pass it on: whoever has it can choose the password.

If you did not expect this, you need not do anything. If you wonder why you were sent it, ask an
administrator of {school}.""",
    "password_changed": """\
Your password was changed

The password of your account {account} was changed. Whoever was signed in with the old one has
been signed out.

If it was you, or an administrator did it for you, all is well.

If it was not you, choose a new password at once with "forgotten password" on the sign-in page,
and tell an administrator of {school}.""",
    "confirm_email_change": """\
Confirm your new e-mail address

Somebody, probably you, has asked to use this e-mail address for the account {account}.

To confirm it, open this page:

{link}

The link works once, until {until}. Until you confirm, nothing changes.

If it was not you, you need not do anything. The address will not be used.""",
    "email_change_requested": """\
Somebody asked to change your e-mail address

Somebody, probably you, has asked to use another e-mail address for your account {account}. We
have sent a link to that address. Until it is confirmed there, nothing changes.

If it was not you, somebody knows your password. Change it at once, which also makes that link
useless, and tell an administrator of {school}.""",
    "email_changed": """\
Your e-mail address was changed

This e-mail address no longer belongs to the account {account}: it was replaced by another one,
or removed. We will send no more mail about the account to this address.

If it was you, or you know that an administrator did it, all is well.

If it was not you, tell an administrator of {school} at once.""",
    "email_in_use": """\
Your e-mail address is already in use

Somebody, perhaps you, has asked to use this e-mail address for another account. It already
belongs to your account {account}, and an address can be used for one account only. Nothing was
changed.

If it was you, sign in to account {account}. If you have two accounts, ask an administrator of
{school} to make one of them inactive and to remove its address.

If it was not you, you need not do anything.""",
    "admin_added": """\
There is a new administrator at your school

{new_admin} has been made an administrator of {school}{by}. You are told because you are an
administrator yourself, with the account {account}.

If this is right, you need not do anything.

If you did not expect it, ask the other administrators, and deactivate the new account in User
Management until you know.""",
    "school_changed": """\
Your school's details were changed

These details of {school} were changed in its file with us: {fields}.

You are told because your address is, or was until now, in the file as the headteacher's. The
headteacher and the deputy can approve a new address for a lost administrator account.

If this is right, you need not do anything.

If you did not expect it, tell our support team at once.""",
    "approve_recovery": """\
Please check: an administrator account is to be recovered

Somebody who gave the name "{requested_by}" has asked us for access to an administrator account
of {school}.

Account: {accounts}

New e-mail address: {new_email}

You are asked because the school's file with us names this address as the headteacher's or the
deputy's. Only approve if you know the person and the address. To see the request and to approve
it, open this page:

{link}

The link works once, until {until}. Opening the page changes nothing. Once you approve, the
account gets the new address, and whoever reads it can choose a new password.

If you do not know about this, do not approve. Then nothing changes.""",
    "recovery_requested": """\
Somebody asked to recover an administrator account

Somebody who gave the name "{requested_by}" has asked us for access to an administrator account
of {school}.

Account: {accounts}

New e-mail address: {new_email}

We have asked the headteacher, and the deputy if there is one on file, whether this is right.
Until one of them approves it, nothing changes.

If you know about this, you need not do anything.

If you do not, tell the headteacher at once. If the account is yours, sign in to it: then the
request can no longer be approved.""",
    "recovery_approved": """\
An administrator account was recovered

The recovery of an administrator account of {school} was approved. It had been asked for under
the name "{requested_by}".

Account: {accounts}

New e-mail address: {new_email}

Whoever was signed in to it has been signed out, and the new address was sent a link to create a
password.

If you know about this, you need not do anything.

If you do not, tell the headteacher and our support team at once.""",
}
"""The subject, and then the paragraphs, filled again once their values are in."""


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
    facts: Mapping[str, str] = _NO_FACTS,
) -> MailMessage:
    """Write one mail: what happened, until when its link works, and what to do if it is wrong.

    Every value but the link goes in on one line and without control characters, so that none can
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
        facts: what this kind says besides: ``new_admin`` and, if known, ``by``; ``fields``; or
            ``requested_by``, ``new_email`` and ``accounts``.

    Raises:
        KeyError: if the kind says something that was not given.
    """
    if user is not None and school is None:
        school = user.school
    values = {name: _one_line(value) for name, value in facts.items()}
    values["by"] = f" by {values['by']}" if "by" in values else ""
    values["school"] = _school(school_name, school)
    if user is not None:
        values["account"] = _one_line(str(user.username))
    if link is not None:
        values["link"] = link
    if expires_at is not None:
        values["until"] = written_moment(expires_at.isoformat()).replace(" ", _TIE)
    subject, *paragraphs = _TEXTS[kind].replace("account {", f"account{_TIE}{{").split("\n\n")
    greeting = "Hello,"
    if user is not None and kind not in _TO_APPROVERS:
        greeting = f"Hello {_one_line(user.full_name)},"
    filled = [_fill(greeting), *(_fill(text.format_map(values)) for text in paragraphs)]
    return MailMessage(
        kind=kind,
        to=to,
        subject=subject,
        text="\n\n".join(filled) + "\n",
        user=None if user is None else user.id,
        school=school,
        token=token,
        link=link,
        expires_at=expires_at,
    )


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _school(name: str | None, code: SchoolCode | None) -> str:
    if name is not None:
        return _one_line(name)
    return "your school" if code is None else f"school {code}"


def _fill(paragraph: str) -> str:
    # a link is longer than a line may be, and stays whole
    lines = textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace(_TIE, " ")
