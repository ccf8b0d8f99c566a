"""Every public call on a school in which all of them have something to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from schoolauth import (
    ImportedUser,
    PasswordChangeRequired,
    Role,
    RosterRow,
    School,
    SchoolAuth,
    SupportDesk,
    User,
    UserManagement,
)
from schoolauth.legacy import DjangoPBKDF2
from schoolauth.model.mapping import MappingPlan
from tests.legacy.schemes import SCHEMES
from tests.service.world import PASSWORD, World

SECRET, NEW, ADDRESS = "Canary-Finch8", "canary-new@hill.example.org", "jess@hill.example.org"
OLD_HASH = SCHEMES["django pbkdf2"].make(PASSWORD)
LEGACY = DjangoPBKDF2(iterations=1_000)
HEAD, SOURCE = "head@wg204nx.example.org", "192.0.2.7"
ROWS = [RosterRow(f"{n}", f"Given{n}", f"Family{n}", role=Role.TEACHER) for n in (1, 2)]


@dataclass(frozen=True)
class Sample:
    """Who is there, and the links that they were mailed."""

    people: dict[str, User]
    tokens: dict[str, str]
    plan: MappingPlan

    def secrets(self) -> set[str]:
        """Return what no error may tell."""
        return {PASSWORD, SECRET, OLD_HASH} | set(self.tokens.values()) | self.hashes()

    def hashes(self) -> set[str]:
        """Return what is stored of everybody's password."""
        return {one.password.reveal() for one in self.people.values() if one.password}


@dataclass(frozen=True)
class Faces:
    """The three faces of one `SchoolAuth`, and the sample data in its store."""

    auth: SchoolAuth
    desk: UserManagement
    support: SupportDesk
    sample: Sample

    def id(self, who: str) -> str:
        """Return the id of one of the people."""
        return self.sample.people[who].id.key


def add_sample(world: World) -> Sample:
    """Fill *world*: somebody in every state, and a live link of every kind."""
    auth, desk = world.auth, world.desk
    support = auth.support(by="Test Support")
    support.change_school("wg204nx", deputy_email="deputy@wg204nx.example.org")
    support.add_school(School("second", "Second School", "head@second.example.org"))
    people = {
        "admin": world.admin,
        "boss": world.teacher(family_name="Boss", role=Role.ADMIN, email="boss@x.example.org"),
        "jess": world.teacher(email=ADDRESS),
        "invited": world.teacher(None, family_name="Invited", email="invited@x.example.org"),
        "temporary": world.teacher(None, family_name="Temporary"),
        "keep": world.teacher(family_name="Twin", username="twin", email="twin@x.example.org"),
        "retire": world.teacher(family_name="Twin", username="twin.1", email="twin1@x.example.org"),
        "kept": world.teacher(family_name="Pair", username="pair"),
        "retired": world.teacher(family_name="Pair", username="pair.1", email="pair@x.example.org"),
    }
    people["temporary"] = desk.set_password(people["temporary"].id, PASSWORD)
    (people["moved"],) = support.import_users(
        "wg204nx",
        [ImportedUser("moved", "Mo", "Ved", Role.STAFF, password_hash=OLD_HASH)],
        source="old",
    )
    for name in ("gone", "left"):
        people[name] = desk.deactivate(world.teacher(family_name=name.title()).id)
    desk.resolve_duplicate(keep=people["kept"].id, retire=people["retired"].id)
    world.clock.advance(days=30)
    people["temporary"] = desk.set_password(people["temporary"].id, PASSWORD)
    login = world.log_in(people["jess"])
    tokens = {"session": login.session, "device": login.device}
    with pytest.raises(PasswordChangeRequired) as caught:
        world.log_in(people["temporary"])
    tokens["must_change"] = caught.value.password_token
    auth.request_password_reset(ADDRESS)
    desk.send_create_password_email(people["invited"].id)
    auth.request_email_change(people["jess"].id, password=PASSWORD, new_email=NEW)
    auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by="Ada Admin")
    for kind in ("password_reset", "create_password", "confirm_email_change", "approve_recovery"):
        tokens[kind] = world.token(kind)
    plan = desk.plan_mapping(ROWS, source="sims")
    world.outbox.clear()
    return Sample(people, tokens, plan)


