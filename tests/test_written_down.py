"""What the standards want written down is written down, and is so."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from schoolauth import Argon2Hasher, RosterRow, SchoolAuthError, User
from schoolauth.mis import archive, reading
from schoolauth.model import names
from schoolauth.model.change import UserQuery
from schoolauth.model.text import NAME_MAX
from schoolauth.model.user import Status
from schoolauth.rules.passwords import PASSWORD_MAX
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.tokens import KEY_MIN_BYTES
from tests.attacks.ends import CALLS, EMAIL, Call, duplicate, mapped
from tests.attacks.operations import LEGACY, OPERATIONS, Faces, add_sample, public_calls
from tests.attacks.test_after_changes import holder, sample_world
from tests.pages import ROOT, tables
from tests.service.world import PASSWORD, World, make_world
from tests.test_conformance import imports

PAGE = tables("reference/rights-and-bounds.md")
SOURCE = ROOT / "src" / "schoolauth"


def named(cell: str) -> list[str]:
    return re.findall(r"`([\w./]+)`", cell)


def people(world: World) -> dict[str, User]:
    """Return every account of every school, by its id."""
    support = world.auth.support(by="x")
    schools = [school.code for school in support.schools().items]
    pages = [
        world.users.search(UserQuery(school=code, statuses=frozenset(Status), limit=500))
        for code in schools
    ]
    return {user.id.key: user for page in pages for user in page.items}


ON_ONE_ACCOUNT = {
    name: call
    for name, call in CALLS.items()  # the others do more than they are called
    if "recover" not in name
    and name not in {"SchoolAuth.resume", "UserManagement.undo_resolve_duplicate"}
}
MORE = {
    "UserManagement.apply_mapping: all": Call(
        lambda w, u: mapped(w, u, RosterRow("8", "Jessica", "Jameson", EMAIL))
    ),
    "UserManagement.undo_resolve_duplicate": Call(
        lambda w, u: w.desk.undo_resolve_duplicate(keep=duplicate(w).id, retire=u.id)
    ),
    "UserManagement.erase: retired": Call(lambda w, u: w.desk.erase(u.id)),
    "SupportDesk.erase_leavers: all": CALLS["SupportDesk.erase_leavers"],
}


def prepared(world: World, name: str, *, temporary: bool) -> User:
    """Return the account that a call is made on, with whatever the call could take from it."""
    user = (
        world.teacher(email=EMAIL) if name == "UserManagement.apply_mapping: all" else holder(world)
    )
    if temporary or name in MORE:
        world.log_in(user)
    if temporary or name == "SupportDesk.erase_leavers: all":
        user = world.desk.set_password(user.id, PASSWORD)
    if name == "SupportDesk.erase_leavers: all":
        world.desk.deactivate(user.id)
        world.clock.advance(days=2)
    if name.startswith(("UserManagement.undo", "UserManagement.erase: retired")):
        world.desk.release_email(user.id)
        world.desk.resolve_duplicate(keep=duplicate(world).id, retire=user.id)
    return world.desk.get_user(user.id)


def test_who_may_call_what_is_on_the_page() -> None:
    """Each public call stands once, beside the one face that has it."""
    rows = PAGE["Who may call what"]
    listed = [f"{named(row[0])[0]}.{call}" for row in rows for call in named(row[3])]
    assert len(listed) == len(set(listed))
    assert set(listed) == public_calls()
    assert [named(row[0])[0] for row in rows] == ["SchoolAuth", "UserManagement", "SupportDesk"]


def test_who_may_change_which_field_is_on_the_page() -> None:
    """What every call changes of the accounts that are there is exactly what the table allows."""
    found: dict[str, set[str]] = defaultdict(set)
    found_once: set[str] = set()

    def note(name: str, before: dict[str, User], after: dict[str, User]) -> None:
        call = name.partition(":")[0]
        for key, old in before.items():
            for field in fields(User):
                if getattr(old, field.name) != getattr(after[key], field.name):
                    found[field.name].add(call)

    for name, run in OPERATIONS.items():
        world = make_world(legacy=[LEGACY])
        given = add_sample(world)
        before = people(world)
        world.clock.advance(minutes=1)
        with suppress(SchoolAuthError):
            run(Faces(world.auth, world.desk, world.auth.support(by="x"), given))
        note(name, before, people(world))
    for name, call in [*(ON_ONE_ACCOUNT | MORE).items(), *ON_ONE_ACCOUNT.items()]:
        world = sample_world()
        user = prepared(world, name, temporary=name in found_once)
        found_once.add(name)
        before = people(world)
        world.clock.advance(minutes=1)
        call.run(world, user)
        note(name, before, people(world))
    rows = PAGE["Who may change which field"]
    allowed = {field: set(named(row[1])) for row in rows for field in named(row[0])}
    assert allowed.keys() == {field.name for field in fields(User)}
    kept = {"status_since", "epoch", "version"}  # what the library writes beside a change
    assert {field: calls for field, calls in found.items() if field not in kept} == {
        field: calls for field, calls in allowed.items() if calls
    }


MEBI = 1024 * 1024


def test_what_is_dear_is_on_the_page_with_its_bound() -> None:
    """Each bound is that of the code."""
    hasher = inspect.signature(Argon2Hasher).parameters
    lanes, passes = hasher["maximum_parallelism"].default, hasher["maximum_time_cost"].default
    row, ratio = f"{reading.ROW_MAX:,}", f"{archive.RATIO_MAX} times of what is packed"
    memory = hasher["maximum_memory_cost"].default // 1024
    assert [line[1] for line in PAGE["What is dear"]] == [
        f"{hasher['memory_cost'].default // 1024} MiB each, and as many at once as processors",
        f"{hasher['queue'].default:,} wait, and {hasher['wait'].default:.0f} seconds at most",
        f"{memory} MiB, {passes} passes and {lanes} lanes",
        f"{PASSWORD_MAX:,} characters",
        f"{reading.FILE_MAX // MEBI} MiB, {reading.ROWS_MAX:,} rows, {row} characters of a row",
        f"{archive.MEMBERS_MAX:,} files, {archive.TOTAL_MAX // MEBI} MiB unpacked, {ratio}",
    ]


DANGEROUS = {"argon2", "bcrypt", "csv", "codecs", "ctypes", "importlib", "json", "marshal"}
DANGEROUS |= {"pickle", "shelve", "smtplib", "struct", "subprocess", "xml", "zipfile", "zlib"}
RUN = {"eval", "exec", "compile", "__import__"}


def dangerous(path: Path) -> set[str]:
    """Return what *path* uses that parses what others wrote, is native code, or runs code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return imports(path) & DANGEROUS | called & RUN


