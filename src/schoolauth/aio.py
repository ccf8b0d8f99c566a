"""The same calls for asyncio, in worker threads: a hash would stop the event loop anyway.

Every call is made from the synchronous one. Those that take a password run in the hasher's workers,
all others in a second pool that no hash can fill. What you pass in is read there. Cancelling a call
that waits removes it; one that runs goes on, so read again before you say what became of it.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import math
from collections.abc import Callable, Coroutine
from concurrent import futures
from contextlib import suppress
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from schoolauth.errors import Overloaded
from schoolauth.model.arguments import require_kind
from schoolauth.model.names import SchoolCode
from schoolauth.ports import HasWorkers, PasswordHasher
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement
from schoolauth.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")
Sync = TypeVar("Sync")
Sync_co = TypeVar("Sync_co", covariant=True)
Desk = TypeVar("Desk")
_WAIT_SECONDS = 10.0


class _Pools:
    """Where calls run: those that hash in the hasher's own workers, the others in a second pool."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self.closed = False
        self._taken: set[futures.Future[Any]] = set()
        self._calls = Workers(16, name="schoolauth-call")
        self._hashing, self._hash_wait = Workers(4, name="schoolauth-hash"), _WAIT_SECONDS
        if isinstance(hasher, HasWorkers):
            self._hashing, self._hash_wait = hasher.workers, hasher.wait

    async def run(self, call: Callable[[], T], *, hashes: bool) -> T:
        """Run *call* in a worker thread, with the caller's context variables."""
        if self.closed:
            # a mistake in the host's code, so not one of the errors that a host turns into answers
            raise RuntimeError("this AsyncSchoolAuth is closed")
        pool, wait = (self._hashing, self._hash_wait) if hashes else (self._calls, _WAIT_SECONDS)
        context = contextvars.copy_context()
        queued = None
        with suppress(RuntimeError):  # the interpreter is ending
            queued = pool.submit(lambda: context.run(call))
        if queued is None:
            raise Overloaded(math.ceil(wait))
        self._taken.add(queued)
        queued.add_done_callback(self._taken.discard)
        waiting = asyncio.wrap_future(queued)
        waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
        try:
            done, _ = await asyncio.wait({waiting}, timeout=wait)
        except asyncio.CancelledError:
            queued.cancel()
            raise
        if not done and queued.cancel():
            raise Overloaded(math.ceil(wait))
        return await waiting

    def close(self) -> None:
        """Take no more calls, and return when those taken are done; the hasher's pool stays."""
        self.closed = True
        futures.wait(list(self._taken))
        self._calls.close()


class _Face(Generic[Sync_co]):
    """A synchronous object, and the pools where its calls run."""

    def __init__(self, sync: Sync_co, pools: _Pools) -> None:
        self._sync = sync
        self._pools = pools


