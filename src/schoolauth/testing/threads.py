"""Calls in threads of their own, begun together; one that never ends holds nothing up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from typing import TypeVar

from schoolauth.testing.assertions import Unkept, expect

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a call is given up: only where the adapter is broken."""


def begin_together(
    calls: Sequence[Callable[[], T]], leave: Callable[[], object] | None = None
) -> list[Future[T]]:
    """Begin each of *calls* in a thread of its own, and return when all have begun.

    A thread calls *leave* at its end, if given: the author's connections may belong to threads.
    """
    together = threading.Barrier(len(calls) + 1)

    def run(call: Callable[[], T], future: Future[T]) -> None:
        together.wait()
        try:
            with ExitStack() as at_the_end:
                if leave is not None:
                    at_the_end.callback(leave)
                result = call()
            future.set_result(result)
        except Exception as error:  # noqa: BLE001 # raised again where the result is asked for
            future.set_exception(error)
        except BaseException as error:  # noqa: BLE001 # nobody may wait for a thread that is gone
            future.set_exception(Unkept(f"{type(error).__name__} ended a thread."))

    futures: list[Future[T]] = [Future() for _ in calls]
    for pair in zip(calls, futures, strict=True):  # daemons: the interpreter's end waits for none
        threading.Thread(target=run, args=pair, daemon=True).start()
    together.wait()
    return futures


def results(futures: list[Future[T]], what: str) -> list[T]:
    """Return what the calls gave, or raise what one raised; *what* names them in the sentence."""
    wait(futures, PATIENCE)
    expect(all(future.done() for future in futures), f"{what} did not end within a minute.")
    return [future.result() for future in futures]
