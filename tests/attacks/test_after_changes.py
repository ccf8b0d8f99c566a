"""Attack 11: every kind of token after every public call, each of which ends tokens or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from schoolauth import (
    ApprovalRefused,
    PasswordChangeRequired,
    Role,
    School,
    SessionEnded,
    TokenRefused,
    User,
)
from schoolauth.model.names import MisId
from schoolauth.model.token import TokenPurpose
from tests.attacks.ends import CALLS, DUPLICATE, EMAIL, SCHOOL
from tests.attacks.operations import LEGACY, public_calls
from tests.service.world import PASSWORD, World, make_world

NEW = "new@hill.example.org"
ELSEWHERE = {"SchoolAuth.within": "its calls are those of the three faces"}


def sample_world() -> World:
    """Return a school in which every call above has something to do."""
    world = make_world(legacy=[LEGACY])
    world.auth.support(by="x").add_school(School("second", "Second School"))
    world.teacher(username=DUPLICATE)
    world.desk.send_create_password_email(world.admin.id)
    world.clock.advance(days=30)
    return world


def holder(world: World, **fields: Any) -> User:
    given: dict[str, Any] = {"email": EMAIL, "mis_id": MisId(world.school.code, "sims", "7")}
    return world.teacher(**(given | fields))


def session(world: World) -> tuple[User, str]:
    user = holder(world)
    return user, world.log_in(user).session


def password_reset(world: World) -> tuple[User, str]:
    user = holder(world)
    world.auth.request_password_reset(EMAIL)
    return user, world.token("password_reset")


def create_password(world: World) -> tuple[User, str]:
    user = holder(world)
    world.desk.send_create_password_email(user.id)
    return user, world.token("create_password")


def must_change(world: World) -> tuple[User, str]:
    user = world.desk.set_password(holder(world).id, PASSWORD)
    with pytest.raises(PasswordChangeRequired) as caught:
        world.log_in(user)
    return user, caught.value.password_token


def confirm_email(world: World) -> tuple[User, str]:
    user = holder(world)
    world.auth.request_email_change(user.id, password=PASSWORD, new_email=NEW)
    return user, world.token("confirm_email_change")


TOKENS: dict[TokenPurpose, Callable[[World], tuple[User, str]]] = {
    "session": session,
    "password_reset": password_reset,
    "create_password": create_password,
    "must_change": must_change,
    "confirm_email": confirm_email,
}


def refusal(world: World, purpose: TokenPurpose, token: str) -> str | None:
    """Return why *token* is refused; None if it is good."""
    try:
        if purpose == "session":
            world.auth.resume(token)
        elif purpose == "confirm_email":
            world.auth.confirm_email_change(token)
        else:
            world.auth.check_password_token(token)
            world.auth.reset_password(token, "Greenboard5")
    except SessionEnded:
        return "used"
    except TokenRefused as error:
        return error.reason
    return None


def test_every_call_and_every_token_is_decided_on() -> None:
    """A public call, or a purpose of a token, that is added fails here until it is classified."""
    assert {name.partition(":")[0] for name in CALLS} | ELSEWHERE.keys() == public_calls()
    assert TOKENS.keys() == set(get_args(TokenPurpose))


@pytest.mark.parametrize("purpose", TOKENS)
@pytest.mark.parametrize("call", CALLS)
def test_a_token_is_dead_exactly_after_what_ends_it(call: str, purpose: TokenPurpose) -> None:
    """Address, password, role, school and status end all links and sessions; nothing else does."""
    world = sample_world()
    user, token = TOKENS[purpose](world)
    CALLS[call].run(world, user)
    assert refusal(world, purpose, token) == ("used" if CALLS[call].ends else None)


@pytest.mark.parametrize("call", CALLS)
def test_an_approvers_link_is_dead_exactly_after_what_ends_it(call: str) -> None:
    """It rests on the school's file, on all its admins, and on nobody having signed in since."""
    world = sample_world()
    user = holder(world, role=Role.ADMIN)
    world.auth.request_admin_recovery(SCHOOL, new_email=NEW, requested_by="Ada")
    token = world.token("approve_recovery")
    world.clock.advance(seconds=1)
    CALLS[call].run(world, user)
    if CALLS[call].recovery:
        with pytest.raises(ApprovalRefused):
            world.auth.approve_admin_recovery(token, account=user.id)
    else:
        assert str(world.auth.approve_admin_recovery(token, account=user.id).email) == NEW
