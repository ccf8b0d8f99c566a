"""Strategies for the values that the library parses, and for accounts."""

from __future__ import annotations

import base64
import dataclasses
import functools
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, Status, StoredPassword, User, from_micros
from schoolauth.rules.passwords import PasswordPolicy

_MARKS = "\u0301\u0307\u0308\u030c"
_ALPHABETS = ("abkKyzéßıǰŁ", "αΣςσΰᾳΩ", "дЖёй", "שלום", "明美")
_DOMAINS = ("example.org", "School.EXAMPLE.com", "bücher.example", "straße.example", "a-b.example")
_ALNUM = string.digits + string.ascii_letters  # as they shrink: 0 first
_1970 = from_micros(0)


# --- Names and keys --------------------------------------------------------------------------


@functools.cache
def user_ids() -> st.SearchStrategy[UserId]:
    """Return a strategy for ids of accounts, of every length there is."""
    return st.text(_ALNUM + "_-", min_size=1, max_size=64).map(UserId.parse)


@functools.cache
def school_codes() -> st.SearchStrategy[SchoolCode]:
    """Return a strategy for codes of schools, in either case."""
    return _codes(_ALNUM).map(SchoolCode.parse)


@functools.cache
def usernames() -> st.SearchStrategy[Username]:
    """Return a strategy for usernames in several alphabets, with letters that fold unusually."""
    letters = st.sampled_from(_ALPHABETS)
    texts = letters.flatmap(
        lambda alphabet: st.text(alphabet + _MARKS + "0189._-'", min_size=1, max_size=20)
    )
    return texts.map(Username.parse)


@functools.cache
def emails() -> st.SearchStrategy[EmailAddress]:
    """Return a strategy for addresses, in domains that are reserved for examples."""
    part = st.text(_ALNUM + "_+'-", min_size=1, max_size=20)
    people = st.lists(part, min_size=1, max_size=2).map(".".join)
    return st.builds("{}@{}".format, people, st.sampled_from(_DOMAINS)).map(EmailAddress.parse)


def mis_ids(school: st.SearchStrategy[SchoolCode] | None = None) -> st.SearchStrategy[MisId]:
    """Return a strategy for ids in a school's MIS, of any school or of those of *school*."""
    signs = st.characters(min_codepoint=ord("!"), max_codepoint=ord("~"))
    value = st.text(signs, min_size=1, max_size=100)
    return st.builds(MisId, school_codes() if school is None else school, mis_sources(), value)


@functools.cache
def mis_sources() -> st.SearchStrategy[str]:
    """Return a strategy for names of an MIS, as they stand in an MIS id."""
    return _codes(string.ascii_lowercase + string.digits)


def _codes(letters: str) -> st.SearchStrategy[str]:
    rest = st.text(letters + "._-", max_size=39)
    return st.builds("{}{}".format, st.sampled_from(letters), rest)


@functools.cache
def names() -> st.SearchStrategy[str]:
    """Return a strategy for what a person or a school may be called."""
    letter = st.characters(categories=("Lu", "Ll"))
    sign = st.characters(categories=("L", "Mn", "Nd", "Po"), exclude_characters=":")
    rest = st.text(sign | st.sampled_from(" '’-"), max_size=20)
    return st.builds("{}{}".format, letter, rest).map(lambda text: parse_name(text, "given_name"))


def moments(since: datetime = _1970) -> st.SearchStrategy[datetime]:
    """Return a strategy for times as the library keeps them: aware, UTC, not before *since*."""
    return st.datetimes(
        min_value=since.replace(tzinfo=None),
        max_value=datetime(2200, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        timezones=st.just(UTC),
    )


# --- Passwords -------------------------------------------------------------------------------


def passwords(policy: PasswordPolicy | None = None) -> st.SearchStrategy[str]:
    """Return a strategy for passwords that *policy* accepts; `PasswordPolicy.seed()` if not given.

    They are drawn and then put before the policy, so a host's own rule that refuses nearly
    everything needs a strategy of its own.
    """
    asked = policy or PasswordPolicy.seed()
    character = st.characters(categories=("Ll", "Lu", "Nd", "Po", "So"), include_characters=" ")
    digit = st.characters(categories=["Nd"])
    start = st.text(character, max_size=8)
    end = st.text(character, min_size=max(asked.minimum - 1, 0), max_size=asked.minimum + 24)
    texts = st.tuples(start, digit if asked.number else st.just(""), end).map("".join)
    return texts.filter(lambda text: not asked.violations(text))


@functools.cache
def stored_passwords() -> st.SearchStrategy[StoredPassword]:
    """Return a strategy for hashes that every `Argon2Hasher` can check, of no password at all."""

    def encode(salt: bytes, digest: bytes) -> StoredPassword:
        parts = [base64.b64encode(part).decode().rstrip("=") for part in (salt, digest)]
        return StoredPassword("$".join(["$argon2id$v=19$m=8,t=1,p=1", *parts]))

    return st.builds(
        encode, st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)
    )


# --- Schools and accounts --------------------------------------------------------------------


def schools() -> st.SearchStrategy[School]:
    """Return a strategy for schools, with and without the two addresses."""
    return st.builds(School, school_codes(), names(), st.none() | emails(), st.none() | emails())


def users(**fixed: Any) -> st.SearchStrategy[User]:
    """Return a strategy for accounts as the library makes them, in any status, read or new.

    INVITED ones have no password, ERASED ones nothing personal, and an MIS id is one of the
    account's own school.

    Args:
        fixed: fields of `User`, each a value or a strategy, that are as given:
            ``users(status=Status.ACTIVE, email=emails())``.

    Raises:
        TypeError: for a field that an account does not have.
    """
    unknown = fixed.keys() - {field.name for field in dataclasses.fields(User)}
    if unknown:
        raise TypeError(f"an account has no {min(unknown)!r}")
    return _users(fixed)


@st.composite
def _users(draw: st.DrawFn, fixed: Mapping[str, Any]) -> User:
    def field(name: str, otherwise: Any) -> Any:
        value = fixed.get(name, otherwise)
        return draw(value) if isinstance(value, st.SearchStrategy) else value

    user_id: UserId = field("id", user_ids())
    school: SchoolCode = field("school", school_codes())
    status: Status = field("status", st.sampled_from(Status))
    created_at: datetime = field("created_at", moments())
    there = status is not Status.ERASED
    hashes = st.none() | stored_passwords() if there and status is not Status.INVITED else None
    password: StoredPassword | None = field("password", hashes)
    return User(
        id=user_id,
        school=school,
        status=status,
        created_at=created_at,
        password=password,
        username=field("username", usernames() if there else Username.of_erased(user_id)),
        given_name=field("given_name", names() if there else ""),
        family_name=field("family_name", names() if there else ""),
        role=field("role", st.sampled_from(Role)),
        status_since=field("status_since", moments(created_at)),
        email=field("email", st.none() | emails() if there else None),
        mis_id=field("mis_id", st.none() | mis_ids(st.just(school)) if there else None),
        must_change_password=field("must_change_password", st.booleans() if password else False),
        last_login_at=field("last_login_at", st.none() | moments(created_at) if there else None),
        superseded_by=field(
            "superseded_by", st.none() | user_ids().filter(lambda other: other != user_id)
        ),
        legal_hold=field("legal_hold", st.booleans() if there else False),
        epoch=field("epoch", st.integers(0, 2**53)),
        version=field("version", st.integers(0, 2**31)),
    )
