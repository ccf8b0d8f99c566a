"""Fifty people of one shared account, who come at once and type its name or its address."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from schoolauth import Argon2Hasher, LoginRefused
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.ports import Throttle
from tests.databases import Backend
from tests.service.world import PASSWORD, World, make_world
from tests.throttles import THROTTLES, Throttles

Crowd = Callable[[World], list[str]]
PEOPLE = 50
NAMES = ("wg204nx_james", "office@hill.example.org", "WG204NX_James", "Office@Hill.example.org")


@pytest.fixture(params=THROTTLES)
def throttle(request: pytest.FixtureRequest, throttles: Throttles) -> Throttle:
    """Each throttle in turn."""
    return throttles.make(request.param)


def shared(world: World) -> World:
    """Give *world* the account that all fifty share."""
    world.teacher(email="office@hill.example.org")
    return world


def hasher() -> Argon2Hasher:
    """Return a hasher that keeps none of the fifty waiting, so that they meet at the throttle."""
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1, workers=PEOPLE)


def at_once(world: World) -> list[str]:
    """Return how fifty threads get in."""
    start = threading.Barrier(PEOPLE)

    def sign_in(number: int) -> str:
        start.wait(60)
        return world.auth.log_in(NAMES[number % len(NAMES)], PASSWORD, source="192.0.2.7").how

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(sign_in, range(PEOPLE)))


def awaited(world: World) -> list[str]:
    """Return how fifty tasks of one loop get in."""

    async def sign_in_all() -> list[str]:
        auth = AsyncSchoolAuth(world.auth)
        try:
            logins = await asyncio.gather(
                *(
                    auth.log_in(NAMES[number % len(NAMES)], PASSWORD, source="192.0.2.7")
                    for number in range(PEOPLE)
                )
            )
        finally:
            auth.close()
        return [login.how for login in logins]

    return asyncio.run(sign_in_all())


def is_forgotten(world: World) -> bool:
    """Tell whether nothing is counted against the account: nine wrong tries leave one."""
    for number in range(9):
        with pytest.raises(LoginRefused):
            world.auth.log_in(NAMES[number % 2], "Wrong1234")
    return bool(world.auth.log_in(NAMES[0], PASSWORD).session)


@pytest.mark.parametrize("crowd", [at_once, awaited])
def test_fifty_by_name_and_by_address_all_get_in(throttle: Throttle, crowd: Crowd) -> None:
    """Two typed names and one account share its places: all wait their turn, none is counted."""
    world = shared(make_world(throttle=throttle, hasher=hasher()))
    assert crowd(world) == ["password"] * PEOPLE
    assert is_forgotten(world)


@pytest.mark.parametrize("crowd", [at_once, awaited])
def test_fifty_by_name_and_by_address_get_in_on_every_store(backend: Backend, crowd: Crowd) -> None:
    """The store writes fifty events and no failure, whoever was first on that day."""
    world = shared(make_world(backend.users, backend.schools, hasher=hasher()))
    assert crowd(world) == ["password"] * PEOPLE
    kinds = world.kinds()
    assert kinds.count("login_succeeded") == PEOPLE
    assert not {"login_failed", "login_throttled"} & set(kinds)
