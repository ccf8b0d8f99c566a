"""Signing in with a hash of another system: equal work, and the upgrade at the first sign-in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from schoolauth import (
    Argon2Hasher,
    LoginRefused,
    Overloaded,
    SchoolAuth,
    StaleUser,
    Status,
    StoredPassword,
    User,
    UserRepository,
)
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.legacy import Argon2, DjangoPBKDF2
from schoolauth.model.change import Change
from schoolauth.model.events import LoginFailed
from schoolauth.ports import SchoolDirectory, Store
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryStore, MemoryUserRepository
from tests.legacy.schemes import SCHEMES
from tests.legacy.work import Work
from tests.processes import SECONDS
from tests.service.doubles import Recorder
from tests.service.moved import HASHER, PASSWORD, make_moved_world, move
from tests.service.world import KEY, World, make_world, refused

every_scheme = pytest.mark.parametrize("name", SCHEMES)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """A count of the work that is done."""
    return Work(monkeypatch)


def put_hash(world: World, user: User, text: str) -> None:
    """Write a hash behind the library's back, as a poisoned row would be."""
    poisoned = replace(world.desk.get_user(user.id), password=StoredPassword(text))
    event = LoginFailed(at=world.clock.now(), reason="unknown")
    world.users.save(Change([poisoned], [event]))


def everybody(world: World) -> dict[str, User]:
    """Return an account of every kind that the clock might tell from the others."""
    own = world.teacher(PASSWORD, family_name="Own", email="own@hill.example.org")
    people = {
        "own": own,
        "temporary": world.desk.set_password(
            world.teacher(None, family_name="Temporary").id, PASSWORD
        ),
        "invited": world.teacher(None, family_name="Invited"),
        "inactive": world.desk.deactivate(world.teacher(PASSWORD, family_name="Gone").id),
    }
    for name, text in {
        "corrupt": "rubbish",
        "empty": "",
        "out of bounds": SCHEMES["django pbkdf2"].make(PASSWORD).replace("$1000$", "$99999$"),
        "greedy": "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43,
        "unsolvable": "$argon2i$v=19$m=8,t=1,p=1$" + "A" * 21 + "B$" + "A" * 43,
    }.items():
        people[name] = world.teacher(PASSWORD, family_name="Poisoned")
        put_hash(world, people[name], text)
    for name, scheme in SCHEMES.items():
        username = name.replace(" ", "_")
        people[name] = move(world, username, scheme.make(PASSWORD))
        people[f"dear {name}"] = move(world, f"dear_{username}", scheme.make_dearest(PASSWORD))
    people["inactive legacy"] = move(
        world, "left", SCHEMES["php bcrypt"].make(PASSWORD), status=Status.INACTIVE
    )
    return people


TYPED = ["wrong", "", "x" * 72, "x" * 73, "x" * 1025, "\ud800", PASSWORD + "\0", "é", "e\u0301"]


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: ascii(typed[:9]) + str(len(typed)))
def test_every_try_does_the_same_work(typed: str, work: Work) -> None:
    """Each scheme once and argon2 once, with the same parameters, whatever account is meant."""
    world = make_moved_world()
    people = everybody(world)
    refused(world, "nobody", typed)  # the first try makes the decoy
    work.calls.clear()
    refused(world, "nobody", typed)
    unknown = list(work.calls)
    expected = work.total()
    assert len(expected) == 8  # PBKDF2, bcrypt, two of scrypt, argon2 of three kinds and today's
    assert expected["argon2", ("ID", 16, 2, 1)] == 1
    names = [
        "nobody",
        "no body",
        "own@hill.example.org",
        "x" * 500,
        *(str(user.username) for user in people.values()),
    ]
    for name in [*names, "nobody ", f"{people['own'].username} ", " django_pbkdf2"]:
        world.clock.advance(minutes=6)
        refused(world, name, typed)
        assert work.total() == expected, name
    few = ("own", "invited", "inactive", "corrupt", "dear php bcrypt", "dear django pbkdf2")
    for who in people if typed == "wrong" else few:  # the text itself was tried on everybody
        for call in by_id(world, people[who], typed):
            world.clock.advance(minutes=6)
            with pytest.raises(LoginRefused):
                call()
            assert work.total() == expected, who
    for who in few:
        world.clock.advance(minutes=6)
        refused(world, str(people[who].username), typed)
        assert sorted(work.calls) == sorted(unknown), who
        work.calls.clear()


