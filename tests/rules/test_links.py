"""Forgotten passwords: who gets which link, and until when a token is good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from schoolauth.model.change import Stamp
from schoolauth.model.events import EmailChangeRequested, PasswordResetRequested
from schoolauth.model.names import EmailAddress, Username
from schoolauth.model.token import TokenClaims
from schoolauth.model.user import Status, User
from schoolauth.rules.links import (
    DECOY,
    record_email_request,
    record_reset_request,
    reset_purpose,
    token_refusal,
)
from schoolauth.testing.strategies import users

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
STAMP = Stamp(NOW, 1, "user:u1")
SECOND = timedelta(seconds=1)
JESS = EmailAddress.parse("jess@example.org")
CLAIMS = TokenClaims("password_reset", DECOY.id, DECOY.epoch, NOW, sent_to="digest")


@pytest.mark.parametrize("status", Status)
def test_which_link_a_status_gets(status: Status) -> None:
    """Every status is classified here; INACTIVE and ERASED get none, so no mail wakes them."""
    expected = {
        Status.INVITED: "create_password",
        Status.ACTIVE: "password_reset",
        Status.INACTIVE: None,
        Status.ERASED: None,
    }[status]
    user = replace(DECOY, status=status, email=JESS)
    assert reset_purpose(user) == expected
    assert reset_purpose(replace(user, email=None)) is None


def test_nobody_gets_no_link() -> None:
    """A name that denotes nobody has no purpose either."""
    assert reset_purpose(None) is None


@given(users())
def test_a_request_is_one_event_whoever_asks(user: User) -> None:
    """Known and unknown write the same: one event, no account, and no name but a digest."""
    for sent in (True, False):
        known = record_reset_request(user, STAMP, sent=sent, name_digest="digest")
        assert known.users == ()
        assert known.events == (
            PasswordResetRequested(at=NOW, school=user.school, user=user.id, sent=sent),
        )
    unknown = record_reset_request(None, STAMP, sent=False, name_digest="digest")
    assert unknown.users == ()
    assert unknown.events == (PasswordResetRequested(at=NOW, sent=False, name_digest="digest"),)


@given(users())
def test_an_email_request_changes_nothing_yet(user: User) -> None:
    """The wish is recorded, without the address that was wished for."""
    change = record_email_request(user, STAMP)
    assert change.users == ()
    assert change.events == (
        EmailChangeRequested(at=NOW, actor="user:u1", school=user.school, user=user.id),
    )


@pytest.mark.parametrize("status", Status)
def test_a_token_is_good_for_living_accounts(status: Status) -> None:
    """Every status is classified here: a mailed link never wakes INACTIVE or ERASED."""
    expected = {
        Status.INVITED: None,
        Status.ACTIVE: None,
        Status.INACTIVE: "used",
        Status.ERASED: "used",
    }[status]
    user = replace(DECOY, status=status)
    assert token_refusal(CLAIMS, user, NOW - SECOND, "digest") == expected


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-1, None), (0, "expired"), (1, "expired"), (10**9, "expired")]
)
def test_a_token_ends_at_its_second(seconds: int, reason: str | None) -> None:
    """A second before it is good; at the very moment it is not."""
    assert token_refusal(CLAIMS, DECOY, NOW + seconds * SECOND, "digest") == reason


@pytest.mark.parametrize("epoch", [-1, 1, 10**15])
def test_a_token_dies_with_the_epoch(epoch: int) -> None:
    """Any other epoch, an older one too, as after a restored backup, is a change since."""
    user = replace(DECOY, epoch=epoch)
    assert token_refusal(CLAIMS, user, NOW - SECOND, "digest") == "used"


def test_a_mailed_token_dies_with_its_address() -> None:
    """Another address, or none, and the link in the old mailbox is dead; a session has none."""
    for digest in ("other", None):
        assert token_refusal(CLAIMS, DECOY, NOW - SECOND, digest) == "used"
        session = replace(CLAIMS, purpose="session", sent_to=None)
        assert token_refusal(session, DECOY, NOW - SECOND, digest) is None


def test_a_token_of_nobody_is_invalid_unless_it_is_expired() -> None:
    """An account that is not there makes no link good, and time is told first."""
    assert token_refusal(CLAIMS, None, NOW - SECOND, None) == "invalid"
    assert token_refusal(CLAIMS, None, NOW, None) == "expired"


def test_the_decoy_is_nobody_who_could_be_mailed_or_typed() -> None:
    """It looks like an account with a link to get, and no input can denote it."""
    assert reset_purpose(DECOY) == "password_reset"
    assert str(DECOY.email).endswith(".invalid")
    assert Username.parse(str(DECOY.username)) != DECOY.username
