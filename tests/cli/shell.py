"""A command line to type at: `main` in this process, on a database of the test's own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from schoolauth.cli import main
from schoolauth.model.events import AuditEvent
from schoolauth.model.user import Status, User
from schoolauth.rules.passwords import PasswordPolicy
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.user_management import UserManagement
from schoolauth.storage.sql import SqlStore
from schoolauth.testing.fakes import cheap_hasher

PASSWORD = "Chalkboard7"


@dataclass(frozen=True)
class Ran:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str


class Screen(io.StringIO):
    """A stdout that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


class Shell:
    """Runs commands on one database, as `tester`."""

    def __init__(
        self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._engine = create_engine(self.url)
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.delenv("COLUMNS", raising=False)  # pytest's workers are given one

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def bare(self, *argv: str, typed: str = "") -> Ran:
        """Run with these arguments only, and *typed* on a stdin that is no terminal."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(argv)
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def __call__(self, *argv: str, typed: str = "") -> Ran:
        """Run one command on the database."""
        return self.bare("--db", self.url, "--by", "tester", *argv, typed=typed)

    def done(self, *argv: str, typed: str = "") -> str:
        """Run one command that succeeds, and return what it printed."""
        ran = self(*argv, typed=typed)
        assert (ran.code, ran.err) == (0, "")
        return ran.out

    def refused(self, *argv: str, typed: str = "") -> str:
        """Run one command that is refused, and return what stderr says."""
        ran = self(*argv, typed=typed)
        assert (ran.code, ran.out) == (1, "")
        return ran.err

    def misused(self, *argv: str, typed: str = "") -> str:
        """Run one command that cannot be meant so, and return what stderr says."""
        ran = self(*argv, typed=typed)
        assert (ran.code, ran.out) == (2, "")
        return ran.err

    def auth(self, policy: PasswordPolicy | None = None) -> SchoolAuth:
        """Return the library on the same database, to look and to prepare."""
        return SchoolAuth(
            SqlStore(self._engine),
            secret_key="k" * 32,
            hasher=cheap_hasher(),
            policy=policy,
        )

    def desk(self, school: str = "wg204nx") -> UserManagement:
        """Return a school's desk on the same database."""
        return self.auth().support(by="looker").manage(school)

    def user(self, username: str) -> User:
        """Return the account with this username."""
        users = self.desk().search(username, statuses=frozenset(Status)).items
        return next(user for user in users if str(user.username) == username)

    def newest(self, username: str) -> AuditEvent:
        """Return the newest event about this account."""
        return self.desk().history(self.user(username).id).items[0]
