"""The fakes that downstream test suites import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schoolauth import EmailAddress, MailMessage, SchoolAuth
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import FrozenClock, Outbox, a_school, cheap_hasher, counted_ids


def test_the_clock_stands_until_it_is_told() -> None:
    """It goes on by a timedelta or its parts, and tells aware UTC."""
    clock = FrozenClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert clock.advance(hours=1, minutes=30).hour == 13
    assert clock.advance(timedelta(days=1)) == datetime(2026, 1, 2, 13, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001 # on purpose


def test_the_outbox_finds_the_newest_of_a_kind() -> None:
    """It is a list; `last` looks from the end, and says so if there is none."""
    outbox = Outbox()
    with pytest.raises(LookupError, match=r"no mail$"):
        outbox.last()
    to = EmailAddress.parse("a@hill.example.org")
    for kind, subject in (("password_reset", "1"), ("password_reset", "2"), ("email_changed", "3")):
        outbox.send(MailMessage(kind=kind, to=to, subject=subject, text=""))  # type: ignore[arg-type] # literals
    assert [outbox.last("password_reset").subject, outbox.last().subject] == ["2", "3"]
    with pytest.raises(LookupError, match="create_password"):
        outbox.last("create_password")


def test_the_cheap_hasher_is_a_real_one() -> None:
    """It makes argon2id hashes of the smallest size."""
    hasher = cheap_hasher()
    stored = hasher.hash("Chalkboard7")
    assert stored.reveal().startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert hasher.verify("Chalkboard7", stored)


def test_a_school_is_ready_to_use() -> None:
    """Its admin signs in and manages it; ids count from one."""
    users = MemoryUserRepository()
    auth = SchoolAuth(
        users,
        secret_key="a key for tests only, not a secret",
        schools=MemorySchoolDirectory(users),
        hasher=cheap_hasher(),
        new_id=counted_ids("id"),
    )
    school, admin, desk = a_school(auth, "ab1cd", password="Blackboard8")
    assert (str(school.code), str(admin.id), desk.school) == ("ab1cd", "id-1", school.code)
    assert auth.log_in("admin@ab1cd.example.org", "Blackboard8").user.is_active_admin
