"""Fixtures of the command line's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def blank(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """A shell on a database without tables."""
    shell = Shell(tmp_path / "school.db", capsys, monkeypatch)
    yield shell
    shell.close()


@pytest.fixture
def shell(blank: Shell) -> Shell:
    """A shell on a database with one school, Hill Primary, and nobody in it."""
    blank.done("init")
    blank.done("school", "add", "wg204nx", "Hill Primary")
    return blank
