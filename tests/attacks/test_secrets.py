"""Attack 17: one canary in each secret, looked for wherever a host might print an error."""

from __future__ import annotations

import dataclasses
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from schoolauth import Role, SchoolAuth, SchoolAuthError, User
from schoolauth.ports import Store
from tests.attacks.canaries import told
from tests.databases import SQL_STORES, Backend, Databases
from tests.service.world import HASHER, KEY, LINKS, World, make_world

PASSWORD, OTHER = "Canary-Robin7-password", "Canary-Finch8-password"
EMAIL = "canary-wren@hill.example.org"


class Telling:
    """A mailer whose error has the whole mail in it."""

    def send(self, message: Any) -> None:
        raise OSError(f"cannot send {message.to} {message.text} {message.token}")


def failing_calls(world: World, user: User) -> dict[str, Callable[[], object]]:
    """Return calls that are refused, in an order in which each still is."""
    auth, desk = world.auth, world.desk
    name = str(user.username)
    broken = SchoolAuth(
        Store(world.users),
        secret_key=KEY,
        mailer=Telling(),
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
    ).manage(by=world.admin.id)
    auth.request_password_reset(EMAIL)
    used = world.token("password_reset")
    auth.reset_password(used, PASSWORD)
    auth.request_password_reset(EMAIL)
    good = world.token("password_reset")
    return {
        "wrong": lambda: auth.log_in(name, OTHER),
        "unknown": lambda: auth.log_in(EMAIL + "x", PASSWORD),
        "surrogate": lambda: auth.log_in(name, PASSWORD + "\ud800"),
        "current": lambda: auth.change_password(user.id, current=OTHER, new=PASSWORD),
        "new": lambda: auth.change_password(user.id, current=PASSWORD, new=OTHER + " "),
        "used": lambda: auth.reset_password(used, OTHER),
        "rejected": lambda: auth.reset_password(good, OTHER + "\0"),
        "set": lambda: desk.set_password(user.id, OTHER + "\u2028"),
        "email": lambda: auth.request_email_change(user.id, password=OTHER, new_email="x@y.org"),
        "invite": lambda: broken.send_create_password_email(user.id),
        "session": lambda: auth.resume(used),
        "taken": lambda: desk.edit_user(user.id, username=str(world.admin.username)),
        "must change": lambda: (
            desk.set_password(user.id, PASSWORD),
            auth.log_in(name, PASSWORD),
        ),
        "inactive": lambda: (desk.deactivate(user.id), auth.log_in(name, PASSWORD)),
    }


def test_no_error_and_no_log_line_tells_a_secret(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither password, hash, token, key nor address, with every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "schoolauth")
    world = make_world(backend.users, backend.schools)
    user = world.teacher(PASSWORD, email=EMAIL)
    assert user.password is not None
    canaries = {PASSWORD, OTHER, EMAIL, KEY, user.password.reveal()}
    for name, call in failing_calls(world, user).items():
        with pytest.raises(SchoolAuthError) as caught:
            call()
        tokens = {mail.token for mail in world.outbox if mail.token is not None}
        told_of = told(caught.value)
        assert [secret for secret in canaries | tokens if secret in told_of] == [], name
        assert caught.value.__cause__ is caught.value.__context__ is None, name
    assert [secret for secret in canaries if secret in caplog.text] == []


def test_no_value_shows_a_hash_or_a_session(world: World) -> None:
    """Printed, taken apart or compared by pytest, an account and a login keep them."""
    user = world.teacher(PASSWORD)
    login = world.log_in(user, PASSWORD)
    stored = user.password
    assert stored is not None
    shown = f"{user!r} {user} {dataclasses.asdict(user)} {user.to_record()} {login!r} {login}"
    assert stored.reveal() not in shown
    assert login.session not in shown
    with pytest.raises(TypeError):
        pickle.dumps(login)


@pytest.mark.parametrize("store", SQL_STORES)
def test_a_driver_that_fails_tells_nothing_of_the_row(store: str, databases: Databases) -> None:
    """The database's own error has the statement's values in it; ours has its code."""
    backend = databases.backend(store)
    assert backend.engine is not None
    world = make_world(backend.users, backend.schools)
    user = world.teacher(PASSWORD)
    with backend.engine.begin() as connection:
        connection.execute(text("ALTER TABLE schoolauth_events RENAME TO away"))
    try:
        for call in (
            lambda: world.desk.set_email(user.id, EMAIL),
            lambda: world.desk.add_user(
                given_name="A", family_name="B", role=Role.STAFF, email=EMAIL
            ),
            lambda: world.log_in(user, PASSWORD),
        ):
            with pytest.raises(Exception, match="refused a statement") as caught:
                call()
            text_told = told(caught.value)
            assert EMAIL not in text_told
            assert "argon2" not in text_told
            assert "INSERT" not in text_told
    finally:
        with backend.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO schoolauth_events"))
    assert world.desk.get_user(user.id).email is None
