"""A mapping plan as text: what went out comes back, and nothing else gets in."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import MappingOutdated
from schoolauth.model.mapping import MappingItem, MappingKind, MappingPlan
from schoolauth.model.names import UserId
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from schoolauth.testing.strategies import user_ids
from tests.strategies import any_text

texts = any_text.map(lambda text: text.encode("utf-8", "ignore").decode())
"""JSON would join two lone surrogates; the rows with them are problems anyway."""
rows = st.builds(
    RosterRow,
    mis_id=st.none() | texts,
    given_name=texts,
    family_name=texts,
    email=st.none() | texts,
    username=st.none() | texts,
    role=st.none() | st.sampled_from(Role),
    active=st.booleans(),
    line=st.none() | st.integers(1),
)
codes = st.lists(st.text(max_size=10), max_size=3).map(tuple)
items = st.builds(
    MappingItem,
    key=st.text(max_size=5),
    kind=st.sampled_from(get_args(MappingKind)),
    row=st.none() | rows,
    user_id=st.none() | user_ids(),
    candidates=st.lists(user_ids(), max_size=3).map(tuple),
    reasons=codes,
    fields=codes,
    username=st.none() | texts,
)
plans = st.builds(
    MappingPlan,
    st.text(max_size=10),
    st.lists(items, max_size=4).map(tuple),
    complete=st.booleans(),
    rekey=st.booleans(),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)

PLAN = MappingPlan(
    "sims",
    (
        MappingItem(
            "1",
            "may_match",
            RosterRow("17", "Jess", "James", "jess@example.org", "jess", Role.TEACHER, line=2),
            user_id=UserId.parse("u1"),
            candidates=(UserId.parse("u1"), UserId.parse("u2")),
            reasons=("same_name",),
            fields=("email",),
            username="wg204nx_james",
        ),
    ),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within a JSON value."""
    inner: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value)
    return [path, *(each for key, item in inner for each in paths(item, (*path, key)))]


def planted(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """Return a JSON value with *other* at *path*."""
    if not path:
        return other
    copied = value.copy()
    copied[path[0]] = planted(value[path[0]], path[1:], other) if path[1:] else other
    return copied


@given(plans)
def test_plan_survives_json(plan: MappingPlan) -> None:
    """Review and apply are two requests: the second one has exactly what the first one made."""
    assert MappingPlan.from_json(plan.to_json()) == plan


def test_plan_survives_json_with_its_types() -> None:
    """Ids, roles and tuples are what they were, not the text that they were written as."""
    (item,) = MappingPlan.from_json(PLAN.to_json()).items
    assert type(item.user_id) is type(item.candidates[0]) is UserId
    assert item.row is not None
    assert item.row.role is Role.TEACHER
    assert {type(value) for value in (item.reasons, item.fields, item.candidates)} == {tuple}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "7",
        '"text"',
        "{}",
        '{"source": "sims"}',
        '{"items": []}',
        '{"source": "sims", "items": 7}',
        '{"source": "sims", "items": [7]}',
        '{"source": "sims", "items": [[]]}',
        '{"source": "sims", "items": [{}]}',
        "[" * 100_000,
        '{"source": "sims", "items": [' + "9" * 5000 + "]}",
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    """Broken, foreign and hostile text is one refusal, which carries no other error."""
    with pytest.raises(MappingOutdated) as caught:
        MappingPlan.from_json(text)
    assert caught.value.__context__ is None


def test_what_is_no_text_is_refused() -> None:
    """A plan that a form did not send back is a refusal, not a crash."""
    with pytest.raises(MappingOutdated):
        MappingPlan.from_json(None)  # type: ignore[arg-type] # that is the mistake


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("user_id",), "not an id"),
        (("user_id",), 7),
        (("candidates",), ["../etc"]),
        (("candidates",), 7),
        (("row",), "text"),
        (("row",), []),
        (("row", "role"), "owner"),
        (("row", "role"), []),
        (("row", "given_name"), 7),
        (("row", "mis_id"), ["17"]),
        (("row", "email"), {"a": 1}),
        (("row", "password"), "Chalkboard7"),
        (("row", "active"), "false"),
        (("row", "active"), None),
        (("row", "line"), "7"),
        (("row", "line"), True),
        (("reasons",), 7),
        (("price",), 7),
    ],
    ids=repr,
)
def test_a_plan_with_one_wrong_value_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """What the rest of the library would stumble over does not get in."""
    hostile = planted(json.loads(PLAN.to_json()), ("items", 0, *path), value)
    with pytest.raises(MappingOutdated):
        MappingPlan.from_json(json.dumps(hostile))


@given(st.data(), json_values)
def test_a_plan_with_anything_anywhere_is_read_or_refused(data: st.DataObject, other: Any) -> None:
    """Whatever is put anywhere, there is a plan of the right types or one refusal."""
    plan = json.loads(PLAN.to_json())
    hostile = planted(plan, data.draw(st.sampled_from(paths(plan))), other)
    try:
        read = MappingPlan.from_json(json.dumps(hostile))
    except MappingOutdated:
        return
    assert isinstance(read.source, str)
    for row in read.rows:
        texts = (row.mis_id, row.given_name, row.family_name, row.email, row.username)
        assert all(text is None or isinstance(text, str) for text in texts)


def test_plan_tells_its_rows_and_the_items_of_a_kind() -> None:
    """A page shows the kinds one by one."""
    assert PLAN.rows == (PLAN.items[0].row,)
    assert PLAN.of("may_match") == PLAN.items
    assert PLAN.of("new") == ()
