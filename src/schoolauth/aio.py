"""The same calls for asyncio hosts, in worker threads: the hash must leave the loop anyway.

Calls that take a password run in the instance's hash workers; all others in a second pool that no
hash can fill. Cancelling a call that still waits removes it; cancelling one that runs does not stop
it, so look again before you tell what became of it.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from schoolauth.errors import Overloaded
from schoolauth.model.arguments import KEEP
from schoolauth.model.change import LISTED, Page
from schoolauth.model.diagnosis import Diagnosis
from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.events import AuditEvent
from schoolauth.model.imported import ImportedUser
from schoolauth.model.login import Login
from schoolauth.model.mail import MailOutcome
from schoolauth.model.mapping import MappingDecision, MappingPlan, MappingReport
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.school import School
from schoolauth.model.token import PasswordTokenInfo, RecoveryRequest
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import HasWorkers
from schoolauth.service.retention import LeaversErasure
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement
from schoolauth.workers import Workers

T = TypeVar("T")
_CALL_WORKERS = 16
_WAIT_SECONDS = 10.0


class _Pools:
    """Where calls run: those that hash in the hasher's own workers, the others in a second pool."""

    def __init__(self, auth: SchoolAuth) -> None:
        hasher = auth.hasher
        if isinstance(hasher, HasWorkers):
            self._hashing, self._hash_wait = hasher.workers, hasher.wait
        else:
            self._hashing, self._hash_wait = Workers(4, name="schoolauth-hash"), _WAIT_SECONDS
        self._calls = Workers(_CALL_WORKERS, name="schoolauth-call")

    async def hashing(self, call: Callable[[], T]) -> T:
        """Run a call that takes a password."""
        return await _run(self._hashing, call, self._hash_wait)

    async def calling(self, call: Callable[[], T]) -> T:
        """Run any other call."""
        return await _run(self._calls, call, _WAIT_SECONDS)

    def close(self) -> None:
        """End the second pool once what runs there has run."""
        self._calls.close()


async def _run(pool: Workers, call: Callable[[], T], wait: float) -> T:
    context = contextvars.copy_context()
    try:
        queued = pool.submit(lambda: context.run(call))
    except RuntimeError:
        queued = None
    if queued is None:
        raise Overloaded(math.ceil(wait))
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


