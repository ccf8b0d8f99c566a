"""Bringing in the accounts of another system: all of them or none, and every problem named."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import (
    ImportedUser,
    ImportRefused,
    MisId,
    NameInvalid,
    NotConfigured,
    Role,
    RosterProblem,
    SchoolAuth,
    SchoolCode,
    SchoolUnknown,
    Status,
    StoredPassword,
    UserManagement,
    UsernameTaken,
    UserRepository,
)
from schoolauth.model.change import Change
from schoolauth.model.events import UserAdded
from schoolauth.ports import SchoolDirectory, Store
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlStore
from tests.databases import SQL_STORES, Databases
from tests.legacy.schemes import SCHEMES
from tests.service.moved import HASHER as TODAY
from tests.service.moved import PASSWORD, make_moved_world, move, old_user, support
from tests.service.world import HASHER, KEY, World, refused

HASH = SCHEMES["django pbkdf2"].make(PASSWORD)


def problems(world: World, *accounts: ImportedUser) -> list[tuple[int | None, str | None, str]]:
    """Return what stands against an import, which must leave no trace."""
    before = world.kinds()
    with pytest.raises(ImportRefused) as caught:
        support(world).import_users(world.school.code, accounts)
    assert world.kinds() == before
    assert {found.value for found in caught.value.problems} == {None}
    assert caught.value.__context__ is caught.value.__cause__ is None
    return [(found.line, found.column, found.code) for found in caught.value.problems]


def test_accounts_come_with_their_hashes(users: UserRepository, schools: SchoolDirectory) -> None:
    """On every store: with a hash ACTIVE and signing in, without one INVITED, leavers INACTIVE."""
    world = make_moved_world(users, schools)
    code = world.school.code
    accounts = [
        ImportedUser("ann", "Ann", "Ash", Role.SLT, "ann@hill.example.org", password_hash=HASH),
        ImportedUser("ben", "Ben", "Brook", Role.TEACHER, mis_id=MisId(code, "sims", "7")),
        ImportedUser("cy", "Cy", "Cole", Role.STAFF, password_hash=HASH, status=Status.INACTIVE),
        ImportedUser("di", "Di", "Dean", Role.STAFF, status=Status.INACTIVE),
    ]
    imported = support(world).import_users(code, iter(accounts), source="django")
    assert imported == tuple(world.desk.get_user(user.id) for user in imported)
    assert [user.status.value for user in imported] == ["active", "invited", "inactive", "inactive"]
    ann, ben, cy, _ = imported
    assert (str(ann.email), ann.role, ann.password) == (
        "ann@hill.example.org",
        Role.SLT,
        StoredPassword(HASH),
    )
    assert ben.mis_id == MisId(code, "sims", "7")
    assert world.auth.log_in("ann@hill.example.org", PASSWORD).user.id == ann.id
    refused(world, "ben", PASSWORD)
    refused(world, "cy", PASSWORD)
    assert world.desk.reactivate(cy.id).status is Status.ACTIVE
    assert world.log_in(cy, PASSWORD).user.id == cy.id
    added = world.desk.history(ann.id, kinds=["user_added"]).items[0]
    assert isinstance(added, UserAdded)
    assert (added.source, added.actor) == ("django", "support:Test Support")
    assert world.kinds(ben) == ["login_failed", "user_added"]
    assert world.kinds(ann)[-2:] == ["user_added", "status_changed"]


def test_every_problem_of_every_account_is_named(world: World) -> None:
    """Not only the first one: to clean the old table, all are needed, each with its line."""
    world = make_moved_world()
    world.teacher(email="jess@hill.example.org", mis_id=MisId(world.school.code, "sims", "1"))
    other = MisId(SchoolCode.parse("other"), "sims", "1")
    found = problems(
        world,
        old_user("ok", HASH),
        old_user("with space ", HASH, email="no address"),
        old_user("OK", HASH, family_name="", given_name="x" * 101),
        old_user("wg204nx_james", "md5$salt$hash", email="JESS@hill.example.org"),
        old_user("e", None, status=Status.ACTIVE, mis_id=other),
        old_user("f", HASH, status=Status.INVITED, mis_id=MisId(world.school.code, "sims", "1")),
        old_user("g", None, status=Status.ERASED, role="head"),
        old_user("h", None, status="gone", given_name=None, email="new@hill.example.org"),
        old_user("i", "", email="NEW@hill.example.org"),
    )
    assert found == [
        (2, "username", "username_invalid"),
        (2, "email", "email_invalid"),
        (3, "given_name", "name_invalid"),
        (3, "family_name", "name_invalid"),
        (3, "username", "repeated"),
        (4, "password_hash", "password_hash_unknown"),
        (4, "username", "username_taken"),
        (4, "email", "email_taken"),
        (5, "mis_id", "mis_id_of_other_school"),
        (5, "password_hash", "password_hash_missing"),
        (6, "password_hash", "password_hash_unexpected"),
        (6, "mis_id", "mis_id_taken"),
        (7, "role", "role_invalid"),
        (7, "status", "status_invalid"),
        (8, "given_name", "missing"),
        (8, "status", "status_invalid"),
        (9, "password_hash", "password_hash_unknown"),
        (9, "email", "repeated"),
    ]


def test_the_refusal_counts_and_tells_a_program_all() -> None:
    """Its message has a number and no value; `details()` has the problems."""
    world = make_moved_world()
    with pytest.raises(ImportRefused) as caught:
        support(world).import_users(
            world.school.code, [old_user("a b", "hush"), old_user("", None)]
        )
    error = caught.value
    assert str(error) == "Nothing was imported. Problems that stand against it: 3."
    assert [problem["line"] for problem in error.details()["problems"]] == [1, 1, 2]
    assert isinstance(pickle.loads(pickle.dumps(error)).problems[0], RosterProblem)


@pytest.mark.parametrize(
    "text",
    [HASH, HASHER.hash(PASSWORD).reveal(), TODAY.hash(PASSWORD).reveal()],
    ids=["another system's", "old parameters", "today's"],
)
def test_a_hash_is_known_if_a_configured_scheme_reads_it(text: str) -> None:
    """Today's own scheme needs no verifier; another system's does, and so do its bounds."""
    world = make_moved_world()
    assert move(world, "known", text).password == StoredPassword(text)
    assert problems(
        world, old_user("greedy", text.replace("$1000$", "$99999$").replace(",t=", "000000,t="))
    ) == [(1, "password_hash", "password_hash_unknown")]
    bare = SchoolAuth(Store(world.users, world.schools), secret_key=KEY, hasher=HASHER)
    legacy_only = [old_user("other", HASH)]
    with pytest.raises(ImportRefused):
        bare.support(by="x").import_users(world.school.code, legacy_only)


def test_only_support_imports_and_standing_admins_are_told_of_new_ones() -> None:
    """An import makes admins, so no admin's desk has it; those who were there hear of each."""
    world = make_moved_world()
    assert not hasattr(UserManagement, "import_users")
    accounts = [
        old_user("head", HASH, role=Role.ADMIN, email="head2@hill.example.org"),
        old_user("deputy", None, role="admin"),
        old_user("jess", HASH),
    ]
    imported = support(world).import_users(world.school.code, accounts)
    assert [user.role.value for user in imported] == ["admin", "admin", "teacher"]
    assert [(mail.kind, mail.to) for mail in world.outbox] == [
        ("admin_added", world.admin.email)
    ] * 2
    assert world.auth.manage(by=imported[0].id).school == world.school.code


