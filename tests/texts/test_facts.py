"""A sentence is made of a code and JSON-ready facts alone, and can be made of them again."""

from __future__ import annotations

import json
from typing import Any, get_args

from schoolauth.errors import (
    ApprovalReason,
    ErrorCode,
    TokenRefusal,
    UsernameInvalid,
)
from schoolauth.model.names import USERNAME_MAX
from schoolauth.texts import errors, passwords
from tests.texts import samples


def kept(facts: Any) -> Any:
    """Return *facts* as they come back from JSON, where they are unchanged."""
    back = json.loads(json.dumps(facts))
    assert back == facts
    return back


# --- Errors ----------------------------------------------------------------------------------


def test_an_error_says_what_its_code_and_details_say() -> None:
    """A program that was sent code and details can say the same, or say it in its own words."""
    for error in samples.errors():
        assert errors.error_text(error.code, kept(error.details())) == error.message


def test_every_error_code_has_a_sentence() -> None:
    """The samples are of every code, and of every reason that the table has a sentence for."""
    samples_of = {error.code for error in samples.errors()}
    assert samples_of == set(get_args(ErrorCode))
    assert samples_of == {*errors._SENTENCES, *errors._BY_REASON, "name_invalid", "import_refused"}
    reasons = {(error.code, error.details().get("reason")) for error in samples.errors()}
    assert reasons >= {(code, one) for code, table in errors._BY_REASON.items() for one in table}
    assert set(errors._BY_REASON["token_refused"]) == set(get_args(TokenRefusal))
    assert set(errors._BY_REASON["approval_refused"]) == set(get_args(ApprovalReason))


def test_the_length_of_a_username_is_told_as_it_is() -> None:
    """The sentence has the number that the rule has."""
    assert f" {USERNAME_MAX} " in UsernameInvalid("too_long").message


def test_an_error_with_a_text_of_its_own_keeps_it() -> None:
    """What only the place knows where it was raised is said, and details and code stay."""
    error = UsernameInvalid("empty", "Type a username first.")
    assert (error.message, error.details()) == ("Type a username first.", {"reason": "empty"})


# --- Passwords -------------------------------------------------------------------------------


def test_a_violation_says_what_its_code_and_params_say() -> None:
    """Of every code of the library; a host's own rule says what it likes."""
    found = [one for one in samples.violations() if one.code != "chalk"]
    assert {one.code for one in found} == set(samples.CODES) == set(passwords._VIOLATIONS)
    for one in found:
        assert passwords.violation_text(one.code, kept(one.params)) == one.message


def test_the_phrases_of_a_policy_are_those_of_its_rules() -> None:
    """A form in another language needs the rules alone; a rule that is not told has no phrase."""
    for policy in (*samples.POLICIES, samples.POLICIES[1].also(samples.no_chalk)):
        texts = [passwords.rule_text(rule.code, kept(rule.params)) for rule in policy.rules()]
        assert tuple(text for text in texts if text) == policy.describe()


def test_every_broken_rule_is_said_in_the_history() -> None:
    """The history keeps codes; each of the library's own has words of its own."""
    assert set(passwords._BROKEN) == set(samples.CODES)
    assert passwords.broken_text(["no_number", "like_a_pet"]) == "it had no number and like a pet"
