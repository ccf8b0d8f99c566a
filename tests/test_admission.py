"""Who may hash, who may wait for it and who is sent away, for sign-ins and under asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from schoolauth import Argon2Hasher, LoginRefused, Overloaded
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.workers import Workers
from tests.processes import SECONDS, ends_well_in_a_child, needs_fork, run_python
from tests.service.world import PASSWORD, World, make_world


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What every worker waits for; let go at the end, whatever comes."""
    event = threading.Event()
    yield event
    event.set()


def busy(workers: Workers, held: threading.Event) -> None:
    """Keep the only worker busy until *held* is set, and return once it is."""
    going = threading.Event()

    def hold() -> None:
        going.set()
        held.wait(SECONDS)

    workers.submit(hold)
    assert going.wait(SECONDS)


def full(workers: Workers) -> None:
    """See that there is no slot left."""
    with pytest.raises(Overloaded) as caught:
        workers.submit(lambda: None)
    assert caught.value.retry_after == 10
    assert caught.value.__context__ is None


def test_a_full_queue_is_overloaded_at_once(held: threading.Event) -> None:
    """One runs, two wait; the next is told without any wait, and a slot is free again later."""
    workers = Workers(1, name="test", queue=2)
    busy(workers, held)
    waiting = [workers.submit(lambda: "done") for _ in range(2)]
    for _ in range(3):
        full(workers)
    with pytest.raises(Overloaded) as caught:
        workers.run(lambda: None, wait=SECONDS)
    assert caught.value.__context__ is None
    held.set()
    assert [future.result(SECONDS) for future in waiting] == ["done"] * 2
    workers.close()


def test_a_slot_is_taken_until_its_call_is_done(held: threading.Event) -> None:
    """A waiting call can be cancelled, which frees its slot; a running call keeps its slot."""
    workers = Workers(1, name="test", queue=1)
    busy(workers, held)
    waiting = workers.submit(lambda: None)
    full(workers)
    assert waiting.cancel()
    again = workers.submit(lambda: None)  # the slot that was given back, and not one more
    full(workers)
    with pytest.raises(TimeoutError):
        again.result(0.001)  # a caller who gave up without a word
    full(workers)
    held.set()
    again.result(SECONDS)
    workers.close()


def test_slots_are_freed_whatever_the_call_does() -> None:
    """Answers, errors, and calls that closed workers do not take: no slot leaks."""
    workers = Workers(1, name="test", queue=1)

    def fail() -> None:
        raise LookupError

    for _ in range(5):
        with pytest.raises(LookupError):
            workers.run(fail, wait=SECONDS)
        assert workers.run(lambda: 1, wait=SECONDS) == 1
    workers.close()
    for _ in range(5):
        with pytest.raises(RuntimeError):
            workers.submit(lambda: None)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_begins_with_an_empty_queue(held: threading.Event) -> None:
    """What fills the parent's queue is the parent's to do."""
    workers = Workers(1, name="test", queue=1)
    busy(workers, held)
    workers.submit(lambda: None)
    full(workers)
    assert ends_well_in_a_child(lambda: workers.run(lambda: 42, wait=SECONDS) == 42)
    full(workers)


@pytest.mark.parametrize(("queue", "error"), [(0, ValueError), (True, TypeError), ("9", TypeError)])
def test_a_queue_that_is_none_is_refused(queue: int, error: type[Exception]) -> None:
    """Mistakes show where they are made."""
    with pytest.raises(error):
        Argon2Hasher(queue=queue)


def small_world(**settings: float) -> tuple[World, Argon2Hasher]:
    """Return a school whose hasher has one worker and a queue of two."""
    given = {"time_cost": 1, "memory_cost": 8, "parallelism": 1, "workers": 1, "queue": 2}
    hasher = Argon2Hasher(**(given | settings))  # type: ignore[arg-type] # wait alone is a float
    world = make_world(hasher=hasher)
    world.auth._core.credentials._make_decoy()
    return world, hasher


def test_a_full_queue_looks_the_same_for_everybody_and_counts_no_attempt(
    held: threading.Event,
) -> None:
    """Known or not, nothing is verified: after a flood of refusals the right password gets in."""
    world, hasher = small_world()
    busy(hasher.workers, held)
    waiting = [hasher.workers.submit(lambda: None) for _ in range(2)]
    for name in ("wg204nx_admin", "nobody") * 15:
        with pytest.raises(Overloaded) as caught:
            world.auth.log_in(name, "Wrong1234", source="192.0.2.7")
        assert caught.value.retry_after == 10
    held.set()
    for future in waiting:
        future.result(SECONDS)
    assert world.auth.log_in("wg204nx_admin", PASSWORD, source="192.0.2.7")


def test_a_flood_under_asyncio_is_bounded_and_cancelling_frees_a_slot(
    held: threading.Event,
) -> None:
    """Two of nine wait, the others are told at once; a cancelled one frees its slot."""
    world, hasher = small_world()

    async def flood() -> None:
        auth = AsyncSchoolAuth(world.auth)
        busy(hasher.workers, held)
        tasks = [asyncio.create_task(auth.log_in("nobody", f"Wrong{n}")) for n in range(9)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        refused = [task for task in tasks if task.done()]
        assert len(refused) == 7
        for task in refused:
            assert isinstance(task.exception(), Overloaded)
        waiting = [task for task in tasks if not task.done()]
        waiting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
        other = asyncio.create_task(auth.log_in("nobody", "other"))
        await asyncio.sleep(0)
        held.set()
        for task in (waiting[1], other):
            with pytest.raises(LoginRefused):
                await task
        auth.close()

    asyncio.run(flood())


def test_asyncio_waits_as_long_as_the_hasher_says(held: threading.Event) -> None:
    """The hasher's own `wait` bounds an awaited sign-in too."""
    world, hasher = small_world(wait=0.01)

    async def check() -> None:
        auth = AsyncSchoolAuth(world.auth)
        busy(hasher.workers, held)
        with pytest.raises(Overloaded) as caught:
            await auth.log_in("nobody", PASSWORD)
        assert caught.value.retry_after == 1
        auth.close()

    asyncio.run(check())


def test_a_sign_in_at_the_interpreters_end_is_overloaded() -> None:
    """What was taken ends; an exit handler's sign-in is told, and nobody is signed in."""
    said = run_python(f"""
import atexit
from schoolauth import Overloaded
from tests.service.world import make_world

world = make_world()
world.auth.hasher.workers.submit(lambda: print("taken"))

@atexit.register
def late():
    for name in "wg204nx_admin", "nobody":
        try:
            world.auth.log_in(name, {PASSWORD!r})
        except Overloaded as error:
            print("overloaded", error.retry_after)
    print(world.kinds()[0])
""")
    assert said.split("\n")[:3] == ["taken", "overloaded 10", "overloaded 10"]
    assert "login" not in said
