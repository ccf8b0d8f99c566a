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
