"""What a constructor or a call may be given: checks that several modules share."""

from __future__ import annotations

import sys
from typing import Any

from schoolauth.model.names import EmailAddress, Username
from schoolauth.model.user import Role


class _Keep:
    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = _Keep()
"""The default of an argument for which None means something: the value stays as it is."""


def require_flag(value: bool, name: str) -> None:
    """Raise `TypeError` unless *value* is a bool: the text ``"false"`` would count as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be bool, not {type(value).__name__}")


def parse_role(role: Role) -> Role:
    """Return *role*; anything but a `Role` or its value is a `TypeError`."""
    if not isinstance(role, str) or role not in set(Role):
        raise TypeError("role must be a Role")
    return Role(role)


def parse_email(email: EmailAddress | str) -> EmailAddress:
    """Return *email* as an `EmailAddress`."""
    return email if isinstance(email, EmailAddress) else EmailAddress.parse(email)


def parse_username(username: Username | str) -> Username:
    """Return *username* as a `Username`."""
    return username if isinstance(username, Username) else Username.parse(username)


def require_kind(value: Any, kind: type, name: str) -> None:
    """Raise `TypeError` if *value* is not of this *kind*."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")


def require_seconds(value: Any, name: str) -> float:
    """Return *value*, a finite number of seconds from 0 up.

    Raises:
        TypeError: if it is not a number.
        ValueError: if it is negative, infinite or NaN.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 <= value <= sys.float_info.max:
        raise ValueError(f"{name} must be at least 0 seconds, and not endless")
    return value


def require_count(value: Any, name: str) -> int:
    """Return *value*, a whole number from 1 up.

    Raises:
        TypeError: if it is not an int.
        ValueError: if it is less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1")
    return value
