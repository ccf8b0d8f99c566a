"""What a contract is made of: behaviours with permanent ids, each shown by one check."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from schoolauth.errors import ContractBroken, SchoolAuthError
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.exception_origin import AuthorsFiles, ExceptionTracer

Subject = TypeVar("Subject")
Check = Callable[["Maker[Subject]"], None]


_SCRIPT = ("Failing test case", "Falsifying example")
"""How Hypothesis begins the script of the calls that led to a failure."""


@dataclass(frozen=True, slots=True)
class Behaviour(Generic[Subject]):
    """One promise of a contract.

    Args:
        id: permanent, and documented in the contract's reference page.
        promise: one sentence.
        check: raises `Unkept` where the promise is not kept.
        since: the first version of the contract that makes the promise.
        needs: the optional method of the author without which it is not run.
    """

    id: str
    promise: str
    check: Check[Subject]
    since: int
    needs: str | None


@dataclass(frozen=True)
class Contract(Generic[Subject]):
    """The behaviours of one port, in the order in which an author meets them.

    Args:
        name: of the port, for messages.
        factory: the name of the author's factory, for messages.
        used: says what is in a subject that should be empty, or None.
        amiss: says what came instead of a subject, or None.
        version: counts up whenever a promise is added.
    """

    name: str
    factory: str
    used: Callable[[Subject], str | None]
    amiss: Callable[[object], str | None] = lambda _: None
    version: int = 1
    behaviours: list[Behaviour[Subject]] = field(default_factory=list)

    def behaviour(
        self, name: str, *, since: int = 1, needs: str | None = None
    ) -> Callable[[Check[Subject]], Check[Subject]]:
        """Add a check; the first line of its docstring is the promise."""

        def add(check: Check[Subject]) -> Check[Subject]:
            promise = (check.__doc__ or name).splitlines()[0]  # python -OO has no docstrings
            self.behaviours.append(Behaviour(name, promise, check, since, needs))
            return check

        return add

    def check_gaps(self, gaps: Mapping[str, str], version: int | None) -> None:
        """Raise `ValueError` for a gap of an unknown id or without a reason, or a bad version.

        Raises:
            TypeError: if *gaps* is not a mapping.
        """
        if not isinstance(gaps, Mapping):
            raise TypeError("gaps must be a mapping from behaviour ids to reasons")
        known = {behaviour.id for behaviour in self.behaviours}
        for name, reason in gaps.items():
            if name not in known:
                raise ValueError(f"there is no behaviour {name!r}")
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"the gap {name!r} needs a reason")
        if version is None:
            return
        if type(version) is not int or not 1 <= version <= self.version:
            raise ValueError(f"the contract has the versions 1 to {self.version}, not {version!r}")


class Maker(Generic[Subject]):
    """How a check gets what it tests: each `new()` is another, empty one of the author's making.

    Raises:
        TypeError: if *make*, or one of the *options* that is given, cannot be called, or *make*
            wants arguments.
    """

    def __init__(
        self,
        contract: Contract[Subject],
        make: Callable[[], Subject],
        options: Mapping[str, Callable[..., object] | None] | None = None,
    ) -> None:
        self._contract = contract
        self._make = make
        self._last: Subject | None = None
        self.files = AuthorsFiles()
        self.options = {name: given for name, given in (options or {}).items() if given is not None}
        for name, given in {contract.factory: make, **self.options}.items():
            if not callable(given):
                raise TypeError(f"{name} must be callable")
        with suppress(ValueError):  # what is written in C may not say what it takes
            wants = [
                each.name for each in inspect.signature(make).parameters.values() if _due(each)
            ]
            if wants:
                raise TypeError(f"{contract.factory} is called without arguments: not {wants[0]!r}")

    def new(self) -> Subject:
        """Return a new, empty subject.

        Raises:
            Unusable: if the author's factory raises, or returns one twice, a used one, or None.
        """
        __tracebackhide__ = True
        made = met = None
        try:
            made = self._make()
        except Unusable:
            raise
        except Exception as error:  # noqa: BLE001 # whatever it is, it is told in one sentence
            problem: str | None = f"raised {self.files.origin(error)}"
            met = error if isinstance(error, SchoolAuthError) else None
        else:
            problem = self._problem(made)
        if problem is not None:
            raise Unusable(f"{self._contract.factory}() {problem}.", met)
        self.files.add(made)
        self._last = made
        return made  # type: ignore[return-value] # it is not None here

    def _problem(self, made: Subject | None) -> str | None:
        """Return what is wrong with what the factory returned, or None."""
        if made is None:
            return "returned None"
        if inspect.iscoroutine(made):
            made.close()
            return "returned a coroutine; it must not be async"
        amiss = self._contract.amiss(made)
        if amiss is not None:
            return f"returned {amiss}"
        if made is self._last:
            return "returned the same object twice; every call must make a new one"
        used = None
        with suppress(Exception):  # what cannot be asked yet has behaviours of its own
            used = self._contract.used(made)
        return used and f"returned one that has {used} in it; it must be empty"


def none_of(*methods: str) -> Callable[[object], str | None]:
    """Return what says what came instead of an object with one of *methods* at least, or None.

    One is enough: an author writes them one by one, and the rest has behaviours of its own.
    """

    def amiss(made: object) -> str | None:
        if isinstance(made, type):
            return f"the class {made.__name__}; it must return an object of it"
        there: dict[str, object] = {}
        for name in methods:
            with suppress(Exception):
                there[name] = getattr(made, name)
        for name, method in there.items():
            if inspect.iscoroutinefunction(method):
                return f"one whose {name} is async; it must not be"
        if there:
            return None
        *most, last = methods
        none = f"none of the methods {', '.join(most)} and {last}" if most else f"no method {last}"
        return f"something of the type {type(made).__name__}, which has {none}"

    return amiss


def show(behaviour: Behaviour[Subject], maker: Maker[Subject]) -> None:
    """Return if *behaviour* is kept.

    Raises:
        Unkept: if it is not, with one sentence.
        ContractBroken: if the adapter raised an exception that is not one of the library's; the
            message has its type and line, and nothing of its text.
    """
    __tracebackhide__ = True
    failure = _failure(behaviour, maker)
    if failure is None:
        return
    if isinstance(failure, Unkept) and failure.met is not None:
        origin = _origin(behaviour, maker, failure.met)
        failure.met = None
        if origin is not None:
            failure.args = (f"{failure} It came after {origin}.",)
    failure.__context__ = None  # a driver's error has rows in its text
    raise failure


def _failure(
    behaviour: Behaviour[Subject], maker: Maker[Subject]
) -> Unkept | ContractBroken | None:
    failure: Unkept | ContractBroken
    try:
        behaviour.check(maker)
    except Unkept as unkept:
        return unkept
    except SchoolAuthError as error:
        promise = behaviour.promise.rstrip(".")
        failure = Unkept(f"{promise}: {maker.files.origin(error)} was raised.", error)
        _keep_notes(error, failure)
    except Exception as error:  # noqa: BLE001 # drivers raise what they like
        failure = ContractBroken(f"{behaviour.id}: {maker.files.origin(error)} was raised.")
        _keep_notes(error, failure)
    else:
        return None
    return failure


def _origin(
    behaviour: Behaviour[Subject], maker: Maker[Subject], met: SchoolAuthError
) -> str | None:
    """Return the origin of the exception that the adapter turned into *met*, if there was one.

    It still hangs on *met*, or *behaviour* is checked once more, to see what is raised before.
    """
    hanging = met.__cause__ or met.__context__
    if hanging is not None:
        return maker.files.first_origin(hanging)
    return ExceptionTracer(maker.files).origin(partial(_failure, behaviour, maker))


def _due(parameter: inspect.Parameter) -> bool:
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in several


def _keep_notes(error: BaseException, failure: BaseException) -> None:
    notes = getattr(error, "__notes__", ())
    notes = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    while notes and not notes[0].startswith(_SCRIPT):  # a driver's own notes may have rows in them
        del notes[0]
    for note in notes:
        failure.add_note(note)
