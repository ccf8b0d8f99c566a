"""The password policy: every rule at its boundary, all of them at once, on any text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import Violation
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, User, from_micros
from schoolauth.rules.passwords import PASSWORD_MAX, PasswordPolicy, prepare_password
from schoolauth.testing.strategies import passwords, users
from tests.strategies import any_text

SEED, RECOMMENDED, NIST = PasswordPolicy.seed(), PasswordPolicy.recommended(), PasswordPolicy.nist()
POLICIES = {"seed": SEED, "recommended": RECOMMENDED, "nist": NIST}
each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
CODES = {
    "too_short",
    "no_number",
    "space_at_start",
    "space_at_end",
    "too_long",
    "too_common",
    "context_word",
    "forbidden_character",
}
JAMES = User(
    id=UserId.parse("u1"),
    school=SchoolCode.parse("9354001234"),
    username=Username.parse("9354_James-Smith2"),
    given_name="Zoë",
    family_name="O’Hara Li",
    role=Role.TEACHER,
    status=Status.ACTIVE,
    status_since=from_micros(0),
    created_at=from_micros(0),
    email=EmailAddress.parse("zoe.wintergreen@hillprimary.sch.uk"),
)


def codes(password: str, policy: PasswordPolicy = SEED, user: User | None = None) -> list[str]:
    return [violation.code for violation in policy.violations(password, user)]


# --- The seed (FAQ) --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("", ["too_short", "no_number"]),
        ("abcdef7", ["too_short"]),
        ("abcdefg7", []),
        ("abcdefgh", ["no_number"]),
        ("abcdefg²", ["no_number"]),
        ("abcdefg一", ["no_number"]),
        ("abcdefgⅦ", ["no_number"]),
        ("abcdefg½", ["no_number"]),
        ("abcdefg①", ["no_number"]),
        ("abcdefg٣", []),
        ("abcdefg７", []),
        ("pass word7", []),
        (" abcdefg7", ["space_at_start"]),
        ("abcdefg7 ", ["space_at_end"]),
        ("\u00a0abcdefg7", ["space_at_start"]),
        ("abcdefg7\u200b", ["space_at_end"]),
        ("abcdefg7\u3164", ["space_at_end"]),
        ("\u202eabcdefg7", ["space_at_start"]),
        ("abc\u200bdefg7", []),
        ("abcd\0efg7", ["forbidden_character"]),
        ("abcd\tefg7", ["forbidden_character"]),
        ("abcd\u2028efg7", ["forbidden_character"]),
        ("abcd\u2029efg7", ["forbidden_character"]),
        ("abcd\ud800efg7", ["forbidden_character"]),
        ("abcd\U000e0fffefg7", ["forbidden_character"]),  # no character yet: NIST, stabilised
        ("\n", ["too_short", "no_number", "space_at_start", "space_at_end", "forbidden_character"]),
        ("🎓" * 63 + "7", []),
        ("👩‍🏫" * 3 + "7", []),
        ("password1", []),
    ],
    ids=ascii,
)
def test_seed_policy(password: str, broken: list[str]) -> None:
    """8 characters, a number, no space at either end: every broken rule is told, no other."""
    assert codes(password) == broken


def test_length_is_counted_in_code_points_after_composing() -> None:
    """Seven letters with seven marks are seven characters; an emoji is one."""
    decomposed = "e\u0301" * 6 + "7"
    assert len(decomposed) == 13
    (violation,) = SEED.violations(decomposed)
    assert violation.params == {"minimum": 8, "length": 7}
    assert codes("🎓" * 7 + "7") == []
    assert codes("🎓" * 6 + "7") == ["too_short"]


def test_lone_mark_is_counted_as_typed() -> None:
    """What nothing composes with counts for itself."""
    assert codes("\u0301bcdefg7") == []


# --- The other policies ----------------------------------------------------------------------


def test_nist_wants_15_characters_and_no_composition() -> None:
    """14 are too few, 15 of one kind are enough."""
    assert PasswordPolicy.nist() == PasswordPolicy(minimum=15, number=False, lists=True)
    assert codes("correct horse.", NIST) == ["too_short"]
    assert codes("correct horse b", NIST) == []
    assert NIST.violations("x" * 14)[0].params == {"minimum": 15, "length": 14}


@pytest.mark.parametrize(
    "password", ["password1", "PASSWORD1", "ｐａｓｓｗｏｒｄ１", "password¹", "12345678"]
)
def test_common_passwords_are_refused_where_the_lists_are_asked_for(password: str) -> None:
    """Case and look-alikes do not help (NIST: the whole password is compared)."""
    assert "too_common" in codes(password, RECOMMENDED)
    assert "too_common" not in codes(password, SEED)


@pytest.mark.parametrize("password", ["password1x", "xpassword1", "mypassword1!!", "pass word1"])
def test_passwords_that_only_contain_a_common_one_are_accepted(password: str) -> None:
    """Substrings are not compared."""
    assert codes(password, RECOMMENDED) == []


@pytest.mark.parametrize(
    "password",
    [
        "OHARA2024!",
        "o'hara-2024",
        "2024 O’Hara",
        "ZoeOhara1",
        "O'Hara Li 2024",
        "2024-ZOË-",
        "james2024!",
        "Smith12345",
        "jamesjames1",
        "9354_james-smith2",
        "9354001234",
        "hillprimary1",
        "zoe.wintergreen1",
        "zoe.wintergreen@hillprimary.sch.uk1",
        "wintergreen7",
        "ｗｉｎｔｅｒｇｒｅｅｎ７",
    ],
)
def test_own_words_are_refused(password: str) -> None:
    """Names, username, school code, e-mail: alone, doubled or with digits and signs around."""
    assert codes(password, RECOMMENDED, JAMES) == ["context_word"]
    assert codes(password, RECOMMENDED) == []
    assert codes(password, SEED, JAMES) == []


@pytest.mark.parametrize("password", ["mary-ann7", "99smythe"])
def test_own_words_are_found_within_username_and_address(password: str) -> None:
    """A hyphenated mailbox name as it is written, and a word behind digits."""
    mary = replace(
        JAMES,
        username=Username.parse("12smythe"),
        email=EmailAddress.parse("mary-ann.lee@example.org"),
    )
    assert codes(password, RECOMMENDED, mary) == ["context_word"]


@pytest.mark.parametrize(
    "password", ["james and 7 apples", "smithereens7", "1li234567", "ab1234567x", "ohara7zoe7x"]
)
def test_own_words_within_a_longer_password_are_accepted(password: str) -> None:
    """Only the whole password counts, and words of two letters are none."""
    assert codes(password, RECOMMENDED, JAMES) == []


def test_an_account_without_a_word_refuses_nothing() -> None:
    """An empty name or no address is no word that every password is made of."""
    bare = replace(JAMES, given_name="", family_name="", email=None)
    assert codes("12345-67890", RECOMMENDED, bare) == []
    assert codes("--------9", RECOMMENDED, bare) == []


# --- All policies ----------------------------------------------------------------------------


@each_policy
def test_longest_password_is_accepted_and_no_longer_one(policy: PasswordPolicy) -> None:
    """1,024 characters count to the last; beyond, the length is all that is said."""
    longest = "xy7" * (PASSWORD_MAX // 3) + "z"
    assert len(longest) == PASSWORD_MAX
    assert codes(longest, policy) == []
    for longer in (longest + "z", "\ufdfa" * 10_000_000, " " * 10_000_000):
        (violation,) = policy.violations(longer)
        assert (violation.code, violation.params) == ("too_long", {"maximum": PASSWORD_MAX})


@each_policy
def test_good_passwords_are_good_everywhere(policy: PasswordPolicy) -> None:
    """Long ones with a number pass every policy, and can be prepared."""

    @given(passwords(policy))
    def passes(password: str) -> None:
        assert codes(password, policy) == []
        assert prepare_password(password) is not None

    passes()


@each_policy
def test_any_text_has_violations_or_none(policy: PasswordPolicy) -> None:
    """No text and no account makes the policy fail, and it says only what it documents."""

    @given(any_text, st.none() | users())
    def judged(password: str, user: User | None) -> None:
        violations = policy.violations(password, user)
        found = [violation.code for violation in violations]
        assert set(found) <= CODES
        assert len(found) == len(set(found))
        assert all(
            violation.message.startswith("It ") or violation.message.startswith("There ")
            for violation in violations
        )
        assert violations == policy.violations(unicodedata.normalize("NFC", password), user)
        if not violations:
            assert prepare_password(password) is not None

    judged()


@each_policy
@pytest.mark.parametrize("value", [None, b"Chalkboard7", 7], ids=repr)
def test_only_text_is_a_password(policy: PasswordPolicy, value: object) -> None:
    """Anything but `str` is a programmer's mistake, told without the value."""
    with pytest.raises(TypeError, match=r"^a password must be str$"):
        policy.violations(value)  # type: ignore[arg-type] # that is the mistake


