"""A PostgreSQL server of a test's own, which it may kill: own data, own port, loopback only."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

_TRIES, _BETWEEN = 300, 0.1


def _programs() -> Path | None:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(programs[-1]) if programs else shutil.which("initdb")
    return None if found is None else Path(found).parent


class PrivatePostgreSQL:
    """One server; `kill` it as a power cut would, and `start` it again."""

    def __init__(self, programs: Path, data: Path) -> None:
        self._programs, self._data = programs, data
        self._process: subprocess.Popen[bytes] | None = None
        # root may not run a server, and the data belong to who does
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(data, account.pw_uid, account.pw_gid)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> URL:
        """Where it is."""
        return URL.create(
            "postgresql+psycopg", "postgres", None, "127.0.0.1", self._port, "postgres"
        )

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        pause = threading.Event()
        for _ in range(_TRIES):
            if self._process is None or self._process.poll() is not None:
                # what a killed server left behind may take a moment to end: then it is tried again
                self._process = self._popen(
                    "postgres", "-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._data)
                )
            if self._is_ready():
                return
            pause.wait(_BETWEEN)
        raise AssertionError((self._data.parent / "log").read_text(encoding="utf-8")[-2000:])

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _is_ready(self) -> bool:
        ready = self._popen(
            "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port), data=False
        )
        return ready.wait() == 0

    def _run(self, program: str, *arguments: str) -> None:
        assert self._popen(program, *arguments).wait() == 0

    def _popen(self, program: str, *arguments: str, data: bool = True) -> subprocess.Popen[bytes]:
        where = ["-D", str(self._data)] if data else []
        with (self._data.parent / "log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *where, *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as,
            )


@contextmanager
def private_postgresql() -> Iterator[PrivatePostgreSQL]:
    """Make a server and start it; skip where none is installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("no initdb of PostgreSQL is installed")
    if os.geteuid() == 0 and "postgres" not in {account.pw_name for account in pwd.getpwall()}:
        pytest.skip("root may not run PostgreSQL, and there is no account postgres that may")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # its owner is another
        data = Path(folder) / "data"
        data.mkdir()
        server = PrivatePostgreSQL(programs, data)
        server.start()
        try:
            yield server
        finally:
            server.kill()