class Busy(MemoryUserRepository):
    """A store in which somebody takes a name whenever an import has looked."""

    before_save: Callable[[], object] | None = None
    always = False

    def save(self, change: Change, /) -> None:
        call = self.before_save
        if call is not None and len(change.users) > 1:
            self.before_save = call if self.always else None
            call()
        super().save(change)


def test_a_name_taken_meanwhile_is_a_problem_too() -> None:
    """What is taken between the look and the save is found by the next look."""
    users = Busy()
    world = make_moved_world(users, MemorySchoolDirectory(users))
    users.before_save = lambda: world.teacher(None, username="ann")
    with pytest.raises(ImportRefused) as caught:
        support(world).import_users(world.school.code, [old_user("ann", HASH), old_user("b", None)])
    assert [found.code for found in caught.value.problems] == ["username_taken"]


def test_a_store_that_hides_who_has_the_name_ends_it() -> None:
    """After some tries the store's own refusal is what comes out; nothing was written."""
    users = Busy()
    world = make_moved_world(users, MemorySchoolDirectory(users))
    users.always = True

    def refuse() -> None:
        raise UsernameTaken("ann")

    users.before_save = refuse
    before = world.kinds()
    with pytest.raises(UsernameTaken) as caught:
        support(world).import_users(world.school.code, [old_user("ann", HASH), old_user("b", None)])
    assert caught.value.__context__ is None
    assert world.kinds() == before


