"""The asyncio face: the same calls, off the loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

import pytest

from schoolauth import (
    ImportedUser,
    LoginRefused,
    Overloaded,
    Role,
    School,
    SchoolAuth,
    Status,
    SupportDesk,
    UserManagement,
)
from schoolauth.aio import AsyncSchoolAuth, AsyncSupportDesk, AsyncUserManagement
from schoolauth.storage.memory import MemoryStore
from schoolauth.testing import cheap_hasher
from schoolauth.workers import Workers
from tests.service.doubles import Recorder
from tests.service.world import PASSWORD, World, make_world

T = TypeVar("T")
FACES = [
    (AsyncSchoolAuth, SchoolAuth),
    (AsyncUserManagement, UserManagement),
    (AsyncSupportDesk, SupportDesk),
]
NOT_AWAITED = {"mail_failed", "within", "policy", "hasher", "school"}
OPENED = {"manage": AsyncUserManagement, "support": AsyncSupportDesk}
PASSWORDS = {"password", "new_password", "current", "new"}


def public(cls: type) -> dict[str, Any]:
    return {name: getattr(cls, name) for name in dir(cls) if not name.startswith("_")}


def calls(face: type) -> dict[str, Any]:
    return {name: call for name, call in public(face).items() if name not in {"close", "school"}}


@pytest.mark.parametrize(("face", "sync"), FACES)
def test_the_two_faces_cannot_drift(face: type, sync: type) -> None:
    """Every public call is there, a coroutine, made from the call of the same name."""
    assert set(calls(face)) == set(public(sync)) - NOT_AWAITED
    for name, call in calls(face).items():
        assert inspect.iscoroutinefunction(call), name
        assert inspect.unwrap(call) is getattr(sync, name), name


@pytest.mark.parametrize(("face", "sync"), FACES)
def test_a_call_says_what_it_takes_and_returns(face: type, sync: type) -> None:
    """Help and type hints are those of the synchronous call, but a desk is one to await."""
    for name, call in calls(face).items():
        mine, other = inspect.signature(call), inspect.signature(getattr(sync, name))
        assert mine.parameters == other.parameters, name
        assert mine.return_annotation == OPENED.get(name, other.return_annotation), name
        returned = get_type_hints(getattr(sync, name))["return"]
        assert get_type_hints(call)["return"] == OPENED.get(name, returned), name


@pytest.mark.parametrize(("face", "sync"), FACES)
def test_what_takes_a_password_runs_where_hashes_run(face: type, sync: type) -> None:
    """And nothing else does, so that a crowd that signs in holds nobody else up."""
    hashing = set()

    class Pools:
        async def run(self, call: object, *, hashes: bool) -> None:
            if hashes:
                hashing.add(name)

    for name, call in calls(face).items():  # noqa: B007 # `run` reads the name
        asyncio.run(call(SimpleNamespace(_sync=None, _pools=Pools())))
    assert hashing == {
        name
        for name in calls(face)
        if PASSWORDS & set(inspect.signature(getattr(sync, name)).parameters)
    }


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()


def test_everything_can_be_awaited(world: World) -> None:
    """One life of an account through every awaited call."""

    async def life() -> None:
        auth = AsyncSchoolAuth(world.auth)
        desk = await auth.manage(by=world.admin.id)
        assert desk.school == world.school.code
        user = await desk.add_user(
            given_name="Jess", family_name="James", role=Role.TEACHER, email="j@hill.example.org"
        )
        await desk.send_create_password_email(user.id)
        await desk.send_create_password_emails([user.id])
        token = world.token("create_password")
        assert (await auth.check_password_token(token)).username == user.username
        login = await auth.reset_password(token, PASSWORD)
        assert (await auth.resume(login.session)).id == user.id
        await auth.change_password(user.id, current=PASSWORD, new="Blackboard8")
        await auth.log_in("wg204nx_james", "Blackboard8")
        await auth.request_email_change(
            user.id, password="Blackboard8", new_email="k@hill.example.org"
        )
        await auth.confirm_email_change(world.token("confirm_email_change"))
        await auth.request_password_reset("k@hill.example.org")
        await auth.end_sessions(user.id)
        await desk.edit_user(user.id, given_name="Jessica")
        await desk.set_email(user.id, "l@hill.example.org")
        await desk.release_email(user.id)
        await desk.set_password(user.id, PASSWORD)
        await desk.unlock(user.id)
        await desk.deactivate(user.id)
        await desk.reactivate(user.id)
        assert (await desk.search("jessica")).items[0] == await desk.get_user(user.id)
        plan = await desk.plan_mapping([], source="sims")
        assert (await desk.apply_mapping(plan)).added == ()
        second = await desk.add_user(given_name="Jessica", family_name="James", role=Role.TEACHER)
        assert (await desk.find_duplicates())[0].verdict == "one_person"
        assert (await desk.diagnose("wg204nx_james.1")).user == second
        await desk.resolve_duplicate(keep=user.id, retire=second.id)
        restored = await desk.undo_resolve_duplicate(keep=user.id, retire=second.id)
        await desk.deactivate(restored.id)
        support = await auth.support("Test Support")
        await support.add_school(School("other", "Other School"))
        await support.change_school("other", name="Another School")
        assert len((await support.schools()).items) == 2
        await support.add_first_admin("other", given_name="A", family_name="B", password=PASSWORD)
        accounts = [ImportedUser("ann", "Ann", "Ash", Role.STAFF)]
        (ann,) = await support.import_users("other", accounts, source="old")
        assert ann.status is Status.INVITED
        await support.move_user(user.id, "other")
        await support.set_legal_hold(user.id, True, reason="case 1")
        await support.set_legal_hold(user.id, False, reason="case 1")
        await auth.request_admin_recovery(
            "wg204nx", new_email="ada@hill.example.org", requested_by="Ada"
        )
        link = world.token("approve_recovery")
        assert (await auth.check_recovery_token(link)).accounts == (world.admin.username,)
        assert (await auth.approve_admin_recovery(link)).id == world.admin.id
        confirmed = await support.confirm_admin_recovery(
            "wg204nx",
            confirmation_from="head@wg204nx.example.org",
            reference="T",
            new_email="ada.2@hill.example.org",
        )
        assert confirmed.id == world.admin.id
        told: list[int] = []
        erased = await support.erase_leavers(timedelta(0), apply=True, progress=told.append)
        assert (erased.erased, told) == ((second.id,), [1])
        other = await support.manage("other")
        await other.erase(user.id)
        assert (await other.history(user.id)).items[0].kind == "status_changed"
        auth.close()

    asyncio.run(life())


def test_errors_and_context_travel(world: World) -> None:
    """A refusal is raised where it is awaited, and the caller's context is seen in the worker."""
    seen: list[str] = []
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")

    class Watching(Recorder):
        def verify(self, *args: Any) -> bool:
            seen.append(request.get())
            return super().verify(*args)

    watched = make_world(hasher=Watching())

    async def check() -> None:
        auth = AsyncSchoolAuth(watched.auth)
        request.set("mine")
        with pytest.raises(LoginRefused):
            await auth.log_in("nobody", PASSWORD)

    asyncio.run(check())
    assert seen[-1] == "mine"


