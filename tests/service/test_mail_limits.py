"""How many mails strangers and desks can cause, and that every link works during any flood."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolauth import HistoryQuery, LoginRefused, Throttled, TokenRefused, User
from schoolauth.model.names import EmailAddress
from tests.service.world import PASSWORD, World, refused

NAME, EMAIL, NEW = "wg204nx_james", "jess@hill.example.org", "new@hill.example.org"
SOURCE = "192.0.2.7"


@pytest.fixture
def teacher(world: World) -> User:
    return world.teacher(email=EMAIL)


def sent(world: World, kind: str) -> int:
    """Return how many mails of one kind were sent."""
    return sum(mail.kind == kind for mail in world.outbox)


def recorded(world: World, kind: str) -> int:
    """Return how many events of one kind the whole history has."""
    events = world.auth._core.events(HistoryQuery(limit=500))
    return [event.kind for event in events].count(kind)


def ask(world: World, **changes: str) -> None:
    """Ask for a lost admin account."""
    given = {"school": "wg204nx", "new_email": NEW, "requested_by": "Ada", "source": SOURCE}
    world.auth.request_admin_recovery(**(given | changes))


# --- Links during floods ---------------------------------------------------------------------


def flood(world: World) -> None:
    """Fill the name, the address, the account and the source, and try two hundred bad links."""
    for number in range(50):
        world.clock.advance(milliseconds=1)
        for name in (NAME, EMAIL, f"nobody{number}"):
            with pytest.raises((LoginRefused, Throttled)):
                world.auth.log_in(name, "Wrong1234", source=SOURCE)
    for number in range(200):
        with pytest.raises(TokenRefused):
            world.auth.reset_password(f"rubbish{number}", "Blackboard8", source=SOURCE)
        world.auth.request_password_reset(EMAIL, source=SOURCE)
        ask(world)
    for source in (SOURCE, "192.0.2.8"):
        with pytest.raises(Throttled):
            world.auth.log_in(NAME, PASSWORD, source=source)


@pytest.mark.parametrize("kind", ["password_reset", "create_password"])
def test_a_link_to_choose_a_password_works_during_any_flood(
    world: World, teacher: User, kind: str
) -> None:
    """It signs its owner in from the flooded source, and the new password works from elsewhere."""
    world.desk.send_create_password_email(teacher.id)
    world.auth.request_password_reset(EMAIL)
    token = world.token(kind)
    flood(world)
    assert world.auth.check_password_token(token).username == teacher.username
    login = world.auth.reset_password(token, "Blackboard8", source=SOURCE)
    assert (login.how, world.auth.resume(login.session).id) == ("link", teacher.id)
    assert world.auth.log_in(NAME, "Blackboard8")


def test_the_links_of_an_address_and_of_a_recovery_work_during_any_flood(
    world: World, teacher: User
) -> None:
    """They are not counted either."""
    world.clock.advance(days=30)
    world.auth.request_email_change(teacher.id, password=PASSWORD, new_email=NEW)
    confirm = world.token("confirm_email_change")
    ask(world, new_email="ada@hill.example.org")
    approve = world.token("approve_recovery")
    flood(world)
    assert str(world.auth.confirm_email_change(confirm).email) == NEW
    assert world.auth.check_recovery_token(approve).school == world.school.code
    approved = world.auth.approve_admin_recovery(approve)
    assert str(approved.email) == "ada@hill.example.org"


# --- Forgotten passwords ---------------------------------------------------------------------


def test_three_links_in_any_hour_by_all_names_of_an_account(world: World, teacher: User) -> None:
    """Quietly: a request too many is answered as ever, and sends nothing."""
    for _ in range(20):
        for name in (EMAIL, NAME, f" {EMAIL.upper()}"):
            world.auth.request_password_reset(name)
    assert sent(world, "password_reset") == 2
    world.clock.advance(minutes=59)
    world.auth.request_password_reset(NAME)
    assert sent(world, "password_reset") == 2
    world.clock.advance(minutes=1)
    world.auth.request_password_reset(NAME, source=SOURCE)
    assert sent(world, "password_reset") == 3


def test_a_source_asks_for_fifty_links_at_once(world: World, teacher: User) -> None:
    """Then it gets the same answer and no more mails, and other sources get theirs."""
    for number in range(50):
        world.auth.request_password_reset(f"nobody-{number}", source=SOURCE)
    world.auth.request_password_reset(EMAIL, source=SOURCE)
    assert sent(world, "password_reset") == 0
    world.auth.request_password_reset(EMAIL, source="192.0.2.8")
    assert sent(world, "password_reset") == 1


def test_failed_sign_ins_take_no_links_away(world: World, teacher: User) -> None:
    """Each has a count of its own."""
    for number in range(50):
        refused(world, f"nobody{number}", source=SOURCE)
    world.auth.request_password_reset(EMAIL, source=SOURCE)
    assert sent(world, "password_reset") == 1
    for number in range(50):
        world.auth.request_password_reset(f"nobody-{number}", source="192.0.2.8")
    assert world.auth.log_in(NAME, PASSWORD, source="192.0.2.8")


@pytest.mark.parametrize(("by", "events"), [("name", 2 + 1), ("source", 50 + 1)])
def test_a_flood_of_requests_for_links_is_recorded_once(world: World, by: str, events: int) -> None:
    """Of two hundred requests the history has those that were allowed, and one that was not."""
    for number in range(200):
        name = "wg204nx_nobody" if by == "name" else f"wg204nx_nobody{number}"
        world.auth.request_password_reset(name, source=SOURCE)
    assert recorded(world, "password_reset_requested") == events


# --- Lost admin accounts ---------------------------------------------------------------------


def test_one_stranger_cannot_use_up_what_a_school_may_ask(world: World) -> None:
    """Whatever addresses they ask for, and however long: the head's own request gets through."""
    for number in range(100):
        ask(world, new_email=f"stranger{number}@evil.example")
        world.clock.advance(minutes=1)
    assert sent(world, "approve_recovery") <= 4
    before = sent(world, "approve_recovery")
    ask(world, source="192.0.2.8")
    assert sent(world, "approve_recovery") == before + 1


