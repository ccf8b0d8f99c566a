"""What a flood meets, and what its victim does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from schoolauth import AuditEvent, LoginRefused, Throttled
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


def test_two_hundred_guesses_at_once_are_ten_verifications(world: World) -> None:
    """Places are held before the verification, so no crowd slips past the limit."""
    hasher = Recorder()
    world = make_world(hasher=hasher)
    world.teacher()
    hasher.calls.clear()
    start = threading.Barrier(40)

    def guess(number: int) -> str:
        if number < 40:
            start.wait(30)
        try:
            world.auth.log_in("wg204nx_james", f"Wrong{number}")
        except LoginRefused:
            return "refused"
        except Throttled:
            return "throttled"
        return "in"

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(guess, range(200)))
    assert answers.count("refused") == 10
    assert answers.count("throttled") == 190
    assert sum(call.startswith("verify") for call in hasher.calls) == 10


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
