"""Throttles that are broken on purpose, each in one way."""

from tests.testing.broken.throttle import clocks, freeing, taking
from tests.testing.broken.throttle.base import BrokenThrottle

ALL: tuple[type[BrokenThrottle], ...] = (*taking.ALL, *freeing.ALL, *clocks.ALL)

__all__ = ["ALL", "BrokenThrottle"]
