"""The adapter keeps both contracts, on SQLite and on PostgreSQL, and what no contract can see."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections, transaction

from schoolauth import (
    ContractBroken,
    HeldMailer,
    Links,
    NotConfigured,
    Role,
    SchoolAuth,
    SchoolCode,
    SchoolDirectory,
    StorageUnavailable,
    Store,
    User,
    UserId,
    UserQuery,
    UserRepository,
)
from schoolauth.testing import (
    Outbox,
    SchoolDirectoryContract,
    UserRepositoryContract,
    a_school,
    cheap_hasher,
)

from . import saving
from .directory import DjangoSchoolDirectory
from .models import Account, Event, Gate, School
from .repository import DjangoUserRepository


def emptied(using: str) -> DjangoUserRepository:
    """Return a repository on the empty tables of *using*."""
    for model in (Account, Event, School, Gate):
        model.objects.using(using).all().delete()
    return DjangoUserRepository(using)


class TestAccounts(UserRepositoryContract):
    """Accounts, alone and inside `transaction.atomic()`."""

    @pytest.fixture(autouse=True)
    def database(self, using: str) -> None:
        """Show each behaviour on each database."""
        self.using = using

    def make_repository(self) -> UserRepository:
        """Empty the tables: to make them again each time would take minutes."""
        return emptied(self.using)

    @contextmanager
    def join(self, users: UserRepository) -> Iterator[UserRepository]:
        """Begin a transaction as a host does."""
        with transaction.atomic(using=self.using):
            yield DjangoUserRepository(self.using, joined=True)

    def leave_thread(self) -> None:
        """Close what a thread of the kit has opened: it ends no request, so Django does not."""
        connections.close_all()


class TestSchools(SchoolDirectoryContract):
    """Schools, in one history with their accounts."""

    @pytest.fixture(autouse=True)
    def database(self, using: str) -> None:
        """Show each behaviour on each database."""
        self.using = using

    def make_directory(self) -> tuple[SchoolDirectory, UserRepository]:
        """Empty the tables."""
        users = emptied(self.using)
        return DjangoSchoolDirectory(self.using), users


class Host:
    """What a host has: the library on *using*, with a school and its admin."""

    def __init__(self, using: str) -> None:
        self.using = using
        self.outbox = Outbox()
        self.auth = SchoolAuth(
            Store(emptied(using), DjangoSchoolDirectory(using)),
            secret_key="a key for these tests, and no secret",
            mailer=self.outbox,
            links=Links(password="https://app.example.org/password/{token}"),
            hasher=cheap_hasher(),
        )
        _, self.admin, self.desk = a_school(self.auth)
        self.outbox.clear()

    def add_teacher(self, name: str) -> User:
        """Add a teacher and invite them, inside a transaction of the host's."""
        held = HeldMailer(self.outbox)
        transaction.on_commit(held.release, using=self.using)
        joined = self.auth.within(
            Store(
                DjangoUserRepository(self.using, joined=True),
                DjangoSchoolDirectory(self.using, joined=True),
            ),
            mailer=held,
        )
        desk = joined.manage(by=self.admin.id)
        email = f"{name}@hill.example.org"
        user = desk.add_user(given_name=name, family_name="James", role=Role.TEACHER, email=email)
        desk.send_create_password_email(user.id)
        return user


@pytest.fixture
def host(using: str) -> Host:
    """Give a host's set-up."""
    return Host(using)


def test_an_account_comes_with_the_hosts_own_rows(host: Host) -> None:
    """Nobody is mailed before the host's transaction is committed."""
    with transaction.atomic(using=host.using):
        jess = host.add_teacher("jess")
        assert list(host.outbox) == []
    assert host.desk.get_user(jess.id).given_name == "jess"
    assert [mail.kind for mail in host.outbox] == ["create_password"]


def test_an_account_goes_with_the_hosts_own_rows(host: Host) -> None:
    """Nobody is added or mailed by a transaction that the host rolls back."""
    with transaction.atomic(using=host.using):
        host.add_teacher("jess")
        transaction.set_rollback(True, using=host.using)
    assert host.desk.search("jess").items == ()
    assert list(host.outbox) == []


def test_a_failure_takes_back_nothing_of_the_hosts(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save that breaks after its first write leaves no half, and the transaction usable."""

    def broken(event: object) -> Never:
        raise OperationalError(f"the disc is full at {event}")

    with transaction.atomic(using=host.using):
        kept = host.add_teacher("jess")
        with monkeypatch.context() as patch:
            patch.setattr(saving, "event_of", broken)
            with pytest.raises(StorageUnavailable):
                host.add_teacher("omar")
    assert [user.id for user in host.desk.search("james").items] == [kept.id]


def test_each_repository_checks_its_transaction(using: str) -> None:
    """A joined repository needs a transaction, and one that stands alone must have its own."""
    with pytest.raises(NotConfigured):
        DjangoUserRepository(using, joined=True).find([UserId.parse("nobody")])
    host = Host(using)
    with transaction.atomic(using=using):
        jess = host.add_teacher("jess")
        with pytest.raises(RuntimeError, match="durable"):
            host.desk.deactivate(jess.id)


@pytest.mark.parametrize(
    ("using", "expected"), [("nowhere", StorageUnavailable), ("unmigrated", ContractBroken)]
)
def test_a_drivers_error_goes_no_further(using: str, expected: type[Exception]) -> None:
    """What the driver says, and may quote, is not in the error or behind it."""
    users = DjangoUserRepository(using)
    for call in (
        lambda: users.find([UserId.parse("nobody")]),
        lambda: users.search(UserQuery(SchoolCode.parse("wg204nx"))),
    ):
        with pytest.raises(expected) as caught:
            call()
        assert caught.value.__context__ is caught.value.__cause__ is None


@pytest.mark.filterwarnings("ignore:Got an error checking:RuntimeWarning")
def test_migrations_make_the_models() -> None:
    """No change of a model is without its migration."""
    call_command("makemigrations", "django_accounts", check_changes=True, dry_run=True, verbosity=0)
