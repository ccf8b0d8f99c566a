"""The history says who did it: for every public call, whoever called."""

from __future__ import annotations

from contextlib import suppress

import pytest

from schoolauth import SchoolAuthError
from schoolauth.model.change import Change
from schoolauth.model.events import ANONYMOUS, AuditEvent, actor_support, actor_user
from schoolauth.model.school import School
from tests.attacks.operations import LEGACY, OPERATIONS, Faces, add_sample
from tests.service.world import make_world

BY_A_LINK = {
    "SchoolAuth.reset_password",
    "SchoolAuth.reset_password: create",
    "SchoolAuth.reset_password: must change",
    "SchoolAuth.confirm_email_change",
}
"""Calls without an id, which the link's owner makes."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_event_says_who_did_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk's events name its admin or the supporter, one's own calls name oneself or nobody."""
    world = make_world(legacy=[LEGACY])
    sample = add_sample(world)
    faces = Faces(world.auth, world.desk, world.auth.support(by="Test Support"), sample)
    events: list[AuditEvent] = []
    save, save_school = world.users.save, world.schools.save

    def keep(change: Change) -> None:
        save(change)
        events.extend(change.events)

    def keep_school(school: School, event: AuditEvent) -> None:
        save_school(school, event)
        events.append(event)

    monkeypatch.setattr(world.users, "save", keep)
    monkeypatch.setattr(world.schools, "save", keep_school)
    with suppress(SchoolAuthError):
        OPERATIONS[name](faces)
    for event in events:
        if name.startswith("UserManagement."):
            assert event.actor == actor_user(world.admin.id)
            assert event.school == world.school.code
        elif name.startswith("SupportDesk."):
            assert event.actor == actor_support("Test Support")
        elif name in BY_A_LINK:
            assert event.user is not None
            assert event.actor == actor_user(event.user)
        else:
            own = {actor_user(event.user)} if event.user else set()
            assert event.actor in {ANONYMOUS} | own, event.kind
