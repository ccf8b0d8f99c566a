"""What a piece of text may hold: names, spaces and what a search finds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from schoolauth.errors import NameInvalid
from schoolauth.model.text import fold, is_encodable, is_space, parse_name, strip_spaces
from schoolauth.testing.strategies import names
from tests.strategies import any_text


def name_reason(text: str) -> str | None:
    try:
        parse_name(text, "given_name")
    except NameInvalid as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \u2003\u3164", "empty"),
        ("Ann\n", "forbidden_character"),
        ("Ann\0", "forbidden_character"),
        ("An\u200bn", "forbidden_character"),
        ("\u202eAnn", "forbidden_character"),
        ("An\u2028n", "forbidden_character"),
        ("An\u2029n", "forbidden_character"),
        ("Ann\x1b[31m", "forbidden_character"),
        ("Ann\ud800", "forbidden_character"),
        ("x" * 101, "too_long"),
        ("x" * 401, "too_long"),
        ("https://example.org", "looks_like_a_link"),
    ],
    ids=ascii,
)
def test_names_that_are_refused(text: str, reason: str) -> None:
    """A name can stand in a mail, a log and a page without being taken for anything else."""
    with pytest.raises(NameInvalid) as caught:
        parse_name(text, "given_name")
    assert caught.value.details() == {"field": "given_name", "reason": reason}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("O'Hara", "O'Hara"),
        (" Ann  Lee ", "Ann  Lee"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("e\u0301" * 100, "\u00e9" * 100),  # counted after composing
        ("Łukasz 🎓", "Łukasz 🎓"),
        ("x" * 100, "x" * 100),
    ],
)
def test_names_that_are_kept(text: str, name: str) -> None:
    """A name is composed, loses spaces at its ends, and is otherwise the person's own."""
    assert parse_name(text, "given_name") == name


@given(any_text)
def test_parsing_a_name_is_idempotent(text: str) -> None:
    """What was accepted once is accepted again, unchanged, and can be stored."""
    if name_reason(text) is None:
        name = parse_name(text, "given_name")
        assert parse_name(name, "given_name") == name
        assert 1 <= len(name) <= 100
        assert is_encodable(name)


def test_huge_name_is_refused_by_length_alone() -> None:
    """Of ten million control characters it is said that they are too many, not what they are."""
    assert name_reason("\0" * 10_000_000) == "too_long"


@pytest.mark.parametrize("value", [None, b"Ann", 7], ids=repr)
def test_only_text_is_a_name(value: object) -> None:
    """Anything but `str` is a programmer's mistake."""
    with pytest.raises(TypeError, match="by must be str"):
        parse_name(value, "by")


@pytest.mark.parametrize(
    "character",
    list(" \t\n\r\x0b\x0c\x85\u00a0\u00ad\u034f\u115f\u1160\u1680\u17b4\u180b\u180e\u180f")
    + list("\u2000\u200b\u200d\u200e\u2028\u2029\u202e\u2060\u2800\u3000\u3164\ufe00\ufe0f")
    + list("\ufeff\uffa0\U000e0001\U000e0100\U000e01ef"),
    ids=ascii,
)
def test_what_is_a_space(character: str) -> None:
    """White space and everything that shows nothing is a space to a person."""
    assert is_space(character)
    assert strip_spaces(f"{character}a{character}b{character}") == f"a{character}b"


@pytest.mark.parametrize("character", list("a0.-_\u0301²一٣🎓\ud800"), ids=ascii)
def test_what_is_no_space(character: str) -> None:
    """Everything that shows something is none, a combining mark and a surrogate too."""
    assert not is_space(character)
    assert strip_spaces(character) == character


@given(any_text)
def test_stripping_leaves_no_space_at_an_end(text: str) -> None:
    """What is left is a slice of the text, and stripping it again changes nothing."""
    bare = strip_spaces(text)
    assert bare in text
    assert strip_spaces(bare) == bare
    assert not bare or not (is_space(bare[0]) or is_space(bare[-1]))


@given(any_text)
def test_encodable_is_what_utf_8_can_hold(text: str) -> None:
    """The question is answered as the encoder would."""
    assert is_encodable(text) is (text.encode("utf-8", "ignore").decode() == text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ohara", "O'Hara"),
        ("OHARA", "O’Hara"),
        ("zoe", "Zoë"),
        ("strasse", "Straße"),
        ("fiona", "ﬁona"),
        ("ohara", "Óʼh\u00b4ara`"),
        ("σας", "ΣΑΣ"),
    ],
)
def test_search_finds_without_marks_case_or_apostrophes(typed: str, stored: str) -> None:
    """People type names in the plainest way."""
    assert fold(typed) == fold(stored)


@given(names())
def test_folded_names_hold_no_marks(name: str) -> None:
    """No combining mark or apostrophe is left to miss in a search."""
    folded = fold(name)
    assert not any(unicodedata.combining(character) for character in folded)
    assert not set("'’ʼ´`‘") & set(folded)
