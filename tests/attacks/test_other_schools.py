"""Attack 16: no call of a desk reaches another school, and no new call is forgotten here."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from schoolauth import (
    MappingItem,
    MappingPlan,
    Role,
    RosterRow,
    School,
    SchoolAuthError,
    User,
    UserManagement,
)
from schoolauth.model.names import MisId, SchoolCode
from tests.attacks.faults import snapshot
from tests.service.world import PASSWORD, World

EMAIL = "sam@dale.example.org"

CALLS: dict[str, Callable[[UserManagement, User, User], object]] = {
    "get_user": lambda desk, own, foreign: desk.get_user(foreign.id),
    "search": lambda desk, own, foreign: desk.search("else"),
    "edit_user": lambda desk, own, foreign: desk.edit_user(foreign.id, role=Role.ADMIN),
    "add_user": lambda desk, own, foreign: desk.add_user(
        given_name="A", family_name="B", role=Role.STAFF, mis_id=foreign.mis_id
    ),
    "set_email": lambda desk, own, foreign: desk.set_email(foreign.id, "x@dale.example.org"),
    "release_email": lambda desk, own, foreign: desk.release_email(foreign.id),
    "set_password": lambda desk, own, foreign: desk.set_password(foreign.id, PASSWORD),
    "send_create_password_email": lambda desk, own, foreign: desk.send_create_password_email(
        foreign.id
    ),
    "send_create_password_emails": lambda desk, own, foreign: desk.send_create_password_emails(
        [foreign.id]
    ),
    "deactivate": lambda desk, own, foreign: desk.deactivate(foreign.id),
    "reactivate": lambda desk, own, foreign: desk.reactivate(foreign.id),
    "unlock": lambda desk, own, foreign: desk.unlock(foreign.id),
    "erase": lambda desk, own, foreign: desk.erase(foreign.id),
    "find_duplicates": lambda desk, own, foreign: desk.find_duplicates(),
    "resolve_duplicate": lambda desk, own, foreign: desk.resolve_duplicate(
        keep=own.id, retire=foreign.id
    ),
    "undo_resolve_duplicate": lambda desk, own, foreign: desk.undo_resolve_duplicate(
        keep=own.id, retire=foreign.id
    ),
    "diagnose": lambda desk, own, foreign: desk.diagnose(str(foreign.username)),
    "history": lambda desk, own, foreign: desk.history(foreign.id),
    "plan_mapping": lambda desk, own, foreign: desk.plan_mapping([row(foreign)], source="sims"),
    "apply_mapping": lambda desk, own, foreign: desk.apply_mapping(forged(foreign)),
}


def row(foreign: User) -> RosterRow:
    return RosterRow(
        "9", "Taken", "Over", email="x@dale.example.org", username=str(foreign.username)
    )


def forged(foreign: User) -> MappingPlan:
    """Return a plan that says the row is the foreign account's, as a browser could send it."""
    item = MappingItem("1", "changed", row(foreign), user_id=foreign.id, fields=("email",))
    return MappingPlan("sims", (item,))


def test_every_call_of_a_desk_is_tried() -> None:
    """A call that is added without its line above fails here."""
    public = {
        name
        for name, _ in inspect.getmembers(UserManagement, inspect.isfunction)
        if not name.startswith("_")
    }
    assert public == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_16_no_call_changes_or_shows_another_schools_account(world: World, call: str) -> None:
    """Whatever the call answers, the foreign row is as it was and in no answer."""
    support = world.auth.support(by="test")
    support.add_school(School("dale", "Dale School"))
    foreign = support.manage("dale").add_user(
        given_name="Sam",
        family_name="Else",
        role=Role.TEACHER,
        email=EMAIL,
        mis_id=MisId(SchoolCode.parse("dale"), "sims", "9"),
    )
    own = world.teacher()
    world.outbox.clear()
    users, events = snapshot(world.users)
    try:
        answer = repr(CALLS[call](world.desk, own, foreign))
    except SchoolAuthError as error:
        answer = f"{error!r} {error.message} {error.details()}"
    after, later = snapshot(world.users)
    assert after[foreign.id] == users[foreign.id]
    assert EMAIL not in answer
    assert "Else" not in answer
    assert [event for event in later if event.user == foreign.id] == [
        event for event in events if event.user == foreign.id
    ]
    assert EMAIL not in {str(mail.to) for mail in world.outbox}
