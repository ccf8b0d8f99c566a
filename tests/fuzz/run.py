"""Coverage-guided fuzzing by hand: `python -m tests.fuzz.run TARGET [--seconds N]`.

It needs the group `fuzz` (atheris). Without TARGET it names the targets. What is found is kept in
the current directory as `crash-…`; give it its own test before it is mended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

PARSERS = ["schoolauth", "email_validator", "itsdangerous", "zipfile"]
with atheris.instrument_imports(include=PARSERS):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz one target for so many seconds, from its good inputs on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    if given.target is None:
        sys.exit("\n".join(sorted(TARGETS)))
    target = TARGETS[given.target]
    with tempfile.TemporaryDirectory() as directory:
        for number, seed in enumerate(target.seeds):
            (Path(directory) / f"seed-{number}").write_bytes(seed)
        options = [f"-max_total_time={given.seconds}", "-max_len=8192", "-timeout=10"]
        atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", directory], target.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
