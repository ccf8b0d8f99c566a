"""Two hundred at once, from threads and from processes: exactly the limit gets through."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from schoolauth.testing.throttle.buckets import at, bucket
from schoolauth.throttle import policy
from tests.databases import SQL_STORES
from tests.throttles import SHARED, THROTTLES, Throttles

NAME = policy.NAME.bucket("name")
CROWD, THREADS = 200, 40


@contextmanager
def database_errors(throttles: Throttles, kind: str) -> Iterator[list[str]]:
    """Collect what the database refuses meanwhile, deadlocks above all."""
    found: list[str] = []

    def note(context: Any) -> None:
        found.append(type(context.original_exception).__name__)

    engine: Engine | None = throttles.engine(kind) if kind in SQL_STORES else None
    if engine is not None:
        event.listen(engine, "handle_error", note)
    try:
        yield found
    finally:
        if engine is not None:
            event.remove(engine, "handle_error", note)


@pytest.mark.parametrize("kind", THROTTLES)
def test_of_two_hundred_threads_eight_pass(kind: str, throttles: Throttles) -> None:
    """No two take the same place, and the database never has to break a deadlock."""
    throttle = throttles.make(kind)
    source = policy.SOURCE.bucket("source")
    with database_errors(throttles, kind) as errors, ThreadPoolExecutor(THREADS) as pool:
        told = list(pool.map(lambda _: throttle.take([source, NAME], at(0)), range(CROWD)))
    assert (told.count(None), errors) == (8, [])
    left = [throttle.take([source], at(0)) for _ in range(50)]
    assert left.count(None) == 50 - 8


@pytest.mark.parametrize("kind", THROTTLES)
def test_crowds_over_many_buckets_lose_and_gain_none(kind: str, throttles: Throttles) -> None:
    """Each try takes three of six new buckets, in any order, or none; some give back."""
    throttle, lot = throttles.make(kind), random.Random(7)
    buckets = [bucket(f"{number}", (8, 150), invented=number % 2 == 0) for number in range(6)]
    wanted = [lot.sample(range(6), 3) for _ in range(CROWD // 2)]
    right = [lot.random() < 0.3 for _ in wanted]

    def attempt(number: int) -> list[int]:
        mine = [buckets[each] for each in wanted[number]]
        if throttle.take(mine, at(0)) is not None:
            return []
        if right[number]:
            throttle.give_back(mine, at(0))
            return []
        return wanted[number]

    with database_errors(throttles, kind) as errors, ThreadPoolExecutor(THREADS) as pool:
        used = [each for taken in pool.map(attempt, range(len(wanted))) for each in taken]
    assert errors == []
    for number, each in enumerate(buckets):
        left = [throttle.take([each], at(0)) for _ in range(9)].count(None)
        assert left == 8 - used.count(number)


PROCESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from redis import Redis
from sqlalchemy import create_engine
from schoolauth.storage.sql import SqlThrottle
from schoolauth.testing.throttle.buckets import at
from schoolauth.throttle import policy
from schoolauth.throttle.redis import RedisThrottle

urls, options, prefix = json.loads(sys.argv[1])
name = policy.NAME.bucket("name")
engines = {kind: create_engine(url, pool_size=5) for kind, url in urls.items()}
throttles = {kind: SqlThrottle(engine) for kind, engine in engines.items()}
client = Redis(**options)
throttles["redis"] = RedisThrottle(client, prefix=prefix)
print("ready", flush=True)
passed = {}
for kind in json.loads(sys.stdin.readline()):
    with ThreadPoolExecutor(5) as pool:
        told = list(pool.map(lambda _: throttles[kind].take([name], at(0)), range(67)))
    passed[kind] = told.count(None)
print(json.dumps(passed))
for engine in engines.values():
    engine.dispose()
client.close()
"""


def test_of_three_processes_eight_tries_pass(throttles: Throttles) -> None:
    """Processes that share a store share its counts: of 200 tries at once the limit passes."""
    urls = {}
    for kind in SQL_STORES:
        throttles.make(kind)
        urls[kind] = throttles.engine(kind).url.render_as_string(hide_password=False)
    known = throttles.redis().connection_pool.connection_kwargs
    options = {name: known[name] for name in ("host", "port", "db", "password") if name in known}
    arguments = json.dumps([urls, options, throttles.prefix()])
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-W", "error", "-c", PROCESS, arguments],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        begin = json.dumps(SHARED) + "\n"
        told = [json.loads(process.communicate(begin)[0]) for process in processes]
    assert {kind: sum(each[kind] for each in told) for kind in SHARED} == dict.fromkeys(SHARED, 8)
