"""Hypothesis strategies: values that the library accepts, and texts that nobody should type."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from schoolauth.model.events import EVENT_KINDS, AuditEvent
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, Status, StoredPassword, User

MARKS = "\u0301\u0307\u0308\u030c"
ALPHABETS = ("abkKyzéßıǰŁ", "αΣςσΰᾳΩ", "дЖёй", "שלום", "明美")
DOMAINS = ("example.org", "School.EXAMPLE.com", "bücher.example", "straße.example", "a-b.sch.uk")
NASTY = (
    "\0\t\n\r\x7f\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u202e\u2028\u2060\u3000"
    "\u3164\ufe0f\ufeff\uffa0\ud800\udfff\U000e0100\U000e0001"
)

moments = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 # Hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
any_text = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.lists(st.sampled_from([*NASTY, *"aZ9@.-_", "james"]), max_size=20).map("".join),
)
"""Any text at all, with lone surrogates, controls and the unseen."""

user_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True).map(UserId.parse)
school_codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", fullmatch=True).map(
    SchoolCode.parse
)
usernames = (
    st.sampled_from(ALPHABETS)
    .flatmap(lambda letters: st.text(letters + MARKS + "0189._-'", min_size=1, max_size=20))
    .map(Username.parse)
)
emails = st.builds(
    "{}@{}".format,
    st.from_regex(r"[A-Za-z0-9_+'-]{1,20}(\.[A-Za-z0-9_+-]{1,20})?", fullmatch=True),
    st.sampled_from(DOMAINS),
).map(EmailAddress.parse)
mis_ids = st.builds(
    MisId,
    school_codes,
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True),
    st.from_regex(r"[!-~]{1,100}", fullmatch=True),
)
names = st.text(
    st.characters(categories=("L", "Mn", "Nd", "Po"), exclude_characters=":")
    | st.sampled_from(" '’-"),
    max_size=20,
).map(lambda text: parse_name(f"N{text}n", "given_name"))
"""What a person or a school may be called."""

passwords = st.text(
    st.characters(categories=("Ll", "Lu", "Nd", "Po", "So")), min_size=13, max_size=64
).map(lambda text: f"x{text}7y")
"""What every policy accepts unless it is on a list: 16 characters and more, with a number."""

stored_passwords = st.text(max_size=100).map(StoredPassword)
schools = st.builds(School, school_codes, names, st.none() | emails, st.none() | emails)


def users(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[User]:
    """Return a strategy for accounts in which any field may have any value, but for *fixed*."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "id": user_ids,
        "school": school_codes,
        "username": usernames,
        "given_name": names,
        "family_name": names,
        "role": st.sampled_from(Role),
        "status": st.sampled_from(Status),
        "status_since": moments,
        "created_at": moments,
        "email": st.none() | emails,
        "mis_id": st.none() | mis_ids,
        "password": st.none() | stored_passwords,
        "must_change_password": st.booleans(),
        "last_login_at": st.none() | moments,
        "superseded_by": st.none() | user_ids,
        "legal_hold": st.booleans(),
        "epoch": st.integers(0, 2**53),
        "version": st.integers(0, 2**31),
    }
    return st.builds(User, **(fields | fixed))


def events_of(kind: str) -> st.SearchStrategy[AuditEvent]:
    """Return a strategy for events of one kind in which any field may have any value."""
    event = EVENT_KINDS[kind]
    common: dict[str, Any] = {
        "at": moments,
        "actor": st.text(min_size=1, max_size=100),
        "school": st.none() | school_codes.map(lambda code: SchoolCode.stored(code.key, code.key)),
        "user": st.none() | user_ids,
    }
    own = {field.name: ... for field in dataclasses.fields(event) if field.name not in common}
    return st.builds(event, **common, **own)


events = st.sampled_from(sorted(EVENT_KINDS)).flatmap(events_of)
