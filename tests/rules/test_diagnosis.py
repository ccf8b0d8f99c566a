"""What each fact of an account makes the desk be told, and which call mends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schoolauth.model.events import (
    AuditEvent,
    CreatePasswordSent,
    EmailChanged,
    LoginFailed,
    LoginFailure,
    LoginSucceeded,
    MailFailed,
    PasswordChanged,
    PasswordChangeWay,
    PasswordRefused,
    actor_user,
)
from schoolauth.model.user import Status, StoredPassword, User, to_micros
from schoolauth.rules.diagnosis import RECENT, Facts, diagnose, no_such_account, same_person
from tests.rules.rows import HILL, NOW, account

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
JESS = account("jess", email="jess@example.org", password=StoredPassword("hash"))
NO_MAIL = replace(JESS, email=None)
SET, MAIL = "set_password", "send_create_password_email"
ABOUT: dict[str, Any] = {"at": NOW, "school": HILL, "user": JESS.id}


def told(user: User = JESS, *events: AuditEvent, **facts: Any) -> list[tuple[str, str | None]]:
    """Return code and remedy of each finding."""
    return [(one.code, one.remedy) for one in diagnose(made(user, *events, **facts)).findings]


def made(user: User, *events: AuditEvent, **facts: Any) -> Facts:
    known: dict[str, Any] = {
        "user": user,
        "exact": True,
        "events": events,
        "wait": 0,
        "duplicates": (),
        "successor": None,
        "temporary_password": WEEK,
        "now": NOW,
    }
    return Facts(**{**known, **facts})


def failed(reason: LoginFailure = "wrong_password", *hints: str) -> LoginFailed:
    return LoginFailed(**ABOUT, reason=reason, hints=hints)


def chosen(how: PasswordChangeWay = "reset") -> PasswordChanged:
    return PasswordChanged(**ABOUT, how=how)


def test_each_cause_has_its_remedy() -> None:
    """One fact at a time, and the call that mends it."""
    invited = account("jess", email="jess@example.org", status=Status.INVITED)
    gone = replace(JESS, status=Status.INACTIVE)
    assert told() == [("nothing_found", "history")]
    assert told(wait=60) == [("throttled", "unlock")]
    assert told(exact=False) == [("space_in_recent_attempts", None)]
    assert told(gone) == [("inactive", "reactivate")]
    retired = replace(gone, superseded_by=account("ann").id)
    assert told(retired) == [("inactive", "undo_resolve_duplicate")]
    assert told(invited, CreatePasswordSent(**ABOUT)) == [("invited", MAIL)]
    assert told(invited) == [("invitation_not_sent", MAIL), ("invited", SET)]
    assert told(replace(invited, email=None)) == [
        ("invitation_not_sent", "set_email"),
        ("invited", SET),
        ("no_email", "set_email"),
    ]
    assert told(replace(JESS, must_change_password=True)) == [("must_change_password", SET)]
    refused = PasswordRefused(**ABOUT, how="change", violations=("no_number",))
    assert told(JESS, refused) == [("password_change_refused", SET)]
    assert told(JESS, MailFailed(**ABOUT, mail="password_reset")) == [("mail_failed", MAIL)]


@pytest.mark.parametrize(
    "code",
    [
        *("too_short", "no_number", "space_at_start", "space_at_end"),
        *("too_long", "too_common", "context_word", "forbidden_character"),
    ],
)
def test_every_rule_of_a_password_has_a_sentence(code: str) -> None:
    """The desk reads what was wrong, not its code."""
    refused = PasswordRefused(**ABOUT, how="change", violations=(code,))
    (finding,) = diagnose(made(JESS, refused)).findings
    assert " because it " in finding.message


def test_a_temporary_password_lasts_to_its_last_moment() -> None:
    """At the very end it still lets its owner choose another."""
    user = replace(JESS, must_change_password=True, epoch=to_micros(NOW) // 1000)
    (at_end,) = diagnose(made(user, now=NOW + WEEK)).findings
    assert "until 8 September 2026" in at_end.message
    (after,) = diagnose(made(user, now=NOW + WEEK + SECOND)).findings
    assert "ended on 8 September 2026" in after.message


@pytest.mark.parametrize(("user", "remedy"), [(JESS, MAIL), (NO_MAIL, SET)])
def test_the_old_password_after_a_change(user: User, remedy: str) -> None:
    """Wrong ones since a change, by mail if there is an address, by hand if not."""
    expected = ("old_password_in_recent_attempts", remedy)
    assert expected in told(user, failed(), chosen())


@pytest.mark.parametrize(
    ("status", "events"),
    [
        (Status.ACTIVE, (failed(),)),
        (Status.ACTIVE, (failed("inactive"), chosen())),
        (Status.ACTIVE, (failed("wrong_password", "space_at_end"), chosen())),
        (Status.ACTIVE, (failed(), LoginSucceeded(**ABOUT), chosen())),
        (Status.ACTIVE, (LoginSucceeded(**ABOUT), failed(), chosen())),
        (Status.INACTIVE, (failed(), chosen())),
    ],
    ids=["no change", "other reason", "space", "signed in", "signed in since", "inactive"],
)
def test_what_is_no_sign_of_the_old_password(
    status: Status, events: tuple[AuditEvent, ...]
) -> None:
    """It takes a change, a wrong password since, no sign-in since, and an account that stands."""
    codes = [code for code, _ in told(replace(JESS, status=status), *events)]
    assert "old_password_in_recent_attempts" not in codes


@pytest.mark.parametrize("how", ["change", "reset", "create", "must_change", "admin", "support"])
@pytest.mark.parametrize(("user", "remedy"), [(JESS, MAIL), (NO_MAIL, SET)])
def test_a_password_through_a_link_to_an_address_that_was_changed(
    user: User, remedy: str, how: PasswordChangeWay
) -> None:
    """Only a mailed link is a stranger's way in."""
    corrected = EmailChanged(**ABOUT, actor=actor_user(account("admin").id))
    expected = ("password_set_by_former_address", remedy)
    assert (expected in told(user, corrected, chosen(how))) is (how in {"reset", "create"})


