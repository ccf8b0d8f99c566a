"""The account itself: its record, its secrets, and what may become of its status."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import (
    TRANSITIONS,
    Role,
    Status,
    StoredPassword,
    User,
    from_micros,
    to_micros,
)
from schoolauth.testing.strategies import moments, users
from tests.strategies import any_text

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
HASH = "$argon2id$canary"
JAMES = User(
    id=UserId.parse("u1"),
    school=SchoolCode.parse("wg204nx"),
    username=Username.parse("wg204nx_james"),
    given_name="Jess",
    family_name="O’Hara",
    role=Role.TEACHER,
    status=Status.ACTIVE,
    status_since=NOW,
    created_at=NOW,
    email=EmailAddress.parse("Jess@example.org"),
    password=StoredPassword(HASH),
)


# --- Records ---------------------------------------------------------------------------------


@given(users())
def test_record_with_password_is_the_whole_account(user: User) -> None:
    """Every field comes back, equal, of the same type, and in the same display form."""
    back = User.from_record(user.to_record(with_password=True))
    assert back == user
    for field in dataclasses.fields(User):
        value, kept = getattr(user, field.name), getattr(back, field.name)
        assert (type(kept), str(kept)) == (type(value), str(value))
    assert back.to_record(with_password=True) == user.to_record(with_password=True)


@given(users())
def test_record_without_password_is_the_rest(user: User) -> None:
    """The hash is in a record only where it is asked for."""
    record = user.to_record()
    assert "password" not in record
    assert User.from_record(record) == replace(user, password=None)


@given(users())
def test_record_is_flat_and_json_ready(user: User) -> None:
    """A row or document of text, whole numbers, truth values and nothing at all."""
    record = user.to_record(with_password=True)
    assert {type(value) for value in record.values()} <= {str, int, bool, type(None)}
    assert json.loads(json.dumps(record)) == record


def test_record_of_an_older_version_gets_defaults() -> None:
    """What a store did not keep yet is as it would be on a new account."""
    bare = replace(JAMES, email=None, password=None)
    optional = {field.name for field in dataclasses.fields(User) if field.default is None}
    dropped = optional | {"email_key", "mis_key", "must_change_password", "legal_hold", "epoch"}
    record = {k: v for k, v in bare.to_record().items() if k not in dropped | {"version"}}
    assert User.from_record(record) == bare


def test_record_of_a_database_without_truth_values() -> None:
    """1 and 0, as SQLite and MariaDB return them, become True and False."""
    record = JAMES.to_record() | {"legal_hold": 1, "must_change_password": 0}
    back = User.from_record(record)
    assert (back.legal_hold, back.must_change_password) == (True, False)
    assert type(back.legal_hold) is type(back.must_change_password) is bool


@given(moments())
def test_times_are_kept_to_the_microsecond(moment: datetime) -> None:
    """No float is on the way, so nothing is rounded."""
    assert from_micros(to_micros(moment)) == moment
    assert from_micros(to_micros(moment)).tzinfo is UTC


def test_times_of_any_zone_are_one_time() -> None:
    """The same moment told in another zone is the same record."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert to_micros(there) == to_micros(NOW)
    assert to_micros(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


@pytest.mark.parametrize("field", ["status_since", "created_at", "last_login_at"])
def test_naive_times_are_refused(field: str) -> None:
    """A time that knows no zone could be any time."""
    naive: dict[str, Any] = {field: NOW.replace(tzinfo=None)}
    user = replace(JAMES, **naive)
    with pytest.raises(ValueError, match="zone"):
        user.to_record()


# --- The password ----------------------------------------------------------------------------


def test_stored_password_is_shown_nowhere() -> None:
    """Neither it nor its account shows the hash in any way of printing."""
    stored = StoredPassword(HASH)
    shown = [repr(stored), str(stored), f"{stored}", repr(JAMES), str(JAMES)]
    shown += [repr(dataclasses.asdict(JAMES)), repr(stored._text), repr(JAMES.to_record())]
    assert [text for text in shown if "canary" in text] == []
    assert repr(stored) == "StoredPassword(***)"


def test_stored_password_is_not_in_a_traceback_with_locals() -> None:
    """An error reporter that prints every local variable prints no hash."""

    def fail(user: User) -> None:
        stored = user.password
        raise LookupError(f"{stored}")

    with pytest.raises(LookupError) as caught:
        fail(JAMES)
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(report.format())
    assert "StoredPassword(***)" in text
    assert "canary" not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_stored_password_does_not_travel_by_pickle(protocol: int) -> None:
    """A cache or a task queue cannot take the hash along by mistake."""
    for value in (StoredPassword(HASH), JAMES):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(value, protocol)
    bare = replace(JAMES, password=None)
    assert pickle.loads(pickle.dumps(bare)) == bare


def test_stored_password_copies_to_itself() -> None:
    """So that `replace`, `copy` and `asdict` work on accounts."""
    stored = StoredPassword(HASH)
    assert copy.copy(stored) is copy.deepcopy(stored) is stored
    assert copy.deepcopy(JAMES) == copy.copy(JAMES) == JAMES
    assert dataclasses.asdict(JAMES)["password"] is JAMES.password


@given(any_text, any_text)
def test_stored_passwords_are_equal_as_their_texts_are(one: str, other: str) -> None:
    """Comparing works for any text, a corrupt one too, and never with bare text."""
    assert (StoredPassword(one) == StoredPassword(other)) is (one == other)
    assert StoredPassword(one) == StoredPassword(one)
    assert hash(StoredPassword(one)) == hash(StoredPassword(one))
    assert StoredPassword(one).reveal() == one
    assert StoredPassword(one) != one


def test_stored_password_is_text() -> None:
    """Bytes from a driver are a mistake that is told at once, without the bytes."""
    with pytest.raises(TypeError, match=r"^a stored password is text$"):
        StoredPassword(HASH.encode())  # type: ignore[arg-type] # that is the mistake


# --- What is read from an account ------------------------------------------------------------


def test_search_text_is_names_username_and_address_folded() -> None:
    """Whatever is typed in the plainest way is found."""
    assert JAMES.search_text == "jess ohara wg204nx_james jess@example.org"
    assert replace(JAMES, email=None, given_name="").search_text == "ohara wg204nx_james"
    assert replace(JAMES, status=Status.ERASED).search_text == ""


def test_full_name_has_no_loose_spaces() -> None:
    """A greeting is right for somebody with one name too."""
    assert JAMES.full_name == "Jess O’Hara"
    assert replace(JAMES, given_name="").full_name == "O’Hara"
    assert replace(JAMES, family_name="").full_name == "Jess"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", Status)
def test_only_an_active_admin_may_manage(role: Role, status: Status) -> None:
    """Neither an invited admin nor an active teacher has a desk."""
    user = replace(JAMES, role=role, status=status)
    assert user.is_active_admin is ((role, status) == (Role.ADMIN, Status.ACTIVE))


def test_saved_is_one_version_on() -> None:
    """The account as the store has it after the write differs in nothing else."""
    assert JAMES.saved() == replace(JAMES, version=1)


def test_status_table_is_the_design() -> None:
    """Who may become what, status by status; ERASED is final, and nothing wakes but INACTIVE."""
    drawn = {old.value: " ".join(sorted(new)) for old, new in TRANSITIONS.items()}
    assert drawn == {
        "invited": "active erased inactive",
        "active": "erased inactive",
        "inactive": "active erased invited",
        "erased": "",
    }
    assert set(TRANSITIONS) == set(Status)


def test_status_table_cannot_be_changed() -> None:
    """A host cannot loosen the table for everyone by one assignment."""
    with pytest.raises(TypeError):
        TRANSITIONS[Status.ERASED] = frozenset(Status)  # type: ignore[index] # that is the attempt
