"""Known browsers: a token with counts of its own, which no stranger can fill, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth import (
    Lifetimes,
    LoginRefused,
    PasswordChangeRequired,
    Role,
    SchoolAuth,
    SessionEnded,
    Throttled,
    TokenRefused,
    User,
)
from schoolauth.ports import Store
from schoolauth.service.sessions import issue_login
from schoolauth.tokens import Tokens
from tests.service.world import HASHER, KEY, LINKS, PASSWORD, World, make_world, refused
from tests.strategies import any_text

NAME, EMAIL, SOURCE = "wg204nx_james", "jess@hill.example.org", "192.0.2.7"
OTHER_KEY = "another key for tests, not a secret"


@pytest.fixture
def teacher(world: World) -> User:
    return world.teacher(email=EMAIL)


@pytest.fixture
def device(world: World, teacher: User) -> str:
    """The token of a browser that the teacher has signed in from."""
    return world.log_in(teacher).device


def flood(world: World) -> None:
    """Fill the username, the address, the account and the source."""
    for number in range(50):
        for name in (NAME, EMAIL, f"nobody{number}"):
            with pytest.raises((LoginRefused, Throttled)):
                world.auth.log_in(name, "Wrong1234", source=SOURCE)
    for name in (NAME, EMAIL):
        keeps_out(world, name)


def keeps_out(world: World, name: str = NAME, **more: Any) -> None:
    """See that the right password is too often tried, from another source too."""
    for source in (SOURCE, "192.0.2.8"):
        with pytest.raises(Throttled):
            world.auth.log_in(name, PASSWORD, source=source, **more)


def beside(world: World, **settings: Any) -> World:
    """Return another process on the same store and counts, with other *settings*."""
    given: dict[str, Any] = {"secret_key": KEY, "hasher": HASHER, "clock": world.clock}
    given |= {"links": LINKS, "mailer": world.outbox}
    store = Store(world.users, world.schools, world.auth._core.attempts._throttle)
    return replace(world, auth=SchoolAuth(store, **(given | settings)))


# --- What it is for --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [NAME, EMAIL, "WG204NX_James"])
def test_it_gets_in_while_name_account_and_source_are_flooded(
    world: World, device: str, name: str
) -> None:
    """By every name of the account, as often as its owner likes, and nothing of the flood ends."""
    flood(world)
    for _ in range(20):
        assert world.auth.log_in(name, PASSWORD, source=SOURCE, device=device)
    keeps_out(world)


def test_it_asks_for_a_link_while_name_account_and_source_are_flooded(
    world: World, teacher: User, device: str
) -> None:
    """Two at once and one an hour, of its own."""
    for number in range(60):
        world.auth.request_password_reset(EMAIL, source=f"192.0.2.{number}")
        world.auth.request_password_reset(f"nobody{number}", source=SOURCE)
    world.outbox.clear()
    for name in (EMAIL, NAME, EMAIL):
        world.auth.request_password_reset(name, source=SOURCE, device=device)
    assert [mail.kind for mail in world.outbox] == ["password_reset"] * 2
    assert world.auth.reset_password(world.token("password_reset"), "Blackboard8").device


def test_its_failures_count_neither_for_the_name_nor_for_the_source(
    world: World, device: str
) -> None:
    """A pupil at the teacher's computer keeps the teacher out nowhere else."""
    for _ in range(8):
        refused(world, NAME, "Wrong1234", source=SOURCE, device=device)
    for number in range(49):
        refused(world, f"nobody{number}", source=SOURCE)
    assert world.auth.log_in(NAME, PASSWORD, source=SOURCE)


def test_a_browser_that_tried_too_often_counts_like_everybody(world: World, device: str) -> None:
    """After eight failures of its own come the eight of the name, and then nobody gets in."""
    for _ in range(16):
        refused(world, NAME, "Wrong1234", device=device)
    keeps_out(world, device=device)
    world.clock.advance(seconds=150)
    assert world.auth.log_in(NAME, PASSWORD, device=device)


def test_all_browsers_of_an_account_try_fifty_times_at_once(world: World, teacher: User) -> None:
    """However many tokens somebody has collected; the account's own count comes after that."""
    for number in range(7):
        device = world.log_in(teacher).device
        for _ in range(8 if number < 6 else 2):
            refused(world, NAME, "Wrong1234", device=device)
    flood(world)
    keeps_out(world, device=device)
    world.clock.advance(minutes=29)
    assert world.auth.log_in(NAME, PASSWORD, device=device, source=SOURCE)


