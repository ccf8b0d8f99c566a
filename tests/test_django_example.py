"""The example of an adapter in the docs, run as its readers run it: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "how-to" / "examples" / "django_accounts"


def test_the_example_in_djangos_orm_keeps_its_contracts() -> None:
    """Every test of the example passes, in a process where nobody else has configured Django."""
    profile = ["--hypothesis-profile", "quick"]
    options = ["-q", "-p", "no:cacheprovider", *profile]
    command = [sys.executable, "-m", "pytest", *options, str(EXAMPLE)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
