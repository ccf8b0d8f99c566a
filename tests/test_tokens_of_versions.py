"""What another version signed with the same key, while two run side by side."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from schoolauth.errors import TokenRefused
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.token import TokenClaims, TokenPurpose
from schoolauth.tokens import Tokens

KEY = "a key for tests only, not a secret"
TOKENS = Tokens(KEY)
SOUND = {"p": "session", "u": "u1", "e": 1, "x": 1}
SOUND_RECOVERY = {
    "p": "recovery",
    "s": "wg204nx",
    "w": "deputy",
    "i": "1",
    "r": "Jess",
    "t": 1,
    "x": 1_788_339_600_123,
    "m": "jess@hill.example.org",
    "d": "0",
}


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        "session",
        None,
        *[{key: value for key, value in SOUND.items() if key != gone} for gone in SOUND],
        {**SOUND, "u": 7},
        {**SOUND, "u": ""},
        {**SOUND, "x": "soon"},
        {**SOUND, "x": 10**30},
    ],
    ids=repr,
)
def test_what_another_version_signed_is_refused(payload: Any) -> None:
    """While two versions run side by side, one meets the other's sessions: they are ended."""
    assert TOKENS.read(str(TOKENS._serializers["session"].dumps(SOUND)), "session")
    with pytest.raises(TokenRefused) as caught:
        TOKENS.read(str(TOKENS._serializers["session"].dumps(payload)), "session")
    assert caught.value.reason == "invalid"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "change",
    [{"m": "no address"}, {"m": 7}, {"t": None}, {"x": 10**30}, {"s": 7}, {"w": "governor"}],
    ids=repr,
)
def test_what_another_version_asked_an_approver_is_refused(change: dict[str, Any]) -> None:
    """An approver's link of another form approves nothing, and breaks nothing."""
    serializer = TOKENS._serializers["recovery"]
    assert TOKENS.read_recovery(str(serializer.dumps(SOUND_RECOVERY)))
    with pytest.raises(TokenRefused) as caught:
        TOKENS.read_recovery(str(serializer.dumps({**SOUND_RECOVERY, **change})))
    assert caught.value.reason == "invalid"
    assert caught.value.__context__ is None


def signed(secret: str, purpose: str, body: str) -> str:
    """Return what a token's signature has to be, written without the library."""
    key = hmac.digest(secret.encode(), f"schoolauth.{purpose}".encode(), "sha256")
    made = hmac.digest(key, body.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@pytest.mark.parametrize("purpose", get_args(TokenPurpose))
def test_the_next_version_reads_the_links_of_this_one(purpose: TokenPurpose) -> None:
    """A token is signed by HMAC-SHA256 with a key for its purpose: an upgrade ends no session."""
    claims = TokenClaims(
        purpose=purpose,
        user=UserId.parse("u1"),
        epoch=7,
        expires_at=datetime(2026, 9, 2, 9, tzinfo=UTC),
        sent_to="digest",
        new_email="jess@hill.example.org",
    )
    body, _, signature = TOKENS.issue(claims).rpartition(".")
    assert signature == signed(KEY, purpose, body)
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {
        "p": purpose,
        "u": "u1",
        "e": 7,
        "x": 1_788_339_600_000,
        "a": "digest",
        "m": "jess@hill.example.org",
    }


def test_the_next_version_reads_what_approvers_were_sent() -> None:
    """A recovery's link is signed like the others, and says the same under the same names."""
    claims = TOKENS.read_recovery(str(TOKENS._serializers["recovery"].dumps(SOUND_RECOVERY)))
    body, _, signature = TOKENS.issue_recovery(claims).rpartition(".")
    assert signature == signed(KEY, "recovery", body)
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == SOUND_RECOVERY


def test_the_next_version_makes_the_digests_of_this_one() -> None:
    """Digests in the history and in links stand for the same text after an upgrade."""
    key = hmac.digest(KEY.encode(), b"schoolauth.digest", "sha256")
    email = EmailAddress.parse("Jess@hill.example.org")

    def digest(text: str) -> str:
        return hmac.digest(key, text.encode(), "sha256").hex()[:32]

    assert TOKENS.digest("mis-1") == digest("mis-1")
    assert TOKENS.address_digest(email) == digest(f"address:{email.key}")