def by_id(world: World, user: User, typed: str) -> Iterator[Callable[[], object]]:
    """Yield the calls of somebody who is signed in, and must give their password again."""
    yield lambda: world.auth.change_password(user.id, current=typed, new="Blackboard8")
    yield lambda: world.auth.request_email_change(
        user.id, password=typed, new_email="new@hill.example.org"
    )


def test_a_full_account_and_the_right_password_do_the_same_work_too(work: Work) -> None:
    """Throttled, inactive and right: one verification of each; only a sign-in hashes besides."""
    world = make_moved_world()
    people = everybody(world)
    refused(world, "nobody")
    work.calls.clear()
    refused(world, "nobody", PASSWORD)
    expected = work.total()
    for who in ("inactive legacy", "inactive"):
        refused(world, str(people[who].username), PASSWORD)
        assert work.total() == expected
    for _ in range(8):
        refused(world, "own@hill.example.org", "wrong")
        assert work.total() == expected
    refused(world, str(people["own"].username), PASSWORD)  # the account's own bucket is full
    assert work.total() == expected
    for name in SCHEMES:
        world.log_in(people[name], PASSWORD)
        rehash = {("argon2 hash", (16, 2, 1)): 1}
        assert work.total() == expected | rehash, name


@every_scheme
def test_the_first_sign_in_replaces_the_hash_and_nothing_else(name: str) -> None:
    """The same account with a hash of today's, once, and for good."""
    sign_in_twice(make_moved_world(), SCHEMES[name].make(PASSWORD))


def test_every_store_replaces_a_hash(users: UserRepository, schools: SchoolDirectory) -> None:
    """The old text is kept to the letter, and the new one takes its place."""
    sign_in_twice(make_moved_world(users, schools), SCHEMES["django pbkdf2"].make(PASSWORD))


def sign_in_twice(world: World, made: str) -> None:
    """Let somebody whose hash was *made* elsewhere sign in, and look at every step."""
    user = move(world, "old_name", made)
    for wrong in ("wrong", PASSWORD + " ", PASSWORD.upper(), made, ""):
        refused(world, "old_name", wrong)
    before = world.desk.get_user(user.id)
    assert before == user
    assert before.password == StoredPassword(made)
    login = world.auth.log_in("old_name", PASSWORD)
    after = world.desk.get_user(user.id)
    assert after == login.user
    assert after == replace(
        before, password=after.password, last_login_at=after.last_login_at, version=2
    )
    assert after.password is not None
    assert not HASHER.needs_rehash(after.password)
    assert world.kinds(user)[:2] == ["login_succeeded", "password_rehashed"]
    world.auth.log_in("old_name", PASSWORD)
    assert world.desk.get_user(user.id) == after
    assert world.kinds(user).count("password_rehashed") == 1
    bare = SchoolAuth(Store(world.users), secret_key=KEY, hasher=HASHER, clock=world.clock)
    assert bare.log_in("old_name", PASSWORD).user.id == user.id
    assert bare.resume(login.session).id == user.id


def test_a_new_password_replaces_a_legacy_hash_too(world: World) -> None:
    """Changed by its owner or by an admin, it is one of today's, and the old one is gone."""
    world = make_moved_world()
    user = move(world, "old_name", SCHEMES["django pbkdf2"].make(PASSWORD))
    world.auth.change_password(user.id, current=PASSWORD, new="Blackboard8")
    stored = world.desk.get_user(user.id).password
    assert stored is not None
    assert not HASHER.needs_rehash(stored)
    refused(world, "old_name", PASSWORD)


def test_too_busy_to_upgrade_is_no_reason_to_refuse() -> None:
    """The sign-in stands, and the hash waits for the next one."""

    class Busy(Argon2Hasher):
        full = False

        def hash(self, password: str, /) -> StoredPassword:
            if self.full:
                raise Overloaded(5)
            return super().hash(password)

    hasher = Busy(time_cost=2, memory_cost=16, parallelism=1)
    world = make_moved_world(hasher=hasher)
    user = move(world, "old_name", SCHEMES["werkzeug scrypt"].make(PASSWORD))
    refused(world, "nobody")
    hasher.full = True
    world.log_in(user, PASSWORD)
    assert world.desk.get_user(user.id).password == user.password
    assert "password_rehashed" not in world.kinds(user)
    hasher.full = False
    world.log_in(user, PASSWORD)
    assert world.desk.get_user(user.id).password != user.password


