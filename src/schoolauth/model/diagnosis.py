"""What keeps somebody from signing in, as the desk is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schoolauth.model.names import Username
from schoolauth.model.user import User

FindingCode = Literal[
    "no_such_account",
    "inactive",
    "invitation_not_sent",
    "invited",
    "throttled",
    "must_change_password",
    "space_in_recent_attempts",
    "password_change_refused",
    "old_password_in_recent_attempts",
    "password_set_by_former_address",
    "duplicate_account",
    "email_on_other_account",
    "mail_failed",
    "no_email",
    "nothing_found",
]
"""Most likely first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps somebody out: a code, a sentence for the admin, and what mends it.

    `remedy` is the name of the `UserManagement` call that mends it; None where only the person who
    signs in can. `facts` are what the sentence is made of, JSON-ready; where a code has several
    sentences, `case` tells them apart.
    """

    code: FindingCode
    message: str
    remedy: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found, most likely first: at least one finding.

    `user` is the account, None if the school has no account of that name; then `nearest` are
    usernames that look alike.
    """

    user: User | None
    findings: tuple[Finding, ...]
    nearest: tuple[Username, ...] = ()
