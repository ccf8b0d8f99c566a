"""Whose name a row of a staff list may mean: the same name, or one that is a slip away from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from schoolauth.model.names import UserId
from schoolauth.model.text import name_key
from schoolauth.model.user import User

_SHORT = 3
"""In names up to this length one letter makes another name: Tim and Jim are two people."""


class NamesOf:
    """The names of accounts, indexed to find equal and similar ones."""

    def __init__(self, users: Iterable[User]) -> None:
        self._same: dict[str, list[UserId]] = defaultdict(list)
        self._by_word: dict[str, list[str]] = defaultdict(list)
        for user in users:
            key = name_key(user.full_name)
            if key not in self._same:
                for word in set(key.split()):
                    self._by_word[word].append(key)
            self._same[key].append(user.id)

    def same(self, key: str) -> list[UserId]:
        """Return the accounts whose `name_key` is *key*."""
        return self._same.get(key, [])

    def similar(self, key: str) -> Iterator[UserId]:
        """Yield the accounts with one word in common with *key*, and one that is a slip away."""
        words = key.split()
        for shared in words:
            rest = _without(words, shared)
            for other in self._by_word.get(shared, ()):
                theirs = _without(other.split(), shared)
                if len(rest) == len(theirs) == 1 and is_slip(rest[0], theirs[0]):
                    yield from self._same[other]


def is_slip(one: str, other: str) -> bool:
    """Tell whether two different words differ by one letter, or by two that are swapped."""
    if len(one) > len(other):
        one, other = other, one
    longest = len(other)
    if one == other or longest <= _SHORT:
        return False
    if not (one.isalpha() and other.isalpha()):  # a number is no slip of another one
        return False
    at = next((n for n, letter in enumerate(one) if letter != other[n]), len(one))
    if len(one) < longest:
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped


def _without(words: list[str], word: str) -> list[str]:
    rest = list(words)
    rest.remove(word)
    return rest
