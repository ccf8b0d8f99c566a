"""Attacks 14 and 22: somebody else's mailbox, taken or flooded."""

from __future__ import annotations

import pytest

from schoolauth import (
    EmailTaken,
    LoginRefused,
    RosterRow,
    SessionEnded,
    Throttled,
    TokenRefused,
)
from tests.service.world import PASSWORD, World

OLD, NEW = "jess@hill.example.org", "jj@hill.example.org"


def test_an_address_that_a_staff_list_replaces_is_told(stored_world: World) -> None:
    """Whoever made the list could redirect a colleague's links: the old address hears of it."""
    world = stored_world
    teacher = world.teacher(email=OLD)
    rows = [RosterRow("7", "Jess", "James", email=NEW, username=str(teacher.username))]
    plan = world.desk.plan_mapping(rows, source="sims")
    world.outbox.clear()
    report = world.desk.apply_mapping(plan)
    assert report.changed == (teacher.id,)
    assert [(mail.kind, str(mail.to), mail.user) for mail in world.outbox] == [
        ("email_changed", OLD, teacher.id)
    ]


def test_a_staff_list_that_is_not_applied_tells_nobody(world: World) -> None:
    """Neither a first address nor a refused plan sends a mail."""
    teacher = world.teacher()
    rows = [RosterRow("7", "Jess", "James", email=NEW, username=str(teacher.username))]
    plan = world.desk.plan_mapping(rows, source="sims")
    world.outbox.clear()
    world.desk.apply_mapping(plan)
    assert world.outbox == []


def test_nobody_can_have_an_address_flooded(world: World) -> None:
    """Two confirmation mails by one account, and two to one address by all; then one an hour."""
    first, second = world.teacher(email=OLD), world.teacher(family_name="Second")
    for _ in range(2):
        world.auth.request_email_change(first.id, password=PASSWORD, new_email=NEW)
    for user, email in ((first, NEW), (first, "other@hill.example.org"), (second, NEW)):
        before = list(world.outbox)
        with pytest.raises(Throttled) as caught:
            world.auth.request_email_change(user.id, password=PASSWORD, new_email=email)
        assert caught.value.retry_after == 3600
        assert world.outbox == before
    world.clock.advance(hours=1)
    world.auth.request_email_change(first.id, password=PASSWORD, new_email=NEW)
    assert world.log_in(first)


def test_an_address_that_is_not_confirmed_opens_and_reserves_nothing(world: World) -> None:
    """Pre-hijacking: it signs nobody in, gets no links, and its owner can still have it."""
    attacker = world.teacher(family_name="Attacker")
    world.auth.request_email_change(attacker.id, password=PASSWORD, new_email=NEW)
    with pytest.raises(LoginRefused):
        world.auth.log_in(NEW, PASSWORD)
    world.outbox.clear()
    world.auth.request_password_reset(NEW)
    assert world.outbox == []
    assert world.teacher(email=NEW).email is not None


def test_a_reset_voids_what_was_prepared_before_it(world: World) -> None:
    """Pre-hijacking: session, pending address and other links die when the owner recovers."""
    owner = world.teacher(email=OLD)
    session = world.log_in(owner).session
    world.auth.request_email_change(owner.id, password=PASSWORD, new_email=NEW)
    pending = world.token("confirm_email_change")
    world.auth.request_password_reset(OLD)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    with pytest.raises(TokenRefused):
        world.auth.confirm_email_change(pending)
    with pytest.raises(LoginRefused):
        world.log_in(owner)
    with pytest.raises(EmailTaken):
        world.desk.add_user(given_name="A", family_name="B", role=owner.role, email=OLD)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
