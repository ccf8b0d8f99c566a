"""Whose files are the author's, and what the tracer notes; coverage cannot see a trace function."""

from __future__ import annotations

import fractions
import inspect
import json
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType

import pytest
import sqlalchemy

from schoolauth.errors import EmailTaken, StaleUser
from schoolauth.storage import memory
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import behaviour, checks
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.exception_origin import AuthorsFiles, ExceptionTracer
from schoolauth.testing.repository import REPOSITORY

BEHAVIOURS = {each.id: each for each in REPOSITORY.behaviours}


# --- whose files are the author's ---


def test_the_files_of_others_are_not_the_authors() -> None:
    """The library, Python and packages are others', and this file is the author's."""
    files = AuthorsFiles()
    assert __file__ in files
    for module in (behaviour, memory, fractions, sqlalchemy):
        assert str(module.__file__) not in files


def test_an_adapter_may_be_installed() -> None:
    """What is beside the class of a subject is the author's: a package's folder, or one file."""
    files = AuthorsFiles()
    files.add((MemoryUserRepository(), sqlalchemy.MetaData()))
    assert memory.__file__ in files
    assert sqlalchemy.MetaData.__module__ == "sqlalchemy.sql.schema"
    assert sqlalchemy.sql.schema.__file__ in files
    assert sqlalchemy.sql.dml.__file__ in files
    assert sqlalchemy.__file__ not in files
    files.add(fractions.Fraction(1))
    assert fractions.__file__ in files
    assert inspect.__file__ not in files
    files.add(1)  # its class is in no file
    assert checks.__file__ not in files


def test_a_virtual_environment_in_the_authors_folder_stays_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An adapter at the top of a project does not make the author of what is in its `.venv`."""
    module = ModuleType("adapter")
    module.__file__ = str(Path(sqlalchemy.__file__).parents[2] / "adapter.py")
    monkeypatch.setitem(sys.modules, "adapter", module)
    files = AuthorsFiles()
    files.add(type("Adapter", (), {"__module__": "adapter"})())
    assert sqlalchemy.__file__ not in files


def test_where_no_line_is_the_authors_the_innermost_is_told() -> None:
    """An exception out of Python itself still has a line."""
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads("{")
    error.value.__traceback__ = error.tb.tb_next
    assert (
        AuthorsFiles().origin(error.value).startswith("json.decoder.JSONDecodeError (decoder.py,")
    )


def test_the_first_cause_is_told() -> None:
    """What an exception was raised from is its origin, and causes in a circle have an end."""
    files, first, last = AuthorsFiles(), OSError(), LookupError()
    for error in (first, last):
        raised(error)
    last.__cause__ = first
    assert files.first_origin(last) == files.origin(first)
    first.__cause__ = last
    assert files.first_origin(last) == files.origin(first)


# --- the trace functions ---


def raised(error: Exception) -> tuple[type[Exception], Exception, object]:
    """Return what a trace function is told of *error*."""
    with pytest.raises(type(error)) as caught:
        raise error
    return type(error), error, caught.tb


def test_only_the_authors_frames_are_watched() -> None:
    """Frames of others are left alone, lines too: a check takes little longer."""
    tracer = ExceptionTracer(AuthorsFiles())
    frame = sys._getframe()
    assert frame.f_back is not None
    assert tracer.enter_frame(frame, "call", None) == tracer.watch_frame
    assert not frame.f_trace_lines
    frame.f_trace_lines = True
    assert tracer.enter_frame(frame.f_back, "call", None) is None


def test_an_error_is_known_by_what_came_before_it() -> None:
    """The last failure in a call of the kit counts; the end of an iterator is not a failure."""
    tracer, stale, taken = ExceptionTracer(AuthorsFiles()), StaleUser(), EmailTaken(None)
    frame = sys._getframe()
    for error in (LookupError(), OSError(), StopIteration(), stale, LookupError(), stale):
        assert tracer.watch_frame(frame, "exception", raised(error)) == tracer.watch_frame
    assert tracer.watch_frame(frame, "return", None) == tracer.watch_frame
    assert str(tracer.origin(lambda: Unkept("", stale))).startswith(
        "OSError (test_exception_tracer.py, line "
    )

    called: list[FrameType] = []
    show(BEHAVIOURS["make.fresh"], Maker(REPOSITORY, partial(called_by_the_kit, called)))
    tracer.enter_frame(called[0], "call", None)
    tracer.watch_frame(frame, "exception", raised(taken))
    assert tracer.origin(lambda: Unkept("", taken)) is None
    assert tracer.origin(lambda: None) is None


def called_by_the_kit(called: list[FrameType]) -> MemoryUserRepository:
    called.append(sys._getframe())
    return MemoryUserRepository()


def test_trace_functions_are_given_back() -> None:
    """A debugger or a measurement of coverage goes on, whatever the check raises."""

    def mine(*_: object) -> None:
        """Trace nothing."""

    before = sys.gettrace(), threading.gettrace()
    try:
        threading.settrace(mine)
        sys.settrace(mine)
        with pytest.raises(KeyboardInterrupt):
            ExceptionTracer(AuthorsFiles()).origin(interrupted)
        after = sys.gettrace(), threading.gettrace()
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])
    assert after == (mine, mine)


def interrupted() -> Exception | None:
    raise KeyboardInterrupt
