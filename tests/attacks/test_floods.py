"""Attacks 19 and 23: a patient guesser's budget, and a name that would forge a log."""

from __future__ import annotations

import json
import logging

import pytest

from schoolauth import LoginRefused, Throttled
from tests.attacks.faults import snapshot
from tests.service.doubles import Recorder
from tests.service.world import World, make_world, refused


def test_19_a_patient_guesser_has_a_hundred_tries_a_day() -> None:
    """Three days of a try every half minute: at most 10 verified in 5 minutes, 100 in a day."""
    hasher = Recorder()
    world = make_world(hasher=hasher)
    world.teacher()
    minutes: list[float] = []
    refused(world, "wg204nx_nobody")  # the first of a process makes the hash of nobody
    hasher.calls.clear()
    for number in range(3 * 24 * 120):
        try:
            with pytest.raises(LoginRefused):
                world.auth.log_in("wg204nx_james", "Wrong1234")
            minutes.append(number / 2)
        except Throttled:
            pass
        world.clock.advance(seconds=30)
    for length, most in ((5, 10), (24 * 60, 100)):
        assert all(
            sum(start <= minute < start + length for minute in minutes[index:]) <= most
            for index, start in enumerate(minutes)
        )
    assert len(hasher.calls) == len(minutes) <= 4 * 100
    assert len(minutes) >= 200  # a budget, not a lock for good


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
