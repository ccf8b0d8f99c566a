"""Whether the answers that threads got are those of some order of their calls, one by one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from schoolauth.errors import EmailTaken, MisIdTaken, SchoolAuthError, StaleUser, UsernameTaken
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.threads import begin_together, results

SAVED = "saved"
STALE = StaleUser.__name__
_TAKEN = frozenset(error.__name__ for error in (EmailTaken, UsernameTaken, MisIdTaken))


@dataclass(frozen=True, slots=True)
class Operation:
    """What is called, as a text for people; *run* returns the answer, as a text too."""

    text: str
    run: Callable[[UserRepository], str]


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of one caller, the moments at which it began and ended, and its answer."""

    caller: str
    operation: Operation
    began: int
    ended: int
    answer: str

    def __str__(self) -> str:
        moments = f"{self.began:>2} to {self.ended:<2}"
        return f"{moments}  {self.caller:<8}  {self.operation.text}: {self.answer}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What several threads do at once, and what is done alone before and after that."""

    name: str
    before: Sequence[Operation]
    threads: Sequence[Sequence[Operation]]
    after: Sequence[Operation]


def refusal(save: Callable[[], object]) -> SchoolAuthError | None:
    """Return the refusal of *save* that others may be the cause of, or None if it saved."""
    try:
        save()
    except (StaleUser, EmailTaken, UsernameTaken, MisIdTaken) as error:
        return error
    return None


def ending(save: Callable[[], object]) -> str:
    """Return how *save* ended: saved, or the name of its refusal."""
    refused = refusal(save)
    return SAVED if refused is None else type(refused).__name__


def record(
    users: UserRepository, scenario: Scenario, leave: Callable[[], object] | None = None
) -> list[Call]:
    """Return the calls of *scenario* as they were made and answered, by their beginnings."""
    count, lock = itertools.count(1), threading.Lock()

    def moment() -> int:
        with lock:
            return next(count)

    def work(caller: str, operations: Sequence[Operation]) -> list[Call]:
        calls = []
        for operation in operations:
            began = moment()
            answer = operation.run(users)
            calls.append(Call(caller, operation, began, moment(), answer))
        return calls

    calls = work("before", scenario.before)
    threads = [
        partial(work, f"thread {number}", operations)
        for number, operations in enumerate(scenario.threads, 1)
    ]
    for made in results(begin_together(threads, leave), f"The calls of {scenario.name!r}"):
        calls += made
    calls += work("after", scenario.after)
    return sorted(calls, key=lambda call: call.began)


def check_order(
    users: UserRepository, scenario: Scenario, leave: Callable[[], object] | None = None
) -> None:
    """Run *scenario*, and return if some order of its calls explains the answers.

    Its threads call *leave* at their end.

    Raises:
        Unkept: if no order does; its notes are the calls.
    """
    calls = record(users, scenario, leave)
    if not is_explained(calls):
        unkept = Unkept(f"{scenario.name}: no order of the calls explains the answers.")
        unkept.add_note("Each call with the moments at which it began and ended:")
        for call in calls:
            unkept.add_note(str(call))
        raise unkept


def is_explained(calls: Sequence[Call]) -> bool:
    """Tell whether the reference gives the same answers in some order of *calls*.

    A call comes before those that began after its end. Where others ran beside it, `StaleUser`
    explains itself, as a deadlock may be its reason: nothing happened. Which of several taken keys
    is told is the store's choice.
    """
    telling = [call for call in calls if not (call.answer == STALE and _is_beside(call, calls))]
    return _has_order((), sorted(telling, key=lambda call: call.ended))


def _is_beside(call: Call, calls: Sequence[Call]) -> bool:
    return any(
        other is not call and other.began < call.ended and call.began < other.ended
        for other in calls
    )


def _has_order(done: tuple[Call, ...], open_: Sequence[Call]) -> bool:
    """Search depth first (Wing and Gong, 1993): each that may come next, then the rest."""
    return not open_ or any(
        call.began <= open_[0].ended  # no other call had ended before it began
        and _answers(done, call)
        and _has_order((*done, call), [other for other in open_ if other is not call])
        for call in open_
    )


def _answers(done: tuple[Call, ...], call: Call) -> bool:
    """Tell whether the reference gives the answer of *call* after the calls *done*."""
    model = MemoryUserRepository()
    for earlier in done:
        earlier.operation.run(model)
    return _judged(call.operation.run(model)) == _judged(call.answer)


def _judged(answer: str) -> str:
    return "taken" if answer in _TAKEN else answer
