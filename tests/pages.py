"""Tables of the pages, and the tests that they name."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NODE = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def tables(page: str) -> dict[str, list[list[str]]]:
    """Return the rows of the table under each heading of the second level, without its head."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {
        heading: [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in body.splitlines()
            if line.startswith("|")
        ][2:]
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@cache
def names_of_tests(file: str) -> frozenset[str]:
    """Return the names of the tests in a file that pytest collects, or nothing if it is none."""
    path = ROOT / file
    if not path.is_file() or not path.name.startswith("test_"):
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=file)
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def missing_tests(text: str) -> list[str]:
    """Return the tests that *text* names in backticks and that do not exist."""
    return [
        f"{file}::{name}" for file, name in NODE.findall(text) if name not in names_of_tests(file)
    ]