class Slow(Recorder):
    """A hasher with one worker, which verifies nothing before `gate` is open."""

    def __init__(self, workers: Workers, wait: float = 30) -> None:
        super().__init__()
        self.workers, self.wait = workers, wait
        self.running, self.gate = threading.Event(), threading.Event()
        self.verified: list[str] = []

    def verify(self, password: str, stored: Any) -> bool:
        self.running.set()
        assert self.gate.wait(30)
        self.verified.append(password)
        return super().verify(password, stored)


def test_a_cancelled_call_that_waits_never_hashes() -> None:
    """Cancelling the await takes the queued hash out; the one that runs goes on."""
    hasher = Slow(Workers(1, name="slow"))
    slow = make_world(hasher=hasher)

    async def check() -> None:
        auth = AsyncSchoolAuth(slow.auth)
        first = asyncio.create_task(auth.log_in("nobody", "first"))
        await asyncio.to_thread(hasher.running.wait, 30)
        second = asyncio.create_task(auth.log_in("nobody", "second"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        third = asyncio.create_task(auth.log_in("nobody", "third"))
        hasher.gate.set()
        for task in (first, third):
            with pytest.raises(LoginRefused):
                await task

    asyncio.run(check())
    assert hasher.verified == ["first", "third"]


def test_a_call_that_has_begun_is_waited_for() -> None:
    """However short the wait for a worker may be, it is not for what runs already."""

    class Prompt(Workers):
        def submit(self, call: Callable[[], T]) -> Future[T]:
            future = super().submit(call)
            assert hasher.running.wait(30)
            return future

    hasher = Slow(Prompt(1, name="prompt"), wait=0)
    slow = make_world(hasher=hasher)
    slow.auth._core.credentials._make_decoy()

    async def check() -> None:
        call = asyncio.create_task(AsyncSchoolAuth(slow.auth).log_in("nobody", "first"))
        done, _ = await asyncio.wait({call}, timeout=0.01)
        assert not done
        hasher.gate.set()
        with pytest.raises(LoginRefused):
            await call

    asyncio.run(check())


def test_where_the_workers_take_no_more_a_call_is_overloaded() -> None:
    """As a synchronous one is, such as at the interpreter's exit."""
    hasher = cheap_hasher()
    world = make_world(hasher=hasher)
    hasher.workers.close()
    with pytest.raises(Overloaded):
        asyncio.run(AsyncSchoolAuth(world.auth).log_in("nobody", PASSWORD))


# --- Closing ----------------------------------------------------------------------------------


def test_after_close_every_call_says_that_it_is_closed(world: World) -> None:
    """Calls that hash too, and those of desks that were opened before."""

    async def check() -> None:
        auth = AsyncSchoolAuth(world.auth)
        desk, support = await auth.manage(world.admin.id), await auth.support("Test Support")
        auth.close()
        auth.close()
        for face in (auth, desk, support):
            for call in calls(type(face)).values():
                with pytest.raises(RuntimeError, match=r"^this AsyncSchoolAuth is closed$"):
                    await call(face)

    asyncio.run(check())
    assert world.log_in(world.admin)  # the hasher's workers are not its own to close


def test_leaving_async_with_waits_for_calls_and_not_in_the_loop() -> None:
    """What was taken is done then, hashes too; what comes meanwhile is told that it is closed."""
    left = threading.Event()

    class Last(Slow):
        def verify(self, password: str, stored: Any) -> bool:
            matches = super().verify(password, stored)
            assert not left.wait(0.1)
            return matches

    hasher = Last(Workers(1, name="last"))
    world = make_world(hasher=hasher)

    async def check() -> None:
        async def come_late() -> None:
            with pytest.raises(RuntimeError, match=r"^this AsyncSchoolAuth is closed$"):
                await auth.log_in("nobody", "late")
            hasher.gate.set()

        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        async with AsyncSchoolAuth(world.auth) as auth:
            names = ("running", "waiting", "cancelled")
            tasks = [asyncio.create_task(auth.log_in("nobody", name)) for name in names]
            await asyncio.to_thread(hasher.running.wait, 30)
            tasks[2].cancel()
            busy = loop.run_in_executor(None, hasher.gate.wait, 30)  # closing has to wait for it
            late = asyncio.create_task(come_late())
        left.set()
        assert hasher.verified == ["running", "waiting"]
        for task in tasks[:2]:
            with pytest.raises(LoginRefused):
                await task
        await asyncio.gather(busy, late)

    asyncio.run(check())


def test_closing_ends_the_threads_and_what_is_done_is_not_kept(world: World) -> None:
    """So that a long-lived process holds no answers, and a test suite no threads."""
    before, auth = set(threading.enumerate()), AsyncSchoolAuth(world.auth)

    def started() -> list[str]:
        threads = set(threading.enumerate()) - before
        return [each.name for each in threads if each.name.startswith("schoolauth-call")]

    async def check() -> None:
        async with auth:
            await auth.manage(by=world.admin.id)
            assert not auth._pools._taken
            assert len(started()) == 16

    asyncio.run(check())
    assert started() == []


@pytest.mark.parametrize("auth", [None, "x", SchoolAuth, MemoryStore()])
def test_only_an_instance_is_wrapped(auth: Any) -> None:
    """A class, a store or nothing is told when it is made."""
    with pytest.raises(TypeError, match=r"^auth must be SchoolAuth"):
        AsyncSchoolAuth(auth)