class AsyncUserManagement:
    """`UserManagement`, awaited."""

    def __init__(self, pools: _Pools, desk: UserManagement) -> None:
        self._pools = pools
        self._desk = desk

    @property
    def school(self) -> SchoolCode:
        """The school that this desk is bound to."""
        return self._desk.school

    async def get_user(self, user_id: UserId | str) -> User:
        """`UserManagement.get_user`, awaited."""
        return await self._pools.calling(lambda: self._desk.get_user(user_id))

    async def search(
        self,
        text: str = "",
        *,
        statuses: Collection[Status] = LISTED,
        roles: Collection[Role] = frozenset(Role),
        has_email: bool | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[User]:
        """`UserManagement.search`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.search(
                text, statuses=statuses, roles=roles, has_email=has_email, after=after, limit=limit
            )
        )

    async def history(
        self,
        user_id: UserId | str | None = None,
        *,
        kinds: Collection[str] = (),
        since: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[AuditEvent]:
        """`UserManagement.history`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.history(user_id, kinds=kinds, since=since, after=after, limit=limit)
        )

    async def add_user(
        self,
        *,
        given_name: str,
        family_name: str,
        role: Role,
        email: EmailAddress | str | None = None,
        username: Username | str | None = None,
        mis_id: MisId | None = None,
    ) -> User:
        """`UserManagement.add_user`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.add_user(
                given_name=given_name,
                family_name=family_name,
                role=role,
                email=email,
                username=username,
                mis_id=mis_id,
            )
        )

    async def edit_user(
        self,
        user_id: UserId | str,
        *,
        given_name: str = KEEP,
        family_name: str = KEEP,
        role: Role = KEEP,
        username: Username | str = KEEP,
    ) -> User:
        """`UserManagement.edit_user`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.edit_user(
                user_id,
                given_name=given_name,
                family_name=family_name,
                role=role,
                username=username,
            )
        )

    async def set_email(
        self, user_id: UserId | str, email: EmailAddress | str, *, was_wrong: bool = False
    ) -> User:
        """`UserManagement.set_email`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.set_email(user_id, email, was_wrong=was_wrong)
        )

    async def release_email(self, user_id: UserId | str) -> User:
        """`UserManagement.release_email`, awaited."""
        return await self._pools.calling(lambda: self._desk.release_email(user_id))

    async def set_password(
        self, user_id: UserId | str, password: str, *, must_change: bool = True
    ) -> User:
        """`UserManagement.set_password`, awaited."""
        return await self._pools.hashing(
            lambda: self._desk.set_password(user_id, password, must_change=must_change)
        )

    async def send_create_password_email(self, user_id: UserId | str) -> None:
        """`UserManagement.send_create_password_email`, awaited."""
        return await self._pools.calling(lambda: self._desk.send_create_password_email(user_id))

    async def send_create_password_emails(
        self, user_ids: Iterable[UserId | str]
    ) -> tuple[MailOutcome, ...]:
        """`UserManagement.send_create_password_emails`, awaited."""
        return await self._pools.calling(lambda: self._desk.send_create_password_emails(user_ids))

    async def deactivate(self, user_id: UserId | str, *, release_email: bool = False) -> User:
        """`UserManagement.deactivate`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.deactivate(user_id, release_email=release_email)
        )

    async def reactivate(self, user_id: UserId | str) -> User:
        """`UserManagement.reactivate`, awaited."""
        return await self._pools.calling(lambda: self._desk.reactivate(user_id))

    async def unlock(self, user_id: UserId | str) -> None:
        """`UserManagement.unlock`, awaited."""
        return await self._pools.calling(lambda: self._desk.unlock(user_id))

    async def erase(self, user_id: UserId | str) -> User:
        """`UserManagement.erase`, awaited."""
        return await self._pools.calling(lambda: self._desk.erase(user_id))

    async def find_duplicates(self) -> tuple[DuplicateGroup, ...]:
        """`UserManagement.find_duplicates`, awaited."""
        return await self._pools.calling(self._desk.find_duplicates)

    async def resolve_duplicate(
        self, *, keep: UserId | str, retire: UserId | str, move_email: bool = True
    ) -> User:
        """`UserManagement.resolve_duplicate`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.resolve_duplicate(keep=keep, retire=retire, move_email=move_email)
        )

    async def undo_resolve_duplicate(self, *, keep: UserId | str, retire: UserId | str) -> User:
        """`UserManagement.undo_resolve_duplicate`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.undo_resolve_duplicate(keep=keep, retire=retire)
        )

    async def diagnose(self, identifier: str) -> Diagnosis:
        """`UserManagement.diagnose`, awaited."""
        return await self._pools.calling(lambda: self._desk.diagnose(identifier))

    async def plan_mapping(
        self,
        rows: Iterable[RosterRow],
        *,
        source: str,
        complete: bool = False,
        rekey: bool = False,
    ) -> MappingPlan:
        """`UserManagement.plan_mapping`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.plan_mapping(rows, source=source, complete=complete, rekey=rekey)
        )

    async def apply_mapping(
        self,
        plan: MappingPlan,
        decisions: Mapping[str, MappingDecision] | None = None,
        *,
        leavers_at_most: int | None = None,
    ) -> MappingReport:
        """`UserManagement.apply_mapping`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.apply_mapping(plan, decisions, leavers_at_most=leavers_at_most)
        )


