"""What may become of an account: every function, for every status, with what it records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from schoolauth.errors import TransitionForbidden
from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import (
    StatusChanged,
    UserMoved,
)
from schoolauth.model.names import Username
from schoolauth.model.user import TRANSITIONS, Role, Status, User
from schoolauth.rules import accounts
from tests.rules.canary import (
    HILL,
    JAMES,
    LONG_AGO,
    MILL,
    NEW_EMAIL,
    NEW_HASH,
    NOW,
    STAMP,
    only_user,
)


@dataclass(frozen=True)
class Call:
    """A function of the rules, and what becomes of each status; None where it is refused."""

    run: Callable[[User, Stamp], Change | None]
    becomes: dict[Status, Status | None]
    moves_epoch: bool = True


INV, ACT, OFF, ERA = Status.INVITED, Status.ACTIVE, Status.INACTIVE, Status.ERASED
ANY_BUT_ERASED: dict[Status, Status | None] = {INV: INV, ACT: ACT, OFF: OFF, ERA: None}
CALLS: dict[str, Call] = {
    "edit names": Call(
        lambda user, stamp: accounts.edit_user(user, stamp, given_name="Other", family_name="One"),
        ANY_BUT_ERASED,
        moves_epoch=False,
    ),
    "edit username": Call(
        lambda user, stamp: accounts.edit_user(user, stamp, username=Username.parse("other")),
        ANY_BUT_ERASED,
        moves_epoch=False,
    ),
    "edit role": Call(
        lambda user, stamp: accounts.edit_user(user, stamp, role=Role.ADMIN), ANY_BUT_ERASED
    ),
    "set e-mail": Call(
        lambda user, stamp: accounts.set_email(user, NEW_EMAIL, stamp), ANY_BUT_ERASED
    ),
    "set wrong e-mail": Call(
        lambda user, stamp: accounts.set_email(user, NEW_EMAIL, stamp, was_wrong=True),
        ANY_BUT_ERASED,
    ),
    "release e-mail": Call(accounts.release_email, ANY_BUT_ERASED),
    "choose password": Call(
        lambda user, stamp: accounts.choose_password(user, NEW_HASH, stamp, how="reset"),
        {INV: ACT, ACT: ACT, OFF: None, ERA: None},
    ),
    "deactivate": Call(accounts.deactivate, {INV: OFF, ACT: OFF, OFF: None, ERA: None}),
    "deactivate and release": Call(
        lambda user, stamp: accounts.deactivate(user, stamp, release=True),
        {INV: OFF, ACT: OFF, OFF: None, ERA: None},
    ),
    "reactivate": Call(accounts.reactivate, {INV: None, ACT: None, OFF: ACT, ERA: None}),
    "reactivate without password": Call(
        lambda user, stamp: accounts.reactivate(replace(user, password=None), stamp),
        {INV: None, ACT: None, OFF: INV, ERA: None},
    ),
    "erase": Call(accounts.erase, {INV: ERA, ACT: ERA, OFF: ERA, ERA: None}),
    "end sessions": Call(accounts.end_sessions, {INV: INV, ACT: ACT, OFF: OFF, ERA: ERA}),
    "move": Call(
        lambda user, stamp: accounts.move_user(user, MILL, Username.parse("mill_one"), stamp),
        ANY_BUT_ERASED,
    ),
    "legal hold": Call(
        lambda user, stamp: accounts.set_legal_hold(user, True, "case 12", stamp),
        ANY_BUT_ERASED,
        moves_epoch=False,
    ),
}
each_call = pytest.mark.parametrize("name", CALLS)


# --- The table -------------------------------------------------------------------------------


@each_call
@pytest.mark.parametrize("status", Status)
def test_every_call_obeys_the_status_table(name: str, status: Status) -> None:
    """Each status is classified for each call; what moves it is in TRANSITIONS, and recorded."""
    call, user = CALLS[name], replace(JAMES, status=status)
    wanted = call.becomes[status]
    if wanted is None:
        with pytest.raises(TransitionForbidden) as caught:
            call.run(user, STAMP)
        assert caught.value.status == status.value
        return
    change = call.run(user, STAMP)
    assert change is not None
    changed = only_user(change)
    assert changed.status is wanted
    moved = [event for event in change.events if isinstance(event, StatusChanged)]
    if wanted is status:
        assert moved == []
        assert changed.status_since == LONG_AGO
    else:
        assert wanted in TRANSITIONS[status]
        assert [(event.old, event.new) for event in moved] == [(status, wanted)]
        assert changed.status_since == NOW


@each_call
@pytest.mark.parametrize("ahead", [-1, 0, 1, 10**12])
def test_epoch_moves_exactly_when_credentials_do(name: str, ahead: int) -> None:
    """Password, e-mail, status, role and school end sessions and links; names and holds do not."""
    call = CALLS[name]
    for status in (status for status, wanted in call.becomes.items() if wanted is not None):
        user = replace(JAMES, status=status, epoch=STAMP.epoch + ahead)
        epoch = only_user(call.run(user, STAMP)).epoch
        if call.moves_epoch:
            # a step more where password and status change together
            assert epoch - max(user.epoch + 1, STAMP.epoch) in {0, 1}
        else:
            assert epoch == user.epoch


@each_call
def test_events_say_who_when_and_which_account(name: str) -> None:
    """Every event of every call has its stamp, and the account's id and school."""
    call = CALLS[name]
    status = next(status for status, wanted in call.becomes.items() if wanted is not None)
    change = call.run(replace(JAMES, status=status), STAMP)
    assert change is not None
    for event in change.events:
        assert (event.at, event.actor, event.user) == (NOW, "user:admin", JAMES.id)
        assert event.school in ({HILL, MILL} if isinstance(event, UserMoved) else {HILL})


@each_call
def test_events_hold_nothing_personal(name: str) -> None:
    """No name, username, address, MIS id or hash is in any record, so erasing leaves the trail."""
    call = CALLS[name]
    status = next(status for status, wanted in call.becomes.items() if wanted is not None)
    change = call.run(replace(JAMES, status=status), STAMP)
    assert change is not None
    records = json.dumps([event.to_record() for event in change.events]).lower()
    new = ("new hash", "new@example.org", "other", "mill_one")
    assert [text for text in ("canary", *new) if text in records] == []


@each_call
def test_identity_and_version_are_never_touched(name: str) -> None:
    """Rules leave the id, the version that was read and the day of creation alone."""
    call = CALLS[name]
    status = next(status for status, wanted in call.becomes.items() if wanted is not None)
    changed = only_user(call.run(replace(JAMES, status=status), STAMP))
    assert (changed.id, changed.version, changed.created_at) == (JAMES.id, 7, LONG_AGO)
