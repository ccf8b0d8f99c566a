"""The keys of an account: what is accepted, and what is taken for the same."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import EmailInvalid, NameInvalid, Refused
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.testing.strategies import emails, mis_ids, school_codes, user_ids, usernames
from tests.strategies import any_text

HILL = SchoolCode.parse("wg204nx")
Key = UserId | SchoolCode | Username | EmailAddress | MisId
KEY_TYPES: list[Any] = [UserId, SchoolCode, Username, EmailAddress, MisId]
any_key: st.SearchStrategy[Key] = st.one_of(
    user_ids(), school_codes(), usernames(), emails(), mis_ids()
)


# --- All keys --------------------------------------------------------------------------------


@given(any_key)
def test_parsing_is_idempotent(key: Key) -> None:
    """The display form and the canonical form are the same key again, and stay as they are."""
    shown, canonical = type(key).parse(str(key)), type(key).parse(key.key)
    assert shown == canonical == key
    assert (str(shown), canonical.key) == (str(key), key.key)


@given(any_key)
def test_keys_survive_every_way_of_copying(key: Key) -> None:
    """Pickle, copy, deep copy and `stored` give an equal key with the same display form."""
    rebuilt = type(key).stored(str(key), key.key)
    for copied in (pickle.loads(pickle.dumps(key)), copy.copy(key), copy.deepcopy(key), rebuilt):
        assert (copied, hash(copied), str(copied), repr(copied)) == (
            key,
            hash(key),
            str(key),
            repr(key),
        )


@given(any_key, any_key)
def test_keys_are_equal_exactly_when_type_and_canonical_text_are(one: Key, other: Key) -> None:
    """Display forms, and keys of another type, never decide equality."""
    same = type(one) is type(other) and one.key == other.key
    assert (one == other) is same
    assert one != one.key
    assert one == type(one).stored("anything", one.key)


def test_keys_of_different_types_live_side_by_side() -> None:
    """One text as id, school and username is three keys of a dictionary."""
    keys = [UserId.parse("james"), SchoolCode.parse("james"), Username.parse("james")]
    assert len(dict.fromkeys(keys)) == 3


def test_keys_cannot_be_changed() -> None:
    """A key that is a dictionary's must not become another."""
    with pytest.raises(AttributeError, match="cannot be changed"):
        Username.parse("james")._key = "other"


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("value", [None, b"james", 7, ["james"]], ids=repr)
def test_only_text_is_parsed(key_type: Any, value: Any) -> None:
    """Anything but `str` is a programmer's mistake, told before any work."""
    with pytest.raises(TypeError, match="must be str"):
        key_type.parse(value)


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_any_text_is_parsed_or_refused(key_type: Any) -> None:
    """Nothing that can be typed gets past the library's own errors, and what is parsed is sound."""

    @given(any_text)
    def parse(text: str) -> None:
        try:
            key = key_type.parse(text)
        except Refused:
            return
        assert key_type.parse(str(key)) == key == key_type.parse(key.key)
        assert key.key.encode()

    parse()


# --- Ids and codes ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "a b", "a\n", "é", "a/b", "x" * 65, "@", "\0"], ids=repr)
def test_user_id_is_narrow(text: str) -> None:
    """An id is 1 to 64 of letters, digits, underscore and hyphen."""
    with pytest.raises(NameInvalid) as caught:
        UserId.parse(text)
    assert caught.value.details() == {"field": "user_id", "reason": "forbidden_character"}


def test_user_id_keeps_case() -> None:
    """Ids are opaque: two that differ in case are two."""
    assert UserId.parse("A" * 64) != UserId.parse("a" * 64)


def test_school_code_ignores_case() -> None:
    """A code is shown as typed and compared in lower case."""
    code = SchoolCode.parse("WG204nx")
    assert (str(code), code.key, code) == ("WG204nx", "wg204nx", HILL)


@pytest.mark.parametrize(
    "text", ["", ".a", "-a", "a b", "a\n", "ı", "\u212a", "x" * 41, "a:b"], ids=ascii
)
def test_school_code_is_narrow(text: str) -> None:
    """A code begins with a letter or digit and has 40 ASCII characters at most."""
    with pytest.raises(NameInvalid) as caught:
        SchoolCode.parse(text)
    assert caught.value.field == "school"


def test_mis_id_knows_its_parts() -> None:
    """School, source and value come back, and a colon in the value is the value's own."""
    mis_id = MisId(SchoolCode.parse("WG204NX"), "sims", "A:1:b")
    assert (mis_id.school, mis_id.source, mis_id.value) == (HILL, "sims", "A:1:b")
    assert mis_id == MisId.parse("wg204nx:sims:A:1:b")
    assert str(mis_id.school) == "wg204nx"