def test_ten_thousand_accounts_are_one_change() -> None:
    """All at once, and the last of them signs in; again, all the problems come at once."""
    users = Busy()
    world = make_moved_world(users, MemorySchoolDirectory(users))
    saved: list[int] = []
    users.before_save = lambda: saved.append(len(saved))
    users.always = True
    accounts = [
        old_user(f"user{number}", HASH, email=f"user{number}@hill.example.org")
        for number in range(10_000)
    ]
    imported = support(world).import_users(world.school.code, accounts, source="django")
    assert len({user.id for user in imported}) == 10_000
    assert saved == [0]
    assert world.log_in(imported[-1], PASSWORD).user.id == imported[-1].id
    with pytest.raises(ImportRefused) as caught:
        support(world).import_users(world.school.code, accounts)
    assert len(caught.value.problems) == 20_000


@pytest.mark.parametrize("store", SQL_STORES)
def test_an_import_in_the_host_s_transaction_is_the_host_s(
    store: str, databases: Databases
) -> None:
    """It is there after the host's commit, and gone without a trace after its rollback."""
    backend = databases.backend(store)
    world = make_moved_world(backend.users, backend.schools)
    assert backend.engine is not None
    for commits in (False, True):
        with backend.engine.connect() as host:
            joined = world.auth.within(
                SqlStore(host),
                mailer=None,
            )
            desk = joined.support(by="x")
            desk.import_users(world.school.code, [old_user("ann", HASH), old_user("ben", None)])
            with pytest.raises(ImportRefused):
                desk.import_users(world.school.code, [old_user("ann", HASH)])
            (host.commit if commits else host.rollback)()
        assert len(world.desk.search("jess").items) == (2 if commits else 0)
    assert world.auth.log_in("ann", PASSWORD).user.username.key == "ann"


def test_nothing_to_import_is_nothing_to_record() -> None:
    """An empty list changes nothing and is no error."""
    world = make_moved_world()
    before = world.kinds()
    assert support(world).import_users(world.school.code, []) == ()
    assert world.kinds() == before


@pytest.mark.parametrize(
    ("accounts", "more", "error"),
    [
        ([object()], {}, TypeError),
        ([old_user("a", HASH, mis_id="sims:1")], {}, TypeError),
        ([old_user("a", HASH)], {"source": "Not A Source"}, NameInvalid),
        ([old_user("a", HASH)], {"source": 7}, TypeError),
        ([old_user("a", HASH)], {"school": "nowhere"}, SchoolUnknown),
        ([old_user(7, HASH)], {}, TypeError),  # type: ignore[arg-type] # the very mistake
    ],
)
def test_wrong_arguments_are_told_before_any_work(
    accounts: list[Any], more: dict[str, Any], error: type[Exception]
) -> None:
    """A wrong type, source or school leaves no trace."""
    world = make_moved_world()
    before = world.kinds()
    with pytest.raises(error):
        support(world).import_users(**({"school": "wg204nx", "accounts": accounts} | more))
    assert world.kinds() == before


def test_an_import_needs_a_directory() -> None:
    """Without one, nobody can say which school it is."""
    auth = SchoolAuth(Store(MemoryUserRepository()), secret_key=KEY, hasher=HASHER)
    with pytest.raises(NotConfigured):
        auth.support(by="x").import_users("wg204nx", [])


def test_a_hash_is_masked_from_the_start() -> None:
    """In no repr, copy, dict, pickle or error of an imported account; text that is none is told."""
    account = old_user("ann", HASH)
    shown = f"{account!r} {dataclasses.asdict(account)} {copy.deepcopy(account)!r}"
    assert HASH not in shown
    assert HASH not in repr(dataclasses.replace(account, username="bob"))
    assert dataclasses.replace(account, username="bob").password == StoredPassword(HASH)
    with pytest.raises(TypeError, match="does not travel"):
        pickle.dumps(account)
    with pytest.raises(TypeError, match="is text") as caught:
        old_user("ann", HASH.encode())  # type: ignore[arg-type] # the very mistake
    assert HASH not in str(caught.value)


def test_no_event_log_or_error_of_an_import_has_a_hash(caplog: pytest.LogCaptureFixture) -> None:
    """Good, unknown or out of bounds: it is in the account's own row and nowhere else."""
    caplog.set_level("DEBUG")
    world = make_moved_world()
    canary = "canary$" + HASH
    with pytest.raises(ImportRefused) as caught:
        support(world).import_users(world.school.code, [old_user("a", canary), old_user("b", HASH)])
    move(world, "c", HASH)
    page = world.desk.history(limit=500)
    told = [repr(caught.value), repr(vars(caught.value)), caplog.text, repr(page)]
    told += [str(event.to_record()) for event in page.items]
    assert not any(HASH[-20:] in text for text in told)
