"""A sentence is made of a code and JSON-ready facts alone, and can be made of them again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given

from schoolauth import describe_event
from schoolauth.errors import (
    ApprovalReason,
    EmailInvalid,
    ErrorCode,
    TokenRefusal,
    UsernameInvalid,
)
from schoolauth.model.diagnosis import FindingCode
from schoolauth.model.events import EVENT_KINDS, AuditEvent
from schoolauth.model.mail import MailKind
from schoolauth.model.names import USERNAME_MAX
from schoolauth.testing import strategies
from schoolauth.texts import diagnosis, errors, events, mail, mapping, passwords, roster_problems
from tests.mail.mails import FACTS, LINK, TOKEN, a_mail
from tests.pages import tables
from tests.texts import files, samples


def kept(facts: Any) -> Any:
    """Return *facts* as they come back from JSON, where they are unchanged."""
    back = json.loads(json.dumps(facts))
    assert back == facts
    return back


def key_of(code: str, facts: Mapping[str, Any]) -> str:
    """Return under what the sentence stands in its table."""
    case = facts.get("case")
    return code if case is None else f"{code}/{case}"


def codes_in(cell: str) -> set[str]:
    """Return what stands in backticks in a cell of a page's table."""
    return set(re.findall(r"`(\w+)`", cell))


def reasons_of(code: str) -> set[str]:
    """Return the cases for which the table of errors has a sentence."""
    keys = (key.partition("/") for key in errors.SENTENCES)
    return {case for one, _, case in keys if one == code}


# --- Errors ----------------------------------------------------------------------------------


def test_an_error_says_what_its_code_and_details_say() -> None:
    """A program that was sent code and details can say the same, or say it in its own words."""
    for error in samples.errors():
        assert errors.error_text(error.code, kept(error.details())) == error.message


def test_every_error_code_has_a_sentence() -> None:
    """And every reason of a code with reasons, by the closed sets of both."""
    assert {key.partition("/")[0] for key in errors.SENTENCES} == set(get_args(ErrorCode))
    assert {error.code for error in samples.errors()} == set(get_args(ErrorCode))
    assert reasons_of("token_refused") == set(get_args(TokenRefusal))
    assert reasons_of("approval_refused") == set(get_args(ApprovalReason))
    said = {(error.code, error.details().get("reason")) for error in samples.errors()}
    for code in ("token_refused", "username_invalid", "not_permitted", "approval_refused"):
        assert reasons_of(code) == {reason for one, reason in said if one == code}


def test_the_length_of_a_username_is_told_as_it_is() -> None:
    """The sentence has the number that the rule has."""
    assert f" {USERNAME_MAX} " in UsernameInvalid("too_long").message


def test_an_error_with_a_text_of_its_own_keeps_it() -> None:
    """What is known only where it was raised is said, and details and code stay."""
    error = UsernameInvalid("empty", "Type a username first.")
    assert (error.message, error.details()) == ("Type a username first.", {"reason": "empty"})


# --- Passwords -------------------------------------------------------------------------------


def test_a_violation_says_what_its_code_and_params_say() -> None:
    """Of every code of the library; a host's own rule says what it likes."""
    found = [one for one in samples.violations() if one.code != "chalk"]
    assert {one.code for one in found} == set(samples.CODES) == set(passwords.VIOLATIONS)
    for one in found:
        assert passwords.violation_text(one.code, kept(one.params)) == one.message


def test_the_phrases_of_a_policy_are_those_of_its_rules() -> None:
    """A form in another language needs the rules alone; a rule that is not told has no phrase."""
    for policy in (*samples.POLICIES, samples.POLICIES[1].also(samples.no_chalk)):
        texts = [passwords.rule_text(rule.code, kept(rule.params)) for rule in policy.rules()]
        assert tuple(text for text in texts if text) == policy.describe()


