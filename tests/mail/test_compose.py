"""The text of every mail: what it must say, and what no value can do to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.mail.compose import compose
from schoolauth.model.mail import MailKind
from schoolauth.model.names import SchoolCode, Username
from schoolauth.texts import dates, mail
from tests.mail.mails import FACTS, JESS, LINK, TO, TOKEN, UNTIL, a_mail

KINDS: tuple[MailKind, ...] = get_args(MailKind)
WITH_LINK: set[MailKind] = {
    "password_reset",
    "create_password",
    "confirm_email_change",
    "approve_recovery",
}
TO_NO_USER: set[MailKind] = {"approve_recovery", "school_changed"}
ABOUT_OTHERS: set[str] = {"recovery_requested", "recovery_approved"}


def flat(text: str) -> str:
    """Return *text* without its line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_plain_text_for_one_reader(kind: MailKind) -> None:
    """A subject of one line, ASCII text in short lines but for the link, and all that was given."""
    mail = a_mail(kind)
    assert mail.subject.isprintable()
    assert 10 < len(mail.subject) <= 60
    assert mail.text.isascii()
    assert mail.text.endswith("\n")
    assert "{" not in mail.subject + mail.text
    assert all(len(line) <= 78 for line in mail.text.split("\n") if line != LINK)
    assert (mail.kind, mail.to, mail.user, mail.school) == (kind, TO, JESS.id, JESS.school)
    assert (mail.token, mail.link, mail.expires_at) == (TOKEN, LINK, UNTIL)


def test_no_two_kinds_have_the_same_subject() -> None:
    """A reader tells them apart in the inbox."""
    assert len({a_mail(kind).subject for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - TO_NO_USER))
def test_a_user_is_greeted_by_name(kind: MailKind) -> None:
    """It begins with the reader's own name."""
    assert a_mail(kind).text.startswith("Hello Jess James,\n\n")


@pytest.mark.parametrize("kind", sorted(TO_NO_USER))
def test_an_approver_is_not_greeted_as_the_user(kind: MailKind) -> None:
    """The headteacher reads it, whoever's account it is about."""
    mail = a_mail(kind)
    assert mail.text.startswith("Hello,\n\n")
    assert "Jess" not in mail.text


@pytest.mark.parametrize("kind", sorted(set(KINDS) - TO_NO_USER - ABOUT_OTHERS))
def test_it_says_which_account_on_one_line(kind: MailKind) -> None:
    """Who has two accounts must know which; the username is not torn from its word."""
    assert "account wg204nx_james" in a_mail(kind).text


@given(st.integers(1, 60))
def test_an_account_is_on_one_line_wherever_it_falls(length: int) -> None:
    """For a username of any length."""
    name = "j" * length
    user = replace(JESS, username=Username.parse(name))
    assert f"account {name}" in a_mail("admin_added", user=user).text


@pytest.mark.parametrize("kind", sorted(WITH_LINK))
def test_a_link_stands_alone_and_says_until_when(kind: MailKind) -> None:
    """The link is a line by itself, once, and its end is a date and a time in UTC."""
    text = a_mail(kind).text
    assert text.split("\n").count(LINK) == 1
    assert text.count(TOKEN) == 1
    assert "4 March 2025, 14:05 UTC" in text


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WITH_LINK))
def test_a_notice_has_no_link(kind: MailKind) -> None:
    """Nobody learns to follow links in mails that only tell something."""
    assert "://" not in a_mail(kind).text


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_to_do_if_it_is_wrong(kind: MailKind) -> None:
    """Every mail has a sentence for a reader who did not ask for it."""
    assert any(
        sign in flat(a_mail(kind).text)
        for sign in (
            *("If it was not you,", "If you did not expect", "If you do not know about this,"),
            "If you do not, tell the headteacher",
        )
    )


@pytest.mark.parametrize("kind", sorted(WITH_LINK))
@pytest.mark.parametrize("missing", ["link", "expires_at"])
def test_a_link_that_was_not_given_is_an_error(kind: MailKind, missing: str) -> None:
    """A mistake of ours does not go out as a mail without its link."""
    with pytest.raises(KeyError):
        a_mail(kind, **{missing: None})


