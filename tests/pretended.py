"""Time that passes only where somebody sleeps, instead of a module's `time`."""

from __future__ import annotations

from collections.abc import Callable


class Pretended:
    """A clock that only sleeping moves; after each sleep somebody may do something."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleeps = 0
        self.meanwhile: Callable[[float], object] = lambda _: None

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds
        self.sleeps += 1
        assert self.sleeps < 1000, "it waits for nothing"
        self.meanwhile(self.seconds)

    # what the throttle in memory uses of a condition, which may wake it at any time

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, timeout: float) -> bool:
        self.sleep(min(timeout, 0.5))
        return timeout > 0.5

    def notify_all(self) -> None:
        pass
