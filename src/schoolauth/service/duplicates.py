"""Duplicate accounts of one person: found, resolved, and resolved again the other way (FAQ)."""

from __future__ import annotations

from collections import defaultdict

from schoolauth.errors import NotPermitted, TransitionForbidden
from schoolauth.model.change import Change, Decision
from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.events import DuplicateResolved, UserAdded, UserEdited
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.user import User
from schoolauth.rules import accounts, duplicates
from schoolauth.service.desk import Desk, require_flag


class Duplicates(Desk):
    """The desk's calls about accounts of one person; part of `UserManagement`."""

    def find_duplicates(self) -> tuple[DuplicateGroup, ...]:
        """Return accounts of the school that may be one person's, in groups, with reasons.

        Reasons are ``superseded``, ``same_mis_id`` (now or once), ``same_name``,
        ``same_email_name`` and ``username_suffix``. Each group has a verdict: two people may share
        a family name, and an admin may rightly teach with an account of their own.

        Raises:
            NotPermitted: if the desk's admin is none any more.
        """
        self._read()
        ours, digests = tuple(self._everyone()), defaultdict[UserId, set[str]](set)
        for user in ours:
            if user.mis_id is not None:
                digests[user.id].add(self._core.mis_digest(user.mis_id))
        for event in self._events(kinds=frozenset({UserAdded.kind, UserEdited.kind})):
            digest = getattr(event, "mis_digest", None)
            if digest is not None and event.user is not None:
                digests[event.user].add(digest)
        known = {user_id: frozenset(found) for user_id, found in digests.items()}
        return duplicates.find_duplicates(ours, known)

    def resolve_duplicate(
        self, *, keep: UserId | str, retire: UserId | str, move_email: bool = True
    ) -> User:
        """Retire one account in favour of another, in one step; return the one that is kept.

        The retired one is INACTIVE, without an address, and says what took its place; its sessions
        and links end. Its MIS id goes to the kept one, if that has none, so that the next staff
        list finds it. Nothing that the host keeps under either id is moved.

        Args:
            keep: the account that stays.
            retire: the account that goes.
            move_email: whether the kept account gets the other's address, if it has none.

        Raises:
            LastAdmin: if this would leave the school without an active admin.
            NotPermitted: for one's own account, unless it is kept and gets no address.
            TransitionForbidden: if *keep* is not ACTIVE or INVITED, or the two are resolved.
            UserNotFound: if the school has no such account.
            ValueError: if both are the same.
        """
        require_flag(move_email, "move_email")
        kept_id, retired_id = self._two(keep, retire)
        self._refuse_own(retired_id)
        told: EmailAddress | None = None

        def decide() -> Decision[tuple[User, User]]:
            nonlocal told
            admin, (kept, retired) = self._read(kept_id, retired_id)
            told, mis_id = retired.email, retired.mis_id
            change = duplicates.resolve(
                kept,
                retired,
                self._core.stamp(self._actor),
                move_email=move_email,
                email_digest=self._core.tokens.address_digest(told),
                mis_digest=None if mis_id is None else self._core.mis_digest(mis_id),
            )
            after = change.users[0]
            if kept.id == self._admin and after.email != kept.email:
                raise NotPermitted("own_account")
            return self._both(change, admin, retired, after)

        kept, retired = self._settle(decide)
        self._core.notify("email_changed", retired, told)
        return kept

    def undo_resolve_duplicate(self, *, keep: UserId | str, retire: UserId | str) -> User:
        """Take `resolve_duplicate` back; return the account that had been retired.

        It has its status, MIS id and address again; what the kept one has changed since, or what
        was only released, is not brought back. Sessions of both end.

        Raises:
            NotPermitted: for one's own account.
            TransitionForbidden: if *retire* is not retired in favour of *keep*.
            UserNotFound: if the school has no such account.
            ValueError: if both are the same.
        """
        kept_id, retired_id = self._two(keep, retire)
        self._refuse_own(kept_id)
        self._refuse_own(retired_id)

        def decide() -> Decision[tuple[User, User]]:
            admin, (kept, retired) = self._read(kept_id, retired_id)
            done = self._resolution(kept, retired)
            change = duplicates.undo_resolve(
                kept,
                retired,
                self._core.stamp(self._actor),
                done,
                same=self._unchanged(kept, done),
            )
            return self._both(change, admin, kept, change.users[1])

        restored, kept = self._settle(decide)
        if restored.email == kept.email:  # moved back; else either has its own
            self._core.notify("email_changed", kept, restored.email)
        return restored

    def _unchanged(self, kept: User, done: DuplicateResolved) -> set[str]:
        """Return what the kept account still has as it got it, as far as digests can tell."""
        same = set()
        digest = self._core.tokens.address_digest(kept.email, like=done.email_digest)
        if digest is not None and digest == done.email_digest:
            same.add("email")
        told = done.mis_digest
        if told is not None and kept.mis_id and self._core.is_mis_digest(told, kept.mis_id):
            same.add("mis_id")
        return same

    def _both(
        self, change: Change, admin: User | None, other: User, answer: User
    ) -> Decision[tuple[User, User]]:
        """Decide a change of two accounts, with the desk's admin or another one still standing."""
        ids = {user.id for user in change.users}
        unchanged = [] if admin is None or admin.id in ids else [admin]
        stays = any(user.is_active_admin for user in change.users)
        if not stays and not unchanged:
            unchanged = list(accounts.standing_admin(other, self._active_admins()))
        return Decision(Change(change.users, change.events, unchanged), (answer.saved(), other))

    def _resolution(self, kept: User, retired: User) -> DuplicateResolved:
        """Return the newest record of how *retired* was retired."""
        events = self._events(user=retired.id, kinds=frozenset({DuplicateResolved.kind}))
        for event in events:
            if isinstance(event, DuplicateResolved) and event.kept == kept.id.key:
                return event
        raise TransitionForbidden(retired.status.value, "undo")

    def _two(self, keep: UserId | str, retire: UserId | str) -> tuple[UserId, UserId]:
        kept, retired = self._core.user_id(keep), self._core.user_id(retire)
        if kept == retired:
            raise ValueError("keep and retire must be two accounts")
        return kept, retired
