"""--csv: the table on stdout for a spreadsheet, which finds no formula in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.cli import main
from schoolauth.cli.csv_table import guarded
from tests.cli.lists import add, write
from tests.cli.shell import Screen, Shell

SIGNS = "=+-@\t\r\n\0＝＋－＠"


def table(said: str) -> list[list[str]]:
    """Return the cells of what was printed, as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(said)))


@pytest.mark.parametrize("cell", [*(f"{sign}1" for sign in SIGNS), " =1", "\u3000+1"], ids=ascii)
def test_formula_is_text(cell: str) -> None:
    """An apostrophe stands before whatever a spreadsheet may calculate, spaces before it too."""
    assert guarded(cell).startswith("'")
    assert guarded(cell).isprintable()


@pytest.mark.parametrize("cell", ["", "O'Hara", "a=b", "1-1", "'=1", "Zoë"])
def test_text_stays_as_it_is(cell: str) -> None:
    """What is no formula is not changed."""
    assert guarded(cell) == cell


def test_no_cell_begins_with_a_formula_sign() -> None:
    """Whatever the text, its cell begins with no sign of a formula, and commands no terminal."""

    @given(st.text(st.characters(codec=None)))
    def prove(text: str) -> None:
        cell = guarded(text)
        assert cell[:1] not in set(SIGNS)
        assert cell.isprintable()

    prove()


def test_users(shell: Shell) -> None:
    """Accounts are rows with every cell in quotes, empty where there is nothing, words apart."""
    add(shell, "Zoë", "O'Hara", "+zoe@hill.example.org", username="=cmd()")
    ran = shell("user", "list", "--csv")
    assert ran.code == 0
    assert ran.err == "1 account: 1 invited.\n"
    assert ran.out.splitlines()[0] == '"Username","Name","Role","Status","E-mail","Last sign-in"'
    assert table(ran.out)[1] == [
        "'=cmd()", "Zoë O'Hara", "teacher", "invited", "'+zoe@hill.example.org", "never",
    ]  # fmt: skip


def test_nobody(shell: Shell) -> None:
    """An empty table still has its headings."""
    for argv in (["user", "list"], ["duplicates"]):
        assert len(table(shell(*argv, "--csv").out)) == 1


def test_plan(shell: Shell, tmp_path: Path) -> None:
    """A plan's rows are all there, also with nothing to change; the words are on stderr."""
    path = write(
        tmp_path / "staff.csv",
        "1,Al,Dale,al@hill.example.org,,",
        "2,Bo,Beck,-bo@hill.example.org,,",
        "3,=Cy,Carr,,,",
    )
    shell.done("map", path, "--apply", "--decide", "3=skip", "--decide", "4=skip")
    ran = shell("map", path, "--csv")
    assert table(ran.out) == [
        ["Row", "What", "Name", "E-mail", "Account", "Why"],
        [
            "2",
            "matched",
            "Al Dale",
            "al@hill.example.org",
            "wg204nx_dale",
            "found by MIS id, e-mail",
        ],
        ["3", "new", "Bo Beck", "'-bo@hill.example.org", "wg204nx_beck", ""],
        ["4", "new", "'=Cy Carr", "", "wg204nx_carr", ""],
    ]
    assert "given_name   Forename" in ran.err
    assert ran.err.endswith("Nothing was changed. With --apply, it will be.\n")
    ran = shell("map", path, "--csv", "--apply")
    assert len(table(ran.out)) == 4
    assert "Added 2 accounts" in ran.err


def test_duplicates(shell: Shell) -> None:
    """Each account of a group is a row with all of the group's words."""
    add(shell, "James", "Hill", username="james")
    add(shell, "James", "Hill", "j@hill.example.org", username="james.1")
    headings, first, second = table(shell("duplicates", "--csv").out)
    assert headings[:5] == ["Group", "Probably", "Alike by", "What to do", "Username"]
    assert first[:2] == ["1", "one person"]
    assert first[4:] == ["james", "James Hill", "teacher", "invited", "", "never"]
    assert (second[:4], second[4]) == (first[:4], "james.1")


def test_no_colours_in_a_log(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even at a terminal no style is printed: stderr may be a log, and stdout is data."""
    add(shell, "Al", "Dale")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, err = Screen(), Screen()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    assert main(["--db", shell.url, "--by", "x", "user", "list", "--csv"]) == 0
    assert "\x1b" not in out.getvalue() + err.getvalue()
