"""Tokens: ours, whole, for this purpose, or refused with one word."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import NotConfigured, TokenRefused
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.token import TokenClaims, TokenPurpose
from schoolauth.testing.strategies import emails, moments, user_ids
from schoolauth.tokens import KEY_MIN_BYTES, Tokens, expiry
from tests.strategies import any_text

KEY = "k" * KEY_MIN_BYTES
NEW_KEY = "n" * KEY_MIN_BYTES
PURPOSES: tuple[TokenPurpose, ...] = get_args(TokenPurpose)
TOKENS = Tokens(KEY)
JESS = EmailAddress.parse("Jess.James@example.org")
CLAIMS = TokenClaims(
    purpose="password_reset",
    user=UserId.parse("user-1"),
    epoch=1_788_253_200_000,
    expires_at=datetime(2026, 9, 2, 9, tzinfo=UTC),
    sent_to=TOKENS.address_digest(JESS),
)
TOKEN = TOKENS.issue(CLAIMS)

all_claims = st.builds(
    TokenClaims,
    purpose=st.sampled_from(PURPOSES),
    user=user_ids(),
    epoch=st.integers(0, 2**60),
    expires_at=moments().map(lambda moment: expiry(moment, timedelta(0))),
    sent_to=st.none() | emails().map(TOKENS.address_digest),
    new_email=st.none() | emails().map(str),
)


def is_refused(text: str, *purposes: TokenPurpose, tokens: Tokens = TOKENS) -> bool:
    try:
        tokens.read(text, *(purposes or PURPOSES))
    except TokenRefused as error:
        return (error.reason, error.__context__, error.__cause__) == ("invalid", None, None)
    return False


def payload_of(token: str) -> Any:
    body = token.rpartition(".")[0]
    return json.loads(base64.urlsafe_b64decode(body + "=="))


# --- What we made ----------------------------------------------------------------------------


def test_a_token_is_read_up_to_4096_characters() -> None:
    """White space counted; what is longer is not even looked at."""
    assert TOKENS.read(TOKEN.ljust(4096), "password_reset") == CLAIMS
    assert is_refused(TOKEN.ljust(4097))


@given(all_claims)
def test_claims_survive_the_token(claims: TokenClaims) -> None:
    """What was issued is read, equal, and the same claims make the same token."""
    token = TOKENS.issue(claims)
    assert TOKENS.read(token, claims.purpose) == claims
    assert TOKENS.issue(claims) == token
    assert all(character in string.ascii_letters + string.digits + "-_." for character in token)


def test_longest_claims_survive_the_token() -> None:
    """The longest id and address that there can be are within the length that is read."""
    email = "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".org"
    claims = replace(CLAIMS, user=UserId.parse("x" * 64), epoch=2**63, new_email=email)
    assert TOKENS.read(TOKENS.issue(claims), "password_reset") == claims


@pytest.mark.parametrize("around", [" ", "\n", "\r\n", "\t", "\u00a0", "\u2003\u3000"], ids=ascii)
def test_white_space_around_a_token_is_trimmed(around: str) -> None:
    """Mail programs break lines and people copy too much."""
    assert TOKENS.read(f"{around}{TOKEN}{around}", "password_reset") == CLAIMS


@pytest.mark.parametrize("asked", PURPOSES)
@pytest.mark.parametrize("issued", PURPOSES)
def test_a_token_is_for_its_own_purpose_only(issued: TokenPurpose, asked: TokenPurpose) -> None:
    """No purpose stands in for another, alone or in company."""
    token = TOKENS.issue(replace(CLAIMS, purpose=issued))
    others = tuple(purpose for purpose in PURPOSES if purpose != issued)
    assert is_refused(token, asked) is (asked != issued)
    assert is_refused(token, *others)
    assert TOKENS.read(token, asked, issued).purpose == issued


def test_purpose_is_in_the_payload_too() -> None:
    """A token signed for one purpose that says another in its payload is none."""
    forged = TOKENS._serializers["session"].dumps({"p": "password_reset", "u": "u", "e": 1, "x": 1})
    assert is_refused(str(forged))


# --- What others made ------------------------------------------------------------------------


def test_every_changed_character_is_noticed() -> None:
    """Each bit of each character, flipped, makes a token that is refused."""
    changed = [
        TOKEN[:index] + chr(ord(TOKEN[index]) ^ 1 << bit) + TOKEN[index + 1 :]
        for index in range(len(TOKEN))
        for bit in range(8)
    ]
    assert len(changed) > 1000
    assert [text for text in changed if not is_refused(text)] == []


def test_every_changed_case_is_noticed() -> None:
    """A mail gateway that lower-cases links breaks them; nothing is let through."""
    changed = {TOKEN[:i] + TOKEN[i].swapcase() + TOKEN[i + 1 :] for i in range(len(TOKEN))}
    changed |= {TOKEN.lower(), TOKEN.upper(), TOKEN.swapcase()}
    assert [text for text in changed - {TOKEN} if not is_refused(text)] == []


def test_every_other_spelling_of_the_signature_is_refused() -> None:
    """Its last character has three more spellings for itsdangerous, and none for us."""
    loads = TOKENS._serializers["password_reset"].loads
    alphabet = string.ascii_letters + string.digits + "-_"
    signature = TOKEN.rpartition(".")[2]
    same = [
        TOKEN[:-1] + letter
        for letter in alphabet
        if base64.urlsafe_b64decode(signature[:-1] + letter + "=")
        == base64.urlsafe_b64decode(signature + "=")
    ]
    spellings = [*same, *(f"{text}=" for text in same), f"{TOKEN}=="]
    assert len(same) == 4
    for text in spellings:
        assert loads(text)["u"] == "user-1"
    assert [text for text in spellings if not is_refused(text)] == [TOKEN]


BODY, _, SIGNATURE = TOKEN.rpartition(".")
MANGLED = {
    "end cut off": TOKEN[:-1],
    "start cut off": TOKEN[1:],
    "one more": f"{TOKEN}A",
    "twice": TOKEN + TOKEN,
    "twice with a dot": f"{TOKEN}.{TOKEN}",
    "dot before": f".{TOKEN}",
    "dot behind": f"{TOKEN}.",
    "no dot": BODY + SIGNATURE,
    "two dots": f"{BODY}..{SIGNATURE}",
    "line break inside": f"{TOKEN[:10]}\n{TOKEN[10:]}",
    "body": BODY,
    "body and dot": f"{BODY}.",
    "signature": SIGNATURE,
    "dot and signature": f".{SIGNATURE}",
    "padded body": f"{BODY}=.{SIGNATURE}",
    "NUL before": f"\0{TOKEN}",
    "unseen behind": f"{TOKEN}\u200b",
    "Cyrillic": TOKEN.replace("e", "е"),
    "much space behind": TOKEN + " " * 4096,
    "surrogate behind": f"{TOKEN}\ud800",
    "nothing": "",
    "dot": ".",
    "huge": "x" * 10_000_000,
}


@pytest.mark.parametrize("how", MANGLED)
def test_mangled_tokens_are_refused(how: str) -> None:
    """Cut, doubled, joined, re-encoded and huge: one refusal."""
    assert MANGLED[how] != TOKEN
    assert is_refused(MANGLED[how])


@given(any_text | st.text("ey.-_=09azAZ", max_size=200))
def test_any_text_is_refused(text: str) -> None:
    """Nothing that can be typed is a token, and nothing but the refusal comes back."""
    assert is_refused(text)
    assert is_refused(f"{text}.{TOKEN.rpartition('.')[2]}")


@pytest.mark.parametrize("value", [None, TOKEN.encode(), 7], ids=repr)
def test_only_text_is_a_token(value: Any) -> None:
    """Anything but `str` is a programmer's mistake."""
    with pytest.raises(TypeError, match="str"):
        TOKENS.read(value, "session")


