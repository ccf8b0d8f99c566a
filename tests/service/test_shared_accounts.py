"""A crowd that shares one account and comes at once: everybody gets in by obeying `retry_after`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from schoolauth import StoredPassword, Throttled
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.ports import Throttle
from tests.databases import Backend
from tests.service.doubles import RecorderWithWorkers
from tests.service.world import PASSWORD, World, make_world, refused
from tests.throttles import THROTTLES, Throttles

PEOPLE = 30
ROUNDS = 4
"""Eight at once may try."""
NAMES = ("wg204nx_james", "WG204NX_James", "ｗg204nx_james")


class Meeting(RecorderWithWorkers):
    """A hasher that verifies nothing before everybody has a place or a refusal."""

    def __init__(self) -> None:
        super().__init__(PEOPLE)
        self._changed = threading.Condition()
        self._missing = 0

    def begin(self, people: int) -> None:
        """Say how many come now."""
        self._missing = people

    def note(self) -> None:
        """Say that one of them has an answer, or is about to be verified."""
        with self._changed:
            self._missing -= 1
            self._changed.notify_all()

    def verify(self, password: str, stored: StoredPassword) -> bool:
        self.note()
        with self._changed:
            assert self._changed.wait_for(lambda: self._missing <= 0, 60)
        return super().verify(password, stored)


Crowd = Callable[[World, Meeting, int], list[int]]


def at_once(world: World, hasher: Meeting, people: int) -> list[int]:
    """Return the waits that threads are told which come at once."""

    def sign_in(number: int) -> int:
        try:
            world.auth.log_in(NAMES[number % len(NAMES)], PASSWORD)
        except Throttled as error:
            hasher.note()
            return error.retry_after
        return 0

    with ThreadPoolExecutor(people) as pool:
        return [wait for wait in pool.map(sign_in, range(people)) if wait]


def awaited(world: World, hasher: Meeting, people: int) -> list[int]:
    """Return the waits that the tasks of one loop are told."""

    async def sign_in(auth: AsyncSchoolAuth) -> int:
        try:
            await auth.log_in(NAMES[0], PASSWORD)
        except Throttled as error:
            hasher.note()
            return error.retry_after
        return 0

    async def sign_in_all() -> list[int]:
        async with AsyncSchoolAuth(world.auth) as auth:
            return await asyncio.gather(*(sign_in(auth) for _ in range(people)))

    return [wait for wait in asyncio.run(sign_in_all()) if wait]


def get_in(world: World, hasher: Meeting, crowd: Crowd) -> int:
    """Have everybody come back when they are told to; return in how many rounds all got in."""
    people, rounds = PEOPLE, 0
    while people:
        hasher.begin(people)
        waits = crowd(world, hasher, people)
        assert set(waits) <= {1}
        people, rounds = len(waits), rounds + 1
        world.clock.advance(seconds=1)
    return rounds


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    """Each throttle in turn."""
    return throttles.make(request.param)


@pytest.mark.parametrize("crowd", [at_once, awaited])
def test_thirty_right_passwords_at_once_all_get_in(throttle: Throttle, crowd: Crowd) -> None:
    """Eight in each second; and nothing of it is counted against the account afterwards."""
    hasher = Meeting()
    world = make_world(throttle=throttle, hasher=hasher)
    world.teacher()
    assert get_in(world, hasher, crowd) == ROUNDS
    for _ in range(8):
        refused(world, NAMES[0], "Wrong1234")
    hasher.workers.close()


@pytest.mark.parametrize("crowd", [at_once, awaited])
def test_thirty_right_passwords_get_in_on_every_store(backend: Backend, crowd: Crowd) -> None:
    """The store writes thirty successes and no failure, whoever was first on that day."""
    hasher = Meeting()
    world = make_world(backend.users, backend.schools, hasher=hasher)
    world.teacher()
    assert get_in(world, hasher, crowd) == ROUNDS
    kinds = world.kinds()
    assert kinds.count("login_succeeded") == PEOPLE
    assert "login_failed" not in kinds
    hasher.workers.close()
