"""Attack 9: each token that there is, at each call that takes one: good at its own only."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_args

import pytest

from schoolauth import (
    LoginRefused,
    SchoolAuth,
    SchoolAuthError,
    SessionEnded,
    Throttled,
    TokenRefused,
)
from schoolauth.model.token import TokenPurpose
from tests.attacks.faults import snapshot
from tests.attacks.operations import ADDRESS, LEGACY, SECRET, add_sample
from tests.service.world import PASSWORD, World, make_world

# what the links of mails and the texts of sessions are called, and which calls they are for
PASSWORD_CALLS = frozenset({"check_password_token", "reset_password"})
TOKENS: dict[str, frozenset[str]] = {
    "session": frozenset({"resume"}),
    "device": frozenset(),
    "must_change": PASSWORD_CALLS,
    "password_reset": PASSWORD_CALLS,
    "create_password": PASSWORD_CALLS,
    "confirm_email_change": frozenset({"confirm_email_change"}),
    "approve_recovery": frozenset({"check_recovery_token", "approve_admin_recovery"}),
}
LINKS = {"confirm_email": "confirm_email_change"}  # where the mail has another name
CALLS: dict[str, Callable[[SchoolAuth, str], object]] = {
    "resume": lambda auth, token: auth.resume(token),
    "check_password_token": lambda auth, token: auth.check_password_token(token),
    "reset_password": lambda auth, token: auth.reset_password(token, SECRET),
    "confirm_email_change": lambda auth, token: auth.confirm_email_change(token),
    "check_recovery_token": lambda auth, token: auth.check_recovery_token(token),
    "approve_admin_recovery": lambda auth, token: auth.approve_admin_recovery(
        token, account="wg204nx_admin"
    ),
}


@pytest.fixture
def world() -> World:
    """A school in memory, which reads the hashes that the sample data have."""
    return make_world(legacy=[LEGACY])


def test_every_token_and_every_call_that_takes_one_is_tried(world: World) -> None:
    """A purpose, or a call that takes a token or a session, that is added is decided on above."""
    sample = add_sample(world)
    assert sample.tokens.keys() == TOKENS.keys()
    tokens = world.auth._core.tokens
    purposes = set()
    for name in TOKENS.keys() - {"approve_recovery", "device"}:
        purposes.add(tokens.read(sample.tokens[name], *get_args(TokenPurpose)).purpose)
    assert purposes == set(get_args(TokenPurpose))
    assert set(tokens._serializers) == purposes | {"recovery", "device"}
    takers = {
        name
        for name, call in inspect.getmembers(SchoolAuth, inspect.isfunction)
        if not name.startswith("_")
        and {"token", "session"} & set(inspect.signature(call).parameters)
    }
    assert takers == CALLS.keys() == set().union(*TOKENS.values())


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_opens_its_own_calls_and_no_other(world: World, name: str, call: str) -> None:
    """A live token of another purpose is refused like rubbish, and nothing is changed by it."""
    token = add_sample(world).tokens[name]
    before = snapshot(world.users)
    if call in TOKENS[name]:
        CALLS[call](world.auth, token)
        return
    with pytest.raises(SchoolAuthError) as caught:
        CALLS[call](world.auth, token)
    if call == "resume":
        assert isinstance(caught.value, SessionEnded)
    else:
        assert isinstance(caught.value, TokenRefused)
        assert caught.value.reason == "invalid"
    assert snapshot(world.users) == before


@pytest.mark.parametrize("name", TOKENS)
def test_no_other_token_is_a_known_browser(world: World, name: str) -> None:
    """When a flood has filled the name, the owner's browser gets in by its own token only."""
    stage = add_sample(world)
    for _ in range(8):
        with pytest.raises(LoginRefused):
            world.auth.log_in(ADDRESS, SECRET)
    if name == "device":
        assert world.auth.log_in(ADDRESS, PASSWORD, device=stage.tokens[name])
        return
    with pytest.raises(Throttled):
        world.auth.log_in(ADDRESS, PASSWORD, device=stage.tokens[name])


@pytest.mark.parametrize("purpose", get_args(TokenPurpose))
def test_recovery_has_a_signature_and_a_payload_of_its_own(
    world: World, purpose: TokenPurpose
) -> None:
    """What says `recovery` under another signature is refused, and the other way round."""
    live = add_sample(world).tokens
    tokens = world.auth._core.tokens
    recovery = tokens._serializers["recovery"].loads(live["approve_recovery"])
    other = tokens._serializers[purpose].loads(live[LINKS.get(purpose, purpose)])
    assert (recovery["p"], other["p"]) == ("recovery", purpose)
    for payload in (recovery, other | recovery, recovery | {"p": purpose}):
        forged = tokens._signed(purpose, payload)
        with pytest.raises(TokenRefused):
            tokens.read_recovery(forged)
        with pytest.raises(TokenRefused):
            tokens.read(forged, *get_args(TokenPurpose))
    for payload in (other, recovery | other):
        forged = tokens._signed("recovery", payload)
        with pytest.raises(TokenRefused):
            tokens.read(forged, *get_args(TokenPurpose))
        with pytest.raises(TokenRefused):
            tokens.read_recovery(forged)
