"""Forked children that have a test run of their own, all the libraries loaded beforehand."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "schoolauth"
KEPT = ROOT / ".mutants"
"""What is worth keeping from one run to the next, beside the project."""
NO_STORE_TO_WAIT_FOR = "not sqlite and not postgresql and not mariadb and not redis"
# whatever takes long to import, and does not import schoolauth
_LIBRARIES = [
    "_hypothesis_pytestplugin",
    "aiosmtpd.controller",
    "argon2",
    "asyncio",
    "bcrypt",
    "concurrent.futures.thread",
    "coverage",
    "django.core.mail",
    "django.db.models",
    "email_validator",
    "flask",
    "httpx",
    "hypothesis.stateful",
    "importlinter",
    "itsdangerous",
    "limits",
    "multiprocessing",
    "psycopg",
    "pymysql",
    "redis",
    "smtplib",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sybil.parsers.myst",
]


def load_libraries() -> None:
    """Import what every child needs; the package under test stays unknown until a child asks."""
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(KEPT / "hypothesis")
    os.environ["SCHOOLAUTH_HYPOTHESIS"] = "mutants"
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # ours would be imported with hypothesis
    for name in _LIBRARIES:
        importlib.import_module(name)
    del os.environ["HYPOTHESIS_NO_PLUGINS"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hypothesis finds it early for reading a file
        importlib.import_module("hypothesis.internal.charmap").charmap()
    if "schoolauth" in sys.modules:
        raise RuntimeError("a library imported the package before any mutant was made")


class Replaced(importlib.machinery.SourceFileLoader):
    """Imports one module of the package from another code than its file has."""

    def __init__(self, path: Path, code: CodeType) -> None:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        super().__init__(name, str(path))
        self._code = code

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for the one module."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """Give the other code."""
        return self._code


def run_tests(tests: Sequence[str], *options: str, plugins: Sequence[object] = ()) -> int:
    """Run tests in this process, and return pytest's exit code."""
    import hypothesis.entry_points

    try:
        hypothesis.entry_points.run()
    except Exception:  # noqa: BLE001 # a mutant that cannot even be imported
        return int(pytest.ExitCode.INTERRUPTED)
    arguments = [
        *tests,
        *options,
        "-q",
        "--tb=no",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
    ]
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-k", NO_STORE_TO_WAIT_FOR]
    arguments += [f"--basetemp={tempfile.gettempdir()}/pytest"]
    return int(pytest.main(arguments, plugins=list(plugins)))


@dataclass
class _Child:
    pid: int
    index: int
    ends_by: float
    directory: Path = field(repr=False)


def run_children(
    jobs: Sequence[tuple[Callable[[], int], float]], *, at_once: int
) -> Iterator[tuple[int, int | None]]:
    """Carry out each job in a forked child, and yield its index and exit code as they end.

    A job is a function that returns an exit code, with the seconds it may take; the code of one
    that takes longer is None. What a child prints is dropped, and its files are removed.
    """
    waiting, living = list(range(len(jobs))), list[_Child]()
    while waiting or living:
        while waiting and len(living) < at_once:
            index = waiting.pop(0)
            living.append(_fork(index, *jobs[index]))
        for child in list(living):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            late = time.monotonic() > child.ends_by
            if pid or late:
                _end(child, gone=bool(pid))
                living.remove(child)
                yield child.index, os.waitstatus_to_exitcode(status) if pid else None
        time.sleep(0.01)


def _fork(index: int, job: Callable[[], int], seconds: float) -> _Child:
    directory = Path(tempfile.mkdtemp(prefix="mutant-"))
    pid = os.fork()
    if pid:
        return _Child(pid, index, time.monotonic() + seconds, directory)
    code = 70
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        tempfile.tempdir = os.environ["TMPDIR"] = str(directory)
        sys.dont_write_bytecode = False
        code = job()
    finally:
        os._exit(code)


def _end(child: _Child, *, gone: bool) -> None:
    """End what is left of a child's process group, and remove its files."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    if not gone:
        os.waitpid(child.pid, 0)
    shutil.rmtree(child.directory, ignore_errors=True)