def test_who_holds_the_address() -> None:
    """Another account of the person, or this one though it is inactive; else nobody is named."""
    other, holder = account("other"), account("holder", email="j.james@example.org")
    gone = replace(JESS, status=Status.INACTIVE)
    taken = ("email_on_other_account", "resolve_duplicate")
    kept = ("email_on_other_account", "release_email")
    alike = ("duplicate_account", "resolve_duplicate")
    assert told(NO_MAIL, duplicates=(other, holder)) == [
        alike,
        alike,
        taken,
        ("no_email", "set_email"),
    ]
    (message,) = (
        one.message
        for one in diagnose(made(NO_MAIL, duplicates=(other, holder))).findings
        if one.code == taken[0]
    )
    assert "saved on holder" in message
    assert told(gone, duplicates=(other,)) == [("inactive", "reactivate"), alike, kept]
    assert told(JESS, duplicates=(holder,)) == [alike]
    assert told(gone) == [("inactive", "reactivate")]
    no_address = replace(gone, email=None)
    assert kept not in told(no_address, duplicates=(other,))


def test_attempts_of_a_fortnight_explain_something() -> None:
    """To the moment, and older ones nothing."""
    event = MailFailed(**{**ABOUT, "at": NOW - RECENT}, mail="password_reset")
    assert told(JESS, event) == [("mail_failed", MAIL)]
    assert told(JESS, event, now=NOW + SECOND) == [("nothing_found", "history")]
    assert timedelta(days=14) == RECENT


def test_names_that_are_alike() -> None:
    """Up to five, by the part before the @ too, and the remedy is a search."""
    users = [account(f"jessica.{n}", email=f"teacher.{n}@far.example.org") for n in range(8)]
    diagnosis = no_such_account("jessica", users)
    assert len(diagnosis.nearest) == 5
    assert [(one.code, one.remedy) for one in diagnosis.findings] == [("no_such_account", "search")]
    (near,) = no_such_account("teachr.3", users[3:4]).nearest
    assert str(near) == "jessica.3"


def test_one_person_is_in_the_same_group() -> None:
    """Accounts of other groups are other people's."""
    ann, bob, cat, dan = (account(name) for name in ("ann", "bob", "cat", "dan"))
    assert same_person([(ann, bob), (cat, dan)], ann.id) == (bob,)
    assert same_person([(ann, bob), (cat, ann)], ann.id) == (bob, cat)
    assert same_person([(cat, dan)], ann.id) == ()
