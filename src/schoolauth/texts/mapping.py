"""Why a mapping plan does what it does with a row or an account."""

from __future__ import annotations

from collections.abc import Mapping

from schoolauth.texts.sentences import Facts, Sentences, fill, words

FIELDS: Mapping[str, str] = {"mis_id": "MIS id", "email": "e-mail", "username": "username"}
REASONS: Sentences = {
    "same_name": "an account has this name",
    "name_numbered": "the plain username is taken: another person?",
    "left_in_list": "the list says so",
    "not_in_list": "not in the list any more",
    "other_mis_id": "the account has another MIS id",
    "mis_id_of_another": "the MIS id was another person's",
    "takes_mis_id_of_another": "takes the MIS id that {holders} has",
    "account_hit_twice": "two rows are about this account",
    "role_admin": "a list makes nobody an admin",
    "name_missing": "no account has its keys, and there is no name for a new one",
    "no_free_username": "no username is free",
    "last_admin": "the school would have no admin",
    "superseded": "a retired duplicate",
    "inactive": "inactive, though listed: no list wakes anybody",
}
_OF_FIELDS: Sentences = {
    "_unavailable": "this {field} cannot be used here",
    "_twice_in_list": "the {field} is in several rows",
    "_invalid": "the {field} cannot be used",
}
"""Reasons that begin with the name of a field."""


def field_text(field: str) -> str:
    """Return the name of a field as a person says it."""
    return FIELDS.get(field, words(field))


def reason_text(reason: str, facts: Facts) -> str:
    """Return a reason of an item; `holders` are the usernames of the accounts it is about."""
    for ending, sentence in _OF_FIELDS.items():
        if reason.endswith(ending):
            return fill(sentence, {"field": field_text(reason.removesuffix(ending))})
    return fill(REASONS.get(reason, words(reason)), facts)
