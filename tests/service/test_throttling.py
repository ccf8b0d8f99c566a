"""What a flood meets, and what its victim does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from schoolauth import AuditEvent, LoginRefused, Throttled
from schoolauth.ports import Bucket, Outcome, Reservation
from schoolauth.throttle import MemoryThrottle
from tests.service.doubles import Recorder
from tests.service.world import PASSWORD, World, make_world


def flood(world: World, name: str, tries: int = 10, **more: str) -> None:
    for _ in range(tries):
        with pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234", **more)


@pytest.mark.parametrize("name", ["wg204nx_james", "wg204nx_nobody", "nobody@nowhere.example.org"])
def test_the_eleventh_try_is_throttled_known_or_not(world: World, name: str) -> None:
    """Ten tries in five minutes, then `Throttled` with whole seconds, for every name alike."""
    world.teacher()
    flood(world, name)
    with pytest.raises(Throttled) as caught:
        world.auth.log_in(name, PASSWORD)
    assert caught.value.retry_after == 300
    world.clock.advance(seconds=300)
    flood(world, name, 1)


def test_a_hundred_failures_a_day(world: World) -> None:
    """Whoever keeps below ten in five minutes meets a hundred a day, by any name."""
    world.teacher()
    for name in ("wg204nx_james", "wg204nx_nobody"):
        for _ in range(10):
            flood(world, name)
            world.clock.advance(seconds=300)
        with pytest.raises(Throttled) as caught:
            world.auth.log_in(name, PASSWORD)
        assert caught.value.retry_after == 24 * 3600 - 10 * 300
        world.clock.advance(days=1)
    assert world.auth.log_in("wg204nx_james", PASSWORD)


class Listening(MemoryThrottle):
    """A throttle that says which buckets and words it was given, without their keys."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        made = super().reserve(buckets, now)
        asked = [(bucket.limits, bucket.cleared_by_success) for bucket in buckets]
        self.heard.append((asked, made.retry_after, made.first_refusal))
        return made

    def settle(self, reservation: Reservation, outcome: Outcome, now: datetime) -> None:
        self.heard.append(outcome)
        super().settle(reservation, outcome, now)


def test_a_flood_looks_the_same_on_a_known_and_an_unknown_name() -> None:
    """The same faces, waits, verifications and counts, from the first try to the last."""

    def story(name: str) -> list[object]:
        throttle, hasher = Listening(), Recorder()
        world = make_world(throttle=throttle, hasher=hasher)
        world.teacher()
        told: list[object] = []
        for number in range(120):
            hasher.calls.clear()
            throttle.heard.clear()
            with pytest.raises((LoginRefused, Throttled)) as caught:
                world.auth.log_in(name, f"Wrong{number}", source="192.0.2.7")
            error = caught.value
            told.append((error.code, error.message, error.details()))
            told.append((list(hasher.calls), list(throttle.heard)))
            told.append([event.kind for event in _everything(world)])
            world.clock.advance(seconds=10)
        return told

    assert story("wg204nx_james") == story("wg204nx_nobody")


def test_the_throttle_never_touches_the_account(world: World) -> None:
    """A flood moves neither epoch nor version: sessions and links go on."""
    teacher = world.teacher(email="jess@hill.example.org")
    session = world.log_in(teacher).session
    before = world.desk.get_user(teacher.id)
    world.auth.request_password_reset("wg204nx_james")
    flood(world, "wg204nx_james")
    with pytest.raises(Throttled):
        world.auth.log_in("wg204nx_james", PASSWORD)
    world.desk.unlock(teacher.id)
    flood(world, "jess@hill.example.org")
    assert world.desk.get_user(teacher.id) == before
    assert world.auth.resume(session) == before
    assert world.auth.check_password_token(world.token("password_reset"))


def test_spellings_of_one_name_share_one_count(world: World) -> None:
    """Case, width and spaces around it make no second chance."""
    world.teacher()
    for name in (
        "wg204nx_james",
        "WG204NX_JAMES",
        " wg204nx_james",
        "wg204nx_james\u200b",
        "ｗg204nx_james",
    ):
        flood(world, name, 2)
    with pytest.raises(Throttled):
        world.auth.log_in("wg204nx_james", PASSWORD)


def test_username_and_address_share_the_account_and_do_not_tell(world: World) -> None:
    """Ten failures by username leave none by e-mail, where it looks like a wrong password."""
    world.teacher(email="jess@hill.example.org")
    flood(world, "wg204nx_james")
    with pytest.raises(LoginRefused):  # not Throttled: that would tell that they belong together
        world.auth.log_in("jess@hill.example.org", PASSWORD)
    world.clock.advance(seconds=300)
    assert world.auth.log_in("jess@hill.example.org", PASSWORD)


def test_a_success_clears_the_count(world: World) -> None:
    """Nine failures, a success, and nine more are all allowed."""
    world.teacher()
    for _ in range(3):
        flood(world, "wg204nx_james", 9)
        world.auth.log_in("wg204nx_james", PASSWORD)


def test_a_source_is_not_cleared_by_its_own_success(world: World) -> None:
    """A hundred failures from one source turn it away, whatever account it owns."""
    world.teacher()
    for number in range(100):
        flood(world, f"name{number}", 1, source="192.0.2.7")
        if number % 10 == 0:
            world.auth.log_in("wg204nx_james", PASSWORD, source="192.0.2.7")
    with pytest.raises(Throttled):
        world.auth.log_in("wg204nx_james", PASSWORD, source="192.0.2.7")
    assert world.auth.log_in("wg204nx_james", PASSWORD, source="192.0.2.8")


