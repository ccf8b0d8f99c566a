"""Secrets that are looked for wherever a host might print an error."""

from __future__ import annotations

import dataclasses
import pickle
import traceback
from pathlib import Path
from typing import Any

import schoolauth
from schoolauth import Login

PACKAGE = str(Path(schoolauth.__file__).parent)


def told(error: BaseException) -> str:
    """Return all that *error* says of itself, and of every error behind it."""
    parts = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        parts += [repr(seen), str(seen), repr(seen.args), repr(vars(seen))]
        if hasattr(seen, "details"):
            parts.append(repr(seen.details()))
            parts.append(repr(pickle.dumps(seen)))
        seen = seen.__cause__ or seen.__context__
    return "\n".join(parts)


def in_our_frames(error: BaseException) -> str:
    """Return the `repr` of every local in the library's own frames, as a crash reporter has it."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            frame, trace = trace.tb_frame, trace.tb_next
            if frame.f_globals.get("__name__", "").startswith("schoolauth."):
                parts += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(parts)


def with_locals(error: BaseException) -> str:
    """Return the traceback with the locals of the library's frames, as `traceback` prints it."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    rest: traceback.TracebackException | None = told
    while rest is not None:
        ours = [frame for frame in rest.stack if frame.filename.startswith(PACKAGE)]
        rest.stack = traceback.StackSummary.from_list(ours)
        rest = rest.__cause__ or rest.__context__
    return "".join(told.format())


def shown(value: Any) -> str:
    """Return what *value* shows of itself: printed, taken apart, as a record, pickled."""
    parts = [repr(value), str(value), f"{value}"]
    for one in value if isinstance(value, tuple | list) else [value]:
        parts.append(repr(getattr(one, "__dict__", None)))
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            parts += [repr(dataclasses.asdict(one)), repr(dataclasses.astuple(one))]
        if hasattr(one, "to_record"):
            parts.append(repr(one.to_record()))
        try:
            parts.append(repr(pickle.dumps(one)))
        except (TypeError, AttributeError, pickle.PicklingError):
            continue
    return "\n".join(parts)


def outcome(call: Any) -> str:
    """Return all that is to be seen of what *call* returns or raises."""
    try:
        answer = call()
    except Exception as error:  # noqa: BLE001 # whatever it is, it must not tell
        return told(error)
    if isinstance(answer, Login):  # its session is for the host to keep, by name
        return repr(answer) + str(answer) + shown(answer.user)
    return shown(answer)
