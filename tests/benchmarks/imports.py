"""What `import schoolauth` takes of a start, ``python -m tests.benchmarks.imports``.

Every case is a fresh interpreter, in turn, that finds everything compiled. The floor is the three
dependencies together, which are imported whatever we do.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile

from tests.benchmarks.measure import CONTROL, Goal, Ratio, duration, in_turn, over, report, table

FLOOR = "the three dependencies"
OURS = "import schoolauth"
ADAPTER = "import schoolauth.storage.sql"
BARE = "an empty program"
CODES = {
    FLOOR: "import argon2, email_validator, itsdangerous",
    CONTROL: "import argon2, email_validator, itsdangerous",
    OURS: OURS,
    "the three and sqlalchemy": "import argon2, email_validator, itsdangerous, sqlalchemy",
    ADAPTER: ADAPTER,
    BARE: "",
}
HEAVY = {OURS: {"dns", "sqlalchemy"}, ADAPTER: {"dns", "sqlalchemy.orm"}}


def run(code: str, cache: str) -> str:
    """Return what a fresh interpreter prints that runs *code*; what it compiles is in *cache*."""
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONPYCACHEPREFIX": cache,
    }
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, env=environment, text=True)


def main() -> None:
    """Print the times, how many modules they buy, and which heavy ones are among them."""
    with tempfile.TemporaryDirectory() as cache:
        cases = {name: functools.partial(run, code, cache) for name, code in CODES.items()}
        timed = in_turn(cases, rounds=41, calls=1)
        loaded = {
            name: set(run(f"{code}\nimport sys\nprint(*sys.modules)", cache).split())
            for name, code in CODES.items()
        }

    def fifth(against: Ratio, _: float) -> Goal:
        return Goal("at most 1.2 of the floor", against.value <= 1.2)

    report("Whole processes", timed, floor=FLOOR, goals={OURS: fifth})
    rows = [
        [
            name,
            duration(over(timed[name], timed[BARE])),
            str(len(loaded[name] - loaded[BARE])),
            ", ".join(sorted(HEAVY.get(name, set()) & loaded[name])) or "none",
        ]
        for name in CODES
        if name != BARE
    ]
    headings = ["case", "median", "modules", "of those that must not be"]
    table("Without the interpreter's own start", headings, rows)


if __name__ == "__main__":
    main()
