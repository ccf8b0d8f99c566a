"""A fixed number of threads for what must not run in the caller's: hashing, blocking calls."""

from __future__ import annotations

import functools
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar
from weakref import WeakSet

from schoolauth.errors import Overloaded

T = TypeVar("T")
_FULL_SECONDS = 10
"""When to come back if the queue is full: about as long as a person would wait."""


class Workers:
    """At most *size* threads that carry out calls in the order they came.

    The threads are made at first use. A forked child has its own: calls that waited in the parent
    are done by the parent. At the interpreter's exit, waiting calls are done and no more are taken.

    Args:
        size: how many calls run at once, at least 1.
        name: what the threads' names begin with.
        queue: how many calls may wait for their turn, at least 1; any number if not given.
    """

    def __init__(self, size: int, *, name: str, queue: int | None = None) -> None:
        for number in (size, 1 if queue is None else queue):
            if isinstance(number, bool) or not isinstance(number, int):
                raise TypeError("the number of workers, and of those who wait, must be an int")
            if number < 1:
                raise ValueError("there must be room for one worker, and for one who waits")
        self.size = size
        self._name = name
        self._queue = queue
        self._closed = False
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin without threads, as a new instance or in a forked child, where a lock may be held.

        A subclass with more state resets it here.
        """
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._inside = threading.local()
        # held from the moment a call is taken until it is done, or taken back
        self._slots = None if self._queue is None else threading.Semaphore(self.size + self._queue)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have *call* carried out, and return at once.

        Raises:
            Overloaded: at once, if the queue is full.
            RuntimeError: if these workers are closed, or the interpreter is shutting down.
        """
        pool, slots = self._pool or self._open(), self._slots
        if slots is None:
            return pool.submit(call)
        if not slots.acquire(blocking=False):
            raise Overloaded(_FULL_SECONDS)

        def carry_out() -> T:
            try:
                return call()
            finally:
                slots.release()  # before the caller has the answer

        def give_back(done: Future[T]) -> None:
            if done.cancelled():
                slots.release()

        try:
            future = pool.submit(carry_out)
        except BaseException:
            slots.release()
            raise
        future.add_done_callback(give_back)
        return future

    def run(self, call: Callable[[], T], *, wait: float) -> T:
        """Carry *call* out in a worker, and return or raise what it does.

        If the caller is one of these workers, it runs in the same thread, which would else wait
        for itself.

        Args:
            call: what to do.
            wait: for how many seconds it may wait for its turn; a call that has begun is awaited.

        Raises:
            Overloaded: if it was not begun in time, and never will be; if the queue is full; or if
                these workers are closed.
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
                pool = ThreadPoolExecutor(
                    self.size,
                    self._name,
                    initializer=setattr,
                    initargs=(self._inside, "flag", True),
                )
                _start_threads(pool, self.size)
                self._pool = pool
            return self._pool


def _start_threads(pool: ThreadPoolExecutor, number: int) -> None:
    """Start every thread now: one that cannot be started later would leave its call in the queue.

    Raises:
        RuntimeError: if the machine has no thread left; none is kept then.
    """
    together = threading.Barrier(number)
    try:
        for _ in range(number):
            pool.submit(_meet, together)
    except RuntimeError:
        together.abort()
        pool.shutdown()
        raise


def _meet(together: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        together.wait()


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
