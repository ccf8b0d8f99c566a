"""Every Python block of the pages and every ``>>>`` of the docstrings: a test for each file.

Hidden set-up goes into ``<!-- invisible-code-block: python … -->``. Nothing can be skipped: a block
that cannot run is not marked as Python.
"""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.myst import PythonCodeBlockParser

import schoolauth

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(schoolauth.__path__[0])  # the installed one, which need not be src
PAGES = Sybil([PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)])
DOCSTRINGS = Sybil([DocTestParser(doctest.ELLIPSIS)])


def examples(path: Path) -> list[Example]:
    return list((DOCSTRINGS if path.suffix == ".py" else PAGES).parse(path))


def paths() -> list[Path]:
    """Return the files that have an example."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in [*pages, *sorted(PACKAGE.rglob("*.py"))] if examples(path)]


def name(path: Path) -> str:
    base = PACKAGE.parent if path.is_relative_to(PACKAGE) else ROOT
    return path.relative_to(base).as_posix()


@pytest.mark.parametrize("path", paths(), ids=name)
def test_examples(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples run in their order, sharing names and files, and print what the page says."""
    monkeypatch.chdir(tmp_path)
    for example in examples(path):
        example.evaluate()