def test_an_old_browser_gets_the_ordinary_mails(world: World, teacher: User, device: str) -> None:
    """A request from one of an older password is counted like anybody's."""
    world.auth.end_sessions(teacher.id)
    for _ in range(3):
        world.auth.request_password_reset(EMAIL, device=device)
    world.auth.request_password_reset(EMAIL)
    assert [mail.kind for mail in world.outbox].count("password_reset") == 2


# --- What it is not --------------------------------------------------------------------------


def test_it_signs_nobody_in(world: World, teacher: User, device: str) -> None:
    """The password is asked for as ever, and a temporary one must be changed."""
    assert refused(world, NAME, "Wrong1234", device=device).hints == ()
    world.desk.set_password(teacher.id, "Temporary1")
    fresh = make_new_device(world, teacher)
    with pytest.raises(PasswordChangeRequired):
        world.auth.log_in(NAME, "Temporary1", device=fresh)
    world.desk.deactivate(teacher.id)
    refused(world, NAME, "Temporary1", device=make_new_device(world, teacher))


def make_new_device(world: World, user: User) -> str:
    """Return a token of a browser that is known for the account as it stands."""
    return issue_login(world.auth._core, world.desk.get_user(user.id), "password", PASSWORD).device


def test_sessions_links_and_devices_are_not_interchangeable(
    world: World, teacher: User, device: str
) -> None:
    """A cookie for another makes neither a session nor a password nor a known browser."""
    session = world.log_in(teacher).session
    world.auth.request_password_reset(EMAIL)
    link = world.token("password_reset")
    with pytest.raises(SessionEnded):
        world.auth.resume(device)
    for call in (world.auth.check_password_token, world.auth.confirm_email_change):
        with pytest.raises(TokenRefused):
            call(device)
    flood(world)
    for token in (session, link):
        keeps_out(world, device=token)


def test_the_lock_holds_for_it_too() -> None:
    """So many failures in a row shut the account, also if a known browser's are among them."""
    world = make_world(lock_after_failures=12)
    jess = world.teacher(email=EMAIL)
    device = world.log_in(jess).device
    for _ in range(7):
        refused(world, NAME, "Wrong1234", device=device)
    for _ in range(5):
        refused(world, NAME, "Wrong1234")
    refused(world, NAME, device=device)
    world.clock.advance(days=30)
    refused(world, NAME, device=device)
    world.desk.unlock(jess.id)
    assert world.auth.log_in(NAME, PASSWORD, device=device)


def test_a_success_of_it_ends_the_row() -> None:
    """It proves the password like any other."""
    world = make_world(lock_after_failures=10)
    device = world.log_in(world.teacher()).device
    for _ in range(4):
        for _ in range(7):
            refused(world, NAME, "Wrong1234", device=device)
        assert world.auth.log_in(NAME, PASSWORD, device=device)
        world.clock.advance(hours=12)


# --- When it is no longer good ---------------------------------------------------------------


@given(any_text | st.integers(0, 400).map(lambda place: f"cut {place}"), st.booleans())
def test_whatever_is_no_token_of_ours_counts_like_everybody(text: str, cut: bool) -> None:
    """Invented, cut or changed text refuses nobody, and lets nobody past a full name."""
    world = make_world()
    device = world.log_in(world.teacher()).device
    if text.startswith("cut "):
        place = int(text[4:]) % len(device)
        text = device[:place] + ("" if cut else "é") + device[place + 1 :]
    assert world.auth.log_in(NAME, PASSWORD, device=text).device != text
    for _ in range(8):
        refused(world, NAME, "Wrong1234", device=text)
    keeps_out(world, device=text)
    assert world.auth.log_in(NAME, PASSWORD, device=device)


@pytest.mark.parametrize("bad", [7, b"abc", ["x"]])
def test_it_is_text_or_nothing(world: World, bad: Any) -> None:
    """A mistake of the host is told before any work."""
    before = len(world.kinds())
    with pytest.raises(TypeError, match="device must be str"):
        world.auth.log_in(NAME, PASSWORD, device=bad)
    with pytest.raises(TypeError, match="device must be str"):
        world.auth.request_password_reset(NAME, device=bad)
    assert len(world.kinds()) == before


def test_it_lasts_for_180_days(world: World, device: str) -> None:
    """To the millisecond; a sign-in with an expired one gets a new one."""
    world.clock.advance(days=180, milliseconds=-1)
    flood(world)
    assert world.auth.log_in(NAME, PASSWORD, device=device).device == device
    world.clock.advance(milliseconds=1)
    keeps_out(world, device=device)
    world.clock.advance(hours=1)
    assert world.auth.log_in(NAME, PASSWORD, device=device).device != device


