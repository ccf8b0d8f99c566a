"""How codes, lists and facts are written in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Facts = Mapping[str, Any]
"""What a sentence is about, by name: JSON-ready values."""


def words(code: str) -> str:
    """Return a code as it is said."""
    return code.replace("_", " ")


def all_of(items: Iterable[str]) -> str:
    """Return *items* as a sentence adds them up, such as ``a and b and c``."""
    return " and ".join(items)


def fill(sentence: str, facts: Facts) -> str:
    """Return *sentence* with its facts in it; a list is written with commas.

    Raises:
        KeyError: if a fact is missing.
    """
    return sentence.format_map(
        {name: ", ".join(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}
    )
