"""Texts at their bounds: what is unseen, months, lengths, and what is told of an address."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import email_validator
import pytest

from schoolauth.errors import EmailInvalid, UsernameInvalid
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EMAIL_MAX, EmailAddress, Username
from schoolauth.model.text import is_space, parse_name


@pytest.mark.parametrize(
    ("first", "last"), [(0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)]
)
def test_variation_selectors_are_unseen(first: int, last: int) -> None:
    """Each of the range, and neither the one before nor the one behind."""
    assert all(is_space(chr(number)) for number in range(first, last + 1))
    assert not is_space(chr(first - 1))
    assert not is_space(chr(last + 1))


def test_separators_and_formats_are_spaces() -> None:
    """Every character of these categories, whatever Python says of it."""
    for number in range(sys.maxunicode + 1):
        if unicodedata.category(chr(number)) in {"Zs", "Zl", "Zp", "Cf"}:
            assert is_space(chr(number)), hex(number)
    assert not is_space("X")


def test_four_hundred_characters_may_still_be_a_name() -> None:
    """What is cut off at the ends is not counted; beyond that nothing is looked at."""
    assert parse_name("é".rjust(400), "given_name") == "é"


def test_the_longest_address_and_one_more() -> None:
    """The text is counted before the validator sees it."""
    domain = ".".join(["b" * 61] * 3) + ".org"
    longest = "a" * (EMAIL_MAX - len(domain) - 1) + "@" + domain
    assert len(longest) == EMAIL_MAX
    assert str(EmailAddress.parse(longest)) == longest
    with pytest.raises(EmailInvalid):
        EmailAddress.parse("a" + longest)


def test_what_the_validator_says_is_told_and_what_breaks_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own words help whoever typed the address; another error's words are for nobody."""
    with pytest.raises(EmailInvalid, match="@-sign"):
        EmailAddress.parse("jess")

    def broken(*_: object, **__: object) -> None:
        raise ValueError("something inside")

    monkeypatch.setattr(email_validator, "validate_email", broken)
    with pytest.raises(EmailInvalid) as caught:
        EmailAddress.parse("jess@example.org")
    assert caught.value.message == EmailInvalid().message
    with pytest.raises(TypeError, match="email must be str"):
        EmailAddress.parse(7)  # type: ignore[arg-type] # on purpose


def test_the_first_and_the_last_sign_of_ascii_may_be_in_a_username() -> None:
    """From the exclamation mark to the tilde, and never an at sign."""
    assert str(Username.parse("a!~")) == "a!~"
    for sign in "@\x7f":
        with pytest.raises(UsernameInvalid):
            Username.parse(f"a{sign}b")


def test_a_mail_shows_neither_link_nor_token() -> None:
    """Whoever reads a log could choose the password."""
    to = EmailAddress.parse("jess@example.org")
    plain = MailMessage(kind="password_reset", to=to, subject="Subject", text="the text")
    assert (plain.token, plain.link, plain.expires_at) == (None, None, None)
    mail = replace(plain, token="tok-1", link="https://l")
    assert not any(text in repr(mail) for text in ("tok-1", "https://l", "the text"))