def test_its_lifetime_is_the_hosts_to_choose(world: World, teacher: User) -> None:
    """`Lifetimes.device`."""
    short = beside(world, lifetimes=Lifetimes(device=timedelta(hours=1)))
    device = short.log_in(teacher).device
    world.clock.advance(hours=1)
    flood(world)
    keeps_out(world, device=device)


@pytest.mark.parametrize("change", ["password", "sessions", "address", "role"])
def test_it_ends_with_the_credentials(
    world: World, teacher: User, device: str, change: str
) -> None:
    """Like a session: who had the old password has no tries of their own any more."""
    if change == "password":
        world.desk.set_password(teacher.id, PASSWORD, must_change=False)
    elif change == "sessions":
        world.auth.end_sessions(teacher.id)
    elif change == "address":
        world.desk.set_email(teacher.id, "new@hill.example.org")
    else:
        world.desk.edit_user(teacher.id, role=Role.STAFF)
    flood(world)
    keeps_out(world, device=device)
    keeps_out(world, EMAIL, device=device)


def test_it_is_for_the_names_of_its_own_account(world: World, teacher: User, device: str) -> None:
    """With another name it counts like everybody's, and its own tries are not spent."""
    world.teacher(given_name="Ann", username="ann", email="ann@hill.example.org")
    for _ in range(8):
        refused(world, "ann", "Wrong1234", device=device)
    keeps_out(world, "ann", device=device)
    for _ in range(8):
        refused(world, NAME, "Wrong1234", device=device)
    assert world.auth.log_in(NAME, PASSWORD)


def test_a_name_that_somebody_else_has_now_counts_like_everybody(
    world: World, teacher: User, device: str
) -> None:
    """A browser that is known for the old owner has no tries at the new one's password."""
    world.desk.edit_user(teacher.id, username="jess_two")
    heir = world.teacher(given_name="Jo", username=NAME)
    for _ in range(8):
        refused(world, NAME, "Wrong1234", device=device)
    keeps_out(world, device=device)
    world.desk.unlock(heir.id)
    assert world.auth.log_in(NAME, PASSWORD, device=device).user.id == heir.id


def test_after_a_rename_the_new_name_is_learnt_at_the_next_sign_in(
    world: World, teacher: User, device: str
) -> None:
    """Until then it counts like everybody's; the old name is nobody's."""
    world.desk.edit_user(teacher.id, username="jess_two")
    login = world.auth.log_in("jess_two", PASSWORD, device=device)
    assert login.device != device
    for _ in range(8):
        refused(world, "jess_two", "Wrong1234")
    keeps_out(world, "jess_two")
    assert world.auth.log_in("jess_two", PASSWORD, device=login.device)


def test_it_outlives_a_rotation_of_keys(world: World, teacher: User, device: str) -> None:
    """While the old key is listed, also with the digests of names in it; and not longer."""
    rotated = beside(world, secret_key=OTHER_KEY, old_secret_keys=[KEY])
    flood(rotated)
    assert rotated.auth.log_in(NAME, PASSWORD, source=SOURCE, device=device).device == device
    gone = beside(world, secret_key=OTHER_KEY)
    keeps_out(gone, device=device)


# --- What the host keeps ---------------------------------------------------------------------


def test_a_good_token_stays_the_same_and_others_are_new(world: World, teacher: User) -> None:
    """Each browser has its own, from every way to sign in, and keeps it."""
    first, second = world.log_in(teacher).device, world.log_in(teacher).device
    assert len({first, second, ""}) == 3
    assert world.log_in(teacher, device=first).device == first
    changed = world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8").device
    assert changed not in {first, second, ""}
    assert world.log_in(teacher, "Blackboard8", device=first).device not in {first, ""}
    assert world.log_in(teacher, "Blackboard8", device=changed).device == changed


def test_no_repr_shows_it_and_it_shows_no_name(world: World, teacher: User) -> None:
    """It goes into a cookie, and what it says of names are keyed digests."""
    login = world.log_in(teacher)
    assert login.device not in repr(login)
    claims = Tokens(KEY).read_device(login.device)
    assert claims.user == teacher.id
    assert "james" not in repr(claims)
    assert "jess" not in repr(claims)
    with pytest.raises(TokenRefused):
        Tokens(OTHER_KEY).read_device(login.device)
