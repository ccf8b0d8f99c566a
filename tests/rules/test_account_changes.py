"""What each change of an account does to it, field by field, and which events tell of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import EmailMissing, NotPermitted, Refused
from schoolauth.model.change import LISTED, Change
from schoolauth.model.events import (
    EmailChanged,
    EmailReleased,
    LegalHoldSet,
    PasswordChanged,
    SessionsEnded,
    StatusChanged,
    UserAdded,
    UserEdited,
    UserErased,
    UserMoved,
)
from schoolauth.model.names import EmailAddress, MisId, UserId, Username
from schoolauth.model.user import Role, Status, User, to_micros
from schoolauth.rules import accounts
from schoolauth.testing.strategies import emails, names, usernames, users
from tests.rules.canary import (
    HILL,
    JAMES,
    MILL,
    NEW_EMAIL,
    NEW_HASH,
    NOW,
    STAMP,
    only_user,
)


@given(names(), names(), st.sampled_from(Role), st.none() | emails())
def test_a_new_account_is_invited_and_has_no_password(
    given_name: str, family_name: str, role: Role, email: EmailAddress | None
) -> None:
    """Everything known is on it, nobody can sign in yet, and its keys die with the first change."""
    new = accounts.NewUser(
        id=UserId.parse("u9"),
        school=HILL,
        username=Username.parse("new"),
        given_name=given_name,
        family_name=family_name,
        role=role,
        email=email,
        mis_id=MisId(HILL, "sims", "9"),
    )
    user, event = accounts.add_user(new, STAMP, source="sims")
    assert user == User(
        id=new.id,
        school=HILL,
        username=new.username,
        given_name=given_name,
        family_name=family_name,
        role=role,
        status=Status.INVITED,
        status_since=NOW,
        created_at=NOW,
        email=email,
        mis_id=new.mis_id,
        epoch=STAMP.epoch,
    )
    assert event == UserAdded(at=NOW, actor="user:admin", school=HILL, user=new.id, source="sims")
    assert accounts.add_user(new, STAMP)[1].source is None


@given(users(status=st.sampled_from(sorted(LISTED))))
def test_an_edit_that_changes_nothing_is_none(user: User) -> None:
    """What was typed again as it is writes nothing and ends no session."""
    same = {"given_name": user.given_name, "role": user.role, "username": user.username}
    assert accounts.edit_user(user, STAMP, **same) is None
    assert accounts.edit_user(user, STAMP) is None
    if user.email is not None:
        assert accounts.set_email(user, user.email, STAMP) is None


def test_an_edit_names_the_fields_that_changed() -> None:
    """Only those, in the order in which they were given."""
    change = accounts.edit_user(
        JAMES, STAMP, family_name="Other", given_name="Canarygiven", role=Role.SLT
    )
    assert change is not None
    assert only_user(change) == replace(
        JAMES, family_name="Other", role=Role.SLT, epoch=STAMP.epoch
    )
    (event,) = change.events
    assert isinstance(event, UserEdited)
    assert (event.fields, event.source) == (("family_name", "role"), None)


def test_the_spelling_of_a_key_can_be_corrected() -> None:
    """The same username or address in other letters is a change of what is shown."""
    spelled = Username.parse("Canary_Username")
    edited = only_user(accounts.edit_user(JAMES, STAMP, username=spelled))
    assert str(edited.username) == "Canary_Username"
    assert edited.epoch == JAMES.epoch
    written = EmailAddress.parse("Canary@Example.org")
    assert str(only_user(accounts.set_email(JAMES, written, STAMP)).email) == "Canary@example.org"


def test_a_new_address_keeps_the_password_unless_the_old_was_a_strangers() -> None:
    """With *was_wrong* the password goes, even where the address stays."""
    change = accounts.set_email(JAMES, NEW_EMAIL, STAMP)
    assert only_user(change) == replace(JAMES, email=NEW_EMAIL, epoch=STAMP.epoch)
    assert JAMES.email is not None
    for email in (NEW_EMAIL, JAMES.email):
        wrong = accounts.set_email(JAMES, email, STAMP, was_wrong=True)
        assert wrong is not None
        assert only_user(wrong) == replace(
            JAMES, email=email, password=None, must_change_password=False, epoch=STAMP.epoch
        )
        (event,) = wrong.events
        assert isinstance(event, EmailChanged)
        assert event.was_wrong


def test_an_address_is_released_once() -> None:
    """Where there is none, the desk is told so (FAQ)."""
    change = accounts.release_email(JAMES, STAMP)
    released = only_user(change)
    assert released == replace(JAMES, email=None, epoch=STAMP.epoch)
    assert [type(event) for event in change.events] == [EmailReleased]
    with pytest.raises(EmailMissing):
        accounts.release_email(released, STAMP)


@pytest.mark.parametrize("must_change", [True, False])
@pytest.mark.parametrize("status", [Status.INVITED, Status.ACTIVE])
def test_a_chosen_password_activates_an_invited_account(status: Status, must_change: bool) -> None:
    """The hash is the new one, and only who sets it for another may ask for a change."""
    user = replace(JAMES, status=status, must_change_password=not must_change)
    change = accounts.choose_password(user, NEW_HASH, STAMP, how="admin", must_change=must_change)
    chosen = only_user(change)
    assert (chosen.password, chosen.must_change_password) == (NEW_HASH, must_change)
    assert chosen.status is Status.ACTIVE
    first = change.events[0]
    assert isinstance(first, PasswordChanged)
    assert first.how == "admin"
    assert len(change.events) == (2 if status is Status.INVITED else 1)


def test_a_leaver_keeps_or_releases_the_address() -> None:
    """Two events tell the two things; without an address there is only one."""
    kept = accounts.deactivate(JAMES, STAMP)
    assert only_user(kept).email == JAMES.email
    released = accounts.deactivate(JAMES, STAMP, release=True)
    assert only_user(released).email is None
    assert [type(event) for event in released.events] == [StatusChanged, EmailReleased]
    bare = accounts.deactivate(replace(JAMES, email=None), STAMP, release=True)
    assert [type(event) for event in bare.events] == [StatusChanged]


def test_whoever_stands_again_is_nobodys_duplicate() -> None:
    """The account that replaced it is another person's from now on."""
    gone = replace(JAMES, status=Status.INACTIVE)
    assert gone.superseded_by is not None
    assert only_user(accounts.reactivate(gone, STAMP)).superseded_by is None