def test_an_account_that_changed_meanwhile_is_upgraded_all_the_same() -> None:
    """A `StaleUser` between the look and the save is decided again."""

    class Renaming(MemoryUserRepository):
        meanwhile: Callable[[], object] | None = None

        def save(self, change: Change, /) -> None:
            call, self.meanwhile = self.meanwhile, None
            if call is not None:
                call()
            super().save(change)

    users = Renaming()
    world = make_moved_world(users, MemorySchoolDirectory(users))
    user = move(world, "old_name", SCHEMES["php bcrypt"].make(PASSWORD))
    users.meanwhile = lambda: world.desk.edit_user(user.id, given_name="Jo")
    assert world.log_in(user, PASSWORD).user.given_name == "Jo"
    assert world.kinds(user).count("password_rehashed") == 1
    leaver = move(world, "leaver", SCHEMES["php bcrypt"].make(PASSWORD))
    users.meanwhile = lambda: world.desk.deactivate(leaver.id)
    refused(world, "leaver", PASSWORD)
    assert world.desk.get_user(leaver.id).password == leaver.password


def test_a_crowd_that_shares_a_legacy_account_gets_in(
    users: UserRepository, schools: SchoolDirectory
) -> None:
    """Of eight first sign-ins at once all succeed, and one of them upgrades the hash."""
    world = make_moved_world(users, schools)
    user = move(world, "shared", SCHEMES["django scrypt"].make(PASSWORD))
    begin = threading.Barrier(8)
    outcomes: list[object] = []

    def sign_in() -> None:
        begin.wait(SECONDS)
        try:
            outcomes.append(world.auth.log_in("shared", PASSWORD).user.id)
        except (LoginRefused, StaleUser, Overloaded) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=sign_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert outcomes == [user.id] * 8
    assert world.kinds(user).count("password_rehashed") == 1


NFC, NFD = "é7" * 4, "e\u03017" * 4


@pytest.mark.parametrize(
    ("hashed", "typed", "lets_in"),
    [(NFC, NFC, True), (NFD, NFD, True), (NFC, NFD, True), (NFD, NFC, False)],
)
def test_old_systems_hashed_what_was_typed(hashed: str, typed: str, lets_in: bool) -> None:
    """What is typed now is tried as it is and in NFC; after that, one form is as good as another.

    What was typed decomposed there, and is not now, cannot be known: its owner asks for a link.
    """
    world = make_moved_world()
    user = move(world, "old_name", SCHEMES["django pbkdf2"].make(hashed))
    if not lets_in:
        refused(world, "old_name", typed)
        return
    world.log_in(user, typed)
    for form in (NFC, NFD):
        assert world.log_in(user, form).user.id == user.id


@pytest.mark.parametrize(
    "text",
    [
        SCHEMES["django pbkdf2"].make("x").replace("$1000$", "$1501$"),
        SCHEMES["django scrypt"].make("x").replace("scrypt$16$", "scrypt$64$"),
        SCHEMES["php bcrypt"].make("x").replace("$04$", "$31$"),
        SCHEMES["argon2i"].make("x").replace("t=1", "t=2"),
        "$argon2i$v=19$m=8,t=1,p=1$" + "A" * 21 + "B$" + "A" * 43,
    ],
    ids=["pbkdf2", "scrypt", "bcrypt", "argon2", "corrupt"],
)
def test_a_hash_out_of_bounds_is_dummy_work_and_an_event(text: str, work: Work) -> None:
    """A poisoned row costs what any try costs, lets nobody in and stands in the history."""
    world = make_moved_world()
    user = move(world, "old_name", SCHEMES["django pbkdf2"].make("x"))
    refused(world, "nobody")
    put_hash(world, user, text)
    work.calls.clear()
    refused(world, "old_name", "x")
    cost = work.total()
    refused(world, "nobody", "x")
    assert work.total() == cost
    assert set(world.kinds(user)[:2]) == {"login_failed", "stored_password_unreadable"}


