"""Any staff list against any school: every plan is sound, and twice is once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.change import Stamp
from schoolauth.model.mapping import MappingItem, MappingKind
from schoolauth.model.names import UserId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.accounts import NewUser, add_user
from schoolauth.rules.mapping.match import changes_of
from schoolauth.rules.mapping.row import ReadRow, read_row
from tests.rules.rows import HILL, MILL, NOW, account, keys_of, planned

few_rows = st.builds(
    RosterRow,
    mis_id=st.sampled_from([None, "1", "2", "3", "a b"]),
    given_name=st.sampled_from(["Jess", "JESS", "Ann", ""]),
    family_name=st.sampled_from(["James", "O'Hara", "\0"]),
    email=st.sampled_from([None, "a@example.org", "A@example.org", "b@example.org", "x"]),
    username=st.sampled_from([None, "u1", "U2", "wg204nx_james"]),
    role=st.sampled_from([None, *Role]),
    active=st.booleans(),
)


@st.composite
def schools_of_few(draw: st.DrawFn) -> list[User]:
    """Draw up to three accounts, in two schools, without a shared key."""
    users: list[User] = []
    for number in range(draw(st.integers(0, 3))):
        user = account(
            f"u{number}",
            mis=draw(st.sampled_from([None, "1", "2", "3"])),
            email=draw(st.sampled_from([None, "a@example.org", "b@example.org"])),
            school=draw(st.sampled_from([HILL, HILL, MILL])),
            role=draw(st.sampled_from(Role)),
            status=draw(st.sampled_from([Status.INVITED, Status.ACTIVE, Status.INACTIVE])),
            given_name=draw(st.sampled_from(["Jess", "Ann"])),
        )
        held = {key for other in users for key in keys_of(other)}
        if held.isdisjoint(keys_of(user)):
            users.append(user)
    return users


@given(st.lists(few_rows, max_size=5), schools_of_few())
def test_every_plan_is_sound(rows: list[RosterRow], users: list[User]) -> None:
    """One item a row, no account or username twice, and no other school's account anywhere."""
    items = planned(rows, *users)
    here = {user.id for user in users if user.school == HILL}
    assert [item.row for item in items] == rows
    assert [item.key for item in items] == [str(number + 1) for number in range(len(rows))]
    assert {item.kind for item in items} <= set(get_args(MappingKind))
    hits = Counter(item.user_id for item in items if item.user_id is not None)
    names = Counter(item.username for item in items if item.username is not None)
    assert set((hits | names).values()) <= {1}
    assert {
        user_id for item in items for user_id in (*item.candidates, item.user_id) if user_id
    } <= here
    for item in items:
        assert (item.user_id is not None) <= (item.kind in {"matched", "changed", "left"})
        assert (item.kind == "changed") is bool(item.fields)
        assert (item.username is not None) is (item.kind in {"new", "may_match"})
        assert bool(item.candidates) is (item.kind in {"conflict", "may_match"})


def applied(
    items: Sequence[MappingItem], read: Sequence[ReadRow], users: Sequence[User]
) -> list[User]:
    """Return the accounts once every new and changed item is carried out."""
    after = {user.id: user for user in users}
    for item, row in zip(items, read, strict=True):
        if item.user_id is not None:
            changes: dict[str, Any] = dict(changes_of(row, after[item.user_id]))
            if item.kind == "changed":
                after[item.user_id] = replace(after[item.user_id], **changes)
        if item.kind == "new":
            new = NewUser(
                id=UserId.parse(f"new-{item.key}"),
                school=HILL,
                username=Username.parse(item.username or ""),
                given_name=row.given_name,
                family_name=row.family_name,
                role=row.row.role or Role.TEACHER,
                email=row.email,
                mis_id=row.mis_id,
            )
            user, _ = add_user(new, Stamp(NOW, 1, "user:u1"))
            after[user.id] = user
    return list(after.values())


@given(st.lists(few_rows, max_size=5), schools_of_few())
def test_a_list_applied_twice_is_applied_once(rows: list[RosterRow], users: list[User]) -> None:
    """No two accounts share a key afterwards, and what was changed or added is matched."""
    read = [read_row(row, HILL, "sims") for row in rows]
    items = planned(rows, *users)
    after = applied(items, read, users)
    keys = [key for user in after for key in keys_of(user)]
    assert len(keys) == len(set(keys))
    settled = [
        again.kind
        for before, again, row in zip(items, planned(rows, *after), read, strict=True)
        if before.kind in {"changed", "matched"} or (before.kind == "new" and row.keys)
    ]
    assert set(settled) <= {"matched"}
