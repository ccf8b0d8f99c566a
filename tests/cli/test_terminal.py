"""What is printed fits its terminal, keeps its columns, and cannot command it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.cli.terminal import Terminal, safe
from tests.cli.shell import Screen


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal have 80 columns and show colours, whatever the tests run in."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def shown(draw: Callable[[Terminal], None]) -> str:
    """Return what a terminal gets to see."""
    with redirect_stdout(Screen()) as screen:
        draw(Terminal())
    return screen.getvalue()


def test_safe_text_has_nothing_to_obey() -> None:
    """Whatever the text, only printable characters come out, and printable text is unchanged."""

    @given(st.text(st.characters(codec=None)))
    def prove(text: str) -> None:
        assert safe(text).isprintable()
        assert not text.isprintable() or safe(text) == text

    prove()


@pytest.mark.parametrize(
    ("text", "written"), [("\x1b[2J", r"\x1b[2J"), ("a\nb", r"a\nb"), ("\u202e", r"\u202e")]
)
def test_safe_text_shows_what_it_left_out(text: str, written: str) -> None:
    """Escape sequences, line breaks and turned writing are written out."""
    assert safe(text) == written


def test_style_on_a_terminal() -> None:
    """On a terminal a style is switched on and off again around the text."""
    assert shown(lambda out: out.say("done", style="green")) == "\x1b[32mdone\x1b[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_style_is_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """NO_COLOR and a dumb terminal get plain text."""
    monkeypatch.setenv(name, value)
    assert shown(lambda out: out.heading("Hill")) == "\nHill\n----\n"


def test_no_style_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Where stdout is no terminal, no escape code is printed."""
    Terminal().say("done", style="bold")
    assert capsys.readouterr().out == "done\n"


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("300", 100), ("10", 40)], ids=["usual", "wide", "narrow"]
)
def test_paragraphs_keep_to_the_width(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """A paragraph is as wide as the terminal, within 40 and 100 columns."""
    monkeypatch.setenv("COLUMNS", columns)
    said = shown(lambda out: out.say("word " * 60, indent=2))
    longest = max(map(len, said.splitlines()))
    assert width - 5 < longest <= width


def test_label_hangs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The text goes on below itself, not below its label, and an empty one is a label alone."""
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    out.labelled("call", "word " * 8)
    out.labelled("answer", "")
    assert capsys.readouterr().out.splitlines() == [
        "  call      word word word word word",
        "            word word word",
        "  answer    ",
    ]


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Accents of their own take no column, and wide letters take two."""
    Terminal().table(["Name", "Role"], [["Zoe\u0308", "slt"], ["山田", "slt"], ["Ann", "slt"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Name  Role", "Zoe\u0308   slt", "山田  slt", "Ann   slt"]


def test_table_in_a_pipe_has_a_line_for_each_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where stdout is no terminal, no cell is broken: a script reads lines."""
    monkeypatch.setenv("COLUMNS", "40")
    Terminal().table(["A", "B"], [["x" * 90, "y" * 90]])
    assert capsys.readouterr().out.splitlines()[1] == f"{'x' * 90}  {'y' * 90}"


def test_table_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the widest cells go on below, and no character is lost."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    row = ["wg204nx_hill", "a" * 40 + "@hill.example.org"]
    lines = shown(lambda out: out.table(["Username", "E-mail"], [row])).splitlines()
    assert max(map(len, lines)) <= 40
    assert "".join(line[14:] for line in lines[1:]) == row[1]


def test_first_column_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a row is called can be copied, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    label = f"left:{'wg204nx_hill' * 2}"
    said = shown(lambda out: out.table(["Row", "Name"], [[label, "Ann " * 12]]))
    assert label in said.splitlines()[1]
    assert len(shown(lambda out: out.table(["Row"], [[label * 3]])).splitlines()) == 2


def test_table_that_cannot_be_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns stop at ten characters: then the terminal breaks the line, and nothing hangs."""
    monkeypatch.setenv("COLUMNS", "40")
    said = shown(lambda out: out.table([f"Column {n} is wide" for n in range(5)], []))
    assert max(map(len, said.splitlines())) > 40