def test_descriptions_are_phrases_for_a_form() -> None:
    """What a form says is what the policy asks for."""
    space = "no space at the start or the end"
    lists = "not one of the most common passwords, nor your own name"
    assert SEED.describe() == ("at least 8 characters", "a number", space)
    assert RECOMMENDED.describe() == ("at least 8 characters", "a number", space, lists)
    assert NIST.describe() == ("at least 15 characters", space, lists)


@given(any_text | passwords(), st.none() | users())
def test_rules_name_whatever_may_be_violated(password: str, user: User | None) -> None:
    """Each code of a violation is that of a rule, so that a form can mark the rule beside it."""
    for policy in POLICIES.values():
        asked = {rule.code: rule.params for rule in policy.rules()}
        assert len(asked) == len(policy.rules())
        for violation in policy.violations(password, user):
            assert asked[violation.code].items() <= violation.params.items()


def test_rules_are_codes_with_their_numbers() -> None:
    """What a form needs for its own words and for `minlength`; an own rule brings its phrase."""
    assert [(rule.code, rule.params) for rule in SEED.also(no_name).also(no_chalk).rules()] == [
        ("too_short", {"minimum": 8}),
        ("no_number", {}),
        ("space_at_start", {}),
        ("space_at_end", {}),
        ("forbidden_character", {}),
        ("too_long", {"maximum": 1024}),
        ("own_rule", {"text": "No chalk!"}),
    ]
    lists = {rule.code for rule in NIST.rules()} - {rule.code for rule in SEED.rules()}
    assert lists == {"too_common", "context_word"}


