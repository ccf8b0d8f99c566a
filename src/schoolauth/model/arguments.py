"""What a constructor or a call may be given: checks that rooms share, before any work is done."""

from __future__ import annotations

import sys
from typing import Any


def require_kind(value: Any, kind: type, name: str) -> None:
    """Raise `TypeError` if *value* is not of this *kind*."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")


def require_seconds(value: Any, name: str) -> float:
    """Return *value*, a number of seconds from 0 up that ends.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is less than 0, endless or none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 <= value <= sys.float_info.max:
        raise ValueError(f"{name} must be at least 0 seconds, and not endless")
    return value


def require_count(value: Any, name: str) -> int:
    """Return *value*, a whole number from 1 up.

    Raises:
        TypeError: if it is no int.
        ValueError: if it is less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1")
    return value
