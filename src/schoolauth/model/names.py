"""The keys of an account: each is parsed once, and equal exactly when its `key` is equal.

`key` is the canonical text that a store keeps in its unique column: databases never fold, trim or
compare by a collation. `str(value)` is the form that was typed, for showing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Self

from schoolauth.errors import EmailInvalid, NameInvalid, UsernameInvalid
from schoolauth.model.text import is_space, require_text

USERNAME_MAX = 64
EMAIL_MAX = 254

_USER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHOOL_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MIS_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_MIS_VALUE = re.compile(r"[!-~]{1,100}")
_PLAIN_USERNAME = re.compile(r"[!-?A-~]{1,64}")
"""ASCII that shows, but for ``@``: canonical once it is in lower case."""


class _Key:
    """A value with a display form and the canonical `key` that decides equality."""

    __slots__ = ("_display", "_key")
    _display: str
    _key: str

    @classmethod
    def stored(cls, display: str, key: str) -> Self:
        """Rebuild a value that a store kept, without validating it again."""
        value = cls.__new__(cls)
        object.__setattr__(value, "_display", display)
        object.__setattr__(value, "_key", key)
        return value

    @property
    def key(self) -> str:
        """The canonical text: equal keys are one account's."""
        return self._key

    def __str__(self) -> str:
        return self._display

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._display!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._key == self._key

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).stored, (self._display, self._key)


class UserId(_Key):
    """Opaque id of an account: 1 to 64 of ``[A-Za-z0-9_-]``, never used again."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* as an id.

        Raises:
            NameInvalid: if it is not an id.
        """
        if not _USER_ID.fullmatch(require_text(text, "user id")):
            raise NameInvalid("user_id", "forbidden_character")
        return cls.stored(text, text)


class SchoolCode(_Key):
    """Code of a school, such as ``wg204nx``: 1 to 40 ASCII letters, digits, ``.``, ``_``, ``-``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* as a code; case does not matter.

        Raises:
            NameInvalid: if it is not a school code.
        """
        if not _SCHOOL_CODE.fullmatch(require_text(text, "school")):
            raise NameInvalid("school", "forbidden_character")
        return cls.stored(text, text.lower())


class Username(_Key):
    """What a person types to sign in, such as ``wg204nx_james``.

    Unique over all schools and statuses, and case does not matter (RFC 8265 UsernameCaseMapped,
    narrowed): up to 64 letters of one alphabet, ASCII digits and ASCII signs, but no ``@``, so that
    it cannot be taken for an e-mail address, and no white space.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* as a username.

        Raises:
            UsernameInvalid: with a `reason`, such as ``space_at_end`` or ``mixed_scripts``.
        """
        if _PLAIN_USERNAME.fullmatch(require_text(text, "username")):  # nearly all: no look-up
            return cls.stored(text, text.lower())
        reason = _username_flaw(text)
        if reason is None:
            display = unicodedata.normalize("NFC", _map_width(text))
            key = unicodedata.normalize("NFC", display.casefold())
            if max(len(display), len(key)) <= USERNAME_MAX:
                return cls.stored(display, key)
            reason = "too_long"
        raise UsernameInvalid(reason)

    @classmethod
    def of_erased(cls, user_id: UserId) -> Self:
        """Return what stands in for the released name: a key that nobody can type."""
        return cls.stored("", f"@{user_id.key}")


def _username_flaw(text: str) -> str | None:
    if not text:
        return "empty"
    if len(text) > USERNAME_MAX:
        return "too_long"
    if is_space(text[0]):
        return "space_at_start"
    if is_space(text[-1]):
        return "space_at_end"
    if any(is_space(character) for character in text):
        return "space_inside"
    scripts = set()
    for character in unicodedata.normalize("NFC", _map_width(text)):
        if character.isascii():
            if not "!" <= character <= "~" or character == "@":
                return "forbidden_character"
            if character.isalpha():
                scripts.add("LATIN")
        elif unicodedata.category(character) in {"Ll", "Lu", "Lo", "Lm"}:
            if (
                unicodedata.normalize("NFKC", character) != character
            ):  # ſ, ﬁ: look-alikes (RFC 8264 HasCompat)
                return "forbidden_character"
            scripts.add(unicodedata.name(character, "").partition(" ")[0])  # Tangut has no names
        elif not unicodedata.combining(character) or character.casefold() != character:
            return "forbidden_character"  # U+0345 is a mark that case folding makes a letter
    return "mixed_scripts" if len(scripts) > 1 else None


def _map_width(text: str) -> str:
    """Map full-width and half-width forms to the ordinary ones (RFC 8265 section 3.3)."""
    return "".join(
        unicodedata.normalize("NFKC", c)
        if unicodedata.decomposition(c).startswith(("<wide>", "<narrow>"))
        else c
        for c in text
    )


class EmailAddress(_Key):
    """An e-mail address: one belongs to one account, over all schools and inactive accounts too.

    Case does not matter anywhere in it, and a domain equals its punycode; dots and ``+tag`` count.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* as an address; no DNS is asked, and nothing is trimmed.

        Raises:
            EmailInvalid: if it is not a complete address.
        """
        import email_validator  # a third of our import

        if len(require_text(text, "email")) > EMAIL_MAX:
            raise EmailInvalid
        invalid = None
        try:
            found = email_validator.validate_email(
                text,
                check_deliverability=False,
                allow_smtputf8=False,
                allow_quoted_local=False,
                allow_domain_literal=False,
                allow_display_name=False,
                strict=True,
            )
        except ValueError as error:  # the validator's own error, and any other that it lets through
            known = isinstance(error, email_validator.EmailNotValidError)
            invalid = EmailInvalid(str(error) if known else None)
        if invalid is not None:  # outside the except block: the error would carry the typed text
            raise invalid
        return cls.stored(found.normalized, str(found.ascii_email).lower())


class MisId(_Key):
    """A person's id in the school's MIS: unique within the school and *source*, the MIS's name.

    Raises:
        NameInvalid: if *source* or *value* cannot be used.
    """

    __slots__ = ()

    def __init__(self, school: SchoolCode, source: str, value: str) -> None:
        if not isinstance(school, SchoolCode):
            raise TypeError("school must be SchoolCode")
        if not _MIS_SOURCE.fullmatch(require_text(source, "source")):
            raise NameInvalid("source", "forbidden_character")
        if not _MIS_VALUE.fullmatch(require_text(value, "mis_id")):
            raise NameInvalid("mis_id", "forbidden_character")
        key = f"{school.key}:{source}:{value}"
        object.__setattr__(self, "_display", key)
        object.__setattr__(self, "_key", key)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that `str()` of one gave: ``school:source:value``.

        Raises:
            NameInvalid: if it does not have three parts, or one of them cannot be used.
        """
        parts = require_text(text, "mis_id").split(":", 2)
        if len(parts) != 3:
            raise NameInvalid("mis_id", "incomplete")
        return cls(SchoolCode.parse(parts[0]), parts[1], parts[2])

    @property
    def school(self) -> SchoolCode:
        """The school whose MIS it is."""
        code = self._key.split(":", 2)[0]
        return SchoolCode.stored(code, code)

    @property
    def source(self) -> str:
        """The name of the MIS, in lower case."""
        return self._key.split(":", 2)[1]

    @property
    def value(self) -> str:
        """The id as the MIS writes it; case matters."""
        return self._key.split(":", 2)[2]


UserKey = UserId | Username | EmailAddress | MisId
"""Everything by which one account can be found."""