def test_every_broken_rule_is_said_in_the_history() -> None:
    """The history keeps codes; each of the library's own has words of its own."""
    assert set(passwords.BROKEN) == set(samples.CODES)
    assert passwords.broken_text(["no_number", "like_a_pet"]) == "it had no number and like a pet"


# --- Diagnosis -------------------------------------------------------------------------------


def test_a_finding_says_what_its_code_and_facts_say() -> None:
    """Each sentence of the table is that of a finding, and can be made again from its facts."""
    said = set()
    for finding in samples.findings():
        assert diagnosis.finding_text(finding.code, kept(finding.facts)) == finding.message
        said.add(key_of(finding.code, finding.facts))
    assert said == set(diagnosis.SENTENCES)
    assert {key.partition("/")[0] for key in said} == set(get_args(FindingCode))


def test_the_page_tells_the_facts_of_each_finding() -> None:
    """Every name and every case, and no other."""
    rows = [row for row in tables("how-to/cannot-log-in.md")["What the desk sees"] if len(row) == 4]
    told = {code: codes_in(facts) for cell, _, _, facts in rows for code in codes_in(cell)}
    assert set(told) == set(get_args(FindingCode))
    met: dict[str, set[str]] = {code: set() for code in told}
    for finding in samples.findings():
        met[finding.code] |= {*finding.facts, finding.facts.get("case") or ""} - {""}
    assert met == told


# --- Mails -----------------------------------------------------------------------------------


def test_a_mail_says_what_its_kind_and_facts_say() -> None:
    """Subject and text of every kind can be made again, line for line, from what JSON keeps."""
    for message in samples.mails():
        made = mail.mail_text(message.kind, kept(message.facts))
        assert made == (message.subject, message.text)
    assert {message.kind for message in samples.mails()} == set(mail.MAILS)


def test_the_page_tells_the_facts_of_each_mail() -> None:
    """With those that all mails have they are enough, and none of them is too many."""
    rows = tables("how-to/send-mail.md")["In your own words"]
    told = {kind: codes_in(facts) for cell, facts in rows for kind in codes_in(cell)}
    assert set(told) == set(get_args(MailKind))
    everybody = {"full_name", "username", "school", "school_name"}
    for kind in get_args(MailKind):
        message = a_mail(kind)
        facts = {name: message.facts[name] for name in everybody | told[kind]}
        assert mail.mail_text(kind, facts) == (message.subject, message.text)
        for name in told[kind]:
            with pytest.raises(KeyError):
                mail.mail_text(kind, {one: facts[one] for one in facts if one != name})


def test_a_mail_shows_its_facts_to_nobody_who_prints_it() -> None:
    """The link is among them, and must stay out of logs."""
    message = a_mail()
    assert message.facts["link"] == LINK
    assert TOKEN not in repr(message)
    assert FACTS["requested_by"] not in repr(message)


def test_names_and_fields_of_a_mail_are_lists() -> None:
    """The mail writes them with commas, and codes as words; another one may do otherwise."""
    facts = {**FACTS, "fields": ["name", "headteacher_email"], "accounts": ["ann", "b\nen"]}
    changed = a_mail("school_changed", facts=facts)
    assert (changed.text, changed.facts["fields"]) == (
        a_mail("school_changed").text,
        facts["fields"],
    )
    requested = a_mail("recovery_requested", facts=facts)
    assert requested.facts["accounts"] == ["ann", "b en"]
    assert "Account: ann, b en\n" in requested.text


def test_a_recovery_that_was_asked_for_in_writing_has_no_name() -> None:
    """The text says in words who it was; the fact is empty."""
    message = a_mail("recovery_approved", facts={**FACTS, "requested_by": None})
    assert message.facts["requested_by"] is None
    assert '"the school\'s headteacher or deputy, in writing"' in " ".join(message.text.split())


# --- Staff lists and imports -----------------------------------------------------------------