# --- Keys ------------------------------------------------------------------------------------


def test_another_key_reads_nothing() -> None:
    """A token of another environment is refused."""
    assert is_refused(TOKEN, tokens=Tokens(NEW_KEY))
    assert is_refused(TOKEN, tokens=Tokens(NEW_KEY, [b"o" * 32]))


def test_old_keys_are_read_and_the_new_one_signs() -> None:
    """After a rotation old tokens work, and none is made that the old key alone could read."""
    rotated = Tokens(NEW_KEY, [b"o" * 32, KEY])
    assert rotated.read(TOKEN, "password_reset") == CLAIMS
    fresh = rotated.issue(CLAIMS)
    assert fresh == Tokens(NEW_KEY).issue(CLAIMS)
    assert is_refused(fresh, tokens=Tokens(KEY))


def test_text_and_bytes_are_one_key() -> None:
    """A key may come from a file or from the environment."""
    assert Tokens(KEY.encode()).issue(CLAIMS) == TOKEN


@pytest.mark.parametrize("key", ["", "x" * 31, b"", b"x" * 31, "\u00e9" * 15], ids=repr)
def test_short_keys_are_refused(key: str | bytes) -> None:
    """A key is counted in bytes, a new one and an old one alike, and is not in the message."""
    for current, old in ((key, []), (KEY, [key])):
        with pytest.raises(NotConfigured, match=r"^a secret key needs at least 32 bytes$"):
            Tokens(current, old)
    Tokens("\u00e9" * 16)


