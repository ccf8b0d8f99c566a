"""Defects that were seen at work in released libraries, by their number on the page of attacks."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest

from schoolauth import (
    EmailTaken,
    LoginRefused,
    Role,
    SchoolAuth,
    SessionEnded,
    Status,
    StoredPassword,
    TokenRefused,
)
from schoolauth.aio import AsyncSchoolAuth
from tests.attacks.faults import snapshot
from tests.service.world import HASHER, PASSWORD, World, make_world

EMAIL = "ann@new.example.org"
SPELLINGS = ["Ann@new.example.org", "ann@NEW.example.org", "ANN@New.Example.Org"]


class Waiting:
    """A hasher that cannot verify before something else has happened."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.waits = False

    def hash(self, password: str) -> StoredPassword:
        return HASHER.hash(password)

    def verify(self, password: str, stored: StoredPassword) -> bool:
        assert not self.waits or self.released.wait(30), "the event loop stood still"
        return HASHER.verify(password, stored)

    def needs_rehash(self, stored: StoredPassword) -> bool:
        return HASHER.needs_rehash(stored)


def test_d6_a_hash_under_way_leaves_the_event_loop_free() -> None:
    """The loop itself lets the hash go on: hashed on the loop, it would wait for ever."""
    hasher = Waiting()
    world = make_world(hasher=hasher)
    world.teacher()
    hasher.waits = True

    async def visit() -> str:
        accounts = AsyncSchoolAuth(world.auth)
        signing_in = asyncio.create_task(accounts.log_in("wg204nx_james", PASSWORD))
        await asyncio.sleep(0)
        hasher.released.set()
        login = await signing_in
        accounts.close()
        return str(login.user.username)

    assert asyncio.run(visit()) == "wg204nx_james"


def test_d7_no_call_of_a_person_changes_a_password_without_the_old_one(world: World) -> None:
    """`current` has no default, and no other self-service call takes a new password alone."""
    teacher = world.teacher()
    with pytest.raises(TypeError):
        world.auth.change_password(teacher.id, new="Blackboard8")  # type: ignore[call-arg] # so
    takers = {
        name: set(inspect.signature(call).parameters)
        for name, call in inspect.getmembers(SchoolAuth, inspect.isfunction)
        if not name.startswith("_")
        and {"new", "new_password"} & set(inspect.signature(call).parameters)
    }
    assert {name: parameters & {"current", "token"} for name, parameters in takers.items()} == {
        "change_password": {"current"},
        "reset_password": {"token"},
    }


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_d9_a_second_spelling_of_an_address_is_the_same_address(
    stored_world: World, spelling: str
) -> None:
    """One account only, and both spellings sign into it."""
    world = stored_world
    first = world.teacher(email=EMAIL)
    second = world.teacher(family_name="Second")
    with pytest.raises(EmailTaken):
        world.teacher(family_name="Third", email=spelling)
    with pytest.raises(EmailTaken):
        world.desk.set_email(second.id, spelling)
    assert world.auth.log_in(spelling, PASSWORD).user.id == first.id


def test_d11_a_reset_ends_sessions_and_other_links_and_late_links_make_no_new_ones(
    world: World,
) -> None:
    """What is expired or used says so, and nothing else: no fresh token, no session."""
    teacher = world.teacher(email=EMAIL)
    session = world.log_in(teacher).session
    world.auth.request_password_reset(EMAIL)
    first = world.token("password_reset")
    world.auth.request_password_reset(EMAIL)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
    world.outbox.clear()
    for hours, reason in ((0, "used"), (25, "expired")):
        world.clock.advance(hours=hours)
        before = snapshot(world.users)
        for call in (
            lambda: world.auth.check_password_token(first),
            lambda: world.auth.reset_password(first, "Whiteboard9"),
        ):
            with pytest.raises(TokenRefused) as caught:
                call()
            assert caught.value.details() == {"reason": reason}
        assert snapshot(world.users) == before
    assert world.outbox == []


def test_d12_one_reset_request_mails_one_account(world: World) -> None:
    """No two accounts share an address, so nobody gets another one's link."""
    teacher = world.teacher(email=EMAIL)
    world.outbox.clear()
    for spelling in SPELLINGS:
        world.auth.request_password_reset(spelling)
    assert {(str(mail.to), mail.user) for mail in world.outbox} == {(EMAIL, teacher.id)}


def test_d15_a_deactivated_account_completes_no_reset(stored_world: World) -> None:
    """A link from before changes nothing, and none is sent afterwards."""
    world = stored_world
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")
    world.desk.deactivate(teacher.id)
    world.outbox.clear()
    before = world.desk.get_user(teacher.id)
    world.auth.request_password_reset(EMAIL)
    assert world.outbox == []
    with pytest.raises(TokenRefused):
        world.auth.reset_password(token, "Blackboard8")
    assert world.desk.get_user(teacher.id) == before
    assert before.status is Status.INACTIVE
    with pytest.raises(LoginRefused):
        world.log_in(teacher, "Blackboard8")


def test_d16_an_invited_person_who_forgot_is_not_left_without_a_link(world: World) -> None:
    """They get a link that creates the password, not silence."""
    world.desk.add_user(given_name="Ann", family_name="New", role=Role.TEACHER, email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.status is Status.ACTIVE
