"""What is done about each item of a plan, what is written of each account, what its events tell."""

from __future__ import annotations

import pytest

from schoolauth.model.events import EmailChanged, MappingApplied, UserAdded, UserEdited
from schoolauth.model.mapping import (
    Create,
    Link,
    MappingDecision,
    MappingItem,
    MappingKind,
    MappingPlan,
    Skip,
)
from schoolauth.model.names import MisId, UserId
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from schoolauth.rules.mapping.apply import Add, Applied, Deactivate, Edit, Effect, apply, effect
from schoolauth.rules.mapping.row import ReadRow, read_row
from tests.rules.canary import STAMP
from tests.rules.rows import HILL, account

JESS = account("jess", mis="1", email="jess@example.org")
ANN = account("ann", given_name="Ann")
NEW = UserId.parse("u9")
ROW = read_row(RosterRow("9", "A", "B", role=Role.STAFF), HILL, "sims")


def read(mis_id: str, given_name: str, family_name: str, email: str | None = None) -> ReadRow:
    return read_row(RosterRow(mis_id, given_name, family_name, email), HILL, "sims")


def applied(*effects: Effect | None, rekey: bool = False) -> Applied:
    """Apply *effects* to Jess and Ann, with the MIS id as its own digest."""
    return apply(
        MappingPlan("sims", (), rekey=rekey),
        {str(number): what for number, what in enumerate(effects, start=1)},
        {JESS.id: JESS, ANN.id: ANN},
        HILL,
        STAMP,
        ids={"1": NEW},
        digest=lambda mis_id: mis_id.key,
    )


def item(kind: MappingKind, user_id: UserId | None = None) -> MappingItem:
    return MappingItem("1", kind, ROW.row, user_id=user_id, username="new")


@pytest.mark.parametrize(
    ("kind", "row", "decision", "expected"),
    [
        ("new", ROW, None, Add(ROW, "new")),
        ("may_match", ROW, Create(), Add(ROW, "new")),
        ("may_match", ROW, Link(ANN.id), Edit(ANN.id, ROW)),
        ("may_match", ROW, None, None),
        ("changed", ROW, None, Edit(JESS.id, ROW)),
        ("left", ROW, None, Deactivate(JESS.id)),
        ("left", None, None, Deactivate(JESS.id)),
        ("matched", ROW, None, None),
        ("conflict", ROW, None, None),
        ("problem", ROW, None, None),
        ("new", ROW, Skip(), None),
        ("changed", ROW, Skip(), None),
        ("left", None, Skip(), None),
    ],
)
def test_what_is_done_about_an_item(
    kind: MappingKind, row: ReadRow | None, decision: MappingDecision | None, expected: Effect
) -> None:
    """A decision says it where there is one, the kind of the item where there is none."""
    assert effect(item(kind, JESS.id), row, decision) == expected


@pytest.mark.parametrize("kind", ["changed", "left"])
def test_an_item_without_an_account_is_left_alone(kind: MappingKind) -> None:
    """Such as a leaver's row of somebody who never had an account."""
    assert effect(item(kind), ROW, None) is None


def test_nothing_done_is_no_change() -> None:
    """Items that are left alone are reported, and so are rows that say nothing new."""
    done = applied(None, Edit(JESS.id, read("1", "Jess", "James")))
    assert (done.change, done.replaced) == (None, ())
    assert (done.report.left_alone, done.report.changed) == (("1",), ())


def test_a_new_account_is_traced_to_its_list() -> None:
    """The event names the MIS, and has what stands for the id."""
    done = applied(Add(ROW, "new"))
    assert done.change is not None
    added, total = done.change.events
    assert isinstance(added, UserAdded)
    assert (added.source, added.mis_digest) == ("sims", MisId(HILL, "sims", "9").key)
    assert isinstance(total, MappingApplied)
    assert (total.at, total.actor, total.source) == (STAMP.at, STAMP.actor, "sims")
    assert (total.added, total.changed, total.left) == (1, 0, 0)
    assert done.report.added == (NEW,)
    ((user,),) = (done.change.users,)
    assert (str(user.username), user.role, user.given_name) == ("new", Role.STAFF, "A")


def test_an_edit_tells_of_a_new_id_only() -> None:
    """What stands for the id is in the event of the account that got it, and in no other."""
    done = applied(
        Edit(JESS.id, read("1", "Jessica", "James")), Edit(ANN.id, read("2", "Ann", "James"))
    )
    assert done.change is not None
    name, new_id, _ = done.change.events
    assert isinstance(name, UserEdited)
    assert isinstance(new_id, UserEdited)
    assert (name.fields, name.mis_digest) == (("given_name",), None)
    assert (new_id.fields, new_id.mis_digest) == (("mis_id",), MisId(HILL, "sims", "2").key)
    assert (name.source, new_id.source) == ("sims", "sims")


def test_a_new_address_is_an_event_of_its_own() -> None:
    """It ends sessions, the old address is told, and the history says so."""
    done = applied(Edit(JESS.id, read("1", "Jess", "James", "new@example.org")))
    assert done.change is not None
    event, edited, total = done.change.events
    assert isinstance(event, EmailChanged)
    assert (event.user, event.actor) == (JESS.id, STAMP.actor)
    assert isinstance(edited, UserEdited)
    assert isinstance(total, MappingApplied)
    ((before, after),) = done.replaced
    assert (before, str(after.email)) == (JESS, "new@example.org")
    assert after.epoch == STAMP.epoch


def test_a_leaver_keeps_the_address() -> None:
    """The list may be wrong, and the account comes back as it was."""
    done = applied(Deactivate(JESS.id))
    assert done.report.left == (JESS.id,)
    assert (done.change is not None and done.change.users[0].email) == JESS.email
    assert done.replaced == ()


def test_a_list_of_new_ids_takes_an_id_from_its_old_holder() -> None:
    """Ann gets the id that Jess had: both are written, and both events say that ids changed."""
    row = read("1", "Ann", "James")
    done = applied(Edit(ANN.id, row), rekey=True)
    assert done.change is not None
    by_id = {user.id: user for user in done.change.users}
    assert (by_id[ANN.id].mis_id, by_id[JESS.id].mis_id) == (JESS.mis_id, None)
    assert set(done.report.changed) == {ANN.id, JESS.id}
    renamed = Edit(JESS.id, read("", "Jessica", "James"))
    both = applied(renamed, Edit(ANN.id, row), rekey=True)
    fields = (
        [event.fields for event in both.change.events if isinstance(event, UserEdited)]
        if both.change
        else []
    )
    assert fields == [("given_name",), ("mis_id",), ("mis_id",)]
