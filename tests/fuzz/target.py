"""What a target of fuzzing is: a parser of bytes, and what it may raise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from schoolauth import SchoolAuthError

BETWEEN = b"\n%%\n"
"""What separates the parts of an input that has several."""


@dataclass(frozen=True)
class Target:
    """One parser: what to call, some good inputs to begin with, and what it may raise."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    declared: tuple[type[Exception], ...] = (SchoolAuthError,)

    def check(self, data: bytes) -> None:
        """Run on *data*; what is declared is no failure."""
        with contextlib.suppress(*self.declared):
            self.run(data)


def text_of(data: bytes) -> str:
    """Return any text, lone surrogates among it."""
    return data.decode("utf-8", "surrogateescape")
