"""A Redis server of a test's own, which it may fill and stop: no files, own port, loopback only."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

_TRIES, _BETWEEN = 300, 0.02


def impatient(port: int, seconds: float) -> Redis:
    """Return a client that tries once, for at most so many seconds."""
    return Redis(port=port, retry=Retry(NoBackoff(), 0), socket_timeout=seconds)


class PrivateRedis:
    """One server, which keeps nothing when it stops."""

    def __init__(self, program: str, folder: str) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def client(self) -> Redis:
        """Return a client that tries once."""
        return impatient(self.port, 5)

    def start(self, *options: str) -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(
            [
                *(self._program, "--bind", "127.0.0.1", "--port", str(self.port)),
                *("--save", "", "--appendonly", "no", "--dir", self._folder, *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        _wait_until(self._answers)

    def serve_all_slots(self) -> None:
        """Be the one node of a cluster, and return when it is ready; it takes two seconds."""
        with closing(self.client()) as client:
            command: Any = client.execute_command  # it has no types
            command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            _wait_until(lambda: command("CLUSTER INFO")["cluster_state"] == "ok")

    def _answers(self) -> bool:
        with closing(self.client()) as client, suppress(RedisError):
            return bool(client.ping())
        return False

    def stop(self) -> None:
        """End it without a word; nothing it knew is left."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    """Return a port that is free, and so low that a cluster has its other one, 10,000 higher."""
    with ExitStack() as held:
        while True:  # those that are too high are held, so that the next one is another
            free = held.enter_context(closing(socket.socket()))
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
            if port < 55_000:
                return port


def _wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(_TRIES):
        if holds():
            return
        pause.wait(_BETWEEN)
    raise AssertionError("the Redis server is not ready")


@contextmanager
def private_redis(*options: str) -> Iterator[PrivateRedis]:
    """Start a server; skip where none is installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server is installed")
    with tempfile.TemporaryDirectory() as folder:
        server = PrivateRedis(program, folder)
        try:
            server.start(*options)
            yield server
        finally:
            server.stop()