def test_a_throttled_flood_writes_one_event_a_window(world: World) -> None:
    """A flood does not fill the history."""
    world.teacher()
    flood(world, "wg204nx_james")
    for _ in range(50):
        with pytest.raises(Throttled):
            world.auth.log_in("wg204nx_james", PASSWORD)
    kinds = [event.kind for event in _everything(world)]
    assert kinds.count("login_throttled") == 1


def _everything(world: World) -> list[AuditEvent]:
    from schoolauth import HistoryQuery

    return list(world.users.history(HistoryQuery(limit=500)).items)


def test_whoever_resets_by_mail_gets_in_during_the_flood(world: World) -> None:
    """The fresh session lets the owner in, and the count is cleared."""
    teacher = world.teacher(email="jess@hill.example.org")
    flood(world, "wg204nx_james")
    world.auth.request_password_reset("jess@hill.example.org")
    login = world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    assert world.auth.resume(login.session).id == teacher.id
    assert world.auth.log_in("wg204nx_james", "Blackboard8")


def test_a_link_works_from_the_address_that_the_flood_comes_from(world: World) -> None:
    """A school has one address for all: its pupils' guesses keep no teacher's link back."""
    world.teacher(email="jess@hill.example.org")
    for number in range(100):
        flood(world, f"nobody{number}", 1, source="192.0.2.1")
    with pytest.raises(Throttled):
        world.auth.log_in("wg204nx_james", PASSWORD, source="192.0.2.1")
    world.auth.request_password_reset("jess@hill.example.org", source="192.0.2.1")
    token = world.token("password_reset")
    assert world.auth.reset_password(token, "Blackboard8", source="192.0.2.1").how == "link"


@pytest.mark.parametrize("by", ["name", "source"])
def test_a_flood_of_requests_is_written_once_a_window(world: World, by: str) -> None:
    """Of two hundred requests the history has those that were allowed, and one that was not."""
    for number in range(200):
        name = "wg204nx_nobody" if by == "name" else f"wg204nx_nobody{number}"
        world.auth.request_password_reset(name, source="192.0.2.1")
    kinds = [event.kind for event in _everything(world)]
    assert kinds.count("password_reset_requested") == (3 if by == "name" else 100) + 1


def test_a_flood_of_recovery_requests_is_written_once_a_window(world: World) -> None:
    """And nobody is written to for what came too often."""
    for _ in range(200):
        world.auth.request_admin_recovery(
            world.school.code, new_email="new@hill.example.org", requested_by="A", source="x"
        )
    kinds = [event.kind for event in _everything(world)]
    assert kinds.count("recovery_requested") == 4
    assert len([mail for mail in world.outbox if mail.kind == "approve_recovery"]) == 3


def test_unlock_and_a_set_password_clear_the_count(world: World) -> None:
    """An admin's word lets somebody try again at once."""
    teacher = world.teacher(email="jess@hill.example.org")
    for name in ("wg204nx_james", "jess@hill.example.org"):
        flood(world, name)
        world.desk.unlock(teacher.id)
        assert world.auth.log_in(name, PASSWORD)
    assert "account_unlocked" in world.kinds(teacher)
    flood(world, "wg204nx_james")
    world.desk.set_password(teacher.id, "Blackboard8", must_change=False)
    assert world.auth.log_in("wg204nx_james", "Blackboard8")


def test_fifty_people_of_one_shared_account_all_get_in(stored_world: World) -> None:
    """Simultaneous right passwords wait for one another and all succeed, on every store."""
    world = stored_world
    world.teacher()
    start = threading.Barrier(50)

    def sign_in(_: int) -> bool:
        start.wait(60)
        return bool(world.auth.log_in("wg204nx_james", PASSWORD).session)

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(sign_in, range(50)))
    assert world.kinds().count("login_succeeded") == 50


def test_reset_mails_have_a_count_of_their_own(world: World) -> None:
    """Three mails an hour, quietly: the fourth request is answered as ever and sends nothing."""
    world.teacher(email="jess@hill.example.org")
    for name in ("jess@hill.example.org", "wg204nx_james", " JESS@hill.example.org"):
        world.auth.request_password_reset(name)
    assert [mail.kind for mail in world.outbox].count("password_reset") == 3
    world.auth.request_password_reset("wg204nx_james")
    assert [mail.kind for mail in world.outbox].count("password_reset") == 3
    world.clock.advance(hours=1)
    world.auth.request_password_reset("wg204nx_james", source="192.0.2.7")
    assert [mail.kind for mail in world.outbox].count("password_reset") == 4


def test_a_flood_of_forgotten_passwords_is_quiet(world: World) -> None:
    """A source that asks for everybody's mails gets the same answer, and no more mails."""
    teachers = [world.teacher(email=f"t{number}@hill.example.org") for number in range(6)]
    for number in range(98):
        world.auth.request_password_reset(f"nobody-{number}", source="192.0.2.7")
    for teacher in teachers:
        world.auth.request_password_reset(str(teacher.email), source="192.0.2.7")
    assert [mail.kind for mail in world.outbox].count("password_reset") == 2
    world.auth.request_password_reset(str(teachers[5].email), source="192.0.2.8")
    assert world.mail("password_reset").to == teachers[5].email
