"""Repositories that get wrong how keys are claimed, handed on and released."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from schoolauth.errors import Refused
from schoolauth.model.change import Change, Page, UserQuery
from schoolauth.model.names import UserId, UserKey
from schoolauth.model.user import Status, User
from schoolauth.storage.paging import taken
from schoolauth.testing.repository.sample_accounts import erased, keys_of
from tests.testing.broken.base import BrokenRepository


class ChecksNewAccountsOnly(BrokenRepository):
    """Asks whose key it is when an account is added, and never again."""

    caught_by = ("key.claimed_by_change", "key.kept_by_unchanged", "save.cross_claims")

    def _taken(self, change: Change) -> Refused | None:
        new = [user for user in change.users if not user.version]
        return super()._taken(replace(change, users=tuple(new)))


class ChecksStoredAccountsOnly(BrokenRepository):
    """Does not compare the accounts of one change with each other."""

    caught_by = ("key.same_change", "save.cross_claims")

    def _taken(self, change: Change) -> Refused | None:
        written = {user.id for user in change.users}
        for key in (key for user in change.users for key in keys_of(user)):
            holder = self._by_key.get(key)
            if holder is not None and holder.id not in written:
                return taken(key)
        return None


class TrustsTheChange(BrokenRepository):
    """Takes whoever has a claimed key and is in the change for one that gives it up."""

    caught_by = ("save.cross_claims",)

    def _taken(self, change: Change) -> Refused | None:
        written = {user.id for user in change.users}
        claimed: set[UserKey] = set()
        for user in change.users:
            for key in set(keys_of(user)) - set(self._keys_of(user.id)):
                holder = self._by_key.get(key)
                if key in claimed or (holder is not None and holder.id not in written):
                    return taken(key)
                claimed.add(key)
        return None

    def _keys_of(self, user_id: UserId) -> list[UserKey]:
        return [key for key, user in self._by_key.items() if user.id == user_id]


class KeeperMustComeFirst(TrustsTheChange):
    """Notices that an account of the change keeps a key only if it comes before who claims it."""

    caught_by = ("save.cross_claims",)

    def _taken(self, change: Change) -> Refused | None:
        written = {user.id for user in change.users}
        seen: set[UserKey] = set()
        for user in change.users:
            for key in set(keys_of(user)) - set(self._keys_of(user.id)):
                holder = self._by_key.get(key)
                if key in seen or (holder is not None and holder.id not in written):
                    return taken(key)
            seen.update(keys_of(user))
        return None


class UnchangedLosesItsKeys(BrokenRepository):
    """Takes the accounts of `unchanged` for ones that give their keys up."""

    caught_by = ("key.kept_by_unchanged",)

    def _taken(self, change: Change) -> Refused | None:
        giving_up = [erased(user) for user in change.unchanged]
        return super()._taken(Change([*change.users, *giving_up], change.events))


class RowByRowMove(BrokenRepository):
    """Writes account by account under unique indexes that are checked at once."""

    caught_by = ("save.swap", "save.move_to_new")

    def _taken(self, change: Change) -> Refused | None:
        holders = {key: user.id for key, user in self._by_key.items()}
        for user in change.users:
            holders = {key: holder for key, holder in holders.items() if holder != user.id}
            for key in keys_of(user):
                if key in holders:
                    return taken(key)
                holders[key] = user.id
        return None


class RowByRowBackwards(RowByRowMove):
    """Writes account by account from the last to the first, under such indexes."""

    caught_by = ("save.swap", "save.move_to_new")

    def _taken(self, change: Change) -> Refused | None:
        return super()._taken(replace(change, users=change.users[::-1]))


class OldKeysStayTaken(BrokenRepository):
    """Never gives a released key to anybody else."""

    caught_by = ("save.release", "save.swap", "save.move_to_new", "erased.keeps_id")

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[UserKey, UserId] = {}

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        if refusal is not None:
            return refusal
        for user in change.users:
            for key in keys_of(user):
                if self._first.setdefault(key, user.id) != user.id:
                    return taken(key)
        return None


class OldKeysStillFind(BrokenRepository):
    """Finds an account by the keys that it had, too."""

    caught_by = ("save.release", "erased.keeps_id")

    def __init__(self) -> None:
        super().__init__()
        self._had: dict[UserKey, UserId] = {}

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that have or had *keys*."""
        self._had |= {key: user.id for key, user in self._by_key.items()}
        return {key: self._users[self._had[key]] for key in keys if key in self._had}


class DeletesErased(BrokenRepository):
    """Deletes the row of an erased account."""

    caught_by = ("erased.keeps_id", "erased.hidden")

    def save(self, change: Change, /) -> None:
        """Write *change*, and forget who was erased."""
        super().save(change)
        for user in change.users:
            if user.status is Status.ERASED:
                del self._by_key[user.id], self._users[user.id]


class ListsErased(BrokenRepository):
    """Lists erased accounts in every search."""

    caught_by = ("erased.hidden",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return the accounts that fit *query*, and erased ones."""
        return super().search(replace(query, statuses=query.statuses | {Status.ERASED}))


ALL: tuple[type[BrokenRepository], ...] = (
    ChecksNewAccountsOnly,
    ChecksStoredAccountsOnly,
    TrustsTheChange,
    UnchangedLosesItsKeys,
    KeeperMustComeFirst,
    RowByRowMove,
    RowByRowBackwards,
    OldKeysStayTaken,
    OldKeysStillFind,
    DeletesErased,
    ListsErased,
)
