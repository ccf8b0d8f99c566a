"""A forked child and a fresh interpreter, both bounded, for tests of what happens there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

SECONDS = 60

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this system")


def ends_well_in_a_child(call: Callable[[], bool]) -> bool:
    """Fork, and tell whether *call* returned True in the child; one that hangs is killed."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(SECONDS)
            os._exit(0 if call() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def run_python(code: str) -> str:
    """Return what a fresh interpreter prints that runs *code*; it must say nothing else."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