def test_a_problem_says_what_its_code_and_facts_say(tmp_path: Path) -> None:
    """Each sentence of the tables is met, and can be made again from what JSON keeps.

    But an address in an import, where the validator says what is wrong in words of its own.
    """
    said = set()
    for problem in files.problems(tmp_path):
        text = roster_problems.problem_text(problem.code, kept(problem.facts))
        if problem.message != text:
            assert (problem.code, text) == ("email_invalid", EmailInvalid().message)
        said.add(key_of(problem.code, problem.facts))
    assert said == {*roster_problems._SENTENCES, *roster_problems.ERRORS}


def test_facts_of_a_problem_hold_no_cell_where_one_may_be_a_password(tmp_path: Path) -> None:
    """What the message does not show, its facts do not have."""
    reader = files.Reader(tmp_path)
    reader.csv("ID,School,Password,Email\n1,Hill,x,y\n2,canary,x,y\n")
    reader.csv("ID,Password,Email,Role\n1,x,canary,\n2,x,,canary\n3,x,,pupil\n4,canary\n")
    reader.csv("canary7,Smith\n1,Jo\n")
    reader.csv("canary7,ID\n1,Jo\n", {"email": "E-mail"})
    assert len(reader.found) > 5
    assert "canary" not in repr([one.facts for one in reader.found])


# --- Events ----------------------------------------------------------------------------------


@given(strategies.events())
def test_an_event_says_what_its_kind_and_record_say(event: AuditEvent) -> None:
    """A history that is kept as records can be told from them, whatever is in the event."""
    details = json.loads(str(event.to_record()["details"]))
    assert events.event_text(event.kind, details) == describe_event(event)


class Met(dict[str, str]):
    """A table that keeps which of its sentences were asked for."""

    def __init__(self, table: Mapping[str, str]) -> None:
        super().__init__(table)
        self.keys_met: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.keys_met.add(key)
        return super().__getitem__(key)


def test_every_event_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind, and each of its ways and reasons; three are for codes of another version."""
    met = Met(events.SENTENCES)
    monkeypatch.setattr(events, "SENTENCES", met)
    kinds = set()
    for event in samples.events():
        describe_event(event)
        kinds.add(event.kind)
    assert kinds == set(EVENT_KINDS)
    assert met.keys_met == met.keys() - {"login_succeeded", "login_failed", "password_changed"}


def test_no_event_tells_a_digest() -> None:
    """Digests are for finding again, not for reading."""
    for event in samples.events():
        assert "ddd" not in describe_event(event)
        assert describe_event(event).endswith(".")


def test_a_code_of_another_version_is_said_as_it_is() -> None:
    """A history that a newer version has written can still be read."""
    for kind, details in UNKNOWN.items():
        record = {"kind": kind, "at": 0, "actor": "anonymous", "school_key": None, "user_id": None}
        event = AuditEvent.from_record({**record, "details": json.dumps(details)})
        assert "not known yet" in describe_event(event)


UNKNOWN: dict[str, dict[str, str]] = {
    "login_succeeded": {"how": "not_known_yet"},
    "login_failed": {"reason": "not_known_yet"},
    "password_changed": {"how": "not_known_yet"},
    "recovery_refused": {"reason": "not_known_yet"},
}


# --- Mapping plans ---------------------------------------------------------------------------


def test_reasons_of_a_plan_name_accounts_and_fields() -> None:
    """Reasons that begin with a field name it, and a code without a sentence is said as it is."""
    facts = {"holders": ["ann", "ben"]}
    told = mapping.reason_text("takes_mis_id_of_another", facts)
    assert told == "takes the MIS id that ann, ben has"
    assert mapping.reason_text("email_unavailable", facts) == "this e-mail cannot be used here"
    assert mapping.reason_text("given_name_invalid", facts) == "the given name cannot be used"
    assert mapping.reason_text("same_name", facts) == "an account has this name"
    assert mapping.reason_text("not_known_yet", facts) == "not known yet"
