"""Repositories that find what they should not, or not what they should."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import cast

from schoolauth.model.names import MisId, UserKey
from schoolauth.model.user import User
from tests.testing.broken.base import BrokenRepository
from tests.testing.broken.unique_keys import ComparingRepository


class ForgetsMisIds(BrokenRepository):
    """Has no look-up by MIS id."""

    caught_by = ("find.each_key",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote, but for MIS ids."""
        return super().find([key for key in keys if not isinstance(key, MisId)])


class NoneForAbsent(BrokenRepository):
    """Answers None for a key of nobody."""

    caught_by = ("find.absent",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return an account or None for each of *keys*."""
        found = super().find(keys)
        return cast("Mapping[UserKey, User]", {key: found.get(key) for key in keys})


class WantsAList(BrokenRepository):
    """Cuts the keys into batches by slices, which only a sequence has."""

    caught_by = ("find.any_collection",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote, 500 at a time."""
        texts = cast("Sequence[UserKey]", keys)
        found: dict[UserKey, User] = {}
        for start in range(0, len(keys), 500):
            found.update(super().find(texts[start : start + 500]))
        return found


class OneStatementForAllKeys(BrokenRepository):
    """Puts all keys into one statement, which has a bound."""

    caught_by = ("find.many",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that up to 999 keys denote."""
        if len(keys) > 999:
            raise sqlite3.OperationalError("too many SQL variables")
        return super().find(keys)


class FirstThousandKeys(BrokenRepository):
    """Answers the first 1,000 keys and drops the rest."""

    caught_by = ("find.many",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that the first of *keys* denote."""
        return super().find(list(keys)[:1000])


class PaddedComparison(ComparingRepository):
    """Ignores spaces at the end, as columns with a PAD SPACE collation do."""

    caught_by = ("lookup.exact.trailing_space",)

    def seen(self, key: UserKey) -> Hashable:
        """Return a key without the spaces at its end."""
        return type(key), key.key.rstrip(" ")


class TrimsKeys(ComparingRepository):
    """Trims white space from both ends of a key."""

    caught_by = (
        "lookup.exact.trailing_space",
        "lookup.exact.leading_space",
        "lookup.exact.no_break_space",
    )

    def seen(self, key: UserKey) -> Hashable:
        """Return a key without white space around it."""
        return type(key), key.key.strip()


class CaseBlind(ComparingRepository):
    """Ignores case, as columns with a `_ci` collation do."""

    caught_by = ("lookup.exact.case", "mis_id.case", "user_id.case")

    def seen(self, key: UserKey) -> Hashable:
        """Return a key in lower case."""
        return type(key), key.key.lower()


class AccentBlind(ComparingRepository):
    """Ignores accents, as columns with an `_ai` collation do."""

    caught_by = ("lookup.exact.accent", "username.unique.accent")

    def seen(self, key: UserKey) -> Hashable:
        """Return a key without its accents."""
        letters = unicodedata.normalize("NFD", key.key)
        return type(key), "".join(sign for sign in letters if not unicodedata.combining(sign))


class FindsByBeginnings(BrokenRepository):
    """Finds an account by the beginning of its key."""

    caught_by = ("lookup.exact.prefix",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts whose keys begin as *keys* do."""
        return {
            key: user
            for key in keys
            for there, user in self._by_key.items()
            if type(there) is type(key) and there.key.startswith(key.key)
        }


class FindsByPatterns(BrokenRepository):
    """Compares keys by `LIKE`, where some signs stand for others."""

    caught_by = ("lookup.exact.prefix",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts whose keys are like *keys*."""
        patterns = {key: re.escape(key.key).replace("%", ".*").replace("_", ".") for key in keys}
        return {
            key: user
            for key, pattern in patterns.items()
            for there, user in self._by_key.items()
            if type(there) is type(key) and re.fullmatch(pattern, there.key)
        }


class KindsMixed(BrokenRepository):
    """Looks for a text in the columns of all kinds of key."""

    caught_by = ("lookup.kinds_apart",)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that have the texts of *keys* anywhere."""
        there = {key.key: user for key, user in self._by_key.items()}
        return {key: there[key.key] for key in keys if key.key in there}


ALL: tuple[type[BrokenRepository], ...] = (
    ForgetsMisIds,
    NoneForAbsent,
    WantsAList,
    OneStatementForAllKeys,
    FirstThousandKeys,
    PaddedComparison,
    TrimsKeys,
    CaseBlind,
    AccentBlind,
    FindsByBeginnings,
    FindsByPatterns,
    KindsMixed,
)
