"""Repositories that get wrong whose key is whose."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping

from schoolauth.errors import Refused, UsernameTaken
from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, MisId, UserKey, Username
from schoolauth.model.user import Status, User
from schoolauth.storage.paging import taken
from schoolauth.testing.repository.sample_accounts import keys_of
from tests.testing.broken.base import BrokenRepository


class ComparingRepository(BrokenRepository):
    """Compares keys by what `seen` makes of them, as a column of another collation does."""

    def seen(self, key: UserKey) -> Hashable:
        """Return what is compared instead of *key*."""
        return key

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield each key that is *user*'s alone, and what is compared instead."""
        for key in keys_of(user):
            yield key, self.seen(key)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote."""
        there = {self.seen(key): user for key, user in self._by_key.items()}
        return {key: there[self.seen(key)] for key in keys if self.seen(key) in there}

    def _taken(self, change: Change) -> Refused | None:
        written = {user.id for user in change.users}
        stay = [user for user in self._users.values() if user.id not in written]
        claimed = {seen for user in stay for _, seen in self.claims(user)}
        for user in change.users:
            for key, seen in self.claims(user):
                if seen in claimed:
                    return taken(key)
                claimed.add(seen)
        return None


class ComparesTypedForms(ComparingRepository):
    """Keeps and compares the form in which a key was typed."""

    caught_by = (
        "find.typed_otherwise",
        "email.unique.case",
        "username.unique.case",
        "username.unique.folding",
        "erased.keeps_id",
    )

    def seen(self, key: UserKey) -> Hashable:
        """Return the form that is shown."""
        return type(key), str(key)


class AsciiFolding(ComparingRepository):
    """Folds the letters of a username itself, as `COLLATE NOCASE` does: ASCII only."""

    caught_by = ("username.unique.folding", "find.typed_otherwise")

    def seen(self, key: UserKey) -> Hashable:
        """Return a username with its ASCII letters in lower case."""
        if not isinstance(key, Username) or not str(key):
            return super().seen(key)
        return "".join(sign.lower() if sign.isascii() else sign for sign in str(key))


class FoldsAddressesItself(ComparingRepository):
    """Folds the form of an address that is shown, so that `faß` is `fass`."""

    caught_by = ("email.unique.folding",)

    def seen(self, key: UserKey) -> Hashable:
        """Return an address folded once more."""
        return str(key).casefold() if isinstance(key, EmailAddress) else super().seen(key)


class EmailPerSchool(ComparingRepository):
    """Has an e-mail address once in each school, as a unique index on both columns does."""

    caught_by = ("email.unique.schools",)

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield an address together with the school."""
        for key, seen in super().claims(user):
            yield key, (seen, user.school) if isinstance(key, EmailAddress) else seen


class EmailFreedByInactive(ComparingRepository):
    """Leaves inactive accounts out of the unique index on the e-mail address."""

    caught_by = ("email.unique.statuses",)

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield no address of an inactive account."""
        for key, seen in super().claims(user):
            if not isinstance(key, EmailAddress) or user.status is not Status.INACTIVE:
                yield key, seen


class NoneIsAKey(ComparingRepository):
    """Has one account without an e-mail address and no second, as some unique indexes do."""

    caught_by = ("email.none_is_no_key",)

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield an empty address for an account that has none."""
        yield from super().claims(user)
        if user.email is None:
            yield EmailAddress.stored("", ""), None


class UsernamePerSchool(ComparingRepository):
    """Has a username once in each school."""

    caught_by = ("username.unique.schools",)

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield a username together with the school."""
        for key, seen in super().claims(user):
            yield key, (seen, user.school) if isinstance(key, Username) else seen


class UsernameFreedByInactive(ComparingRepository):
    """Leaves inactive accounts out of the unique index on the username."""

    caught_by = ("username.unique.statuses",)

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield no username of an inactive account."""
        for key, seen in super().claims(user):
            if not isinstance(key, Username) or user.status is not Status.INACTIVE:
                yield key, seen


class MisIdsUnchecked(ComparingRepository):
    """Has no unique index on the MIS id."""

    caught_by = ("mis_id.unique", "key.claimed_by_change", "key.same_change")

    def claims(self, user: User) -> Iterator[tuple[UserKey, Hashable]]:
        """Yield no MIS id."""
        return (claim for claim in super().claims(user) if not isinstance(claim[0], MisId))


class MisIdsWithoutSource(ComparingRepository):
    """Has an MIS id once in each school, from whatever MIS it is."""

    caught_by = ("mis_id.per_school_and_source",)

    def seen(self, key: UserKey) -> Hashable:
        """Return an MIS id without its source."""
        return (key.school, key.value) if isinstance(key, MisId) else super().seen(key)


class MisIdsWithoutSchool(ComparingRepository):
    """Has an MIS id once in each MIS, of whatever school it is."""

    caught_by = ("mis_id.per_school_and_source",)

    def seen(self, key: UserKey) -> Hashable:
        """Return an MIS id without its school."""
        return (key.source, key.value) if isinstance(key, MisId) else super().seen(key)


class NamesAnotherKey(BrokenRepository):
    """Refuses every taken key as a username, as if there were one unique index."""

    caught_by = ("email.unique.case", "mis_id.unique")

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        return refusal and UsernameTaken(change.users[-1].username)


ALL: tuple[type[BrokenRepository], ...] = (
    ComparesTypedForms,
    AsciiFolding,
    FoldsAddressesItself,
    EmailPerSchool,
    EmailFreedByInactive,
    NoneIsAKey,
    UsernamePerSchool,
    UsernameFreedByInactive,
    MisIdsUnchecked,
    MisIdsWithoutSource,
    MisIdsWithoutSchool,
    NamesAnotherKey,
)
