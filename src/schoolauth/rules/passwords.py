"""What a password may be, and how typed text becomes what is hashed.

A password is put into Unicode NFC and counted in code points; it is never trimmed, cut or changed
in case (ASVS 6.2.8, NIST SP 800-63B-4 section 3.1.1.2); a space at the end is a character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from schoolauth.errors import Violation
from schoolauth.model.text import fold, is_encodable, is_space
from schoolauth.model.user import User
from schoolauth.texts.passwords import rule_text, violation_text

PASSWORD_MAX = 1024
"""Code points: bounds the work, far above what anybody types."""

PasswordRule = Callable[[str, User | None], Iterable[Violation]]


def prepare_password(password: str) -> str | None:
    """Return *password* as it is hashed, or None if no account can have it as password."""
    if len(password) > PASSWORD_MAX or not is_encodable(password):
        return None
    return unicodedata.normalize("NFC", password)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of a policy: `code` is that of the `Violation` which breaks it.

    A host's own rule is ``own_rule``, with its phrase as ``text``.
    """

    code: str
    params: dict[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a new password must keep to; never asked of a password at sign-in.

    The codes of its violations are ``too_short``, ``no_number``, ``space_at_start``,
    ``space_at_end``, ``too_long``, ``too_common``, ``context_word`` and ``forbidden_character``.
    """

    minimum: int = 8
    number: bool = True
    lists: bool = False
    own_rules: tuple[PasswordRule, ...] = ()

    @classmethod
    def seed(cls) -> Self:
        """Return the schools' rule: 8 characters, a number, no space at either end.

        Its number rule is against ASVS 6.2.5, and it has no list of common passwords (6.2.4).
        """
        return cls()

    @classmethod
    def recommended(cls) -> Self:
        """Return the seed policy plus rejection of common passwords and of the account's own words.

        See ASVS 6.2.4.
        """
        return cls(lists=True)

    @classmethod
    def nist(cls) -> Self:
        """Return 15 characters, the lists and no rule of composition (NIST SP 800-63B-4)."""
        return cls(minimum=15, number=False, lists=True)

    def also(self, rule: PasswordRule) -> Self:
        """Return this policy with a host's own *rule* added.

        *rule* gets the password in NFC and the account, or None, and yields violations; the first
        line of its docstring is what `describe` says of it.
        """
        return replace(self, own_rules=(*self.own_rules, rule))

    def violations(self, password: str, user: User | None = None) -> tuple[Violation, ...]:
        """Return every rule that *password* breaks, not only the first; empty if it breaks none."""
        if not isinstance(password, str):
            raise TypeError("a password must be str")
        if len(password) > PASSWORD_MAX:
            return (_violation("too_long", maximum=PASSWORD_MAX),)
        found = list(self._violations(unicodedata.normalize("NFC", password)))
        if self.lists:
            found.extend(_list_violations(password, user))
        for rule in self.own_rules:
            found.extend(rule(unicodedata.normalize("NFC", password), user))
        return tuple(found)

    def _violations(self, text: str) -> Iterable[Violation]:
        if len(text) < self.minimum:
            yield _violation("too_short", minimum=self.minimum, length=len(text))
        if self.number and not any(character.isdecimal() for character in text):
            yield _violation("no_number")
        if text and is_space(text[0]):
            yield _violation("space_at_start")
        if text and is_space(text[-1]):
            yield _violation("space_at_end")
        if any(unicodedata.category(character) in _FORBIDDEN for character in text):
            yield _violation("forbidden_character")

    def rules(self) -> tuple[PolicyRule, ...]:
        """Return every rule of the policy, for a form in a host's own words.

        An own rule without a docstring is not among them.
        """
        found = [PolicyRule("too_short", {"minimum": self.minimum})]
        if self.number:
            found.append(PolicyRule("no_number"))
        found += [PolicyRule("space_at_start"), PolicyRule("space_at_end")]
        if self.lists:
            found += [PolicyRule("too_common"), PolicyRule("context_word")]
        found += [
            PolicyRule("forbidden_character"),
            PolicyRule("too_long", {"maximum": PASSWORD_MAX}),
        ]
        texts = ((rule.__doc__ or "").strip().partition("\n")[0] for rule in self.own_rules)
        return (*found, *(PolicyRule("own_rule", {"text": text}) for text in texts if text))

    def describe(self) -> tuple[str, ...]:
        """Return the rules as short phrases, for the form where a password is chosen."""
        phrases = (rule_text(rule.code, rule.params) for rule in self.rules())
        return tuple(phrase for phrase in phrases if phrase)


def _violation(code: str, **params: str | int) -> Violation:
    return Violation(code, violation_text(code, params), params)


_FORBIDDEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


def _list_violations(password: str, user: User | None) -> Iterable[Violation]:
    from schoolauth.rules.common_passwords import COMMON_PASSWORDS  # 60 KiB, if asked

    text = unicodedata.normalize("NFKC", password).casefold()
    if text in COMMON_PASSWORDS:
        yield _violation("too_common")
    whole = fold(text)
    stem = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", whole)  # james2024! is james
    if user is not None and {whole, stem} & _context_words(user):
        yield _violation("context_word")


def _context_words(user: User) -> frozenset[str]:
    texts = [user.given_name, user.family_name, str(user.username), user.school.key]
    texts += [user.given_name + user.family_name, user.family_name + user.given_name]
    if user.email is not None:
        email = user.email.key
        texts += [email, email.partition("@")[0], *re.split(r"[@.]", email)]
    words = {fold(text) for text in texts} | {
        part for text in texts for part in re.split(r"[\W_]+", fold(text))
    }
    words |= {re.sub(r"^[\W\d_]+|[\W\d_]+$", "", word) for word in words}
    words |= {word * 2 for word in words}
    return frozenset(word for word in words if len(word) > 2)