def test_key_that_is_no_unicode_is_a_key() -> None:
    """Random bytes in an environment variable arrive with surrogates; no error shows them."""
    key = bytes(range(0xE0, 0x100)).decode("utf-8", "surrogateescape")
    tokens = Tokens(key)
    assert tokens.read(tokens.issue(CLAIMS), "password_reset") == CLAIMS


@pytest.mark.parametrize("key", [None, 7, ["x" * 32]], ids=repr)
def test_keys_are_text_or_bytes(key: Any) -> None:
    """Anything else is a programmer's mistake."""
    with pytest.raises(TypeError):
        Tokens(key)
    with pytest.raises(TypeError):
        Tokens(KEY, [key])


@pytest.mark.parametrize("old", [KEY, KEY.encode()], ids=repr)
def test_old_keys_are_a_sequence(old: Any) -> None:
    """One bare key is not read as a sequence of one-letter keys."""
    with pytest.raises(TypeError, match="sequence"):
        Tokens(KEY, old)


# --- How it is made --------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", PURPOSES)
def test_signature_is_hmac_sha_256_with_a_key_of_its_own(purpose: TokenPurpose) -> None:
    """Computed here with the standard library alone: no SHA-1 anywhere (ASVS 11.4.1)."""
    body, _, signature = TOKENS.issue(replace(CLAIMS, purpose=purpose)).rpartition(".")
    derived = hmac.digest(KEY.encode(), f"schoolauth.{purpose}".encode(), hashlib.sha256)
    expected = hmac.digest(derived, body.encode(), hashlib.sha256)
    assert base64.urlsafe_b64decode(signature + "=") == expected


def test_token_shows_no_address_but_the_one_to_confirm() -> None:
    """A link in a log tells where it was sent to nobody."""
    reset = payload_of(TOKEN)
    assert set(reset) == {"p", "u", "e", "x", "a"}
    assert not any(part in json.dumps(reset).lower() for part in ("jess", "james", "example"))
    confirm = payload_of(TOKENS.issue(replace(CLAIMS, sent_to=None, new_email="new@example.org")))
    assert confirm["m"] == "new@example.org"
    assert "a" not in confirm


def test_no_token_begins_with_a_dot() -> None:
    """However long, it is no hidden file of a link's path, which web servers refuse to serve."""
    claims = replace(CLAIMS, new_email="a" * 60 + "@example.org")
    assert not TOKENS.issue(claims).startswith(".")


@given(any_text, any_text)
def test_digests_are_equal_as_their_texts_are(one: str, other: str) -> None:
    """Any text has a digest, a lone surrogate too, and only the key's owner can make it."""
    digest = TOKENS.digest(one)
    assert (digest == TOKENS.digest(other)) is (one == other)
    assert digest != Tokens(NEW_KEY).digest(one)
    assert len(digest) == 32
    assert set(digest) <= set(string.hexdigits)
    assert digest != hashlib.sha256(one.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def test_digests_are_made_by_the_newest_key() -> None:
    """And known by the older ones."""
    rotated = Tokens(NEW_KEY, [KEY])
    assert rotated.digest("x") == Tokens(NEW_KEY).digest("x")
    assert rotated.stands_for(TOKENS.digest("x"), "x")


def test_address_digest_is_of_the_canonical_address() -> None:
    """A link stays good when only the spelling of the address is corrected."""
    assert TOKENS.address_digest(JESS) == TOKENS.address_digest(EmailAddress.parse(JESS.key))
    assert TOKENS.address_digest(JESS) != TOKENS.digest(JESS.key)
    assert TOKENS.address_digest(None) is None


def test_address_digest_outlives_a_rotation() -> None:
    """A link that was mailed under an old key finds its address again, and no other one."""
    rotated = Tokens(NEW_KEY, [b"o" * 32, KEY])
    old, new = TOKENS.address_digest(JESS), Tokens(NEW_KEY).address_digest(JESS)
    assert rotated.address_digest(JESS) == new != old
    assert rotated.address_digest(JESS, like=old) == old
    other = EmailAddress.parse("other@example.org")
    assert rotated.address_digest(other, like=old) not in {old, new}
    assert rotated.address_digest(None, like=old) is None
    assert Tokens(NEW_KEY).address_digest(JESS, like=old) == new


@given(moments(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_expiry_is_in_whole_milliseconds(at: datetime, lifetime: timedelta) -> None:
    """What a token carries is what the caller was told, never later than asked for."""
    end = expiry(at, lifetime)
    assert timedelta(0) <= at + lifetime - end < timedelta(milliseconds=1)
    token = TOKENS.issue(replace(CLAIMS, expires_at=end))
    assert TOKENS.read(token, "password_reset").expires_at == end
