"""Attack 23 and the attacks on counts: forged lines of a log, and floods that keep people out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress

import pytest

from schoolauth import LoginRefused, Throttled, TokenRefused
from schoolauth.throttle import MemoryThrottle, policy
from tests.attacks.faults import snapshot
from tests.service.doubles import Recorder
from tests.service.world import World, make_world, refused

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


# --- Floods -----------------------------------------------------------------------------------

FLOOD, HONEST = 10_000, 100


def test_strangers_cannot_fill_the_throttle() -> None:
    """Names are invented by the thousand, and links asked for: honest people get in, and mails.

    In the default throttle, 10,000 names are full already, and new ones are made all the time.
    """
    throttle = MemoryThrottle()
    throttle._secret = b"the same cells in every run"
    world = make_world(throttle=throttle)
    people = [world.teacher(email=f"t{number}@hill.example.org") for number in range(HONEST)]
    for kind, burst in ((policy.NAME, 8), (policy.MAIL_NAME, 2)):
        for _ in range(burst):
            throttle.take([kind.bucket(f"{n}") for n in range(FLOOD)], world.clock.now())
    for look in range(2):
        for number in range(300):
            name, source = f"invented{look}x{number}", f"2001:db8:{look:x}:{number:x}::1"
            for _ in range(3):
                world.auth.request_password_reset(name, source=source)
            refused(world, name, source=source)
        world.outbox.clear()
        signed_in = 0
        for number, person in enumerate(people):
            with suppress(Throttled):
                signed_in += bool(world.log_in(person, source=f"192.0.2.{number}"))
            world.auth.request_password_reset(str(person.email), source=f"192.0.2.{number}")
        assert signed_in >= 0.99 * HONEST
        assert len(world.outbox) >= 0.99 * HONEST
        world.clock.advance(minutes=20)


def test_strangers_cannot_use_up_a_schools_recovery(world: World) -> None:
    """Requests from hundreds of networks leave the admin's own, which reaches the headteacher."""
    world.clock.advance(days=30)  # an approver's address counts 72 hours after it was saved
    for hour in range(24):
        for number in range(12):
            world.auth.request_admin_recovery(
                "wg204nx",
                new_email=f"x{number % 3}@evil.example.org",
                requested_by="x",
                source=f"2001:db8:{hour:x}:{number:x}::1",
            )
        world.outbox.clear()
        world.auth.request_admin_recovery(
            "wg204nx", new_email="ada@hill.example.org", requested_by="Ada", source="192.0.2.7"
        )
        assert "ada@hill.example.org" in world.mail("approve_recovery").text
        world.clock.advance(hours=1)


def test_one_pupil_cannot_close_a_school() -> None:
    """A school has one address: its known browsers sign in and ask for links during any flood.

    Each link in hand works, and the flood costs a hundred hashes in 5 minutes.
    """
    hasher, school = Recorder(), "192.0.2.1"
    world = make_world(hasher=hasher)
    people = [world.teacher(email=f"t{number}@hill.example.org") for number in range(6)]
    devices = [world.log_in(one, source=school).device for one in people]
    links = []
    for one in people[:3]:
        world.auth.request_password_reset(str(one.email), source=school)
        links.append(world.token("password_reset"))
    for window in range(3):
        hasher.calls.clear()
        for number in range(300):
            flood(world, f"nobody{window}x{number}", school)
            world.clock.advance(seconds=1)
        assert 50 < len(hasher.calls) <= 100
        flood(world, f"nobody{window}", school)
        with pytest.raises(Throttled) as caught:
            world.log_in(people[5], source=school)
        assert caught.value.retry_after <= 6
        for one, device in zip(people[3:], devices[3:], strict=True):
            assert world.log_in(one, source=school, device=device)
        world.outbox.clear()
        world.auth.request_password_reset(str(people[4].email), source=school, device=devices[4])
        assert world.token("password_reset")
        assert world.auth.reset_password(links[window], "Blackboard8", source=school)
        world.clock.advance(hours=1)


def flood(world: World, name: str, source: str) -> None:
    """Ask all that a stranger may ask, of *source*."""
    calls: list[Callable[[], object]] = [
        lambda: world.auth.log_in(name, "x", source=source),
        lambda: world.auth.request_password_reset(name, source=source),
        lambda: world.auth.reset_password("x.y", "Blackboard8", source=source),
        lambda: world.auth.log_in(name, "x", source=source, device="x.y"),
    ]
    for call in calls:
        with suppress(LoginRefused, TokenRefused, Throttled):
            call()
