"""Attack 4: text above a cap is measured, and never read, normalised or folded."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from schoolauth import (
    EmailAddress,
    PasswordPolicy,
    Refused,
    Role,
    RosterRow,
    Throttled,
    Username,
    UserNotFound,
)
from schoolauth.model.names import EMAIL_MAX, USERNAME_MAX
from schoolauth.model.text import NAME_MAX, parse_name
from schoolauth.rules.passwords import PASSWORD_MAX, prepare_password
from schoolauth.rules.sign_in import _TYPED_MAX, read_typed_name
from tests.service.world import PASSWORD, World

READERS = ("normalize", "category", "combining", "decomposition", "name")
HUGE = 100_000

CAPPED: dict[str, tuple[int, Callable[[str], object]]] = {
    "password to hash": (PASSWORD_MAX, prepare_password),
    "new password": (PASSWORD_MAX, PasswordPolicy.recommended().violations),
    "typed name": (_TYPED_MAX, read_typed_name),
    "person's name": (4 * NAME_MAX, lambda text: parse_name(text, "given_name")),
    "username": (USERNAME_MAX, Username.parse),
    "address": (EMAIL_MAX, EmailAddress.parse),
}
TEXTS: dict[str, Callable[[int], str]] = {
    "letters": lambda length: "\u00e9" * length,
    "letters that grow": lambda length: "\ufdfa" * length,
    "what shows nothing": lambda length: "\u180b" * length,
    "an address": lambda length: "\u00e9" * (length - 12) + "@example.org",
}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long each text was that was read with Unicode's tables, from here on."""
    lengths: list[int] = []

    def noting(reader: Callable[..., Any]) -> Callable[..., Any]:
        def read(*given: Any) -> Any:
            lengths.append(max(len(one) for one in given if isinstance(one, str)))
            return reader(*given)

        return read

    for name in READERS:
        monkeypatch.setattr(unicodedata, name, noting(getattr(unicodedata, name)))
    return lengths


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("what", CAPPED)
def test_text_above_its_cap_is_not_read_at_all(reads: list[int], what: str, text: str) -> None:
    """No character is looked up and nothing is normalised, one above the cap or far above it."""
    cap, read = CAPPED[what]
    for length in (cap + 1, HUGE):
        with suppress(Refused):
            read(TEXTS[text](length))
    assert reads == []


@pytest.mark.parametrize("what", CAPPED)
def test_text_at_its_cap_is_read(reads: list[int], what: str) -> None:
    """The caps are where the test above looks for them, and it would see what is read there."""
    cap, read = CAPPED[what]
    with suppress(Refused):
        read(TEXTS["an address" if what == "address" else "letters"](cap))
    assert reads


Call = Callable[[World, str, str], object]
CALLS: dict[str, Call] = {
    "log_in: name": lambda w, user, text: w.auth.log_in(text, PASSWORD),
    "log_in: password": lambda w, user, text: w.auth.log_in("wg204nx_james", text),
    "request_password_reset": lambda w, user, text: w.auth.request_password_reset(text),
    "reset_password": lambda w, user, text: w.auth.reset_password(text, "Blackboard8"),
    "check_password_token": lambda w, user, text: w.auth.check_password_token(text),
    "confirm_email_change": lambda w, user, text: w.auth.confirm_email_change(text),
    "check_recovery_token": lambda w, user, text: w.auth.check_recovery_token(text),
    "resume": lambda w, user, text: w.auth.resume(text),
    "change_password: current": lambda w, user, text: w.auth.change_password(
        user, current=text, new="Blackboard8"
    ),
    "change_password: new": lambda w, user, text: w.auth.change_password(
        user, current=PASSWORD, new=text
    ),
    "request_email_change: password": lambda w, user, text: w.auth.request_email_change(
        user, password=text, new_email="new@hill.example.org"
    ),
    "request_email_change: address": lambda w, user, text: w.auth.request_email_change(
        user, password=PASSWORD, new_email=text
    ),
    "request_admin_recovery: school": lambda w, user, text: w.auth.request_admin_recovery(
        text, new_email="new@hill.example.org", requested_by="Ada"
    ),
    "request_admin_recovery: address": lambda w, user, text: w.auth.request_admin_recovery(
        "wg204nx", new_email=text, requested_by="Ada"
    ),
    "request_admin_recovery: asker": lambda w, user, text: w.auth.request_admin_recovery(
        "wg204nx", new_email="new@hill.example.org", requested_by=text
    ),
    "end_sessions": lambda w, user, text: w.auth.end_sessions(text),
    "manage": lambda w, user, text: w.auth.manage(by=text),
    "support": lambda w, user, text: w.auth.support(by=text),
    "get_user": lambda w, user, text: w.desk.get_user(text),
    "add_user": lambda w, user, text: w.desk.add_user(
        given_name=text, family_name="B", role=Role.STAFF
    ),
    "edit_user": lambda w, user, text: w.desk.edit_user(user, username=text),
    "set_email": lambda w, user, text: w.desk.set_email(user, text),
    "set_password": lambda w, user, text: w.desk.set_password(user, text),
    "diagnose": lambda w, user, text: w.desk.diagnose(text),
    "search": lambda w, user, text: w.desk.search(text),
    "plan_mapping": lambda w, user, text: w.desk.plan_mapping(
        [RosterRow(text, text, text, text, text)], source="sims"
    ),
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("call", CALLS)
def test_no_call_normalises_huge_text(world: World, reads: list[int], call: str, text: str) -> None:
    """Whoever sends a hundred thousand characters, whatever they are, keeps no server busy."""
    user = world.teacher(email="jess@hill.example.org")
    reads.clear()
    with suppress(Refused, Throttled, UserNotFound, ValueError):
        CALLS[call](world, user.id.key, TEXTS[text](HUGE))
    assert max(reads, default=0) <= 18 * PASSWORD_MAX  # as many as one sign may become
    assert len(reads) < HUGE