def test_mis_id_tells_schools_sources_and_case_apart() -> None:
    """The same value in another school, of another MIS or in other case is another person."""
    mill = SchoolCode.parse("mill")
    ids = {MisId(HILL, "sims", "a"), MisId(mill, "sims", "a"), MisId(HILL, "arbor", "a")}
    assert len(ids | {MisId(HILL, "sims", "A")}) == 4


@pytest.mark.parametrize(
    ("source", "value", "field"),
    [
        ("SIMS", "1", "source"),
        ("", "1", "source"),
        ("a:b", "1", "source"),
        ("x" * 41, "1", "source"),
        ("sims", "", "mis_id"),
        ("sims", "a b", "mis_id"),
        ("sims", "é", "mis_id"),
        ("sims", "1" * 101, "mis_id"),
        ("sims", "1\n", "mis_id"),
    ],
)
def test_mis_id_refuses_what_cannot_be_one(source: str, value: str, field: str) -> None:
    """The refusal says whether the source or the value is at fault."""
    with pytest.raises(NameInvalid) as caught:
        MisId(HILL, source, value)
    assert caught.value.details() == {"field": field, "reason": "forbidden_character"}


def test_mis_id_needs_three_parts_and_a_parsed_school() -> None:
    """Half an id is refused, and a school that is only text is a mistake."""
    with pytest.raises(NameInvalid) as caught:
        MisId.parse("wg204nx:sims")
    assert caught.value.reason == "incomplete"
    with pytest.raises(TypeError, match="SchoolCode"):
        MisId("wg204nx", "sims", "1")  # type: ignore[arg-type] # that is the mistake


# --- E-mail addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jess.James@Example.ORG", "jess.james@example.org"),
        ("a@bücher.example", "A@XN--BCHER-KVA.example"),
        ("a@BÜCHER.example", "a@bu\u0308cher.example"),
        ("a@example。org", "a@example.org"),
        ("a@ｅxample.org", "a@example.org"),
        ("POSTMASTER@example.org", "postmaster@example.org"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    """Case, punycode and the width of the domain make no second address."""
    assert EmailAddress.parse(one) == EmailAddress.parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mike@example.org", "mike@ex\u0131mple.org"),  # CVE-2019-19844, in the domain
        ("a@strasse.example", "a@straße.example"),
        ("a@example.org", "a+tag@example.org"),
        ("ab@example.org", "a.b@example.org"),
        ("a@example.org", "a@example.com"),
    ],
)
def test_addresses_that_go_elsewhere_are_two(one: str, other: str) -> None:
    """Whatever a mail server may tell apart is told apart here."""
    assert EmailAddress.parse(one) != EmailAddress.parse(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "james",
        "@example.org",
        "a@",
        "a@b",
        "a@localhost",
        " a@example.org",
        "a@example.org ",
        "a@example.org\n",
        "a b@example.org",
        "a@example.org\u200b",
        "m\u0131ke@example.org",  # CVE-2019-19844
        "ﬁ@example.org",
        "\u212aate@example.org",
        "İ@example.org",
        "rené@example.org",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "Ann <a@example.org>",
        "a@example.invalid",
        "a@xn--abc.example",
        "a@ex\0ample.org",
        "a\ud800@example.org",
        "a@\udfff.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 250 + ".org",
        "a@b.example, c@d.example",
        "a@example.org\r\nBcc: b@example.org",
    ],
    ids=ascii,
)
def test_what_is_no_address(text: str) -> None:
    """Unsafe, incomplete or rare forms are refused, and the error carries no other error."""
    with pytest.raises(EmailInvalid) as caught:
        EmailAddress.parse(text)
    assert caught.value.message.endswith(".")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_address_is_shown_as_typed_but_for_the_domain() -> None:
    """The local part keeps its case and tag; the domain is shown in its readable form."""
    email = EmailAddress.parse("Jess+School@XN--BCHER-KVA.Example")
    assert (str(email), email.key) == (
        "Jess+School@bücher.example",
        "jess+school@xn--bcher-kva.example",
    )


@pytest.mark.parametrize("character", [" ", "@", "\u0345", "\ufdfa", "\ud800"], ids=ascii)
def test_huge_addresses_are_refused_whatever_they_are(character: str) -> None:
    """What ten million characters are is not in the refusal."""
    with pytest.raises(EmailInvalid) as caught:
        EmailAddress.parse(character * 10_000_000)
    assert caught.value.message == EmailInvalid().message
