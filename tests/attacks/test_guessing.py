"""Attack 19 and the attacks on counts: a guesser's budget, and ways to get more guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest

from schoolauth import (
    LoginRefused,
    StoredPassword,
    Throttled,
    User,
)
from schoolauth.testing import FrozenClock
from schoolauth.throttle import memory
from tests.service.doubles import Recorder
from tests.service.world import PASSWORD, World, make_world
from tests.throttles import THROTTLES, Throttles

WRONG, EMAIL = "Wrong1234", "jess@hill.example.org"


class Noting(Recorder):
    """A hasher that notes when it is asked for a verification of which stored hash."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__()
        self.verified: list[tuple[datetime, StoredPassword]] = []
        self._clock = clock

    def verify(self, password: str, stored: StoredPassword) -> bool:
        self.verified.append((self._clock.now(), stored))
        return super().verify(password, stored)


def most_in(length: timedelta, times: list[datetime]) -> int:
    """Return how many of *times* lie within one window, at the most."""
    return max(
        sum(start <= time < start + length for time in times[place:])
        for place, start in enumerate(times)
    )


class Guesser:
    """Somebody who guesses at one account, and a world that notes each guess that is checked."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FrozenClock()
        self.hasher = Noting(self.clock)
        self.world = make_world(hasher=self.hasher, clock=self.clock, **settings)
        self.victim = self.world.teacher(email=EMAIL)

    def guess(self, name: str = "wg204nx_james", **more: Any) -> bool:
        """Try a wrong password, which lets nobody in; return whether the name had a place."""
        with pytest.raises((LoginRefused, Throttled)) as caught:
            self.world.auth.log_in(name, WRONG, **more)
        return isinstance(caught.value, LoginRefused)

    def checked(self, user: User | None = None) -> list[datetime]:
        """Return when the guesses at an account, the victim's if no other, were checked."""
        wanted = (user or self.victim).password
        return [time for time, stored in self.hasher.verified if stored == wanted]


def test_19_a_patient_guesser_has_a_hundred_tries_a_day() -> None:
    """Three days of a try every half minute: 10 guesses in 5 minutes and 100 in a day are checked.

    When the account has had its hundred, tries are refused after a check against nobody's hash.
    """
    guesser = Guesser()
    for _ in range(3 * 24 * 120):
        guesser.guess()
        guesser.clock.advance(seconds=30)
    times = guesser.checked()
    assert most_in(timedelta(minutes=5), times) <= 10
    assert 90 <= most_in(timedelta(days=1), times) <= 100  # a budget, not a lock for good
    assert most_in(timedelta(minutes=5), [time for time, _ in guesser.hasher.verified]) <= 10


def new_sources() -> Iterator[str]:
    """Yield addresses, each in another /64 network."""
    return (f"2001:db8:{number:x}::7" for number in count(1))


