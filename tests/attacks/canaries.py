"""Secrets that are looked for wherever a host might print an error."""

from __future__ import annotations

import pickle
import traceback


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
