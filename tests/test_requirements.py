"""Requirements of standards that no other test is about; the page of conformance names them."""

from __future__ import annotations

import re

import pytest

from schoolauth import Login, PasswordPolicy, SchoolAuth, TokenRefused
from schoolauth.model.change import UserQuery
from schoolauth.ports import Store
from schoolauth.rules.passwords import prepare_password
from schoolauth.storage.memory import MemoryUserRepository
from tests.service.world import World, make_world

EMAIL = "jess@hill.example.org"


def test_a_password_of_ten_years_still_signs_in(world: World) -> None:
    """Nothing expires by age alone."""
    teacher = world.teacher()
    world.clock.advance(days=3653)
    assert world.log_in(teacher).password_below_policy is False


def test_a_new_store_has_nobody() -> None:
    """No account, and so no default password, is there from the start."""
    everybody = UserQuery(school=make_world().school.code)
    assert MemoryUserRepository().search(everybody).items == ()


def test_a_link_signs_in_only_with_a_new_password(world: World) -> None:
    """Whoever has the mail must choose a password with it: the link alone is no session."""
    world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")
    assert not isinstance(world.auth.check_password_token(token), Login)
    login = world.auth.reset_password(token, "Blackboard8")
    assert login.how == "link"
    with pytest.raises(TokenRefused):
        world.auth.reset_password(token, "Whiteboard9")


def test_a_new_password_is_told_by_mail(world: World) -> None:
    """After a reset and after a change, at the address of the account."""
    teacher = world.teacher(email=EMAIL)
    world.outbox.clear()
    world.auth.request_password_reset(EMAIL)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    world.auth.change_password(teacher.id, current="Blackboard8", new="Whiteboard9")
    told = [str(mail.to) for mail in world.outbox if mail.kind == "password_changed"]
    assert told == [EMAIL, EMAIL]


def test_an_account_has_no_hint_and_no_question() -> None:
    """Nothing about a person is kept that could stand in for the password."""
    world = make_world()
    record = world.teacher().to_record(with_password=True)
    assert not [name for name in record if re.search("hint|question|answer|secret", name)]


def test_a_link_can_be_sent_instead_of_a_password(world: World) -> None:
    """An admin starts a reset, and its owner alone knows the password."""
    teacher = world.teacher(email=EMAIL)
    world.desk.send_create_password_email(teacher.id)
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.id == teacher.id
    assert not login.user.must_change_password


def test_no_token_is_in_the_store(world: World) -> None:
    """Neither links nor sessions are stored, so that a stolen table has none to use."""
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    secrets = [world.token("password_reset"), world.log_in(teacher).session]
    stored = world.users.find([teacher.id])[teacher.id].to_record(with_password=True)
    events = [event.to_record() for event in world.desk.history(limit=500).items]
    assert not [secret for secret in secrets if secret in repr((stored, events))]


def test_sessions_live_side_by_side(world: World) -> None:
    """Each sign-in has a text of its own, and as many as wanted live at once."""
    teacher = world.teacher()
    sessions = []
    for _ in range(3):
        sessions.append(world.log_in(teacher).session)
        world.clock.advance(seconds=1)
    assert len(set(sessions)) == 3
    assert {world.auth.resume(session).id for session in sessions} == {teacher.id}


@pytest.mark.parametrize("policy", ["seed", "recommended", "nist"])
def test_every_printing_ascii_character_is_allowed(policy: str) -> None:
    """The space too, inside; and each is itself when it is hashed."""
    chosen: PasswordPolicy = getattr(PasswordPolicy, policy)()
    passwords = [f"lamp{chr(code)}quiet7otter{chr(code)}moon" for code in range(0x20, 0x7F)]
    assert [password for password in passwords if chosen.violations(password)] == []
    assert [prepare_password(password) for password in passwords] == passwords


def test_an_id_has_128_random_bits() -> None:
    """Ids of accounts are not to be guessed, though nothing rests on that."""
    world = make_world()
    auth = SchoolAuth(Store(world.users), secret_key="a key for tests only, not a secret")
    made = {auth._core.new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", str(one)) for one in made)


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()
