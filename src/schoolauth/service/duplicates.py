"""Duplicate accounts of one person: found, resolved, and restored."""

from __future__ import annotations

from collections import defaultdict

from schoolauth.errors import NotPermitted, TransitionForbidden
from schoolauth.model.arguments import require_flag
from schoolauth.model.change import Decision
from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.events import DuplicateResolved, UserAdded, UserEdited
from schoolauth.model.names import UserId
from schoolauth.model.user import User
from schoolauth.rules import duplicates
from schoolauth.service.desk import DeskService


class Duplicates(DeskService):
    """The calls about accounts of one person; part of `UserManagement`."""

    def find_duplicates(self) -> tuple[DuplicateGroup, ...]:
        """Return accounts of the school that may be one person's, in groups, with reasons.

        Reasons are ``superseded``, ``same_mis_id`` (now or once), ``same_name``,
        ``same_email_name`` and ``username_suffix``. Each group has a verdict: two people may share
        a family name, and an admin may rightly teach with an account of their own.

        Raises:
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        desk = self._desk
        desk.read()
        ours, digests = tuple(desk.everyone()), defaultdict[UserId, set[str]](set)
        for user in ours:
            if user.mis_id is not None:
                digests[user.id].add(desk.core.mis_digest(user.mis_id))
        for event in desk.events(kinds=frozenset({UserAdded.kind, UserEdited.kind})):
            if isinstance(event, UserAdded | UserEdited) and event.mis_digest and event.user:
                digests[event.user].add(event.mis_digest)
        known = {user_id: frozenset(found) for user_id, found in digests.items()}
        return duplicates.find_duplicates(ours, known)

    def resolve_duplicate(
        self, *, keep: UserId | str, retire: UserId | str, move_email: bool = True
    ) -> User:
        """Retire one account in favour of another, in one step; return the one that is kept.

        The retired one is INACTIVE, without an address, and names the one that is kept; its
        sessions and links end. If the kept one has no MIS id, it gets the other's, so that the
        next staff list finds it. Nothing that the host keeps under either id is moved.

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
        desk, core = self._desk, self._desk.core
        desk.refuse_own(retired_id)

        def decide() -> Decision[tuple[User, User]]:
            read = desk.read(kept_id, retired_id)
            kept, retired = read.users
            change = duplicates.resolve(
                kept,
                retired,
                desk.stamp(),
                move_email=move_email,
                email_digest=core.tokens.address_digest(retired.email),
                mis_digest=None if retired.mis_id is None else core.mis_digest(retired.mis_id),
            )
            after = change.users[0]
            if kept.id == desk.admin and after.email != kept.email:
                raise NotPermitted("own_account")
            return Decision(desk.guarded(change, read), (after.saved(), retired))

        kept, retired = desk.settle(decide)
        core.notify("email_changed", retired, retired.email)
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
        desk, core = self._desk, self._desk.core
        desk.refuse_own(kept_id)
        desk.refuse_own(retired_id)

        def decide() -> Decision[tuple[User, User]]:
            read = desk.read(kept_id, retired_id)
            kept, retired = read.users
            done = self._resolution(kept, retired)
            same = self._unchanged(kept, done)
            change = duplicates.undo_resolve(kept, retired, desk.stamp(), done, same=same)
            return Decision(desk.guarded(change, read), (change.users[1].saved(), kept))

        restored, kept = desk.settle(decide)
        if restored.email == kept.email:  # moved back; else either has its own
            core.notify("email_changed", kept, restored.email)
        return restored

    def _unchanged(self, kept: User, done: DuplicateResolved) -> set[str]:
        """Return what the kept account still has as it got it, as far as digests can tell."""
        same = set()
        digest = self._desk.core.tokens.address_digest(kept.email, like=done.email_digest)
        if digest is not None and digest == done.email_digest:
            same.add("email")
        told = done.mis_digest
        if told is not None and kept.mis_id and self._desk.core.is_mis_digest(told, kept.mis_id):
            same.add("mis_id")
        return same

    def _resolution(self, kept: User, retired: User) -> DuplicateResolved:
        """Return the newest record of how *retired* was retired."""
        events = self._desk.events(user=retired.id, kinds=frozenset({DuplicateResolved.kind}))
        for event in events:
            if isinstance(event, DuplicateResolved) and event.kept == kept.id.key:
                return event
        raise TransitionForbidden(retired.status.value, "undo")

    def _two(self, keep: UserId | str, retire: UserId | str) -> tuple[UserId, UserId]:
        kept, retired = self._desk.core.user_id(keep), self._desk.core.user_id(retire)
        if kept == retired:
            raise ValueError("keep and retire must be two accounts")
        return kept, retired
