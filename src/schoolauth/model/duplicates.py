"""Accounts of one school that may be one person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schoolauth.model.user import User

DuplicateReason = Literal[
    "superseded", "same_mis_id", "same_name", "same_email_name", "username_suffix"
]
DuplicateVerdict = Literal["one_person", "two_people", "admin_and_own", "resolved"]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Accounts that look alike, why, and what they probably are.

    `verdict` is ``one_person``, whose duplicate wants resolving; ``two_people``, who only share a
    family name, or a name; ``admin_and_own``, somebody's admin account and the one they teach with,
    which is as it should be; or ``resolved``. It is a guess for a person to judge.
    """

    users: tuple[User, ...]
    reasons: tuple[DuplicateReason, ...]
    verdict: DuplicateVerdict
