"""Repositories whose search finds other accounts, or in another order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from schoolauth.model.change import Page, UserQuery
from schoolauth.model.text import is_encodable
from schoolauth.model.user import Role, Status, User
from schoolauth.storage.paging import page_of, text_cursor
from tests.testing.broken.base import BrokenRepository


class _Searching(BrokenRepository):
    """Has what the broken searches are made of: a search without pages, and pages."""

    def fitting(self, query: UserQuery, **other: Any) -> Sequence[User]:
        """Return everybody that fits *query*, with *other* fields for some of its own."""
        return super().search(replace(query, after=None, limit=500, **other)).items

    def page(
        self, found: Iterable[User], query: UserQuery, sort_key: Callable[[str], Any] = str
    ) -> Page[User]:
        """Return the page of *found*, in the order of what *sort_key* makes of their usernames."""
        after = text_cursor(query.after)
        ordered = sorted(found, key=lambda user: sort_key(user.username.key))
        rest = [
            user
            for user in ordered
            if after is None or sort_key(user.username.key) > sort_key(after)
        ]
        return page_of(rest, query.limit, lambda user: user.username.key)


# --- whom it finds ---


class NoSchoolFilter(_Searching):
    """Finds the accounts of every school."""

    caught_by = ("search.own_school", "search.filters_together", "search.pages")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts of any school."""
        schools = {user.school for user in self._users.values()}
        found = (user for school in schools for user in self.fitting(query, school=school))
        return self.page(found, query)


class IgnoresStatuses(BrokenRepository):
    """Finds accounts in every status."""

    caught_by = ("search.statuses", "search.filters_together")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts in any status."""
        return super().search(replace(query, statuses=frozenset(Status)))


class IgnoresRoles(BrokenRepository):
    """Finds accounts with every role."""

    caught_by = ("search.roles", "search.filters_together", "search.pages")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts with any role."""
        return super().search(replace(query, roles=frozenset(Role)))


class EmptySetIsAll(BrokenRepository):
    """Takes no status for every status, and no role for every role."""

    caught_by = ("search.statuses", "search.roles")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts of any status or role where none is asked for."""
        statuses, roles = query.statuses or frozenset(Status), query.roles or frozenset(Role)
        return super().search(replace(query, statuses=statuses, roles=roles))


class IgnoresHasEmail(BrokenRepository):
    """Finds accounts with and without an e-mail address."""

    caught_by = ("search.has_email", "search.filters_together")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts whether they have an address or not."""
        return super().search(replace(query, has_email=None))


class TrueIsNone(BrokenRepository):
    """Leaves out the accounts with an address where asked to, and never the others."""

    caught_by = ("search.has_email", "search.filters_together")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts without an address too, where those with one are asked for."""
        return super().search(replace(query, has_email=None) if query.has_email else query)


class FalseIsNone(BrokenRepository):
    """Asks `if query.has_email`, and so takes False for None."""

    caught_by = ("search.has_email", "search.filters_together")

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return everybody where those without an address are asked for."""
        return super().search(replace(query, has_email=query.has_email or None))


class WordsAlone(BrokenRepository):
    """Looks at no role once there are words to look for."""

    caught_by = ("search.filters_together",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts of any role where there are words."""
        roles = frozenset(Role) if query.words else query.roles
        return super().search(replace(query, roles=roles))


# --- words ---


class _Words(_Searching):
    """Compares words by `has`, as a database's own operator does."""

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is in *text*."""
        return word in text

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts whose text has every word, by `has`."""
        found = [
            user
            for user in self.fitting(query, words=())
            if all(self.has(user.search_text, word) for word in query.words)
        ]
        return self.page(found, query)


class AnyWord(_Searching):
    """Finds accounts that have one of the words."""

    caught_by = ("search.words",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts whose text has any of the words."""
        words = query.words or ("",)
        found = {user.id: user for word in words for user in self.fitting(query, words=(word,))}
        return self.page(found.values(), query)


class NamesOnly(_Words):
    """Looks for words in the first word of the name only."""

    caught_by = ("search.words", "search.literal_signs", "search.filters_together")

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is in the beginning of *text*."""
        return word in text.partition(" ")[0]


class WholeWords(_Words):
    """Finds whole words only, as a full-text index does."""

    caught_by = ("search.words", "search.filters_together")

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is one of the words of *text*."""
        return not word or word in text.split()


class WildcardsInWords(_Words):
    """Hands words to LIKE unescaped, so that % and _ stand for others."""

    caught_by = ("search.literal_signs",)

    def has(self, text: str, word: str) -> bool:
        """Tell whether *text* fits the pattern."""
        pattern = re.escape(word).replace("%", ".*").replace("_", ".")
        return re.search(pattern, text) is not None


class PatternsInWords(_Words):
    """Takes a word for a regular expression, and one that is none for an error."""

    caught_by = ("search.literal_signs",)

    def has(self, text: str, word: str) -> bool:
        """Tell whether *text* fits the regular expression."""
        return re.search(word, text) is not None


class ChokesOnWords(_Words):
    """Hands every word to a driver that takes neither a NUL nor half a surrogate pair."""

    caught_by = ("search.unstorable_words",)

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is in *text*, if it can be sent."""
        if "\0" in word or not is_encodable(word):
            raise RuntimeError("invalid byte sequence")
        return word in text


_STROKES = str.maketrans("øłđı", "oldi")


class FoldsWords(_Words):
    """Takes away the strokes that are part of a letter, as some collations do."""

    caught_by = ("search.folding_is_done",)

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is in *text* once both are folded further."""
        return word.translate(_STROKES) in text.translate(_STROKES)


class FoldsWordsOnly(_Words):
    """Takes away the strokes of what is looked for, and not of what is there."""

    caught_by = ("search.folding_is_done",)

    def has(self, text: str, word: str) -> bool:
        """Tell whether *word* is in *text* once the word is folded further."""
        return word.translate(_STROKES) in text


# --- order ---


class CollationOrder(_Searching):
    """Orders usernames as a dictionary of some language does: signs and accents come last."""

    caught_by = ("search.order",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts in the order of a locale."""

        def sort_key(key: str) -> tuple[str, str]:
            letters = unicodedata.normalize("NFKD", key)
            return "".join(letter for letter in letters if letter.isalnum()), key

        return self.page(self.fitting(query), query, sort_key)


class SixteenBitOrder(_Searching):
    """Orders usernames by units of UTF-16, so that a rare letter comes before a common one."""

    caught_by = ("search.order",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return accounts in the order of their text in UTF-16."""
        found = self.fitting(query)
        return self.page(found, query, lambda key: key.encode("utf-16-be", "surrogatepass"))


class CursorMustBeThere(_Searching):
    """Goes on behind the account at which a page ended, if that one still fits."""

    caught_by = ("search.pages_while_changing",)

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return no accounts after one that is gone."""
        names = {user.username.key for user in self.fitting(query)}
        after = text_cursor(query.after)
        return super().search(query) if after is None or after in names else Page(())


ALL: tuple[type[BrokenRepository], ...] = (
    NoSchoolFilter,
    IgnoresStatuses,
    IgnoresRoles,
    EmptySetIsAll,
    IgnoresHasEmail,
    TrueIsNone,
    FalseIsNone,
    WordsAlone,
    AnyWord,
    NamesOnly,
    WholeWords,
    WildcardsInWords,
    PatternsInWords,
    ChokesOnWords,
    FoldsWords,
    FoldsWordsOnly,
    CollationOrder,
    SixteenBitOrder,
    CursorMustBeThere,
)
