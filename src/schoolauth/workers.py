"""A fixed number of threads for what must not run on everybody's own: hashing, blocking calls."""

from __future__ import annotations

import functools
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar
from weakref import WeakSet

from schoolauth.errors import Overloaded

T = TypeVar("T")


class Workers:
    """At most *size* threads that carry out calls in the order they came.

    The threads are made at first use. A forked child has its own: what waited in the parent is the
    parent's to do. At the interpreter's exit, what waits is done and nothing more is taken.

    Args:
        size: how many calls run at once, at least 1.
        name: what the threads' names begin with.
    """

    def __init__(self, size: int, *, name: str) -> None:
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError("the number of workers must be an int")
        if size < 1:
            raise ValueError("there must be at least one worker")
        self.size = size
        self._name = name
        self._closed = False
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin without threads, as a new instance or in a forked child, where a lock may be held.

        A subclass that keeps more than this says here how it begins anew.
        """
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._inside = threading.local()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have *call* carried out, and return at once.

        Raises:
            RuntimeError: if these workers are closed, or the interpreter is shutting down.
        """
        return (self._pool or self._open()).submit(call)

    def run(self, call: Callable[[], T], *, wait: float) -> T:
        """Carry *call* out in a worker, and return or raise what it does.

        It runs in place if the caller is one of these workers, who would else wait for itself.

        Args:
            call: what to do.
            wait: for how many seconds it may wait for its turn; once begun, it is waited for.

        Raises:
            Overloaded: if its turn did not come, so that it never will; or if these workers are
                closed.
        """
        if getattr(self._inside, "flag", False):
            return call()
        try:
            future = self.submit(call)
        except RuntimeError:
            pass  # raised below, where it carries no context
        else:
            try:
                try:
                    return future.result(wait)
                except TimeoutError:
                    pass  # the time is up, or the call raised it: a call begun cannot be cancelled
                if not future.cancel():
                    return future.result()
            finally:
                del future  # an error's traceback holds this frame, and the future holds the error
        raise Overloaded(math.ceil(wait))

    def close(self) -> None:
        """Take no more calls, and return when those taken are done; a second time does nothing."""
        with self._lock:
            self._closed = True
            pool = self._pool
        if pool is not None:
            pool.shutdown()

    def _open(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise RuntimeError("these workers are closed")
            if self._pool is None:
                # setattr itself marks each thread: a method would keep this instance alive
                self._pool = ThreadPoolExecutor(
                    self.size,
                    self._name,
                    initializer=setattr,
                    initargs=(self._inside, "flag", True),
                )
            return self._pool


class Renewable(Protocol):
    """What holds locks, and can begin with new ones."""

    def renew(self) -> None:
        """Begin anew in a forked child, where a lock may be held by a thread that is not there."""
        ...


_LIVING: WeakSet[Renewable] = WeakSet()


def renew_in_children(living: Renewable) -> None:
    """Have *living* renewed in every child that this process forks, as long as it lives."""
    _hook_fork()
    _LIVING.add(living)


def _renew_all() -> None:
    for living in list(_LIVING):
        living.renew()


@functools.cache
def _hook_fork() -> None:
    # where nothing forks there is no such function, and dict takes any keyword and does nothing
    getattr(os, "register_at_fork", dict)(after_in_child=_renew_all)
