"""What a password policy asks for, and what it has against a password."""

from __future__ import annotations

from collections.abc import Iterable

from schoolauth.texts.sentences import Facts, Sentences, all_of, fill, say, words

VIOLATIONS: Sentences = {
    "too_short": "It needs at least {minimum} characters, and has {length}.",
    "no_number": "It needs a number.",
    "space_at_start": "There is a space, or something unseen, at its start.",
    "space_at_end": "There is a space, or something unseen, at its end.",
    "too_long": "It has more than {maximum} characters.",
    "too_common": "It is one of the most common passwords.",
    "context_word": "It is made of a name that belongs to the account.",
    "forbidden_character": "It has a character that cannot be typed again everywhere.",
}
_RULES: Sentences = {
    "too_short": "at least {minimum} characters",
    "no_number": "a number",
    "space_at_start": "no space at the start or the end",
    "too_common": "not one of the most common passwords, nor your own name",
    "own_rule": "{text}",
}
"""Two of them speak for `space_at_end` and `context_word` too; the rest is seldom met."""
BROKEN: Sentences = {
    "too_short": "it was too short",
    "no_number": "it had no number",
    "space_at_start": "it began with a space",
    "space_at_end": "it ended with a space",
    "too_long": "it was too long",
    "too_common": "it is a common password",
    "context_word": "it had a name or the school in it",
    "forbidden_character": "it had a character that cannot be used",
}


def violation_text(code: str, params: Facts) -> str:
    """Return what the person is told who chose the password."""
    return say(VIOLATIONS, code, params)


def rule_text(code: str, params: Facts) -> str:
    """Return a rule of a policy as a phrase for a form, empty if the form need not say it."""
    return fill(_RULES.get(code, ""), params)


def broken_text(codes: Iterable[str]) -> str:
    """Return why a password was refused, for the history; a host's own code is said as it is."""
    return all_of(BROKEN.get(code, words(code)) for code in codes)
