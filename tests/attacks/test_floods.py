"""Attacks 19 and 23: a patient guesser's budget, and a name that would forge a log."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

import pytest

from schoolauth import LoginRefused, StoredPassword, Throttled
from schoolauth.testing import FrozenClock
from tests.attacks.faults import snapshot
from tests.service.doubles import Recorder
from tests.service.world import World, make_world, refused


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


def test_19_a_patient_guesser_has_a_hundred_tries_a_day() -> None:
    """Three days of a try every half minute: 10 guesses in 5 minutes and 100 in a day are checked.

    When the account has had its hundred, tries are refused after a check against nobody's hash.
    """
    clock = FrozenClock()
    hasher = Noting(clock)
    world = make_world(hasher=hasher, clock=clock)
    teacher = world.teacher()
    for _ in range(3 * 24 * 120):
        with pytest.raises((LoginRefused, Throttled)):
            world.auth.log_in("wg204nx_james", "Wrong1234")
        clock.advance(seconds=30)
    times = [time for time, stored in hasher.verified if stored == teacher.password]
    assert most_in(timedelta(minutes=5), times) <= 10
    assert 90 <= most_in(timedelta(days=1), times) <= 100  # a budget, not a lock for good
    assert most_in(timedelta(minutes=5), [time for time, _ in hasher.verified]) <= 10


FORGED = [
    "jess\r\nINFO login_succeeded user=admin",
    "\x1b[2J\x1b[31mroot",
    "a\u202egnp.exe",
    "a\u2028b",
    "\x00",
    "x" * 10_000,
]


@pytest.mark.parametrize("name", FORGED, ids=["crlf", "ansi", "bidi", "separator", "nul", "long"])
def test_23_a_typed_name_writes_no_line_of_its_own(
    world: World, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """What was typed is in no event and no log line, only a digest of fixed length."""
    caplog.set_level(logging.DEBUG)
    refused(world, name)
    world.auth.request_password_reset(name)
    _, events = snapshot(world.users)
    kept = json.dumps([event.to_record() for event in events]) + caplog.text
    assert name not in kept
    assert json.dumps(name)[1:-1] not in kept
    assert all(len(json.dumps(event.to_record())) < 1_000 for event in events)