def _awaited(
    call: Callable[Concatenate[Sync, P], T], *, hashes: bool = False
) -> Callable[Concatenate[_Face[Sync], P], Coroutine[Any, Any, T]]:
    """Return *call* as a method of the asyncio face; *hashes* tells in which pool it runs."""

    @functools.wraps(call)
    async def awaited(self: _Face[Sync], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._pools.run(lambda: call(self._sync, *args, **kwargs), hashes=hashes)

    awaited.__annotations__ = inspect.get_annotations(call)  # from Python 3.14 on, `wraps` does not
    return awaited


def _opened(
    call: Callable[Concatenate[Sync, P], T], desk: Callable[[T, _Pools], Desk]
) -> Callable[Concatenate[_Face[Sync], P], Coroutine[Any, Any, Desk]]:
    """Return *call*, which opens a desk, as a method that opens its asyncio face, a *desk*."""
    awaited = _awaited(call)

    @functools.wraps(call)
    async def opened(self: _Face[Sync], /, *args: P.args, **kwargs: P.kwargs) -> Desk:
        return desk(await awaited(self, *args, **kwargs), self._pools)

    # `help` and the pages read these, and *call* itself returns something else
    opened.__annotations__ = inspect.get_annotations(call) | {"return": desk}
    opened.__dict__["__signature__"] = inspect.signature(call).replace(return_annotation=desk)
    return opened


class AsyncUserManagement(_Face[UserManagement]):
    """`UserManagement`, awaited."""

    @property
    def school(self) -> SchoolCode:
        """The school that this desk is bound to."""
        return self._sync.school

    get_user = _awaited(UserManagement.get_user)
    search = _awaited(UserManagement.search)
    history = _awaited(UserManagement.history)
    add_user = _awaited(UserManagement.add_user)
    edit_user = _awaited(UserManagement.edit_user)
    set_email = _awaited(UserManagement.set_email)
    release_email = _awaited(UserManagement.release_email)
    set_password = _awaited(UserManagement.set_password, hashes=True)
    send_create_password_email = _awaited(UserManagement.send_create_password_email)
    send_create_password_emails = _awaited(UserManagement.send_create_password_emails)
    deactivate = _awaited(UserManagement.deactivate)
    reactivate = _awaited(UserManagement.reactivate)
    unlock = _awaited(UserManagement.unlock)
    erase = _awaited(UserManagement.erase)
    find_duplicates = _awaited(UserManagement.find_duplicates)
    resolve_duplicate = _awaited(UserManagement.resolve_duplicate)
    undo_resolve_duplicate = _awaited(UserManagement.undo_resolve_duplicate)
    diagnose = _awaited(UserManagement.diagnose)
    plan_mapping = _awaited(UserManagement.plan_mapping)
    apply_mapping = _awaited(UserManagement.apply_mapping)


class AsyncSupportDesk(_Face[SupportDesk]):
    """`SupportDesk`, awaited."""

    add_school = _awaited(SupportDesk.add_school)
    change_school = _awaited(SupportDesk.change_school)
    schools = _awaited(SupportDesk.schools)
    add_first_admin = _awaited(SupportDesk.add_first_admin, hashes=True)
    import_users = _awaited(SupportDesk.import_users)
    move_user = _awaited(SupportDesk.move_user)
    set_legal_hold = _awaited(SupportDesk.set_legal_hold)
    confirm_admin_recovery = _awaited(SupportDesk.confirm_admin_recovery)
    erase_leavers = _awaited(SupportDesk.erase_leavers)
    manage = _opened(SupportDesk.manage, AsyncUserManagement)


class AsyncSchoolAuth(_Face[SchoolAuth]):
    """`SchoolAuth`, awaited; one for each process. ``async with`` closes it at the end.

    Args:
        auth: the instance whose calls these are.
    """

    def __init__(self, auth: SchoolAuth) -> None:
        require_kind(auth, SchoolAuth, "auth")
        super().__init__(auth, _Pools(auth.hasher))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pools.closed = True
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Return when the calls that were taken are done; ``async with`` leaves the loop free.

        From then on every call, also of a desk opened before, raises `RuntimeError`.
        """
        self._pools.close()

    log_in = _awaited(SchoolAuth.log_in, hashes=True)
    resume = _awaited(SchoolAuth.resume)
    end_sessions = _awaited(SchoolAuth.end_sessions)
    request_password_reset = _awaited(SchoolAuth.request_password_reset)
    check_password_token = _awaited(SchoolAuth.check_password_token)
    reset_password = _awaited(SchoolAuth.reset_password, hashes=True)
    change_password = _awaited(SchoolAuth.change_password, hashes=True)
    request_email_change = _awaited(SchoolAuth.request_email_change, hashes=True)
    confirm_email_change = _awaited(SchoolAuth.confirm_email_change)
    request_admin_recovery = _awaited(SchoolAuth.request_admin_recovery)
    check_recovery_token = _awaited(SchoolAuth.check_recovery_token)
    approve_admin_recovery = _awaited(SchoolAuth.approve_admin_recovery)
    manage = _opened(SchoolAuth.manage, AsyncUserManagement)
    support = _opened(SchoolAuth.support, AsyncSupportDesk)
