"""Exit codes, and what is said when a command cannot be carried out."""

from __future__ import annotations

import getpass
import io
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from schoolauth.cli import main
from tests.cli.shell import Screen, Shell


def test_help_is_no_failure(blank: Shell) -> None:
    """--help prints every command and exits with 0."""
    ran = blank.bare("--help")
    assert ran.code == 0
    for command in ("tour", "init", "school", "admin", "user", "sign-in", "map", "duplicates"):
        assert f"\n    {command} " in ran.out
    for command in ("diagnose", "recover-admin"):
        assert f"\n    {command} " in ran.out


@pytest.mark.parametrize(
    "argv", [[], ["user"], ["user", "lst"], ["user", "list", "--role", "boss"]], ids=str
)
def test_wrong_usage(blank: Shell, argv: list[str]) -> None:
    """What is no command line exits with 2 and says how to use it."""
    assert "usage: python -m schoolauth" in blank.misused(*argv)


def test_database_is_wanted(blank: Shell) -> None:
    """Every command but the tour needs --db, and says so."""
    ran = blank.bare("user", "list")
    assert ran.code == 2
    assert "this command needs --db URL" in ran.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "URL is not understood (ArgumentError)"),
        ("postgresql+psycopg://u:Chalkboard7@h:port/x", "URL is not understood (ValueError)"),
        ("unheardof://u:Chalkboard7@h/x", "Can't load plugin: sqlalchemy.dialects:unheardof"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql+psycopg://u:Chalkboard7@127.0.0.1:1/x", "onnection refused"),
    ],
    ids=["no-url", "no-port", "no-dialect", "no-directory", "no-server"],
)
def test_database_that_cannot_be_reached(blank: Shell, url: str, said: str) -> None:
    """A wrong or dead URL is one line with a code and the reason, without the URL's password."""
    ran = blank.bare("--db", url, "user", "list")
    assert ran.code == 1
    assert ran.err.startswith("storage_unavailable: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "Chalkboard7" not in ran.err


def test_driver_that_is_not_installed(blank: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing driver is named."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ran = blank.bare("--db", "postgresql+psycopg://127.0.0.1/x", "user", "list")
    assert ran.code == 1
    assert "psycopg" in ran.err


def test_database_that_gives_up(shell: Shell, tmp_path: Path) -> None:
    """An error of the database in the middle of a command is unavailable, not a traceback."""
    (tmp_path / "empty.db").touch()
    url = f"sqlite:///file:{tmp_path / 'empty.db'}?mode=ro&uri=true"
    ran = shell.bare("--db", url, "init")
    assert ran.code == 1
    assert ran.err == "storage_unavailable: The database gave up (OperationalError).\n"


@pytest.mark.parametrize("argv", [["tour"], ["--db", "sqlite://", "init"]], ids=str)
def test_sqlalchemy_is_not_installed(
    blank: Shell, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    """Without SQLAlchemy one sentence says how to get it."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy.exc", None)
    ran = blank.bare(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert 'pip install "schoolauth[sql]"' in ran.err


def test_tables_are_missing(blank: Shell) -> None:
    """A database without tables is told from an empty one, and `init` is named."""
    said = blank.refused("user", "list")
    assert said.startswith("contract_broken: ")
    assert "Has `init` been run on this database?" in said


@pytest.mark.parametrize("stop", [KeyboardInterrupt, EOFError])
def test_interrupted_at_the_prompt(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    """Ctrl-C and Ctrl-D at a password prompt end quietly with 130, and nothing is changed."""

    def interrupted(prompt: str) -> str:
        raise stop

    monkeypatch.setattr(getpass, "getpass", interrupted)
    monkeypatch.setattr("sys.stdin", Screen())
    argv = ["--db", shell.url, "admin", "add", "--given-name", "Ada", "--family-name", "Hill"]
    assert main(argv) == 130
    assert shell.done("user", "list") == "0 accounts.\n"


def test_reader_that_goes_away(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe, as `| head` leaves it, ends quietly with 141, also at the final flush."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert main(["--db", shell.url, "user", "list"]) == 141
        pipe.write("what is left goes nowhere")


def test_names_that_the_code_page_lacks(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is printed on an ASCII stdout, with a sign for what it lacks."""
    shell.desk().add_user(given_name="Zoë", family_name="Hill", role="teacher")  # type: ignore[arg-type] # its value does
    buffer = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    assert main(["--db", shell.url, "user", "list"]) == 0
    assert b"Zo? Hill" in buffer.getvalue()


def test_stdout_of_another_kind() -> None:
    """A stdout that is no file, as a graphical shell has, is printed to as well."""
    with redirect_stdout(io.StringIO()) as stdout:
        assert main(["--help"]) == 0
    assert "usage: " in stdout.getvalue()


@pytest.fixture
def plain_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the hook by which pytest loads what is installed with a plug-in: it runs none."""
    plain = [finder for finder in sys.meta_path if not hasattr(finder, "mark_rewrite")]
    monkeypatch.setattr(sys, "meta_path", plain)


@pytest.mark.usefixtures("plain_imports")
def test_python_dash_m(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m schoolauth` runs the command line with the process's own arguments."""
    monkeypatch.setattr("sys.argv", ["schoolauth", "user"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("schoolauth", run_name="__main__")
    assert stop.value.code == 2


@pytest.mark.usefixtures("plain_imports")
def test_nothing_runs_at_import(capsys: pytest.CaptureFixture[str]) -> None:
    """Importing the entry module does nothing."""
    runpy.run_module("schoolauth.__main__", run_name="schoolauth.__main__")
    assert capsys.readouterr() == ("", "")


def test_command_line_without_a_database_library() -> None:
    """Importing the command line loads no SQLAlchemy, so it can say that it is missing."""
    script = "import sys, schoolauth.cli; print('sqlalchemy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