@pytest.mark.parametrize("kind", THROTTLES)
def test_strangers_wipe_no_count(
    kind: str, throttles: Throttles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between guesses, names and addresses are invented and mails asked for: it gives no guess.

    In memory all of that shares 64 cells, so that a store which makes room would have to.
    """
    monkeypatch.setattr(memory, "CELLS", 64)
    guesser = Guesser(throttle=throttles.make(kind))
    world, number, sources, tried = guesser.world, count(), new_sources(), 0
    for _ in range(4):
        for _ in range(7):  # one below the limit: not yet full
            tried += guesser.guess(source=next(sources))
        for _ in range(15):
            guesser.guess(f"invented{next(number)}", source="192.0.2.1")
            guesser.guess(f"i{next(number)}@invented.example.org", source=next(sources))
            world.auth.request_password_reset(f"invented{next(number)}", source=next(sources))
    assert 7 <= len(guesser.checked()) <= tried <= 8


SPELLINGS = [
    "wg204nx_james",
    "WG204NX_JAMES",
    " wg204nx_james ",
    "wg204nx_james\u00a0",
    "\u3000wg204nx_james",
    "\uff57g204nx_james",
    "wg204nx_jame\u017f",
    "wg204nx_ja\u00admes",
    "wg204nx_ja\u200bmes",
    "wg204nx_j\u0430mes",
    "wg204nx_james\0",
    EMAIL,
    EMAIL.upper(),
    f"\t{EMAIL}\n",
    "Jess@HILL.example.org",
    "jess@hill.example.org.",
    "je\u017fs@hill.example.org",
    "jess@\uff48ill.example.org",
    "jess@hill\u3002example.org",
    "jess+x@hill.example.org",
]


def test_no_spelling_of_a_name_gives_more_guesses() -> None:
    """Case, spaces, other letters, its address: whatever is the account's counts as its own."""
    guesser = Guesser()
    for _ in range(10):
        for name in SPELLINGS:
            guesser.guess(name)
    assert 0 < len(guesser.checked()) <= 8


def test_no_address_of_a_network_gives_more_guesses() -> None:
    """All of a /64, and both forms of an IPv4 address, are one source with fifty failures."""
    for addresses in (
        [f"2001:db8::{number:x}" for number in range(1, 100)],
        ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"],
    ):
        guesser = Guesser()
        for number, address in zip(range(300), cycle(addresses), strict=False):
            guesser.guess(f"nobody{number}", source=address)
        assert len(guesser.hasher.verified) == 50


def test_an_account_of_ones_own_gives_no_more_guesses() -> None:
    """A success between the guesses frees nothing, of the source, the victim or the guesser."""
    guesser = Guesser(lock_after_failures=20)
    own = guesser.world.teacher(family_name="Own")
    for number in range(60):
        guesser.guess(source="192.0.2.1")
        guesser.guess(f"nobody{number}", source="192.0.2.1")
        if number < 20:
            assert guesser.world.log_in(own, source="192.0.2.1")
    with pytest.raises(Throttled):
        guesser.world.log_in(own, source="192.0.2.1")
    assert len(guesser.checked()) == 8
    assert len(guesser.hasher.verified) == 20 + 50


def test_ones_own_browser_gives_no_guesses_at_anothers_account() -> None:
    """A good token of another account, or one that is no token, counts like none at all."""
    guesser = Guesser()
    own = guesser.world.teacher(family_name="Own")
    devices = [guesser.world.log_in(own).device for _ in range(20)]
    guesser.clock.advance(days=1)
    for device in [*devices, guesser.world.log_in(own).session, "rubbish", "", "x" * 9000]:
        guesser.guess(device=device, source="192.0.2.1")
        guesser.guess(EMAIL, device=device, source="192.0.2.1")
    assert len(guesser.checked()) == 8


def test_many_known_browsers_of_an_account_have_one_budget() -> None:
    """Whoever has taken a hundred tokens of one account has a hundred guesses a day by them."""
    guesser = Guesser(lock_after_failures=1000)
    devices = [guesser.world.log_in(guesser.victim).device for _ in range(100)]
    guesser.hasher.verified.clear()
    for _ in range(24):
        for device in devices:
            guesser.guess(device=device, source="192.0.2.1")
        guesser.clock.advance(hours=1)
    # of the name as well: who has a token may also try as everybody does
    assert 150 <= most_in(timedelta(days=1), guesser.checked()) <= 200


def test_tries_that_hang_are_counted() -> None:
    """Whoever has eight tries hang for long has used them; a known browser gets in meanwhile."""
    guesser = Guesser()
    world, device = guesser.world, guesser.world.log_in(guesser.victim).device
    attempts, users = world.auth._core.attempts, world.users
    with ExitStack() as hanging:
        for _ in range(8):
            attempt = hanging.enter_context(attempts.begin(users, "wg204nx_james", None))
            attempt.take_account(guesser.victim)
        with pytest.raises(Throttled) as caught:
            world.log_in(guesser.victim)
        assert caught.value.retry_after == 1
        assert world.log_in(guesser.victim, device=device)
        guesser.clock.advance(seconds=26)
    with pytest.raises(Throttled) as caught:
        world.log_in(guesser.victim)
    assert caught.value.retry_after == 124


ENDS: dict[str, Callable[[World, User], object]] = {
    "sign-in": lambda world, user: world.log_in(user),
    "by address": lambda world, user: world.auth.log_in(EMAIL, PASSWORD),
    "known browser": lambda world, user: world.log_in(user, device=world.log_in(user).device),
    "change": lambda world, user: world.auth.change_password(
        user.id, current=PASSWORD, new="Blackboard8"
    ),
}


@pytest.mark.parametrize("when", range(0, 14, 3))
@pytest.mark.parametrize("end", ENDS)
def test_a_guesser_does_not_see_that_the_owner_was_here(end: str, when: int) -> None:
    """With and without a success between two guesses, all answers and waits are the same."""

    def answers(end: Callable[[World, User], object] | None) -> list[str]:
        world, told = make_world(lock_after_failures=20), []
        teacher = world.teacher(email=EMAIL)
        for number in range(16):
            if number == when and end is not None:
                with suppress(Throttled, LoginRefused):  # when the guesses have shut the owner out
                    end(world, teacher)
            with pytest.raises((Throttled, LoginRefused)) as caught:
                world.log_in(teacher, WRONG)
            told.append(f"{caught.value.code} {caught.value.details()}")
            world.clock.advance(seconds=20)
        return told

    assert answers(ENDS[end]) == answers(None)