def test_all_of_it_runs_in_the_hasher_s_workers_in_one_turn() -> None:
    """At most as many at once as for today's hashes alone; a hasher without a pool gets one."""
    names: set[str] = set()

    class Watching(DjangoPBKDF2):
        def pretend(self, password: str, /) -> None:
            names.add(threading.current_thread().name.rpartition("_")[0])
            super().pretend(password)

    verifier = Watching(iterations=1_000)
    refused(make_world(legacy=[verifier]), "nobody")
    assert names == {"schoolauth-hash"}
    refused(make_world(legacy=[verifier], hasher=Recorder()), "nobody")
    assert names == {"schoolauth-hash", "schoolauth-legacy"}


def test_a_full_pool_is_overloaded_for_everybody(work: Work) -> None:
    """Known or not, legacy or not: no work is done, and when to come back is said."""
    hasher = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1, workers=1, wait=0.01)
    world = make_moved_world(hasher=hasher)
    move(world, "old_name", SCHEMES["django pbkdf2"].make(PASSWORD))
    world.auth._core.credentials._make_decoy()
    held = threading.Event()
    hasher.workers.submit(lambda: held.wait(SECONDS))
    work.calls.clear()
    for name in ("old_name", "nobody", "wg204nx_admin"):
        with pytest.raises(Overloaded) as caught:
            world.auth.log_in(name, PASSWORD)
        assert caught.value.retry_after == 1
        assert caught.value.__context__ is None
    held.set()
    assert work.calls == []


def test_the_asyncio_face_upgrades_too() -> None:
    """Its calls are in the hasher's workers already, and do not wait for themselves."""
    hasher = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1, workers=1)
    world = make_moved_world(hasher=hasher)
    user = move(world, "old_name", SCHEMES["argon2d"].make(PASSWORD))
    auth = AsyncSchoolAuth(world.auth)
    assert asyncio.run(auth.log_in("old_name", PASSWORD)).user.id == user.id
    auth.close()
    assert "password_rehashed" in world.kinds(user)


def test_old_parameters_of_one_s_own_take_no_other_time(work: Work) -> None:
    """Given as one more scheme, they cost every try the same; without, they cost another."""
    old = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    before = make_world(hasher=old)
    user = before.teacher(PASSWORD)
    for legacy, equal in (([], False), ([Argon2(time_cost=1, memory_cost=8, parallelism=1)], True)):
        auth = SchoolAuth(
            Store(before.users), secret_key=KEY, hasher=HASHER, legacy=legacy, clock=before.clock
        )
        world = replace(before, auth=auth)
        refused(world, "nobody", "wrong")
        work.calls.clear()
        refused(world, "nobody", "wrong")
        unknown = work.total()
        refused(world, str(user.username), "wrong")
        assert (work.total() == unknown) is equal
    world.log_in(user, PASSWORD)
    assert before.kinds(user)[:2] == ["login_succeeded", "password_rehashed"]


def test_today_s_parameters_given_as_legacy_upgrade_nothing() -> None:
    """A slip in the settings does not hash anew at every sign-in."""
    world = make_world(legacy=[Argon2(time_cost=1, memory_cost=8, parallelism=1)])
    user = world.teacher()
    world.log_in(user)
    assert "password_rehashed" not in world.kinds(user)


def test_a_verifier_that_breaks_lets_nobody_in() -> None:
    """Whatever it raises comes out, and neither the account nor a sign-in is recorded."""

    class Broken(DjangoPBKDF2):
        def verify(self, password: str, stored: StoredPassword, /) -> bool:
            raise RuntimeError("out of order")

    world = make_world(hasher=HASHER, legacy=[Broken(iterations=1_500)])
    user = move(world, "old_name", SCHEMES["django pbkdf2"].make(PASSWORD))
    before = world.kinds()
    with pytest.raises(RuntimeError, match="out of order"):
        world.log_in(user, PASSWORD)
    assert world.desk.get_user(user.id) == user
    assert world.kinds() == before


@pytest.mark.parametrize("wrong", [DjangoPBKDF2, None, "pbkdf2", DjangoPBKDF2(iterations=1_000)])
def test_a_legacy_setting_of_another_type_is_told_at_the_start(wrong: Any) -> None:
    """Not at the first sign-in: a class for its instance, a name, a verifier without its list."""
    given: Any = wrong if isinstance(wrong, DjangoPBKDF2) else [wrong]
    with pytest.raises(TypeError, match=r"^legacy must "):
        SchoolAuth(MemoryStore(), secret_key=KEY, legacy=given)
