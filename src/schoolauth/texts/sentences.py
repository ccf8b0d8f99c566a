"""How a sentence is found by its code and filled with its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schoolauth.texts.dates import written_day, written_moment

Facts = Mapping[str, Any]
"""What a sentence is about, by name: JSON-ready values."""
Sentences = Mapping[str, str]
"""Sentences by code, or by ``code/case`` where a code has several."""


def words(code: str) -> str:
    """Return a code as it is said."""
    return code.replace("_", " ")


def all_of(items: Iterable[str]) -> str:
    """Return *items* as a sentence adds them up, such as ``a and b and c``."""
    return " and ".join(items)


def say(sentences: Sentences, code: str, facts: Facts) -> str:
    """Return the sentence of *code* with its facts in it.

    `case` among the facts tells the sentences of one code apart.

    Raises:
        KeyError: if there is no such sentence, or a fact is missing.
    """
    case = facts.get("case")
    return fill(sentences[code if case is None else f"{code}/{case}"], facts)


def fill(sentence: str, facts: Facts) -> str:
    """Return *sentence* with *facts* in it.

    A list is written with commas, ``{at:day}`` as a day, ``{at:moment}`` with its time of day, and
    ``{field:words}`` as a code is said.
    """
    return sentence.format_map(_Written(facts))


_FORMS: Mapping[str, Callable[[str], str]] = {
    "day": written_day,
    "moment": written_moment,
    "words": words,
}


class _Text(str):
    __slots__ = ()

    def __format__(self, form: str) -> str:
        return _FORMS[form](str(self)) if form in _FORMS else super().__format__(form)


class _Written(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        fact = super().__getitem__(name)
        text = ", ".join(fact) if isinstance(fact, list | tuple) else fact
        return _Text(text) if isinstance(text, str) else text