def test_a_new_account_is_traced_to_its_list() -> None:
    """By the MIS and by what stands for the id."""
    new = accounts.NewUser(JAMES.id, HILL, JAMES.username, "A", "B", Role.STAFF)
    user, event = accounts.add_user(new, STAMP, source="sims", mis_digest="digest")
    assert (event.source, event.mis_digest, user.epoch) == ("sims", "digest", STAMP.epoch)


@given(users(legal_hold=st.just(False), status=st.sampled_from(sorted(LISTED))))
def test_erasing_leaves_nothing_personal(user: User) -> None:
    """Every key is released and every personal field is empty; the id and the dates remain."""
    change = accounts.erase(user, STAMP)
    erased = only_user(change)
    record = erased.to_record(with_password=True)
    before = user.to_record(with_password=True)
    kept = {"id", "school", "school_key", "role", "created_at", "superseded_by", "version"}
    assert {name: record[name] for name in kept} == {name: before[name] for name in kept}
    assert {name: record[name] for name in record.keys() - kept} == {
        "username": "",
        "username_key": f"@{user.id.key}",
        "email": None,
        "email_key": None,
        "mis_key": None,
        "given_name": "",
        "family_name": "",
        "status": "erased",
        "status_since": to_micros(NOW),
        "last_login_at": None,
        "must_change_password": False,
        "legal_hold": False,
        "epoch": max(user.epoch + 1, STAMP.epoch),
        "password": None,
    }
    assert erased.search_text == erased.full_name == ""
    assert [type(event) for event in change.events] == [StatusChanged, UserErased]


@pytest.mark.parametrize("status", Status)
def test_a_legal_hold_forbids_erasing_until_it_is_taken_off(status: Status) -> None:
    """Nothing of the account may go; off again, it may."""
    held = replace(JAMES, status=status, legal_hold=True)
    with pytest.raises(NotPermitted) as caught:
        accounts.erase(held, STAMP)
    assert caught.value.reason == "legal_hold"
    if status is not Status.ERASED:
        change = accounts.set_legal_hold(held, False, "case 12", STAMP)
        event = change.events[0]
        assert isinstance(event, LegalHoldSet)
        assert (event.on, event.reason) == (False, "case 12")
        assert only_user(accounts.erase(only_user(change), STAMP)).status is Status.ERASED


def test_ending_sessions_changes_the_epoch_alone() -> None:
    """The password stays; what was issued dies."""
    change = accounts.end_sessions(JAMES, STAMP)
    assert only_user(change) == replace(JAMES, epoch=STAMP.epoch)
    assert [type(event) for event in change.events] == [SessionsEnded]


@pytest.mark.parametrize("role", Role)
def test_who_moves_leaves_mis_id_and_admin_rights_behind(role: Role) -> None:
    """Nobody becomes another school's admin by moving, and both histories tell of the move."""
    name = Username.parse("mill_one")
    change = accounts.move_user(replace(JAMES, role=role), MILL, name, STAMP)
    moved = only_user(change)
    assert moved == replace(
        JAMES,
        school=MILL,
        username=name,
        role=Role.STAFF if role is Role.ADMIN else role,
        mis_id=None,
        superseded_by=None,
        epoch=STAMP.epoch,
    )
    assert [event.school for event in change.events] == [HILL, MILL]
    for event in change.events:
        assert isinstance(event, UserMoved)
        assert (event.old, event.new) == ("wg204nx", "mill")


@given(usernames(), users())
def test_every_refusal_of_a_rule_is_a_refusal(name: Username, user: User) -> None:
    """Whatever the account, a rule answers with a change or with one of the library's refusals."""
    calls: list[Callable[[], Any]] = [
        lambda: accounts.edit_user(user, STAMP, username=name),
        lambda: accounts.set_email(user, NEW_EMAIL, STAMP),
        lambda: accounts.release_email(user, STAMP),
        lambda: accounts.choose_password(user, NEW_HASH, STAMP, how="reset"),
        lambda: accounts.deactivate(user, STAMP, release=True),
        lambda: accounts.reactivate(user, STAMP),
        lambda: accounts.erase(user, STAMP),
        lambda: accounts.move_user(user, MILL, name, STAMP),
    ]
    for call in calls:
        try:
            change = call()
        except Refused:
            continue
        assert change is None or isinstance(change, Change)
