"""The statistics that look for timing leaks: right on numbers, and they find a leak put back.

Nothing here depends on the machine's time: the clock counts work, with recorded noise.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import LoginRefused, User
from schoolauth.service.attempts import OpenAttempt
from schoolauth.service.core import Core
from schoolauth.throttle import MemoryThrottle
from tests.benchmarks.welch import LEAK, Difference, cropped, cycle_of, interleaved, told_apart
from tests.service.ledger import Ledger
from tests.service.world import World, make_world

BOUND = 50e-6


def test_t_is_the_one_of_the_textbook() -> None:
    """Means 2.5 and 5, variances 5/3 and 20/3, four of each: t is the root of 3."""
    found = Difference.between([1, 2, 3, 4], [2, 4, 6, 8])
    assert found.seconds == 2.5
    assert math.isclose(found.error, math.sqrt(25 / 12))
    assert math.isclose(found.t, math.sqrt(3))
    assert math.isclose(found.most, 2.5 + 1.96 * math.sqrt(25 / 12))
    assert math.isclose(Difference.between([2, 4, 6, 8], [1, 2, 3, 4]).t, -math.sqrt(3))


def test_series_without_any_spread_are_equal_or_not() -> None:
    """No difference is 0, and any other is as sure as can be."""
    assert Difference.between([1, 1], [1, 1]).t == 0
    assert Difference.between([1, 1], [2, 2]).t == math.inf
    assert Difference.between([2, 2], [1, 1]).t == -math.inf


def test_the_slowest_of_both_together_are_cropped() -> None:
    """One limit for both: a limit for each would hide a difference in the tails."""
    assert cropped([1, 2, 3, 4, 100], [5, 6, 7, 8, 9], 0.9) == ([1, 2, 3, 4], [5, 6, 7, 8, 9])


def test_the_calls_are_made_in_turn_and_each_is_timed_by_itself() -> None:
    """As many samples as were asked for, and no call's time is counted for the other."""
    moment = 0.0
    order: list[str] = []

    def taking(name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            nonlocal moment
            order.append(name)
            moment += seconds

        return call

    first, second = interleaved(taking("a", 1), taking("b", 2), samples=200, timer=lambda: moment)
    assert (first, second) == ([1.0] * 200, [2.0] * 200)
    assert {"".join(order[index : index + 2]) for index in range(4, 400, 2)} == {"ab", "ba"}


def test_names_go_round_and_say_so() -> None:
    """The clock is set on before each round, so that no throttle is full."""
    rounds: list[int] = []
    names = cycle_of(["a", "b"], lambda: rounds.append(1))
    assert [next(names) for _ in range(5)] == ["a", "b", "a", "b", "a"]
    assert len(rounds) == 3


def compared(world: World, ledger: Ledger, ask: Callable[[str], object], known: str) -> Difference:
    """Compare what *ask* does for nobody and for *known*, by the work that it is.

    Each call of a port takes 100 µs of a clock that has the noise of a busy machine.
    """
    noise = random.Random(7)
    moment = 0.0

    def timer() -> float:
        nonlocal moment
        moment += 100e-6 * len(ledger.entries) + abs(noise.gauss(0, 100e-6))
        ledger.entries.clear()
        return moment

    def asking(name: str) -> Callable[[], object]:
        def call() -> None:
            world.clock.advance(hours=3)
            ask(name)

        return call

    return told_apart(asking("nobody"), asking(known), samples=1_000, timer=timer, order=noise)


def test_a_leak_that_is_put_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that is not even pretended shows in the noise; without the leak nothing does."""
    ledger, world = Ledger(monkeypatch), make_world()
    teacher = world.teacher(email="jess@x.example.org")
    ledger.rebuild(world, throttle=MemoryThrottle())
    ask, name = world.auth.request_password_reset, str(teacher.username)
    honest = compared(world, ledger, ask, name)
    assert abs(honest.t) < LEAK
    assert honest.most < BOUND

    def nothing(self: Core, message: Any) -> None:
        pass

    monkeypatch.setattr(Core, "pretend", nothing)
    leaking = compared(world, ledger, ask, name)
    assert leaking.t > LEAK
    assert leaking.most > BOUND
    assert 60e-6 < leaking.seconds < 120e-6


def test_a_full_account_that_is_refused_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its verification it would answer sooner than an unknown name; with it, it is equal."""
    ledger, world = Ledger(monkeypatch), make_world()
    teacher = world.teacher()
    ledger.rebuild(world, throttle=MemoryThrottle())
    attempts = world.auth._core.attempts

    def guess(name: str) -> None:
        for _ in range(8):
            attempts.take(attempts.buckets.account(teacher, ""), even_if_full=True)
        ledger.entries.clear()
        with pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234")

    honest = compared(world, ledger, guess, str(teacher.username))
    assert abs(honest.t) < LEAK
    assert honest.most < BOUND
    take_account = OpenAttempt.take_account

    def early(self: OpenAttempt, user: User | None) -> bool:
        if not take_account(self, user):
            raise LoginRefused
        return True

    monkeypatch.setattr(OpenAttempt, "take_account", early)
    leaking = compared(world, ledger, guess, str(teacher.username))
    assert leaking.t < -LEAK
    assert leaking.most > BOUND
