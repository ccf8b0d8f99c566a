"""The text of every mail: plain, British English, one thing each, and never a password in it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from schoolauth.texts.dates import written_moment
from schoolauth.texts.sentences import Facts, fill

_WIDTH = 76
_TIE = "\N{NO-BREAK SPACE}"
"""Holds together what should stand on one line; no value has one, and no mail is sent with it."""
_TO_APPROVERS = frozenset({"approve_recovery", "school_changed"})
"""Kinds whose reader is no user of the school: they are not greeted with a user's name."""
_IN_WRITING = "the school's headteacher or deputy, in writing"

MAILS: Mapping[str, str] = {
    "password_reset": """\
Choose a new password

Somebody, probably you, has asked for a new password for your account {username}.

To choose one, open this page:

{link}

The link works once, until {until}. Do not pass it on: whoever has it can choose the password.

If it was not you, you need not do anything. Your password stays as it is.""",
    "create_password": """\
Create a password for your account

You have an account at {school}. Your username is {username}.

To create a password for account {username}, open this page:

{link}

The link works once, until {until}. Do not pass it on: whoever has it can choose the password.

If you did not expect this, you need not do anything. If you wonder why you were sent it, ask an
administrator of {school}.""",
    "password_changed": """\
Your password was changed

The password of your account {username} was changed. Whoever was signed in with the old one has
been signed out.

If it was you, or an administrator did it for you, all is well.

If it was not you, choose a new password at once with "forgotten password" on the sign-in page,
and tell an administrator of {school}.""",
    "confirm_email_change": """\
Confirm your new e-mail address

Somebody, probably you, has asked to use this e-mail address for the account {username}.

To confirm it, open this page:

{link}

The link works once, until {until}. Until you confirm, nothing changes.

If it was not you, you need not do anything. The address will not be used.""",
    "email_change_requested": """\
Somebody asked to change your e-mail address

Somebody, probably you, has asked to use another e-mail address for your account {username}. We
have sent a link to that address. Until it is confirmed there, nothing changes.

If it was not you, somebody knows your password. Change it at once, which also makes that link
useless, and tell an administrator of {school}.""",
    "email_changed": """\
Your e-mail address was changed

This e-mail address no longer belongs to the account {username}: it was replaced by another one,
or removed. We will send no more mail about the account to this address.

If it was you, or you know that an administrator did it, all is well.

If it was not you, tell an administrator of {school} at once.""",
    "email_in_use": """\
Your e-mail address is already in use

Somebody, perhaps you, has asked to use this e-mail address for another account. It already
belongs to your account {username}, and an address can be used for one account only. Nothing was
changed.

If it was you, sign in to account {username}. If you have two accounts, ask an administrator of
{school} to make one of them inactive and to remove its address.

If it was not you, you need not do anything.""",
    "admin_added": """\
There is a new administrator at your school

{new_admin} has been made an administrator of {school}{by}. You are told because you are an
administrator yourself, with the account {username}.

If this is right, you need not do anything.

If you did not expect it, ask the other administrators, and deactivate the new account in User
Management until you know.""",
    "school_changed": """\
Your school's details were changed

These details of {school} were changed in its file with us: {fields:words}.

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


def mail_text(kind: str, facts: Facts) -> tuple[str, str]:
    """Return subject and text of a mail of this *kind*, whose *facts* are on one line each.

    Raises:
        KeyError: if the kind says something that is not among the facts.
    """
    said = {**facts, "school": _school(facts), "by": f" by {facts['by']}" if "by" in facts else ""}
    if "expires_at" in facts:
        said["until"] = written_moment(facts["expires_at"]).replace(" ", _TIE)
    if facts.get("requested_by", "") is None:
        said["requested_by"] = _IN_WRITING
    subject, *paragraphs = MAILS[kind].replace("account {", f"account{_TIE}{{").split("\n\n")
    greeting = "Hello,"
    if "full_name" in facts and kind not in _TO_APPROVERS:
        greeting = f"Hello {facts['full_name']},"
    lines = [_wrapped(greeting), *(_wrapped(fill(text, said)) for text in paragraphs)]
    return subject, "\n\n".join(lines) + "\n"


def _school(facts: Facts) -> str:
    if "school_name" in facts:
        return str(facts["school_name"])
    return f"school {facts['school']}" if "school" in facts else "your school"


def _wrapped(paragraph: str) -> str:
    # a link is longer than a line may be, and stays whole
    lines = textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace(_TIE, " ")
