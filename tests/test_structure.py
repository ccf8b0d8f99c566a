"""The repository itself: its codes, its pages, its layers and which may import which."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from schoolauth import errors
from schoolauth.model.events import EVENT_KINDS, AuditEvent
from schoolauth.model.user import TRANSITIONS, Status
from schoolauth.service.core import Service
from schoolauth.service.desk import DeskService, SupportService
from schoolauth.service.school_auth import Joined, SchoolAuth
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "schoolauth"
SOURCES = sorted(SOURCE.parent.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
REFERENCE = ROOT / "docs" / "reference"

AT_THE_TOP = {"CHANGELOG.md", "LICENSE", "README.md", "docs", "pyproject.toml", "src", "tests"}
LINES_MAX = 320
LONG_FILES = {
    "schoolauth/errors.py": "one closed tree, read as a catalogue",
    "schoolauth/model/events.py": "one closed set, read as a catalogue",
    "schoolauth/rules/common_passwords.py": "data",
}
# Names of files that occur more than once, each with the one topic of all of them.
SHARED_NAMES = {
    "admin_recovery": "an admin's recovery: rules, service",
    "buckets": "what counts a try: service, and the tests of a throttle",
    "contract": "the lists of behaviours: of a repository, of a throttle",
    "diagnosis": "why somebody cannot sign in: model, rules, texts, service, cli",
    "duplicates": "two accounts of one person: model, rules, service, cli",
    "errors": "the errors, and their sentences",
    "events": "the history: model, texts, strategies",
    "mail": "the mails: model, texts; and how they are sent",
    "mapping": "staff lists: model, rules, texts, service, cli",
    "memory": "what is kept in memory: accounts, a throttle",
    "passwords": "the password rule: rules, texts, service",
    "save": "how accounts are written: storage, and what is tested of it",
    "schools": "the directory of schools: storage, service",
    "sign_in": "signing in: rules, service",
    "throttle": "throttles: without a database, in SQL, and the tests of one",
    "users": "the accounts: storage, service",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def error_classes() -> list[type[errors.SchoolAuthError]]:
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.SchoolAuthError)
    ]


def sections(page: str) -> dict[str, str]:
    """Return the text under each heading of the third level, which has a code in backticks."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    parts = re.split(r"^### `(\w+)`$", text, flags=re.MULTILINE)
    names = parts[1::2]
    assert len(names) == len(set(names)), "a heading is there twice"
    assert len(names) == len(re.findall(r"^###+ ", text, flags=re.MULTILINE))
    return dict(zip(names, parts[2::2], strict=True))


def listed(section: str, label: str) -> tuple[str, ...]:
    """Return the names in backticks that the line *label* of a section lists."""
    lines = re.findall(rf"^- {label}: (.+)$", section, flags=re.MULTILINE)
    assert len(lines) == 1, f"one line '- {label}: …' is wanted"
    return tuple(re.findall(r"`(\w+)`", lines[0]))


# --- Codes and kinds -------------------------------------------------------------------------


def test_every_error_code_is_its_class_in_snake_case() -> None:
    """A code can be told from the class name, and the other way round."""
    assert {cls.__name__: cls.code for cls in error_classes()} == {
        cls.__name__: snake_case(cls.__name__) for cls in error_classes()
    }


def test_error_codes_are_a_closed_set() -> None:
    """Each member of the Literal has exactly one class, and no class is outside of it."""
    codes = [cls.code for cls in error_classes()]
    assert sorted(codes) == sorted(get_args(errors.ErrorCode))


def test_no_error_class_is_hidden_in_another_module() -> None:
    """Every exception of the library is in errors.py, where its code is looked for."""
    known = {cls.__name__ for cls in error_classes()} | {"Exception", "BaseException"}
    hidden = [
        f"{relative(path)}: {node.name}"
        for path in SOURCES
        if path != SOURCE / "errors.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
    ]
    assert hidden == []


@pytest.mark.parametrize("cls", error_classes(), ids=lambda cls: cls.code)
def test_error_page_tells_each_code(cls: type[errors.SchoolAuthError]) -> None:
    """The page lists exactly what `details()` has, what to tell the person, and the status."""
    section = sections("errors.md")[cls.code]
    assert listed(section, "Details") == cls.fields
    assert re.search(r"^- Tell the person: .+$", section, flags=re.MULTILINE)
    assert re.findall(r"^- HTTP: (\d+)\b", section, flags=re.MULTILINE) == [str(cls.http_status)]


def test_error_page_has_no_code_of_its_own() -> None:
    """The headings are exactly the codes, in the order of errors.py."""
    assert list(sections("errors.md")) == list(get_args(errors.ErrorCode))


