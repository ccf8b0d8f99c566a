"""Every two calls at once on one account: what is true at the end, whoever was first."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement
from threading import Barrier
from typing import Any

from schoolauth import HistoryQuery, Role, School, SchoolAuthError, Status, User
from tests.databases import Backend
from tests.service.world import PASSWORD, World, make_world

EVENT = {
    "change_password": "password_changed",
    "reset_password": "password_changed",
    "confirm": "email_changed",
    "set_email": "email_changed",
    "deactivate": "status_changed",
    "erase": "user_erased",
    "move": "user_moved",
    "end_sessions": "sessions_ended",
    "log_in": "login_succeeded",
}


def calls_on(world: World, user: User, number: int) -> dict[str, Callable[[], object]]:
    """Return every call that changes *user*, each with what it needs at hand."""
    auth, desk = world.auth, world.desk
    auth.request_password_reset(str(user.email))
    reset = world.token("password_reset")
    auth.request_email_change(user.id, password=PASSWORD, new_email=f"new{number}@x.example.org")
    confirm = world.token("confirm_email_change")
    return {
        "change_password": lambda: auth.change_password(user.id, current=PASSWORD, new="Board888"),
        "reset_password": lambda: auth.reset_password(reset, "Board999"),
        "confirm": lambda: auth.confirm_email_change(confirm),
        "set_email": lambda: desk.set_email(user.id, f"set{number}@x.example.org"),
        "deactivate": lambda: desk.deactivate(user.id, release_email=True),
        "erase": lambda: desk.erase(user.id),
        "move": lambda: auth.support(by="x").move_user(user.id, "second"),
        "end_sessions": lambda: auth.end_sessions(user.id),
        "log_in": lambda: world.log_in(user),
    }


def outcome(call: Callable[[], Any], start: Barrier) -> bool:
    """Return whether *call* was carried out; only the library's own errors are caught."""
    start.wait()
    try:
        call()
    except SchoolAuthError:
        return False
    return True


def test_any_two_calls_at_once_leave_account_and_history_in_agreement(backend: Backend) -> None:
    """Only typed errors; each success has its events; credentials never change under one epoch."""
    world = make_world(backend.users, backend.schools, new_id=lambda: secrets.token_hex(8))
    world.auth.support(by="x").add_school(School("second", "Second School"))
    everybody: dict[str, User] = {}
    with ThreadPoolExecutor(2) as threads:
        for number, pair in enumerate(combinations_with_replacement(EVENT, 2)):
            user = world.teacher(
                family_name=f"Pair{number}", email=f"old{number}@x.example.org", role=Role.SLT
            )
            calls, start = calls_on(world, user, number), Barrier(2)
            world.outbox.clear()
            made = [threads.submit(outcome, calls[name], start) for name in pair]
            won = [name for name, future in zip(pair, made, strict=True) if future.result(60)]
            after = backend.users.find([user.id])[user.id]
            page = backend.users.history(HistoryQuery(user=user.id, limit=100))
            kinds = Counter(event.kind for event in page.items)
            kinds["password_changed"] -= 1  # the first one
            kinds["status_changed"] -= 1
            kinds["user_moved"] //= 2  # both schools' histories have it
            for kind, count in Counter(EVENT[name] for name in set(won)).items():
                assert kinds[kind] >= count, (pair, won, kinds)
            assert won, pair
            if pair == ("reset_password", "reset_password"):
                assert len(won) == 1
            if credentials(after) != credentials(user):
                assert after.epoch > user.epoch, (pair, won)
            if after.status is Status.ERASED:
                assert (after.email, after.password, after.full_name) == (None, None, "")
            everybody[user.id.key] = after
    addresses = [user.email for user in everybody.values() if user.email is not None]
    assert len(addresses) == len(set(addresses))
    assert {key: holder.email for key, holder in backend.users.find(addresses).items()} == {
        email: email for email in addresses
    }


def credentials(user: User) -> tuple[Any, ...]:
    return (user.password, user.email, user.status, user.role, user.school)
