"""What a piece of text may hold: the rules that names, usernames and search share."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from schoolauth.errors import NameInvalid

NAME_MAX = 100
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u00b4`"))
_PLAIN_NAME = re.compile(r"[!-9;-~](?:[ -9;-~]{0,98}[!-9;-~])?")
"""ASCII that shows and needs nothing: no colon, and no space at either end."""
_LEAVER_MARK = re.compile(r"^zz+_?(?=\w)")
_INVISIBLE_RANGES = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(chr(c) for first, last in _INVISIBLE_RANGES for c in range(first, last + 1))
)
"""What shows nothing though its category is not format (Unicode DerivedCoreProperties)."""


def require_text(value: Any, name: str) -> str:
    """Return *value*, or raise `TypeError` if it is not a `str`, before any work is done."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    return value


def is_space(character: str) -> bool:
    """Tell whether a person would take *character* for a space or for nothing at all."""
    return (
        character.isspace()
        or unicodedata.category(character) == "Cf"  # every separator is space already
        or character in _INVISIBLE
    )


def strip_spaces(text: str) -> str:
    """Return *text* without the characters at either end for which `is_space` is true."""
    start, end = 0, len(text)
    while start < end and is_space(text[start]):
        start += 1
    while end > start and is_space(text[end - 1]):
        end -= 1
    return text[start:end]


def is_encodable(text: str) -> bool:
    """Tell whether *text* is free of lone surrogates, which no store can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def parse_name(value: Any, field: str) -> str:
    """Return a person's or school's name in NFC, without white space at the ends.

    1 to 100 code points; no control, format or line-separator characters, and no ``://``, so that
    a name can stand in a mail, a log or a web page.

    Raises:
        NameInvalid: with `field` and a `reason`.
    """
    text = require_text(value, field)
    if _PLAIN_NAME.fullmatch(text):  # most names: no look-up of each character
        return text
    if len(text) > 4 * NAME_MAX:
        raise NameInvalid(field, "too_long")
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text):
        raise NameInvalid(field, "forbidden_character")
    text = strip_spaces(unicodedata.normalize("NFC", text))
    if not text:
        raise NameInvalid(field, "empty")
    if len(text) > NAME_MAX:
        raise NameInvalid(field, "too_long")
    if "://" in text:
        raise NameInvalid(field, "looks_like_a_link")
    return text


def fold(text: str) -> str:
    """Return *text* as it is searched: no marks, no apostrophes, no case (O'Hara finds OHARA)."""
    text = text.translate(_APOSTROPHES)
    if text.isascii():  # most names: the same, three times as fast
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    return plain.translate(_APOSTROPHES)


def name_key(name: str) -> str:
    """Return a form of a person's name that is equal for the spellings of one name.

    No marks, signs, case or order, and no ZZ, by which some schools mark leavers in their MIS.
    """
    words = fold(name).replace("-", " ").split()
    return " ".join(sorted([_LEAVER_MARK.sub("", word) for word in words]))
