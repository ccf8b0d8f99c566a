"""Fixtures of the command line's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from schoolauth import Argon2Hasher
from schoolauth.cli import main
from tests.cli.shell import Shell


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hashes cost little in this process: no test of the command line is about their cost."""
    defaults = Argon2Hasher.__init__.__kwdefaults__
    assert defaults is not None
    for name, cost in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
        monkeypatch.setitem(defaults, name, cost)


@pytest.fixture(scope="session")
def hill_primary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one school, Hill Primary, and nobody in it; tests copy it."""
    path = tmp_path_factory.mktemp("cli") / "school.db"
    command = ["--db", f"sqlite:///{path}", "--by", "tester"]
    assert main([*command, "init"]) == 0
    assert main([*command, "school", "add", "wg204nx", "Hill Primary"]) == 0
    return path


@pytest.fixture
def blank(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """A shell on a database without tables."""
    shell = Shell(tmp_path / "school.db", capsys, monkeypatch)
    yield shell
    shell.close()


@pytest.fixture
def shell(blank: Shell, hill_primary: Path) -> Shell:
    """A shell on a database of its own with one school, Hill Primary, and nobody in it."""
    shutil.copyfile(hill_primary, blank.path)
    return blank
