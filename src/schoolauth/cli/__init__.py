"""The command line: the tour through the FAQ, and the accounts of a SQL database by hand."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from schoolauth.cli.context import opened
from schoolauth.cli.lines import problem_text
from schoolauth.cli.parser import parse
from schoolauth.cli.terminal import Terminal, safe
from schoolauth.cli.tour import run_tour
from schoolauth.errors import ContractBroken, LoginRefused, RosterUnreadable, SchoolAuthError

__all__ = ["main"]

_REFUSED = 1
_MISUSED = 2
_INTERRUPTED = 128 + 2
_PIPE_CLOSED = 128 + 13


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never a traceback for an expected error.

    0 is done, 1 refused or unavailable (``code: message`` on stderr), 2 wrong usage, 130
    interrupted, 141 a reader that went away, such as ``head``.

    Args:
        argv: what follows ``python -m schoolauth``; the process's own arguments if not given.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the code page lacks is not an error
    try:
        args = parse(argv)
        if args.run is None:
            done = _toured()
        else:
            done = True
            with opened(args) as context:
                args.run(context)
        sys.stdout.flush()
    except SchoolAuthError as error:
        _explain(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return _PIPE_CLOSED
    except (KeyboardInterrupt, EOFError):
        return _INTERRUPTED
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(f"schoolauth: {safe(stop.code)}", file=sys.stderr)
            return _MISUSED
        return stop.code or 0
    else:
        return 0 if done else _REFUSED
    return _REFUSED


def _toured() -> bool:
    try:
        run_tour(Terminal())
    except AssertionError as broken:
        print(f"The tour did not come out as promised: {broken}", file=sys.stderr)
        return False
    return True


def _explain(error: SchoolAuthError) -> None:
    print(f"{error.code}: {safe(error.message)}", file=sys.stderr)
    if isinstance(error, RosterUnreadable):
        for problem in error.problems:
            if problem.line is not None or problem.column is not None:
                print(safe(problem_text(problem)), file=sys.stderr)
    hints = error.hints if isinstance(error, LoginRefused) else getattr(error, "__notes__", ())
    for hint in hints:
        print(f"hint: {safe(hint)}", file=sys.stderr)
    if isinstance(error, ContractBroken):
        print("Has `init` been run on this database?", file=sys.stderr)
