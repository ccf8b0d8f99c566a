"""Usernames: which spellings are one, which only look alike, and what is none."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict

import pytest

from schoolauth.errors import UsernameInvalid
from schoolauth.model.names import UserId, Username


def username_reason(text: str) -> str | None:
    try:
        Username.parse(text)
    except UsernameInvalid as error:
        return error.reason
    return None


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


@pytest.mark.parametrize("character", [" ", "@", "\u0345", "\ufdfa", "\ud800"], ids=ascii)
def test_huge_usernames_are_refused_by_length_alone(character: str) -> None:
    """Ten million characters are never looked at: what they are is not in the refusal."""
    assert username_reason(character * 10_000_000) == "too_long"


def test_name_of_the_erased_can_be_typed_by_nobody() -> None:
    """What stands in for a released name is the account's own, and no username."""
    stand_in = Username.of_erased(UserId.parse("u1"))
    assert (str(stand_in), stand_in) == ("", Username.stored("", "@u1"))
    assert username_reason(stand_in.key) == "forbidden_character"
