"""Fixtures for applications that use schoolauth; pytest loads this module where it is installed.

It imports nothing of the library before a fixture is used: a measurement of coverage that begins
after the plug-ins were loaded would miss what they import. So it is not inside the package either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from schoolauth import School, SchoolAuth
    from schoolauth.testing import FrozenClock, Outbox, UserFactory


@pytest.fixture
def schoolauth_clock() -> FrozenClock:
    """A clock that stands still: ``schoolauth_clock.advance(hours=25)``."""
    from schoolauth.testing import FrozenClock

    return FrozenClock()


@pytest.fixture
def schoolauth_outbox() -> Outbox:
    """The mails that were sent: ``schoolauth_outbox.last("password_reset")``."""
    from schoolauth.testing import Outbox

    return Outbox()


@pytest.fixture
def schoolauth_auth(schoolauth_clock: FrozenClock, schoolauth_outbox: Outbox) -> SchoolAuth:
    """A SchoolAuth in memory, with everything that a call could need; its ids are counted.

    It throttles as in production: a thousand right passwords pass, an eleventh wrong one does not.
    """
    from schoolauth import Links, SchoolAuth
    from schoolauth.storage.memory import MemoryStore
    from schoolauth.testing import cheap_hasher, counted_ids

    return SchoolAuth(
        MemoryStore(),
        secret_key="a key for tests only, not a secret",  # noqa: S106 # so it says
        mailer=schoolauth_outbox,
        links=Links(
            password="https://app.example.org/password/{token}",  # noqa: S106 # an address
            email="https://app.example.org/email/{token}",
            recovery="https://app.example.org/recovery/{token}",
        ),
        hasher=cheap_hasher(),
        clock=schoolauth_clock,
        new_id=counted_ids(),
    )


@pytest.fixture
def schoolauth_school(schoolauth_auth: SchoolAuth) -> School:
    """The school wg204nx, whose admin signs in as ``wg204nx_admin`` with ``Chalkboard7``."""
    from schoolauth.testing import a_school

    school, _, _ = a_school(schoolauth_auth)
    return school


@pytest.fixture
def schoolauth_user(
    schoolauth_auth: SchoolAuth, schoolauth_school: School, schoolauth_outbox: Outbox
) -> UserFactory:
    """A factory of accounts: ``schoolauth_user(role=Role.SLT, status=Status.INVITED)``."""
    from schoolauth.testing import UserFactory

    return UserFactory(schoolauth_auth, schoolauth_school, schoolauth_outbox)
