"""The suites as an author meets them: a file of a few lines, run by pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import Outbox
from schoolauth.testing.assertions import Unusable
from schoolauth.testing.behaviour import Behaviour
from schoolauth.testing.report import CLOSED
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.suites import (
    MailerContract,
    SchoolDirectoryContract,
    UserRepositoryContract,
)

ADAPTER = """
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import UserRepositoryContract


class Forgetful(MemoryUserRepository):
    def find(self, keys):
        return {}


class TestMemory(UserRepositoryContract):
    def make_repository(self):
        return MemoryUserRepository()


class TestForgetful(UserRepositoryContract):
    gaps = {"find.each_key": "nothing is found yet", "find.absent": "closed since"}

    def make_repository(self):
        return Forgetful()
"""


def run_pytest(folder: Path, files: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run pytest on *files*, code by name; return its exit code and what it printed."""
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", "--tb=line"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what one run prints of an author's suites, some of which have failures."""
    closed = ADAPTER.replace("Forgetful()", "MemoryUserRepository()")
    nameless = ADAPTER.replace("def make_repository", "def make_repositry")
    status, printed = run_pytest(
        tmp_path_factory.mktemp("suites"),
        {"test_adapter.py": ADAPTER, "test_closed.py": closed, "test_nameless.py": nameless},
        "test_closed.py::TestForgetful::test_behaviour[find.absent]",
        "test_nameless.py::TestMemory::test_behaviour[find.each_key]",
        "test_adapter.py",
        "-k",
        "find or (TestMemory and joined)",
    )
    assert status == 1, printed
    return printed


def test_a_subclass_with_one_method_is_a_suite(printed: str) -> None:
    """Each behaviour is a test named by its id; what needs more of the author says so."""
    assert "PASSED test_adapter.py::TestMemory::test_behaviour[find.each_key]" in printed
    assert "FAILED test_adapter.py::TestMemory" not in printed
    assert "the adapter gives no 'join'" in printed


def test_gaps_of_a_suite(printed: str) -> None:
    """A known gap is an expected failure with its reason; a closed one fails; the rest is run."""
    assert "XFAIL test_adapter.py::TestForgetful::test_behaviour[find.each_key]" in printed
    assert "nothing is found yet" in printed
    assert "FAILED test_adapter.py::TestForgetful::test_behaviour[find.many]" in printed
    assert "PASSED test_adapter.py::TestForgetful" not in printed


def test_a_closed_gap_of_a_suite(printed: str) -> None:
    """A gap that is kept by now fails, and says what to do."""
    assert "FAILED test_closed.py::TestForgetful::test_behaviour[find.absent]" in printed
    assert "This gap is closed" in printed


def test_a_suite_without_its_method(printed: str) -> None:
    """An author who forgets the one method is told which."""
    assert "FAILED test_nameless.py::TestMemory::test_behaviour[find.each_key]" in printed
    assert "Write make_repository(self), which returns an empty repository." in printed


def test_mistakes_in_a_suite(tmp_path: Path) -> None:
    """A gap that is no behaviour, and a version that there is not, stop the file itself."""
    unknown = ADAPTER.replace("find.absent", "find.abzent")
    future = ADAPTER.replace("    gaps =", "    contract_version = 99\n    gaps =")
    status, printed = run_pytest(tmp_path, {"test_unknown.py": unknown, "test_future.py": future})
    assert status == 2
    assert "ERROR test_unknown.py" in printed
    assert "there is no behaviour 'find.abzent'" in printed
    assert "ERROR test_future.py" in printed
    assert "has the versions 1 to 1, not 99" in printed


class Forgetful(MemoryUserRepository):
    def find(self, keys: object, /) -> Mapping[UserKey, User]:
        return {}


class GapsSuite(UserRepositoryContract):
    gaps: ClassVar = {"find.each_key": "nothing is found yet"}
    made: ClassVar[type[MemoryUserRepository] | None] = None

    def make_repository(self) -> UserRepository:
        return (self.made or self.missing)()

    def missing(self) -> UserRepository:
        raise NotImplementedError


def each_key() -> Behaviour[UserRepository]:
    return next(each for each in REPOSITORY.behaviours if each.id == "find.each_key")


def test_an_open_gap_is_an_expected_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known not to be kept ends as expected, with its reason."""
    monkeypatch.setattr(GapsSuite, "made", Forgetful)
    with pytest.raises(pytest.xfail.Exception, match="nothing is found yet"):
        GapsSuite().test_behaviour(each_key())


def test_a_closed_gap_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept by now must come off the list."""
    monkeypatch.setattr(GapsSuite, "made", MemoryUserRepository)
    with pytest.raises(pytest.fail.Exception, match=CLOSED):
        GapsSuite().test_behaviour(each_key())


def test_a_gap_excuses_no_useless_factory() -> None:
    """Where there is nothing to test, that is told, and is no expected failure."""
    with pytest.raises(Unusable, match="NotImplementedError"):
        GapsSuite().test_behaviour(each_key())


def test_an_unwritten_method_is_told() -> None:
    """The suite itself cannot be run as it is: the method to write is named."""
    with pytest.raises(Unusable, match=r"^Write make_repository\(self\), which"):
        UserRepositoryContract().test_behaviour(each_key())
    with pytest.raises(NotImplementedError):
        UserRepositoryContract().join(MemoryUserRepository())
    with pytest.raises(Unusable, match=r"Write make_directory\(self\)"):
        SchoolDirectoryContract().make_directory()
    mails = MailerContract()
    with pytest.raises(Unusable, match=r"Write make_mailer\(self\)"):
        mails.make_mailer()
    with pytest.raises(Unusable, match=r"Write received\(self, mailer\)"):
        mails.received(Outbox())
    with pytest.raises(NotImplementedError):
        mails.make_failing_mailer()
