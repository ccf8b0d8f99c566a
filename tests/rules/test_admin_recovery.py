"""What an approval rests on, word for word, and what is recorded of one that did not count."""

from __future__ import annotations

from schoolauth.model.events import RecoveryRefused
from schoolauth.model.school import School
from schoolauth.rules.admin_recovery import record_refusal, state_text
from tests.rules.canary import HILL, STAMP
from tests.rules.rows import account

SCHOOL = School("wg204nx", "Hill", "head@example.org", "deputy@example.org")


def test_what_a_request_rests_on() -> None:
    """The form is part of every mailed approval: another one ends those that are on their way."""
    admins = [account("bob", epoch=7), account("ann", epoch=5)]
    assert state_text(SCHOOL, admins) == (
        "recovery|wg204nx|headteacher=head@example.org|deputy=deputy@example.org|ann=5|bob=7"
    )
    assert state_text(School("mill", "Mill"), []) == "recovery|mill"


def test_a_refusal_names_request_and_reference() -> None:
    """By which the desk finds what was asked, and what the support was shown."""
    change = record_refusal(HILL, "no_admin", STAMP, request="r1", reference="case 7")
    assert change.users == ()
    (event,) = change.events
    assert event == RecoveryRefused(
        at=STAMP.at,
        actor=STAMP.actor,
        school=HILL,
        reason="no_admin",
        request="r1",
        reference="case 7",
    )