def test_the_dangerous_parts_are_on_the_page() -> None:
    """Each file that parses what others wrote, or has native code work for it, is named."""
    found = {
        path.relative_to(SOURCE).as_posix(): dangerous(path)
        for path in SOURCE.rglob("*.py")
        if "testing" not in path.relative_to(SOURCE).parts
    }
    listed = {named(row[0])[0]: set(named(row[2])) for row in PAGE["Dangerous parts"]}
    assert listed == {name: used for name, used in found.items() if used}


def test_the_length_of_every_value_is_on_the_page_of_the_contract() -> None:
    """The table is that of the columns, and of what is accepted when it is typed."""
    text = (ROOT / "docs" / "reference" / "repository-contract.md").read_text(encoding="utf-8")
    table = text.partition("In characters, at most:")[2].partition("```")[0]
    rows = re.findall(r"^\| (.+) \| (\d+) \|$", table, flags=re.MULTILINE)
    said = {name: int(length) for cell, length in rows for name in named(cell)}
    said |= dict.fromkeys(("given_name", "family_name"), int(dict(rows)["names"]))
    of_tables = {
        column.name: getattr(column.type, "length", None)
        for table in (standard_tables().users, standard_tables().events)
        for column in table.columns
        if column.name in said
    }
    assert said == of_tables
    wanted = {"username": names.USERNAME_MAX, "email": names.EMAIL_MAX, "given_name": NAME_MAX}
    assert said | wanted == said


def test_the_life_of_a_key_is_on_its_page() -> None:
    """How one is made and kept, how it is changed, and what to do where it got out."""
    page = (ROOT / "docs" / "how-to" / "rotate-keys.md").read_text(encoding="utf-8")
    made, changed, leaked, short = page.split("\n## ")
    assert "secrets.token_urlsafe(32)" in made
    assert "never in your repository" in made
    assert changed.startswith("Without ending sessions")
    assert "old_secret_keys=[old_key]" in changed
    assert leaked.startswith("If the key got out")
    assert "old_secret_keys" not in leaked
    assert f"at least {KEY_MIN_BYTES} bytes" in short
