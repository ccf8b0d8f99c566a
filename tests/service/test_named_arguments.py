"""An error says which argument it is about: a call may have five texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import MisId, NameInvalid, Role, SupportDesk, TokenRefused, User
from schoolauth.model.arguments import KEEP
from schoolauth.model.events import UserAdded
from tests.service.world import PASSWORD, World

EMAIL = "jess@hill.example.org"
Wrong = Callable[[World, User, Any], object]


def support(world: World) -> SupportDesk:
    return world.auth.support(by="Robin")


CALLS: list[tuple[str, Wrong]] = [
    ("identifier", lambda w, u, x: w.auth.log_in(x, PASSWORD)),
    ("password", lambda w, u, x: w.auth.log_in("jess", x)),
    ("email_or_username", lambda w, u, x: w.auth.request_password_reset(x)),
    ("token", lambda w, u, x: w.auth.reset_password(x, PASSWORD)),
    ("new_password", lambda w, u, x: w.auth.reset_password("x", x)),
    ("current", lambda w, u, x: w.auth.change_password(u.id, current=x, new=PASSWORD)),
    ("new", lambda w, u, x: w.auth.change_password(u.id, current=PASSWORD, new=x)),
    (
        "password",
        lambda w, u, x: w.auth.request_email_change(u.id, password=x, new_email=EMAIL),
    ),
    ("token", lambda w, u, x: w.auth.confirm_email_change(x)),
    ("password", lambda w, u, x: w.desk.set_password(u.id, x)),
    ("must_change", lambda w, u, x: w.desk.set_password(u.id, PASSWORD, must_change=x)),
    ("was_wrong", lambda w, u, x: w.desk.set_email(u.id, EMAIL, was_wrong=x)),
    ("release_email", lambda w, u, x: w.desk.deactivate(u.id, release_email=x)),
    ("source", lambda w, u, x: w.auth.log_in("jess", PASSWORD, source=x)),
    ("source", lambda w, u, x: w.auth.request_password_reset("jess", source=x)),
    ("source", lambda w, u, x: w.auth.reset_password("x", PASSWORD, source=x)),
    (
        "source",
        lambda w, u, x: w.auth.request_admin_recovery(
            "wg204nx", new_email=EMAIL, requested_by="A", source=x
        ),
    ),
    (
        "password",
        lambda w, u, x: support(w).add_first_admin(
            "wg204nx", given_name="A", family_name="B", password=x
        ),
    ),
    ("on", lambda w, u, x: support(w).set_legal_hold(u.id, x, reason="Case 1")),
    ("complete", lambda w, u, x: w.desk.plan_mapping([], source="sims", complete=x)),
    ("leavers_at_most", lambda w, u, x: w.desk.apply_mapping(planned(w), leavers_at_most=x)),
]


def planned(world: World) -> Any:
    return world.desk.plan_mapping([], source="sims")


@pytest.mark.parametrize(
    ("name", "call"), CALLS, ids=[f"{name}{n}" for n, (name, _) in enumerate(CALLS)]
)
def test_a_wrong_type_is_told_by_its_name(world: World, name: str, call: Wrong) -> None:
    """Before anything is counted or written: a list is neither a text nor a flag nor a number."""
    user = world.teacher(email=EMAIL)
    before = world.kinds()
    with pytest.raises(TypeError, match=f"^{name} must be "):
        call(world, user, ["x"])
    assert world.kinds() == before
    assert world.log_in(user).user.id == user.id


@pytest.mark.parametrize("field", ["given_name", "family_name"])
def test_an_unusable_name_is_told_by_its_field(world: World, field: str) -> None:
    """The form has two of them."""
    names: dict[str, Any] = {"given_name": "Ann", "family_name": "Ash", field: "a\0b"}
    with pytest.raises(NameInvalid) as caught:
        world.desk.add_user(role=Role.STAFF, **names)
    assert caught.value.field == field


def test_what_is_kept_is_readable_in_a_signature() -> None:
    """`help` and the API page show the default by its name."""
    assert repr(KEEP) == "KEEP"


def test_a_supporter_without_a_name_is_told_by_its_field(world: World) -> None:
    """It stands in every event, so it must be there."""
    with pytest.raises(NameInvalid) as caught:
        world.auth.support(by=" ")
    assert caught.value.field == "support_name"


def test_reasons_and_references_are_told_by_their_names(world: World) -> None:
    """The support desk fills in both."""
    user = world.teacher()
    with pytest.raises(NameInvalid) as caught:
        support(world).set_legal_hold(user.id, True, reason="")
    assert caught.value.field == "reason"
    with pytest.raises(NameInvalid) as caught:
        support(world).confirm_admin_recovery(
            "wg204nx", confirmation_from=EMAIL, reference="", new_email=EMAIL
        )
    assert caught.value.field == "reference"


def test_an_account_made_by_hand_is_traced_by_its_id(world: World) -> None:
    """So that a second account of the id is found."""
    mis_id = MisId(world.school.code, "sims", "9")
    user = world.teacher(None, mis_id=mis_id)
    (event,) = world.desk.history(user.id, kinds=["user_added"]).items
    assert isinstance(event, UserAdded)
    assert event.mis_digest == world.auth._core.mis_digest(mis_id)


def test_a_confirmation_without_an_address_is_no_token_of_ours(world: World) -> None:
    """Whoever signed it: it confirms nothing."""
    token, _ = world.auth._core.issue("confirm_email", world.teacher(email=EMAIL))
    with pytest.raises(TokenRefused) as caught:
        world.auth.confirm_email_change(token)
    assert caught.value.reason == "invalid"
