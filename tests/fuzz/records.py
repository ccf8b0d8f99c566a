"""Targets of fuzzing: what a form, a browser or a store gives back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from schoolauth import AuditEvent, MappingPlan, MisId, Role, RosterRow, User
from tests.fuzz.target import BETWEEN, Target, text_of
from tests.service.world import make_world

WORLD = make_world()
TEACHER = WORLD.teacher(email="jess@hill.example.org", mis_id=MisId.parse("wg204nx:sims:7"))
ROWS = [RosterRow("7", "Jess", "James-Hill"), RosterRow("8", "Ann", "Able", role=Role.TEACHER)]
PLAN = WORLD.desk.plan_mapping(ROWS, source="sims")


def mapping_plan(data: bytes) -> None:
    """A plan that a form sent back is written and read again as the same."""
    plan = MappingPlan.from_json(text_of(data))
    assert MappingPlan.from_json(plan.to_json()) == plan


def _record(data: bytes) -> Any:
    try:
        return json.loads(text_of(data))
    except (ValueError, RecursionError):
        return None


def audit_event(data: bytes) -> None:
    """A row of the history."""
    assert isinstance(AuditEvent.from_record(_record(data)), AuditEvent)


def user_record(data: bytes) -> None:
    """A row of the accounts."""
    assert isinstance(User.from_record(_record(data)), User)


def edited(good: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    """Return *good* with a field changed by each line ``name JSON``, so that the rest holds."""
    record = dict(good)
    for line in data.split(b"\n"):
        name, _, text = text_of(line).partition(" ")
        try:
            record[name] = json.loads(text)
        except (ValueError, RecursionError):
            record[name] = text
    return record


def audit_event_fields(data: bytes) -> None:
    """A row of the history in which single fields are others."""
    assert isinstance(AuditEvent.from_record(edited(_EVENT, data)), AuditEvent)


def user_record_fields(data: bytes) -> None:
    """A row of the accounts in which single fields are others."""
    assert isinstance(User.from_record(edited(_USER, data)), User)


def mapping_plan_fields(data: bytes) -> None:
    """A plan of which an item, its row and the plan itself have other fields: three parts."""
    parts = [*data.split(BETWEEN), b"key 1", b"source sims"]
    plan = json.loads(PLAN.to_json())
    item = plan["items"][0]
    item["row"] = edited(item["row"], parts[0])
    plan["items"][0] = edited(item, parts[1])
    mapping_plan(json.dumps(edited(plan, parts[2])).encode())


def cursor(data: bytes) -> None:
    """The cursor of a page, as a browser sends it back; a foreign one is a `ValueError`."""
    for page in (WORLD.desk.search, WORLD.desk.history):
        with contextlib.suppress(ValueError):
            page(after=text_of(data))


_RECORDS = tuple(event.to_record() for event in WORLD.desk.history(limit=50).items)
_EVENTS = tuple(json.dumps(record).encode() for record in _RECORDS)
_EVENT, _USER = _RECORDS[0], TEACHER.to_record(with_password=True)

RECORD_TARGETS: dict[str, Target] = {
    "mapping_plan": Target(mapping_plan, (PLAN.to_json().encode(),)),
    "audit_event": Target(audit_event, _EVENTS),
    "user_record": Target(
        user_record,
        tuple(
            json.dumps(user.to_record(with_password=True)).encode()
            for user in (TEACHER, WORLD.admin)
        ),
    ),
    "audit_event_fields": Target(
        audit_event_fields,
        (b'at 1788253200000000\nuser_id "u"', b'kind "school_added"\ndetails "{}"'),
    ),
    "user_record_fields": Target(
        user_record_fields,
        (b'role "slt"\nstatus "inactive"', b"last_login_at null\nepoch 7\nlegal_hold 1"),
    ),
    "mapping_plan_fields": Target(
        mapping_plan_fields,
        (b'given_name "A"\nline 7' + BETWEEN + b'key "2"\nuser_id "u"', b'role "slt"'),
    ),
    "cursor": Target(cursor, (b"1", b"wg204nx_admin")),
}