def test_every_event_kind_is_its_class_in_snake_case() -> None:
    """A kind can be told from the class name, and every event class is in the closed set."""
    assert {event.__name__: event.kind for event in AuditEvent.__subclasses__()} == {
        event.__name__: snake_case(event.__name__) for event in EVENT_KINDS.values()
    }


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
def test_event_page_tells_each_kind(kind: str) -> None:
    """The page lists exactly the fields that the kind adds to the common ones."""
    common = {field.name for field in dataclasses.fields(AuditEvent)}
    own = [field.name for field in dataclasses.fields(EVENT_KINDS[kind])]
    section = sections("events.md")[kind]
    assert listed(section, "Fields") == tuple(name for name in own if name not in common)


def test_event_page_has_no_kind_of_its_own() -> None:
    """The headings are exactly the kinds."""
    assert sorted(sections("events.md")) == sorted(EVENT_KINDS)


def diagram(transitions: Mapping[Status, frozenset[Status]]) -> str:
    """Draw the table of what may become what, as mermaid text."""
    arrows = [
        f"    {old.value} --> {new.value}"
        for old in Status
        for new in Status
        if new in transitions[old]
    ]
    ends = [f"    {status.value} --> [*]" for status in Status if not transitions[status]]
    return "\n".join(["stateDiagram-v2", "    [*] --> invited", *arrows, *ends])


def test_status_page_draws_the_table() -> None:
    """The picture of what an account may become is the table that the code obeys."""
    text = (REFERENCE / "status.md").read_text(encoding="utf-8")
    assert re.findall(r"```mermaid\n(.*?)\n```", text, flags=re.DOTALL) == [diagram(TRANSITIONS)]


# --- Layers ----------------------------------------------------------------------------------


def test_arrows_go_downward_only() -> None:
    """The contracts of pyproject.toml hold: import-linter's own exit code says so."""
    # in a process of its own: it silences every logger that is there already
    script = "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("face", "base"),
    [
        (SchoolAuth, Service),
        (Joined, Service),
        (UserManagement, DeskService),
        (SupportDesk, SupportService),
    ],
)
def test_services_are_siblings(face: type, base: type) -> None:
    """Each topic stands on the one base class and on no other topic."""
    topics = [cls for cls in face.__bases__ if cls is not base]
    assert topics
    assert {cls.__bases__ for cls in topics} == {(base,)} or face is Joined
    assert set(face.__mro__) - {face, *topics, base, object} == set()


def test_importing_the_library_is_light() -> None:
    """A fresh `import schoolauth` loads no database, event loop, mail, DNS or test library."""
    script = "import json, sys, schoolauth; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {module.split(".")[0] for module in json.loads(run.stdout)}
    heavy = {"asyncio", "dns", "hypothesis", "pytest", "redis", "smtplib"}
    heavy |= {"sqlalchemy", "sqlite3"}
    assert "schoolauth" in loaded
    assert loaded & heavy == set()


def test_nothing_else_lies_at_the_top() -> None:
    """The root of the repository has the few allowed names and dot-files only."""
    command = ["git", "ls-files"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip(f"not a git checkout: {run.stderr.strip()}")
    names = {line.split("/")[0] for line in run.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= AT_THE_TOP


def test_long_files_have_a_reason() -> None:
    """No file of src is longer than one topic needs, but for the listed ones, which still are."""
    lines = {
        path.relative_to(SOURCE.parent).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in SOURCES
    }
    assert {name: count for name, count in lines.items() if count > LINES_MAX}.keys() == (
        LONG_FILES.keys()
    )


def test_files_of_one_name_have_one_topic() -> None:
    """Whoever opens a file by its name finds its topic: a name is there once, or in the table."""
    names = Counter(
        path.parent.name if path.name == "__init__.py" else path.stem
        for path in SOURCES
        if path != SOURCE / "__init__.py"
    )
    assert {name for name, count in names.items() if count > 1} == SHARED_NAMES.keys()


# --- Words -----------------------------------------------------------------------------------


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{relative(path)}: {node.name}"
        for path in TESTS
        for node in ast.walk(parsed(path))
        if isinstance(node, Function)
        and node.name.startswith("test")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def decorator_name(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def test_given_is_on_no_method() -> None:
    """Hypothesis refuses an inherited `@given` method in its second subclass."""
    methods = [
        f"{relative(path)}: {cls.name}.{node.name}"
        for path in [*SOURCES, *TESTS]
        for cls in ast.walk(parsed(path))
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, Function)
        and any(decorator_name(decorator) == "given" for decorator in node.decorator_list)
    ]
    assert methods == []