def test_one_address_is_asked_for_three_times_an_hour_from_all_sources(world: World) -> None:
    """Nobody is buried in mails for it, whoever asks."""
    for number in range(20):
        ask(world, source=f"192.0.2.{number}")
    assert sent(world, "approve_recovery") == 2
    world.clock.advance(hours=1)
    for number in range(20, 40):
        ask(world, source=f"192.0.2.{number}")
    assert sent(world, "approve_recovery") == 3


def test_a_flood_of_recovery_requests_is_recorded_once(world: World) -> None:
    """What was allowed, and one that was not."""
    for _ in range(200):
        ask(world)
    assert recorded(world, "recovery_requested") == 2 + 1
    assert sent(world, "approve_recovery") == 2


# --- Desks, and addresses that are not one's own yet -----------------------------------------


def test_a_desk_mails_an_address_three_times_an_hour(world: World, teacher: User) -> None:
    """One more says how long to wait, for this address alone; the others of the call are sent."""
    other = world.teacher(None, given_name="Ann", email="ann@hill.example.org")
    for _ in range(2):
        world.desk.send_create_password_email(teacher.id)
    full, free = world.desk.send_create_password_emails([teacher.id, other.id])
    assert isinstance(full.error, Throttled)
    assert (full.user_id, full.error.retry_after) == (teacher.id, 3600)
    assert (free.user_id, free.error) == (other.id, None)
    assert sent(world, "create_password") == 3
    with pytest.raises(Throttled):
        world.desk.send_create_password_email(teacher.id)
    world.clock.advance(hours=1)
    world.desk.send_create_password_email(teacher.id)
    assert sent(world, "create_password") == 4


def test_desks_of_all_schools_share_the_count_of_an_address(world: World, teacher: User) -> None:
    """An address that moves from account to account gets no more mails."""
    for _ in range(2):
        world.desk.send_create_password_email(teacher.id)
    world.desk.release_email(teacher.id)
    other = world.teacher(None, given_name="Ann", email=EMAIL)
    with pytest.raises(Throttled):
        world.desk.send_create_password_email(other.id)


@pytest.mark.parametrize(
    "address", [lambda _: NEW, lambda number: f"new{number}@hill.example.org"], ids=["one", "many"]
)
def test_an_account_has_three_confirmations_mailed_in_an_hour(
    world: World, teacher: User, address: Callable[[int], str]
) -> None:
    """To one address or to many."""
    for number in range(2):
        world.auth.request_email_change(teacher.id, password=PASSWORD, new_email=address(number))
    with pytest.raises(Throttled) as caught:
        world.auth.request_email_change(teacher.id, password=PASSWORD, new_email=address(2))
    assert caught.value.retry_after == 3600
    world.clock.advance(hours=1)
    world.auth.request_email_change(teacher.id, password=PASSWORD, new_email=address(3))
    assert sent(world, "confirm_email_change") == 3


def test_many_accounts_mail_an_address_three_times_an_hour(world: World) -> None:
    """An address that is nobody's is not flooded by a school's pupils together."""
    people = [world.teacher(given_name=f"Jess{n}", email=f"j{n}@hill.example.org") for n in "abc"]
    for user in people[:2]:
        world.auth.request_email_change(user.id, password=PASSWORD, new_email=NEW)
    with pytest.raises(Throttled):
        world.auth.request_email_change(people[2].id, password=PASSWORD, new_email=NEW)
    assert {mail.to for mail in world.outbox if mail.kind == "confirm_email_change"} == {
        EmailAddress.parse(NEW)
    }
