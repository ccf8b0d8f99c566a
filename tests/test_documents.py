"""Every Python block of the pages and every ``>>>`` of the docstrings, each as a test of its own.

Hidden set-up goes into ``<!-- invisible-code-block: python … -->``. Nothing can be skipped: a block
that cannot run is not marked as Python.
"""

from __future__ import annotations

import doctest
from functools import cache
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.myst import PythonCodeBlockParser

import schoolauth

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(schoolauth.__path__[0])  # the installed one, which need not be src
PAGES = Sybil([PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)])
DOCSTRINGS = Sybil([DocTestParser(doctest.ELLIPSIS)])


class Document:
    """Examples that share their names, and so run once each, in their order."""

    def __init__(self, sybil: Sybil, path: Path) -> None:
        self.examples = tuple(sybil.parse(path))
        self.finished = 0

    def run(self, number: int) -> None:
        """Run the examples up to *number* that have not run yet."""
        for example in self.examples[self.finished : number + 1]:
            example.evaluate()
            self.finished += 1


@cache
def document(path: Path) -> Document:
    return Document(DOCSTRINGS if path.suffix == ".py" else PAGES, path)


def paths() -> list[Path]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [*pages, *sorted(PACKAGE.rglob("*.py"))]


def parameters() -> list[object]:
    return [
        pytest.param(path, number, id=f"{name(path)}:{example.line}")
        for path in paths()
        for number, example in enumerate(document(path).examples)
    ]


def name(path: Path) -> str:
    base = PACKAGE.parent if path.is_relative_to(PACKAGE) else ROOT
    return path.relative_to(base).as_posix()


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """One directory for each document: an example finds what an earlier one wrote."""
    return {path: tmp_path_factory.mktemp("document") for path in paths()}


@pytest.mark.parametrize(("path", "number"), parameters())
def test_example(
    path: Path, number: int, directories: dict[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example runs, and prints what the page says."""
    monkeypatch.chdir(directories[path])
    document(path).run(number)
