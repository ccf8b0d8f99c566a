"""Events: each survives its record, and an unknown one is never guessed at."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolauth.errors import ContractBroken
from schoolauth.model.events import (
    EVENT_KINDS,
    AuditEvent,
    SessionsEnded,
    StatusChanged,
    actor_support,
    actor_user,
)
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.user import Status, from_micros
from schoolauth.testing.strategies import events, events_of

EPOCH = from_micros(0)


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
def test_every_kind_survives_its_record(kind: str) -> None:
    """Every field comes back, equal and of the same type."""

    @settings(max_examples=20)
    @given(events_of(EVENT_KINDS[kind]))
    def survives(event: AuditEvent) -> None:
        back = AuditEvent.from_record(event.to_record())
        assert back == event
        assert type(back) is EVENT_KINDS[kind]
        for field in dataclasses.fields(event):
            assert type(getattr(back, field.name)) is type(getattr(event, field.name))
        assert back.to_record() == event.to_record()

    survives()


@given(events())
def test_record_is_flat_and_json_ready(event: AuditEvent) -> None:
    """A row of text and whole numbers; what only the kind has is a JSON object in `details`."""
    record = event.to_record()
    assert list(record) == ["kind", "at", "actor", "school_key", "user_id", "details"]
    assert {type(value) for value in record.values()} <= {str, int, type(None)}
    assert json.loads(json.dumps(record)) == record
    details = json.loads(str(record["details"]))
    common = {field.name for field in dataclasses.fields(AuditEvent)}
    assert set(details) == {field.name for field in dataclasses.fields(event)} - common


@given(st.text())
def test_unknown_kind_is_a_broken_contract(kind: str) -> None:
    """A record of a newer version, or of something else, is not guessed at."""
    record = SessionsEnded(at=EPOCH).to_record() | {"kind": f"x_{kind}"}
    with pytest.raises(ContractBroken, match="no event is of the kind"):
        AuditEvent.from_record(record)


def test_naive_time_is_refused() -> None:
    """An event whose time could be any time is not written."""
    with pytest.raises(ValueError, match="zone"):
        SessionsEnded(at=datetime(2026, 9, 1)).to_record()  # noqa: DTZ001 # that is the mistake


def test_record_keeps_the_canonical_school() -> None:
    """The history of a school is found whatever the code was typed like."""
    event = SessionsEnded(at=EPOCH, school=SchoolCode.parse("WG204NX"))
    back = AuditEvent.from_record(event.to_record())
    assert (event.to_record()["school_key"], back) == ("wg204nx", event)


def test_status_of_a_record_is_a_status() -> None:
    """What was read can be asked with `is`, as what was made can."""
    event = StatusChanged(at=EPOCH, old=Status.ACTIVE, new=Status.INACTIVE)
    back = AuditEvent.from_record(event.to_record())
    assert isinstance(back, StatusChanged)
    assert back.old is Status.ACTIVE
    assert back.new is Status.INACTIVE
    with pytest.raises(ValueError, match="gone"):
        StatusChanged(at=EPOCH, old=Status.ACTIVE, new="gone")  # type: ignore[arg-type] # corrupt


def test_events_cannot_be_changed() -> None:
    """What happened, happened."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        SessionsEnded(at=EPOCH).actor = "user:other"  # type: ignore[misc] # that is the attempt


def test_actors_say_what_they_are() -> None:
    """An account, and one of the vendor's staff who has its name, are told apart."""
    assert actor_user(UserId.parse("ann")) == "user:ann"
    assert actor_support("ann") == "support:ann"