def test_a_time_is_written_in_utc() -> None:
    """A host's own zone is converted; the month is English on every machine."""
    summer = datetime(2025, 8, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert "until 31 July 2025, 23:30 UTC." in flat(a_mail(expires_at=summer).text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_link_is_promised_for_longer_than_it_works(moment: datetime) -> None:
    """The time is cut to the minute, and read back it is never later than the end."""
    text = flat(a_mail(expires_at=moment).text)
    day, month, year = text.split("until ")[1].split(",")[0].split()
    hour, minute = text.split("until ")[1].split(", ")[1].split(" UTC")[0].split(":")
    months = list(dates.MONTHS)
    read = datetime(
        int(year), months.index(month) + 1, int(day), int(hour), int(minute), tzinfo=UTC
    )
    assert timedelta(0) <= moment - read < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("given_values", "shown"),
    [
        ({"school_name": "Hill Primary"}, "Hill Primary"),
        ({"school_name": None}, "school wg204nx"),
        ({"school_name": None, "school": SchoolCode.parse("AB12")}, "school AB12"),
    ],
)
def test_the_school_is_said(given_values: dict[str, str], shown: str) -> None:
    """By its name, or by its code where the name is not known."""
    assert f"You have an account at {shown}." in flat(
        a_mail("create_password", **given_values).text
    )


def test_a_mail_about_no_user_has_no_user() -> None:
    """Telling a headteacher needs a school only; not even that is needed."""
    mail = compose("school_changed", to=TO, facts=FACTS)
    assert (mail.user, mail.school, mail.token, mail.link) == (None, None, None, None)
    assert "These details of your school were changed" in flat(mail.text)
    assert "name, headteacher email" in flat(mail.text)


def test_recovery_says_who_asks_for_what() -> None:
    """An approver, and whoever is told, sees the name, the address and the account."""
    for kind in KINDS:
        if kind in {"approve_recovery", *ABOUT_OTHERS}:
            text = flat(a_mail(kind).text)
            for fact in ("Alex Green", "office@hill.example.org", "wg204nx_admin", "Hill Primary"):
                assert fact in text


def test_a_new_admin_is_named_and_by_whom_if_that_is_known() -> None:
    """`by` is optional; without it the sentence is whole all the same."""
    sentence = "Sam Patel has been made an administrator of Hill Primary"
    assert f"{sentence}. You" in flat(a_mail("admin_added").text)
    by = a_mail("admin_added", facts={**FACTS, "by": "Robin Hall"})
    assert f"{sentence} by Robin Hall. You" in flat(by.text)


def test_a_notice_to_the_old_address_tells_no_new_one() -> None:
    """The reader of the old address may be a stranger by now."""
    for kind in KINDS:
        if kind in {"email_change_requested", "email_changed"}:
            assert "@" not in a_mail(kind).text


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_adds_a_line(kind: MailKind) -> None:
    """Whatever a name holds, subject and greeting stay, and no line is the name's own."""
    plain = a_mail(kind)

    @given(st.text(max_size=30))
    def check(text: str) -> None:
        evil = f"x{text}\r\n\u2028\nBcc: all@example.org\n\nhttps"
        user = replace(JESS, given_name=evil, family_name=evil)
        mail = a_mail(
            kind,
            user=user,
            school_name=evil,
            facts=dict.fromkeys((*FACTS, "by"), evil),
        )
        assert mail.subject == plain.subject
        assert mail.text.count("\n\n") == plain.text.count("\n\n")
        assert not mail.text.replace("\n", "").count("\r")
        assert all(line.isprintable() for line in mail.text.split("\n"))

    check()


def test_braces_in_a_name_are_just_braces() -> None:
    """A name is a value, never a template."""
    user = replace(JESS, given_name="{link}", family_name="{0}")
    assert a_mail(user=user).text.startswith("Hello {link} {0},\n")


def test_every_kind_has_its_text() -> None:
    """A kind added to the model without a text is found here, not by a reader."""
    assert set(KINDS) == set(mail.MAILS)


def test_the_whole_of_one_mail() -> None:
    """As it is read, line for line."""
    assert (
        a_mail().text
        == f"""\
Hello Jess James,

Somebody, probably you, has asked for a new password for your
account wg204nx_james.

To choose one, open this page:

{LINK}

The link works once, until 4 March 2025, 14:05 UTC. Do not pass it on:
whoever has it can choose the password.

If it was not you, you need not do anything. Your password stays as it is.
"""
    )
