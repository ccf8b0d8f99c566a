"""What an applied plan writes of each account, and what its events tell."""

from __future__ import annotations

from schoolauth.model.events import EmailChanged, MappingApplied, UserAdded, UserEdited
from schoolauth.model.names import MisId, UserId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role
from schoolauth.rules.accounts import NewUser
from schoolauth.rules.mapping.apply import MappedChanges
from schoolauth.rules.mapping.row import read_row
from tests.rules.canary import STAMP
from tests.rules.rows import HILL, account

JESS = account("jess", mis="1", email="jess@example.org")
ANN = account("ann", given_name="Ann")


def gathering() -> MappedChanges:
    """Return the changes to Jess, Ann and whoever is new, with the id as its own digest."""
    return MappedChanges(STAMP, "sims", {JESS.id: JESS, ANN.id: ANN}, lambda mis_id: mis_id.key)


def test_a_new_account_is_traced_to_its_list() -> None:
    """The event names the MIS, and has what stands for the id."""
    mis_id = MisId(HILL, "sims", "9")
    changes = gathering()
    changes.add(
        NewUser(UserId.parse("u9"), HILL, Username.parse("new"), "A", "B", Role.STAFF, None, mis_id)
    )
    event, applied = changes.change(HILL, ()).events
    assert isinstance(event, UserAdded)
    assert (event.source, event.mis_digest) == ("sims", mis_id.key)
    assert isinstance(applied, MappingApplied)
    assert (applied.at, applied.actor, applied.source) == (STAMP.at, STAMP.actor, "sims")
    assert (applied.added, applied.changed, applied.left) == (1, 0, 0)


def test_an_edit_tells_of_a_new_id_only() -> None:
    """What stands for the id is in the event of who got it, and in no other."""
    changes = gathering()
    changes.edit(JESS.id, read_row(RosterRow("1", "Jessica", "James"), HILL, "sims"))
    changes.edit(ANN.id, read_row(RosterRow("2", "Ann", "James"), HILL, "sims"))
    name, new_id, _ = changes.change(HILL, ()).events
    assert isinstance(name, UserEdited)
    assert isinstance(new_id, UserEdited)
    assert (name.fields, name.mis_digest) == (("given_name",), None)
    assert (new_id.fields, new_id.mis_digest) == (("mis_id",), MisId(HILL, "sims", "2").key)
    assert (name.source, new_id.source) == ("sims", "sims")


def test_a_new_address_is_an_event_of_its_own() -> None:
    """It ends sessions, the old address is told, and the history says so."""
    changes = gathering()
    row = RosterRow("1", "Jess", "James", "new@example.org")
    changes.edit(JESS.id, read_row(row, HILL, "sims"))
    event, edited, applied = changes.change(HILL, (ANN,)).events
    assert isinstance(event, EmailChanged)
    assert (event.user, event.actor) == (JESS.id, STAMP.actor)
    assert isinstance(edited, UserEdited)
    assert isinstance(applied, MappingApplied)
    ((changed, old),) = changes.replaced
    assert (str(changed.email), old) == ("new@example.org", JESS.email)
    assert changed.epoch == STAMP.epoch
    assert changes.change(HILL, (ANN,)).unchanged == (ANN,)
