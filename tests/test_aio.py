"""The asyncio face: the same calls, off the loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from datetime import timedelta
from typing import Any

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
from schoolauth.workers import Workers
from tests.service.doubles import Recorder
from tests.service.world import PASSWORD, World, make_world

NOT_AWAITED = {"mail_failed", "within", "policy", "hasher", "school"}


def public(cls: type) -> dict[str, Any]:
    return {name: getattr(cls, name) for name in dir(cls) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (AsyncSchoolAuth, SchoolAuth),
        (AsyncUserManagement, UserManagement),
        (AsyncSupportDesk, SupportDesk),
    ],
)
def test_the_two_faces_cannot_drift(ours: type, theirs: type) -> None:
    """Every public call is there, a coroutine, with the same parameters and defaults."""
    awaited = {name: call for name, call in public(ours).items() if name not in {"close", "school"}}
    assert set(awaited) == set(public(theirs)) - NOT_AWAITED
    for name, call in awaited.items():
        assert inspect.iscoroutinefunction(call), name
        mine, other = inspect.signature(call), inspect.signature(getattr(theirs, name))
        assert str(mine.parameters) == str(other.parameters), name


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()


def test_everything_can_be_awaited(world: World) -> None:
    """One life of an account through every awaited call."""

    async def life() -> None:
        auth = AsyncSchoolAuth(world.auth)
        desk = await auth.manage(world.admin.id)
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


def test_a_cancelled_call_that_waits_never_hashes(world: World) -> None:
    """Cancelling the await takes the queued hash out; the one that runs goes on."""
    gate, running = threading.Event(), threading.Event()
    verified: list[str] = []

    class Slow(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.workers, self.wait = Workers(1, name="slow"), 30.0

        def verify(self, password: str, stored: Any) -> bool:
            running.set()
            gate.wait(30)
            verified.append(password)
            return super().verify(password, stored)

    slow = make_world(hasher=Slow())

    async def check() -> None:
        auth = AsyncSchoolAuth(slow.auth)
        first = asyncio.create_task(auth.log_in("nobody", "first"))
        await asyncio.to_thread(running.wait, 30)
        second = asyncio.create_task(auth.log_in("nobody", "second"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        third = asyncio.create_task(auth.log_in("nobody", "third"))
        gate.set()
        for task in (first, third):
            with pytest.raises(LoginRefused):
                await task

    asyncio.run(check())
    assert verified == ["first", "third"]


def test_a_call_that_waits_too_long_is_overloaded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for a worker is bounded; a call that has begun is waited for."""
    monkeypatch.setattr(world.auth.hasher, "wait", 0.01)
    gate, running = threading.Event(), threading.Event()

    async def check() -> None:
        auth = AsyncSchoolAuth(world.auth)
        pools = auth._pools
        hasher = world.auth.hasher
        size = hasher.workers.size  # type: ignore[attr-defined] # the real hasher

        def hold() -> str:
            running.set()
            gate.wait(30)
            return "done"

        held = [asyncio.create_task(pools.hashing(hold)) for _ in range(size)]
        await asyncio.to_thread(running.wait, 30)
        with pytest.raises(Overloaded):
            await auth.log_in("nobody", PASSWORD)
        gate.set()
        assert await asyncio.gather(*held) == ["done"] * size

    asyncio.run(check())


def test_a_closed_pool_is_overloaded(world: World) -> None:
    """After close() nothing runs any more, and the caller is told."""

    async def check() -> None:
        auth = AsyncSchoolAuth(world.auth)
        auth.close()
        with pytest.raises(Overloaded):
            await auth.resume("x")

    asyncio.run(check())
