"""Two hundred people sign in at once: ``python -m tests.benchmarks.crowd [rounds]``.

With the default hash, 64 MiB each. Every case runs in a process of its own, in turn, since the
peak of the memory is a process's: the floor is argon2 alone in as many threads as there are
workers; then sign-ins by 200 threads, and by 200 tasks of one event loop, which meanwhile counts
how long it ever stood still and how long `resume` took. What bounds the memory is workers × 64 MiB:
a machine with more processors has more workers, unless the hasher says otherwise. On a machine that
others use too, the time of the processor says more than the rate: what is above 1 is ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import median

from argon2.low_level import Type, verify_secret

from schoolauth import Argon2Hasher, SchoolAuth
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.model.user import StoredPassword
from schoolauth.ports import Store
from schoolauth.storage.memory import MemoryUserRepository
from tests.benchmarks.measure import table
from tests.benchmarks.sample import KEY, PASSWORD, fill

CROWD = 200
WAIT = 300.0
MEMORY_MIB = 64
Facts = dict[str, float]


def _peak() -> float:
    """Return the most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


class _Waiting(Argon2Hasher):
    """Takes the time of a hash, and no processor: what is left is the library's own part."""

    def _verify(self, stored: StoredPassword, secret: bytes) -> bool:
        time.sleep(0.02)
        return True


