"""Retiring a duplicate and taking it back: what moves, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schoolauth.errors import TransitionForbidden
from schoolauth.model.change import Change
from schoolauth.model.events import DuplicateResolved
from schoolauth.model.names import EmailAddress
from schoolauth.model.user import Status, User
from schoolauth.rules.duplicates import resolve, undo_resolve
from tests.rules.canary import STAMP
from tests.rules.rows import account

EMAIL = EmailAddress.parse("jess@example.org")


def resolved(keep: User, retire: User, **fields: Any) -> tuple[User, User, DuplicateResolved]:
    """Retire *retire*, with its address moved unless *fields* say otherwise."""
    wanted: dict[str, Any] = {"move_email": True, "email_digest": "e", "mis_digest": "m", **fields}
    change = resolve(keep, retire, STAMP, **wanted)
    kept, retired = change.users
    event = change.events[-1]
    assert isinstance(event, DuplicateResolved)
    return kept, retired, event


def undone(keep: User, retired: User, done: DuplicateResolved) -> Change:
    return undo_resolve(keep, retired, STAMP, done, same=done.moved)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.INVITED])
def test_all_that_the_kept_one_has_not_moves(status: Status) -> None:
    """Address and MIS id, which the event names; sessions of both end."""
    kept, retired, event = resolved(
        account("keep", status=status), account("old", mis="2", email=str(EMAIL))
    )
    assert (kept.email, str(kept.mis_id).endswith("2"), kept.status) == (EMAIL, True, status)
    assert (retired.email, retired.mis_id, retired.superseded_by) == (None, None, kept.id)
    assert (event.moved, event.email_digest, event.mis_digest) == (("email", "mis_id"), "e", "m")
    assert min(kept.epoch, retired.epoch) >= STAMP.epoch


def test_what_the_kept_one_has_stays() -> None:
    """Each keeps its own MIS id, the address is dropped, and the kept one stays signed in."""
    keep = account("keep", mis="1", email="j.james@example.org")
    old = account("old", mis="2", email=str(EMAIL))
    kept, retired, event = resolved(keep, old)
    assert kept == keep
    assert (retired.email, retired.mis_id) == (None, old.mis_id)
    assert (event.moved, event.email_digest, event.mis_digest) == ((), None, None)


def test_nothing_moves_where_there_is_nothing() -> None:
    """Neither address nor MIS id is among what was moved, so that nothing comes back."""
    keep = account("keep")
    kept, _, event = resolved(keep, account("old"))
    assert (kept, event.moved) == (keep, ())
    assert (event.email_digest, event.mis_digest) == (None, None)


@pytest.mark.parametrize("status", [Status.INACTIVE, Status.ERASED])
def test_nobody_is_retired_in_favour_of_an_account_that_does_not_stand(status: Status) -> None:
    """The refusal says which of the two it is about."""
    with pytest.raises(TransitionForbidden) as caught:
        resolved(account("keep", status=status), account("old"))
    assert (caught.value.status, caught.value.wanted) == (status.value, "keep")


def test_what_is_erased_or_retired_already_is_not_retired() -> None:
    """An account is retired once, and the erased are nobody's."""
    keep = account("keep")
    erased = account("old", status=Status.ERASED)
    again = account("old", status=Status.INACTIVE, superseded_by=keep.id)
    for old in (erased, again):
        with pytest.raises(TransitionForbidden) as caught:
            resolved(keep, old)
        assert (caught.value.status, caught.value.wanted) == (old.status.value, "retire")


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.INACTIVE])
def test_an_undo_restores_what_was_there(status: Status) -> None:
    """Also of an account that was inactive before: it is nobody's duplicate any more."""
    keep = account("keep", epoch=1)
    old = account("old", mis="2", email=str(EMAIL), status=status, password=None)
    kept, retired, event = resolved(keep, old)
    change = undone(kept, retired, event)
    kept_again, restored = change.users
    assert (kept_again.email, kept_again.mis_id) == (None, None)
    assert kept_again.epoch > kept.epoch
    assert (restored.email, restored.mis_id, restored.superseded_by) == (EMAIL, old.mis_id, None)
    assert (restored.status is Status.INACTIVE) is (status is Status.INACTIVE)


def test_an_undo_without_an_address_ends_no_session_of_the_kept_one() -> None:
    """Only whoever loses an address is signed out."""
    kept, retired, event = resolved(account("keep"), account("old", mis="2"))
    kept_again, restored = undone(kept, retired, event).users
    assert (kept_again.epoch, kept_again.mis_id) == (kept.epoch, None)
    assert restored.mis_id == kept.mis_id


def test_only_a_retired_account_is_restored() -> None:
    """Woken by hand, or retired in favour of somebody else meanwhile: refused, by name."""
    kept, retired, event = resolved(account("keep"), account("old", status=Status.INACTIVE))
    for other in (
        replace(retired, status=Status.ACTIVE),
        replace(retired, superseded_by=account("third").id),
    ):
        with pytest.raises(TransitionForbidden) as caught:
            undone(kept, other, event)
        assert (caught.value.status, caught.value.wanted) == (other.status.value, "undo")
