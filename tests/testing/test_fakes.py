"""The fakes that downstream test suites import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schoolauth import (
    EmailAddress,
    Links,
    LoginRefused,
    MailMessage,
    MisId,
    PasswordRejected,
    Role,
    School,
    SchoolAuth,
    SchoolCode,
    Status,
    TokenRefused,
)
from schoolauth.ports import Store
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import (
    FrozenClock,
    Outbox,
    UserFactory,
    a_school,
    cheap_hasher,
    counted_ids,
)


class World:
    """A library on fakes, with a factory of accounts."""

    def __init__(self) -> None:
        users = MemoryUserRepository()
        self.clock, self.outbox = FrozenClock(), Outbox()
        self.auth = SchoolAuth(
            Store(users, MemorySchoolDirectory(users)),
            secret_key="a key for tests only, not a secret",
            mailer=self.outbox,
            links=Links(password="https://app.example.org/{token}"),
            hasher=cheap_hasher(),
            clock=self.clock,
            new_id=counted_ids(),
        )
        self.school, self.admin, self.desk = a_school(self.auth)
        self.make = UserFactory(self.auth, self.school, self.outbox)


def test_the_clock_stands_until_it_is_told() -> None:
    """It goes on by a timedelta or its parts, and tells aware UTC."""
    clock = FrozenClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert clock.advance(hours=1, minutes=30).hour == 13
    assert clock.advance(timedelta(days=1)) == datetime(2026, 1, 2, 13, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001 # on purpose


def test_the_clock_tells_utc_wherever_it_was_set() -> None:
    """A start in another zone is the same moment, in UTC."""
    start = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert FrozenClock(start).now() == start
    assert FrozenClock(start).now().tzinfo is UTC
    assert FrozenClock().now() == datetime(2026, 9, 1, 9, tzinfo=UTC)


def test_links_expire_by_the_clock() -> None:
    """What the library signs, it judges by the same clock, to the second."""
    world = World()
    world.auth.request_password_reset("wg204nx_admin")
    token = world.outbox.last("password_reset").token or ""
    world.clock.advance(hours=24, seconds=-1)
    assert world.auth.check_password_token(token).username == world.admin.username
    world.clock.advance(seconds=1)
    with pytest.raises(TokenRefused) as caught:
        world.auth.check_password_token(token)
    assert caught.value.reason == "expired"


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
        Store(users, MemorySchoolDirectory(users)),
        secret_key="a key for tests only, not a secret",
        hasher=cheap_hasher(),
        new_id=counted_ids("id"),
    )
    school, admin, desk = a_school(auth, "ab1cd", password="Blackboard8")
    assert (str(school.code), str(admin.id), desk.school) == ("ab1cd", "id-1", school.code)
    assert auth.log_in("admin@ab1cd.example.org", "Blackboard8").user.is_active_admin


def test_ids_count_for_each_maker_alone() -> None:
    """Two makers do not share their numbers, so that no test sees another's."""
    one, other = counted_ids(), counted_ids("id")
    assert [one(), one(), other(), one()] == ["user-1", "user-2", "id-1", "user-3"]


def test_two_schools_stand_beside_each_other() -> None:
    """Everything that must be unique has the code of the school in it."""
    world = World()
    mill, admin, desk = a_school(world.auth, "mill-77")
    assert [user.id for user in desk.search().items] == [admin.id]
    assert mill.code != world.school.code
    assert {str(world.admin.email), str(admin.email)} == {
        "admin@wg204nx.example.org",
        "admin@mill-77.example.org",
    }


def test_an_account_of_the_factory_signs_in() -> None:
    """Without a word it is an active teacher with an address, who need not change the password."""
    world = World()
    first, second = world.make(), world.make()
    assert (first.role, first.status) == (Role.TEACHER, Status.ACTIVE)
    for user, name in ((first, "wg204nx_james"), (second, "wg204nx_james.1")):
        assert str(user.username) == name
        assert user.email is not None
        for identifier in (name, str(user.email)):
            assert world.auth.log_in(identifier, "Chalkboard7").user.id == user.id
    assert first.email != second.email


def test_the_factory_makes_what_it_is_told() -> None:
    """Every field that a desk takes can be given, and None is no address."""
    world = World()
    mis_id = MisId(world.school.code, "sims", "7")
    user = world.make(
        role=Role.SLT,
        password="Blackboard8",
        given_name="Ann",
        family_name="Lee",
        email="Ann@hill.example.org",
        username="ann",
        mis_id=mis_id,
    )
    assert (user.role, user.full_name, str(user.email), str(user.username), user.mis_id) == (
        Role.SLT,
        "Ann Lee",
        "Ann@hill.example.org",
        "ann",
        mis_id,
    )
    assert world.auth.log_in("ann", "Blackboard8").user.id == user.id
    assert world.make(email=None).email is None
    with pytest.raises(PasswordRejected):
        world.make(password="short")


@pytest.mark.parametrize("status", Status)
def test_the_factory_makes_every_status(status: Status) -> None:
    """What is returned is what the desk sees, and only the active one signs in."""
    world = World()
    user = world.make(status=status, username="ann")
    assert user.status is status
    assert world.desk.get_user(user.id) == user
    assert (user.password is None) is (status in {Status.INVITED, Status.ERASED})
    if status is not Status.ACTIVE:
        with pytest.raises(LoginRefused):
            world.auth.log_in("ann", "Chalkboard7")
    if status is Status.INACTIVE:
        world.desk.reactivate(user.id)
    if status in {Status.ACTIVE, Status.INACTIVE}:
        assert world.auth.log_in("ann", "Chalkboard7").user.id == user.id


@pytest.mark.parametrize("role", Role)
def test_the_mails_of_the_making_are_taken_out_again(role: Role) -> None:
    """A test that counts mails counts its own; those that were there stay."""
    world = World()
    world.auth.request_password_reset("wg204nx_admin")
    before = list(world.outbox)
    world.make(role=role)
    assert world.outbox == before
    assert len(before) == 1


def test_the_factory_needs_no_outbox() -> None:
    """Where the application's own mailer is at work, its mails are left alone."""
    world = World()
    user = UserFactory(world.auth, world.school)()
    assert [mail.kind for mail in world.outbox] == ["password_changed"]
    assert user.school == world.school.code


def test_the_factory_takes_a_school_of_the_test() -> None:
    """A school without an admin will do."""
    world = World()
    school = world.auth.support(by="host").add_school(School("mill-77", "Mill School"))
    user = UserFactory(world.auth, school)(role=Role.ADMIN)
    assert world.auth.manage(by=user.id).get_user(user.id).school == SchoolCode.parse("mill-77")


def test_a_user_of_no_status_is_refused() -> None:
    """The text of a status is the status; what is none makes nobody."""
    users = MemoryUserRepository()
    auth = SchoolAuth(
        Store(users, MemorySchoolDirectory(users)),
        secret_key="a key for tests only, not a secret",
        hasher=cheap_hasher(),
        mailer=Outbox(),
    )
    make = UserFactory(auth, a_school(auth)[0])
    for status in Status:
        assert make(status=status.value).status is status  # type: ignore[arg-type] # its text
    for odd in ("nonsense", None):
        with pytest.raises(ValueError, match="not a valid Status"):
            make(status=odd)  # type: ignore[arg-type] # on purpose