class _Setup:
    """Two hundred accounts in memory, all with one hash of the default parameters."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self.hasher = hasher or Argon2Hasher(wait=WAIT)
        self.stored = self.hasher.hash(PASSWORD)
        users = MemoryUserRepository()
        self.names = [str(one.username) for one in fill(users, CROWD, self.stored)]
        self.auth = SchoolAuth(Store(users), secret_key=KEY, hasher=self.hasher)
        self.session = self.auth.log_in(self.names[0], PASSWORD).session


def floor() -> Facts:
    """Argon2 and nothing else, as many at once as there are workers."""
    setup = _Setup()
    setup.hasher.workers.close()
    encoded, typed = setup.stored.reveal().encode(), PASSWORD.encode()
    with ThreadPoolExecutor(setup.hasher.workers.size) as pool:
        start, spent = time.perf_counter(), time.process_time()
        list(pool.map(lambda _: verify_secret(encoded, typed, Type.ID), range(CROWD)))
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
    return {"rate": CROWD / seconds, "processor": spent, "peak": _peak()}


def base() -> Facts:
    """Everything that is there before anybody hashes."""
    fill(MemoryUserRepository(), CROWD)
    return {"peak": _peak()}


def threads() -> Facts:
    """A thread for each person, let go at once."""
    setup, begin = _Setup(), threading.Barrier(CROWD + 1)

    def sign_in(name: str) -> None:
        begin.wait()
        setup.auth.log_in(name, PASSWORD)

    with ThreadPoolExecutor(CROWD) as pool:
        made = [pool.submit(sign_in, name) for name in setup.names]
        begin.wait()
        start, spent = time.perf_counter(), time.process_time()
        for future in made:
            future.result()
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
    return {"rate": CROWD / seconds, "processor": spent, "peak": _peak()}


async def _crowd(setup: _Setup, auth: AsyncSchoolAuth) -> float:
    start = time.perf_counter()
    await asyncio.gather(*(auth.log_in(name, PASSWORD) for name in setup.names))
    return CROWD / (time.perf_counter() - start)


def event_loop() -> Facts:
    """A task for each person, on one loop that is watched."""
    return _watched(_crowd, _Setup())


def waiting_loop() -> Facts:
    """The same with hashes that take time but no processor."""
    return _watched(_crowd, _Setup(_Waiting(wait=WAIT)))


def beside_argon2() -> Facts:
    """The same loop beside the floor: what hashing as such does to a loop (control)."""

    async def bare(setup: _Setup, auth: AsyncSchoolAuth) -> float:
        encoded, typed = setup.stored.reveal().encode(), PASSWORD.encode()
        run, start = asyncio.get_running_loop().run_in_executor, time.perf_counter()
        with ThreadPoolExecutor(setup.hasher.workers.size) as pool:
            await asyncio.gather(
                *(run(pool, verify_secret, encoded, typed, Type.ID) for _ in range(CROWD))
            )
        return CROWD / (time.perf_counter() - start)

    return _watched(bare, _Setup())


def idle_loop() -> Facts:
    """The same loop while nobody signs in: what the machine itself lets stand still (control)."""

    async def nobody(setup: _Setup, auth: AsyncSchoolAuth) -> float:
        await asyncio.sleep(10)
        return 0.0

    return _watched(nobody, _Setup())


def _watched(work: Callable[[_Setup, AsyncSchoolAuth], Awaitable[float]], setup: _Setup) -> Facts:
    stalls: list[float] = []
    took: list[float] = []
    facts: Facts = {}

    async def watch() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            stalls.append(now - last - 0.001)
            last = now

    async def resume(auth: AsyncSchoolAuth) -> None:
        while True:
            start = time.perf_counter()
            await auth.resume(setup.session)
            took.append(time.perf_counter() - start)
            await asyncio.sleep(0.02)

    async def run() -> float:
        auth = AsyncSchoolAuth(setup.auth)
        watching = [asyncio.create_task(watch()), asyncio.create_task(resume(auth))]
        spent = time.process_time()
        rate = await work(setup, auth)
        facts["processor"] = time.process_time() - spent
        for task in watching:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        auth.close()
        return rate

    facts |= {"rate": asyncio.run(run()), "peak": _peak()}
    for name, times in (("stall", stalls), ("resume", took)):
        facts |= {name: max(times), f"{name}_99": _part(times, 0.99)}
    return facts


def _part(values: list[float], part: float) -> float:
    return sorted(values)[int(len(values) * part)]


CASES: dict[str, Callable[[], Facts]] = {
    "base": base,
    "argon2 alone": floor,
    "threads": threads,
    "event loop": event_loop,
    "loop beside argon2 alone": beside_argon2,
    "loop, hashes that only wait": waiting_loop,
    "idle loop": idle_loop,
}


def _measured(case: str) -> Facts:
    command = [sys.executable, "-m", "tests.benchmarks.crowd", "--case", case]
    found: Facts = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def main() -> None:
    """Run every case in turn, and print the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found: dict[str, list[Facts]] = {case: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            found[case].append(_measured(case))

    def mid(case: str, fact: str) -> float:
        return median(facts[fact] for facts in found[case])

    rows = []
    for case in list(CASES)[1:4]:
        over = mid(case, "peak") - mid("base", "peak")
        rate, best = mid(case, "rate"), mid("argon2 alone", "rate")
        spent = mid(case, "processor") / mid("argon2 alone", "processor")
        rows.append([case, f"{rate:.2f}/s", f"{rate / best:.3f}", f"{spent:.3f}", f"{over:.0f} MB"])
    workers = os.cpu_count() or 1
    title = f"{CROWD} at once, {workers} workers × {MEMORY_MIB} MiB, {rounds} rounds"
    headings = ["case", "sign-ins", "of the floor (goal 0.95)", "processor", "peak over base"]
    table(title, headings, rows)
    facts = [
        [
            f"{what}, {case}",
            *(f"{mid(case, one) * 1e3:.1f} ms" for one in (f"{name}_99", name)),
            goal,
        ]
        for what, name, goal in (
            ("the loop stood still", "stall", "20 ms"),
            ("resume took", "resume", "50 ms"),
        )
        for case in list(CASES)[3:]
    ]
    table("Meanwhile, on the loop", ["what", "99 of 100", "longest", "goal"], facts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        sys.stdout.write(json.dumps(CASES[sys.argv[2]]()))
    else:
        main()