def _log_in(name: str, password: str = PASSWORD) -> Operation:
    return lambda f: f.auth.log_in(name, password, source=SOURCE)


def _log_in_at_home(password: str = PASSWORD) -> Operation:
    """Return a sign-in from a browser that is known."""
    return lambda f: f.auth.log_in(
        ADDRESS, password, source=SOURCE, device=f.sample.tokens["device"]
    )


def _reset(token: str) -> Operation:
    return lambda f: f.auth.reset_password(f.sample.tokens[token], SECRET, source=SOURCE)


def _recover(school: str) -> Operation:
    return lambda f: f.auth.request_admin_recovery(
        school, new_email=NEW, requested_by="Ada Admin", source=SOURCE
    )


Operation = Callable[[Faces], Any]
OPERATIONS: dict[str, Operation] = {
    "SchoolAuth.log_in": _log_in(ADDRESS),
    "SchoolAuth.log_in: wrong": _log_in(ADDRESS, SECRET),
    "SchoolAuth.log_in: unknown": _log_in("nobody"),
    "SchoolAuth.log_in: inactive": _log_in("wg204nx_gone"),
    "SchoolAuth.log_in: must change": _log_in("wg204nx_temporary"),
    "SchoolAuth.log_in: old hash": _log_in("moved"),
    "SchoolAuth.log_in: known browser": _log_in_at_home(),
    "SchoolAuth.log_in: known browser, wrong": _log_in_at_home(SECRET),
    "SchoolAuth.resume": lambda f: f.auth.resume(f.sample.tokens["session"]),
    "SchoolAuth.end_sessions": lambda f: f.auth.end_sessions(f.id("jess")),
    "SchoolAuth.request_password_reset": lambda f: f.auth.request_password_reset(ADDRESS),
    "SchoolAuth.request_password_reset: unknown": lambda f: f.auth.request_password_reset("nobody"),
    "SchoolAuth.request_password_reset: known browser": lambda f: f.auth.request_password_reset(
        ADDRESS, source=SOURCE, device=f.sample.tokens["device"]
    ),
    "SchoolAuth.check_password_token": lambda f: f.auth.check_password_token(
        f.sample.tokens["password_reset"]
    ),
    "SchoolAuth.reset_password": _reset("password_reset"),
    "SchoolAuth.reset_password: create": _reset("create_password"),
    "SchoolAuth.reset_password: must change": _reset("must_change"),
    "SchoolAuth.reset_password: no link": _reset("session"),
    "SchoolAuth.change_password": lambda f: f.auth.change_password(
        f.id("jess"), current=PASSWORD, new=SECRET
    ),
    "SchoolAuth.change_password: wrong": lambda f: f.auth.change_password(
        f.id("jess"), current=SECRET, new=PASSWORD
    ),
    "SchoolAuth.change_password: refused": lambda f: f.auth.change_password(
        f.id("jess"), current=PASSWORD, new="short"
    ),
    "SchoolAuth.request_email_change": lambda f: f.auth.request_email_change(
        f.id("jess"), password=PASSWORD, new_email="other@x.example.org"
    ),
    "SchoolAuth.request_email_change: held": lambda f: f.auth.request_email_change(
        f.id("jess"), password=PASSWORD, new_email="boss@x.example.org"
    ),
    "SchoolAuth.confirm_email_change": lambda f: f.auth.confirm_email_change(
        f.sample.tokens["confirm_email_change"]
    ),
    "SchoolAuth.request_admin_recovery": _recover("wg204nx"),
    "SchoolAuth.request_admin_recovery: unknown": _recover("third"),
    "SchoolAuth.check_recovery_token": lambda f: f.auth.check_recovery_token(
        f.sample.tokens["approve_recovery"]
    ),
    "SchoolAuth.approve_admin_recovery": lambda f: f.auth.approve_admin_recovery(
        f.sample.tokens["approve_recovery"], account=f.id("admin")
    ),
    "SchoolAuth.manage": lambda f: f.auth.manage(by=f.id("admin")),
    "UserManagement.get_user": lambda f: f.desk.get_user(f.id("jess")),
    "UserManagement.search": lambda f: f.desk.search("jess"),
    "UserManagement.history": lambda f: f.desk.history(f.id("jess")),
    "UserManagement.find_duplicates": lambda f: f.desk.find_duplicates(),
    "UserManagement.diagnose": lambda f: f.desk.diagnose(ADDRESS),
    "UserManagement.add_user": lambda f: f.desk.add_user(
        given_name="A", family_name="B", role=Role.ADMIN, email="ab@x.example.org"
    ),
    "UserManagement.edit_user": lambda f: f.desk.edit_user(
        f.id("jess"), given_name="J", role=Role.ADMIN
    ),
    "UserManagement.set_email": lambda f: f.desk.set_email(f.id("jess"), "j@x.example.org"),
    "UserManagement.set_email: taken": lambda f: f.desk.set_email(
        f.id("jess"), "boss@x.example.org"
    ),
    "UserManagement.release_email": lambda f: f.desk.release_email(f.id("jess")),
    "UserManagement.set_password": lambda f: f.desk.set_password(f.id("jess"), SECRET),
    "UserManagement.send_create_password_email": lambda f: f.desk.send_create_password_email(
        f.id("invited")
    ),
    "UserManagement.send_create_password_emails": lambda f: f.desk.send_create_password_emails(
        [f.id("invited"), f.id("jess"), f.id("gone")]
    ),
    "UserManagement.deactivate": lambda f: f.desk.deactivate(f.id("jess"), release_email=True),
    "UserManagement.deactivate: an admin": lambda f: f.desk.deactivate(f.id("boss")),
    "UserManagement.reactivate": lambda f: f.desk.reactivate(f.id("gone")),
    "UserManagement.unlock": lambda f: f.desk.unlock(f.id("jess")),
    "UserManagement.erase": lambda f: f.desk.erase(f.id("jess")),
    "UserManagement.resolve_duplicate": lambda f: f.desk.resolve_duplicate(
        keep=f.id("keep"), retire=f.id("retire")
    ),
    "UserManagement.undo_resolve_duplicate": lambda f: f.desk.undo_resolve_duplicate(
        keep=f.id("kept"), retire=f.id("retired")
    ),
    "UserManagement.plan_mapping": lambda f: f.desk.plan_mapping(ROWS, source="sims"),
    "UserManagement.apply_mapping": lambda f: f.desk.apply_mapping(f.sample.plan),
    "SupportDesk.manage": lambda f: f.support.manage("wg204nx"),
    "SupportDesk.schools": lambda f: f.support.schools(),
    "SupportDesk.add_school": lambda f: f.support.add_school(School("third", "Third School")),
    "SupportDesk.change_school": lambda f: f.support.change_school(
        "wg204nx", headteacher_email="new.head@x.example.org"
    ),
    "SupportDesk.add_first_admin": lambda f: f.support.add_first_admin(
        "second", given_name="A", family_name="B", password=SECRET
    ),
    "SupportDesk.import_users": lambda f: f.support.import_users(
        "wg204nx",
        [
            ImportedUser("im1", "A", "B", Role.ADMIN, password_hash=OLD_HASH),
            ImportedUser("im2", "A", "B", Role.STAFF),
        ],
        source="old",
    ),
    "SupportDesk.move_user": lambda f: f.support.move_user(f.id("jess"), "second"),
    "SupportDesk.set_legal_hold": lambda f: f.support.set_legal_hold(
        f.id("jess"), True, reason="case 1"
    ),
    "SupportDesk.confirm_admin_recovery": lambda f: f.support.confirm_admin_recovery(
        "wg204nx",
        confirmation_from=HEAD,
        reference="T1",
        new_email="ada@x.example.org",
        account=f.id("admin"),
    ),
    "SupportDesk.erase_leavers": lambda f: f.support.erase_leavers(timedelta(days=1), apply=True),
}
NO_OPERATIONS = {
    "SchoolAuth.mail_failed": "it records that something failed, or nothing",
    "SchoolAuth.support": "it asks no port",
    "SchoolAuth.within": "it asks no port; the desks' calls are put under faults joined, too",
}
STEP_BY_STEP = {"SupportDesk.erase_leavers"}
"""Calls that say of themselves that they write one account after the other."""


def public_calls() -> set[str]:
    """Return the name of every public method of the three faces."""
    return {
        f"{face.__name__}.{name}"
        for face in (SchoolAuth, UserManagement, SupportDesk)
        for name in dir(face)
        if not name.startswith("_") and callable(getattr(face, name))
    }
