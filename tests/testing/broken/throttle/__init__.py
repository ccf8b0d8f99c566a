"""Throttles that are broken on purpose, each in one way."""

from tests.testing.broken.throttle import crowds, ends, limits
from tests.testing.broken.throttle.base import BrokenThrottle

ALL: tuple[type[BrokenThrottle], ...] = (*limits.ALL, *ends.ALL, *crowds.ALL)

__all__ = ["ALL", "BrokenThrottle"]