# --- A host's own rules ----------------------------------------------------------------------


def no_chalk(password: str, user: User | None) -> Iterable[Violation]:
    """No chalk!

    Only the first line is for the form.
    """
    if "chalk" in password:
        yield Violation(
            "chalk", "It has chalk in it.", {"user": "" if user is None else user.id.key}
        )


def no_name(password: str, user: User | None) -> Iterable[Violation]:
    return [Violation("short", "It is short.")] if len(password) < 20 else []


def test_own_rules_are_asked_after_the_others() -> None:
    """All are asked, in order, and the policy that they were added to stays as it was."""
    policy = SEED.also(no_chalk).also(no_name)
    assert codes("chalk", policy, JAMES) == ["too_short", "no_number", "chalk", "short"]
    assert policy.violations("chalk", JAMES)[2].params == {"user": "u1"}
    assert policy.violations("chalk")[2].params == {"user": ""}
    assert codes("chalk") == ["too_short", "no_number"]
    assert SEED.own_rules == ()


def test_own_rules_get_the_composed_password() -> None:
    """A rule need not know of two ways to write one letter."""
    seen: list[str] = []

    def remember(password: str, user: User | None) -> Iterable[Violation]:
        seen.append(password)
        return ()

    SEED.also(remember).violations("e\u0301")
    assert seen == ["\u00e9"]


def test_own_rules_are_not_asked_about_a_huge_password() -> None:
    """The cap holds before any work, a host's too."""

    def never(password: str, user: User | None) -> Iterable[Violation]:
        raise AssertionError

    assert codes("x" * (PASSWORD_MAX + 1), SEED.also(never)) == ["too_long"]


def test_own_rules_describe_themselves_by_their_docstring() -> None:
    """Its first line stands on the form; a rule without one is not mentioned."""
    assert SEED.also(no_name).also(no_chalk).describe() == (*SEED.describe(), "No chalk!")


# --- What is hashed --------------------------------------------------------------------------


@given(any_text)
def test_prepared_is_the_composed_text_or_nothing(password: str) -> None:
    """Nothing is trimmed, cut or changed in case; what no hasher can encode is None."""
    prepared = prepare_password(password)
    if any(0xD800 <= ord(character) <= 0xDFFF for character in password):
        assert prepared is None
    else:
        assert prepared == unicodedata.normalize("NFC", password)
        assert prepare_password(prepared) == prepared


def test_prepared_is_capped() -> None:
    """1,024 characters are prepared to the last; one more, or ten million, are none."""
    assert prepare_password("x" * PASSWORD_MAX) == "x" * PASSWORD_MAX
    assert prepare_password("x" * (PASSWORD_MAX + 1)) is None
    assert prepare_password("\ufdfa" * 10_000_000) is None


def test_two_ways_to_write_a_letter_are_one_password() -> None:
    """A Mac and a PC send different code points for the same keys; a look-alike is another."""
    assert prepare_password("rene\u0301") == prepare_password("ren\u00e9")
    assert prepare_password("password¹") != prepare_password("password1")
    assert prepare_password("Password") != prepare_password("password")
    assert prepare_password("password ") != prepare_password("password")
