"""The keys of an account: what is accepted, and what is taken for the same."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import unicodedata
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import EmailInvalid, NameInvalid, Refused, UsernameInvalid
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from tests.strategies import any_text, emails, mis_ids, school_codes, user_ids, usernames

HUGE = 10_000_000
HILL = SchoolCode.parse("wg204nx")
Key = UserId | SchoolCode | Username | EmailAddress | MisId
KEY_TYPES: list[Any] = [UserId, SchoolCode, Username, EmailAddress, MisId]
any_key: st.SearchStrategy[Key] = st.one_of(user_ids, school_codes, usernames, emails, mis_ids)


def username_reason(text: str) -> str | None:
    try:
        Username.parse(text)
    except UsernameInvalid as error:
        return error.reason
    return None


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
    for twin in (pickle.loads(pickle.dumps(key)), copy.copy(key), copy.deepcopy(key), rebuilt):
        assert (twin, hash(twin), str(twin), repr(twin)) == (key, hash(key), str(key), repr(key))


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


# --- Usernames -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wg204nx_james", "WG204NX_James"),
        ("james", "ｊａｍｅｓ"),
        ("kate", "\u212aate"),  # Kelvin sign
        ("\u00e5sa", "\u212bsa"),  # Ångström sign
        ("ren\u00e9", "rene\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("stra\u00dfe", "STRA\u1e9eE"),
        ("σας", "ΣΑΣ"),
        ("\u0130pek", "i\u0307pek"),
        ("\u01f0a", "J\u030ca"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_spellings_of_one_username(one: str, other: str) -> None:
    """Case, width and composition make no second account."""
    assert Username.parse(one) == Username.parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ipek", "ıpek"),  # dotless
        ("ipek", "\u0130pek"),
        ("rene", "ren\u00e9"),
        ("james", "jаmеs".replace("j", "ј").replace("m", "м").replace("s", "ѕ")),
        ("ana", "ɑnɑ"),
        ("wg_1", "wg-1"),
        ("o'hara", "ohara"),
    ],
)
def test_names_that_only_look_alike_are_two(one: str, other: str) -> None:
    """Nothing is folded that Unicode's case folding does not fold."""
    assert Username.parse(one) != Username.parse(other)


def test_exactly_63_look_alikes_of_ascii_are_the_ascii_character() -> None:
    """Of all that NFKC would merge with a letter or digit, only width forms and Kelvin are."""
    seen: dict[bool, set[str]] = defaultdict(set)
    for character in map(chr, range(0x80, sys.maxunicode + 1)):
        plain = unicodedata.normalize("NFKC", character).casefold()
        if re.fullmatch("[a-z0-9]", plain):
            merged = username_reason(character) is None and Username.parse(character).key == plain
            seen[merged].add(character)
    width = {chr(0xFF01 + ord(c) - 0x21) for c in map(chr, range(0x30, 0x7B)) if c.isalnum()}
    assert seen[True] == width | {"\u212a"}
    assert len(seen[True]) == 63
    assert {"ſ", "①", "ª", "ᵃ", "𝐚", "ⅰ", "²"} <= seen[False]
    assert {username_reason(character) for character in seen[False]} == {"forbidden_character"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("x" * 65, "too_long"),
        ("ß" * 40, "too_long"),  # 40 to type, 80 when folded
        (" james", "space_at_start"),
        ("\u2003james", "space_at_start"),
        ("\ufeffjames", "space_at_start"),
        ("\u202ejames", "space_at_start"),
        ("james ", "space_at_end"),
        ("james\n", "space_at_end"),
        ("james\u200b", "space_at_end"),
        ("james\u00ad", "space_at_end"),
        ("james\ufe0f", "space_at_end"),
        ("james\U000e0100", "space_at_end"),
        ("james\u3164", "space_at_end"),
        ("james\uffa0", "space_at_end"),
        ("ja\u115fmes", "space_inside"),
        ("ja mes", "space_inside"),
        ("ja\u3000mes", "space_inside"),
        ("ja\u202emes", "space_inside"),
        ("ja\0mes", "forbidden_character"),
        ("ja\x7fmes", "forbidden_character"),
        ("ja\ud800mes", "forbidden_character"),
        ("ja@mes", "forbidden_character"),
        ("ja＠mes", "forbidden_character"),
        ("ja\uffe3mes", "forbidden_character"),  # a wide sign whose ordinary form has a space
        ("jameſ", "forbidden_character"),
        ("ﬁona", "forbidden_character"),
        ("james²", "forbidden_character"),
        ("james٣", "forbidden_character"),
        ("a🎓", "forbidden_character"),
        ("a\u0345", "forbidden_character"),  # case folding would make it a Greek letter
        ("jаmes", "mixed_scripts"),  # Cyrillic а
        ("jamεs", "mixed_scripts"),
        ("Ωmega", "mixed_scripts"),
        ("a\U00017000", "mixed_scripts"),  # Tangut, to which Unicode data gives no names
    ],
    ids=ascii,
)
def test_username_refusals(text: str, reason: str) -> None:
    """Each refusal says what is wrong, in a code and in a sentence."""
    with pytest.raises(UsernameInvalid) as caught:
        Username.parse(text)
    assert caught.value.details() == {"reason": reason}
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", ["\U00017000", "명희", "明美", "שלום", "o'brien", "x" * 64, "."])
def test_username_may_be_of_any_one_alphabet(text: str) -> None:
    """One alphabet, ASCII digits and signs are enough, up to 64 characters."""
    assert str(Username.parse(text)) == text


def test_every_letter_and_mark_has_a_sound_key_or_none() -> None:
    """Alone, after a letter and before a mark: a key parses to itself, or the text is refused."""
    blocks = ((0x3500, 0x9F00), (0xAD00, 0xD700), (0x17100, 0x18C00), (0x20100, 0x32000))
    letters = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character)[0] in "LM"
        and not any(start <= ord(character) < end for start, end in blocks)
    ]
    unsound = []
    for text in (form for c in letters for form in (c, f"a{c}", f"α{c}", f"{c}\u0301")):
        if username_reason(text) is None:
            name = Username.parse(text)
            if username_reason(name.key) or Username.parse(name.key).key != name.key:
                unsound.append(text)
    assert len(letters) > 20_000
    assert unsound == []


def test_huge_names_are_refused_by_length_alone() -> None:
    """Ten million characters are never looked at: what they are is not in the refusal."""
    for character in (" ", "@", "\u0345", "\ufdfa", "\ud800"):
        assert username_reason(character * HUGE) == "too_long"
        with pytest.raises(EmailInvalid) as caught:
            EmailAddress.parse(character * HUGE)
        assert caught.value.message == EmailInvalid.default_message


def test_name_of_the_erased_can_be_typed_by_nobody() -> None:
    """What stands in for a released name is the account's own, and no username."""
    stand_in = Username.of_erased(UserId.parse("u1"))
    assert (str(stand_in), stand_in) == ("", Username.stored("", "@u1"))
    assert username_reason(stand_in.key) == "forbidden_character"


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
