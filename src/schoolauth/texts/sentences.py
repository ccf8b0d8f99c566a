"""How a sentence is found by its code and filled with its facts."""

from __future__ import annotations

import string
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

    `case`, or `reason`, among the facts tells the sentences of one code apart.

    Raises:
        KeyError: if there is no such sentence, or a fact is missing.
    """
    case = facts.get("case") or facts.get("reason")
    return fill(sentences.get(f"{code}/{case}") or sentences[code], facts)


def fill(sentence: str, facts: Facts) -> str:
    """Return *sentence* with *facts* in it.

    A list is written with commas, ``{at:day}`` as a day, ``{at:moment}`` with its time of day, and
    ``{field:words}`` as a code is said.
    """
    return _FILLER.vformat(sentence, (), facts)


_FORMS: Mapping[str, Callable[[str], str]] = {
    "day": written_day,
    "moment": written_moment,
    "words": words,
}


class _Filler(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        text = ", ".join(value) if isinstance(value, list) else value
        form = _FORMS.get(format_spec)
        return format(text, format_spec) if form is None else form(text)


_FILLER = _Filler()
