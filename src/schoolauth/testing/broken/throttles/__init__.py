"""Throttles that are broken on purpose, each in one way."""

from schoolauth.testing.broken.throttles import crowds, ends, limits
from schoolauth.testing.broken.throttles.base import BrokenThrottle

ALL: tuple[type[BrokenThrottle], ...] = (*limits.ALL, *ends.ALL, *crowds.ALL)

__all__ = ["ALL", "BrokenThrottle"]