class AsyncSupportDesk:
    """`SupportDesk`, awaited."""

    def __init__(self, pools: _Pools, desk: SupportDesk) -> None:
        self._pools = pools
        self._desk = desk

    async def add_school(self, school: School) -> School:
        """`SupportDesk.add_school`, awaited."""
        return await self._pools.calling(lambda: self._desk.add_school(school))

    async def change_school(
        self,
        code: SchoolCode | str,
        *,
        name: str = KEEP,
        headteacher_email: EmailAddress | str | None = KEEP,
        deputy_email: EmailAddress | str | None = KEEP,
    ) -> School:
        """`SupportDesk.change_school`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.change_school(
                code, name=name, headteacher_email=headteacher_email, deputy_email=deputy_email
            )
        )

    async def schools(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """`SupportDesk.schools`, awaited."""
        return await self._pools.calling(lambda: self._desk.schools(after=after, limit=limit))

    async def add_first_admin(
        self,
        school: SchoolCode | str,
        *,
        given_name: str,
        family_name: str,
        email: EmailAddress | str | None = None,
        username: Username | str | None = None,
        password: str | None = None,
    ) -> User:
        """`SupportDesk.add_first_admin`, awaited."""
        return await self._pools.hashing(
            lambda: self._desk.add_first_admin(
                school,
                given_name=given_name,
                family_name=family_name,
                email=email,
                username=username,
                password=password,
            )
        )

    async def import_users(
        self,
        school: SchoolCode | str,
        accounts: Iterable[ImportedUser],
        *,
        source: str = "import",
    ) -> tuple[User, ...]:
        """`SupportDesk.import_users`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.import_users(school, accounts, source=source)
        )

    async def move_user(
        self,
        user_id: UserId | str,
        school: SchoolCode | str,
        *,
        username: Username | str | None = None,
    ) -> User:
        """`SupportDesk.move_user`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.move_user(user_id, school, username=username)
        )

    async def set_legal_hold(self, user_id: UserId | str, on: bool, *, reason: str) -> User:
        """`SupportDesk.set_legal_hold`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.set_legal_hold(user_id, on, reason=reason)
        )

    async def confirm_admin_recovery(
        self,
        school: SchoolCode | str,
        *,
        confirmation_from: EmailAddress | str,
        reference: str,
        new_email: EmailAddress | str,
        account: UserId | Username | str | None = None,
    ) -> User:
        """`SupportDesk.confirm_admin_recovery`, awaited."""
        return await self._pools.calling(
            lambda: self._desk.confirm_admin_recovery(
                school,
                confirmation_from=confirmation_from,
                reference=reference,
                new_email=new_email,
                account=account,
            )
        )

    async def erase_leavers(
        self,
        older_than: timedelta,
        *,
        apply: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> LeaversErasure:
        """`SupportDesk.erase_leavers`, awaited; *progress* is called in the worker thread."""
        return await self._pools.calling(
            lambda: self._desk.erase_leavers(older_than, apply=apply, progress=progress)
        )

    async def manage(self, school: SchoolCode | str) -> AsyncUserManagement:
        """`SupportDesk.manage`, awaited."""
        desk = await self._pools.calling(lambda: self._desk.manage(school))
        return AsyncUserManagement(self._pools, desk)


class AsyncSchoolAuth:
    """`SchoolAuth`, awaited: every call has the same name, arguments and promises.

    To work inside a transaction of an async host, call `SchoolAuth.within` in `run_sync`.

    Args:
        auth: the instance whose calls these are.
    """

    def __init__(self, auth: SchoolAuth) -> None:
        self._auth = auth
        self._pools = _Pools(auth)

    def close(self) -> None:
        """End the pool of worker threads once what runs there has run."""
        self._pools.close()

    async def log_in(self, identifier: str, password: str, *, source: str | None = None) -> Login:
        """`SchoolAuth.log_in`, awaited."""
        return await self._pools.hashing(
            lambda: self._auth.log_in(identifier, password, source=source)
        )

    async def resume(self, session: str) -> User:
        """`SchoolAuth.resume`, awaited."""
        return await self._pools.calling(lambda: self._auth.resume(session))

    async def end_sessions(self, user_id: UserId | str) -> None:
        """`SchoolAuth.end_sessions`, awaited."""
        return await self._pools.calling(lambda: self._auth.end_sessions(user_id))

    async def request_password_reset(
        self, email_or_username: str, *, source: str | None = None
    ) -> None:
        """`SchoolAuth.request_password_reset`, awaited."""
        return await self._pools.calling(
            lambda: self._auth.request_password_reset(email_or_username, source=source)
        )

    async def check_password_token(self, token: str) -> PasswordTokenInfo:
        """`SchoolAuth.check_password_token`, awaited."""
        return await self._pools.calling(lambda: self._auth.check_password_token(token))

    async def reset_password(
        self, token: str, new_password: str, *, source: str | None = None
    ) -> Login:
        """`SchoolAuth.reset_password`, awaited."""
        return await self._pools.hashing(
            lambda: self._auth.reset_password(token, new_password, source=source)
        )

    async def change_password(self, user_id: UserId | str, *, current: str, new: str) -> Login:
        """`SchoolAuth.change_password`, awaited."""
        return await self._pools.hashing(
            lambda: self._auth.change_password(user_id, current=current, new=new)
        )

    async def request_email_change(
        self, user_id: UserId | str, *, password: str, new_email: EmailAddress | str
    ) -> None:
        """`SchoolAuth.request_email_change`, awaited."""
        return await self._pools.hashing(
            lambda: self._auth.request_email_change(user_id, password=password, new_email=new_email)
        )

    async def confirm_email_change(self, token: str) -> User:
        """`SchoolAuth.confirm_email_change`, awaited."""
        return await self._pools.calling(lambda: self._auth.confirm_email_change(token))

    async def request_admin_recovery(
        self,
        school: SchoolCode | str,
        *,
        new_email: EmailAddress | str,
        requested_by: str,
        source: str | None = None,
    ) -> None:
        """`SchoolAuth.request_admin_recovery`, awaited."""
        return await self._pools.calling(
            lambda: self._auth.request_admin_recovery(
                school, new_email=new_email, requested_by=requested_by, source=source
            )
        )

    async def check_recovery_token(self, token: str) -> RecoveryRequest:
        """`SchoolAuth.check_recovery_token`, awaited."""
        return await self._pools.calling(lambda: self._auth.check_recovery_token(token))

    async def approve_admin_recovery(
        self, token: str, *, account: UserId | Username | str | None = None
    ) -> User:
        """`SchoolAuth.approve_admin_recovery`, awaited."""
        return await self._pools.calling(
            lambda: self._auth.approve_admin_recovery(token, account=account)
        )

    async def manage(self, by: UserId | str) -> AsyncUserManagement:
        """`SchoolAuth.manage`, awaited."""
        desk = await self._pools.calling(lambda: self._auth.manage(by))
        return AsyncUserManagement(self._pools, desk)

    async def support(self, by: str) -> AsyncSupportDesk:
        """`SchoolAuth.support`, awaited like the rest, though it asks nobody."""
        return AsyncSupportDesk(self._pools, self._auth.support(by))
