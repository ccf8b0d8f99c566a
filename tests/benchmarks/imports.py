"""What `import schoolauth` takes of a start, ``python -m tests.benchmarks.imports``.

Every case is a fresh interpreter, in turn; the floor is the three dependencies together, which
are imported whatever we do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from tests.benchmarks.measure import CONTROL, Goal, Ratio, duration, in_turn, over, report, table

THREE = "import argon2, email_validator, itsdangerous"
BARE = "pass"
ADAPTER = "import schoolauth.storage.sql"
SQL = f"{THREE}, sqlalchemy"


def starting(code: str) -> Callable[[], object]:
    """Return a call that runs *code* in a fresh interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code]
    return lambda: subprocess.run(command, env=environment, check=True)


def modules(code: str) -> set[str]:
    """Return what is loaded after *code*."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    return set(run.stdout.split())


def main() -> None:
    """Print the times, and what must not be loaded."""
    codes = {
        "the three dependencies": THREE,
        CONTROL: THREE,
        "import schoolauth": "import schoolauth",
        "the three and sqlalchemy": SQL,
        "the SQL adapter": ADAPTER,
        "an empty program": BARE,
    }
    timed = in_turn({name: starting(code) for name, code in codes.items()}, rounds=31, calls=1)

    def fifth(against: Ratio, _: float) -> Goal:
        return Goal("at most 1.2 of the floor", against.value <= 1.2)

    report(
        "Whole processes",
        timed,
        floor="the three dependencies",
        goals={"import schoolauth": fifth},
    )
    bare = timed["an empty program"]
    rows = [
        [name, duration(over(timed[name], bare)), str(len(modules(code)))]
        for name, code in codes.items()
        if code != BARE
    ]
    table("Without the interpreter's own start", ["case", "median", "modules"], rows)
    for code, heavy in (
        ("import schoolauth", {"dns", "sqlalchemy"}),
        (ADAPTER, {"dns", "sqlalchemy.orm"}),
    ):
        found = sorted(heavy & modules(code))
        print(f"\n{code} loads {', '.join(found) or 'none'} of {', '.join(sorted(heavy))}.")


if __name__ == "__main__":
    main()
