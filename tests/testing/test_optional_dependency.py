"""What the kit does where pytest or Hypothesis is not installed, and what it loads for whom."""

from __future__ import annotations

import pytest

from schoolauth import testing
from schoolauth.testing.optional_dependency import needs
from tests.processes import run_python

BLOCKED = """
import sys
sys.modules[{package!r}] = None
try:
    {statement}
except ImportError as error:
    print(type(error).__name__, error.name, error)
"""


@pytest.mark.parametrize(
    ("package", "statement"),
    [
        ("pytest", "from schoolauth.testing import UserRepositoryContract"),
        ("pytest", "import schoolauth.testing.suites"),
        ("hypothesis", "import schoolauth.testing.strategies"),
        ("hypothesis", "from schoolauth.testing.strategies import users"),
    ],
)
def test_a_missing_package_is_told_in_one_sentence(package: str, statement: str) -> None:
    """Whoever installed the library alone learns which extra it takes."""
    printed = run_python(BLOCKED.format(package=package, statement=statement))
    assert printed == (
        f"ImportError {package} {package} is not installed: "
        "it comes with the extra, schoolauth[testing]\n"
    )


def test_the_rest_of_the_kit_needs_neither() -> None:
    """The fakes and a report of a contract are there without pytest and without Hypothesis."""
    code = """
import sys
sys.modules["pytest"] = sys.modules["hypothesis"] = None
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import FrozenClock, Outbox, Report, UserFactory, a_school, cheap_hasher
print(FrozenClock().now(), Outbox(), Report.__name__)
"""
    assert run_python(code) == "2026-09-01 09:00:00+00:00 [] Report\n"


def test_the_sentence_names_the_extra() -> None:
    """It is an ImportError with the package's name, as Python's own would be."""
    with pytest.raises(ImportError, match=r"schoolauth\[testing\]$") as caught, needs("chalk"):
        raise ModuleNotFoundError("No module named 'chalk'", name="chalk")
    assert (type(caught.value), caught.value.name) == (ImportError, "chalk")


def test_another_missing_package_is_not_explained_away() -> None:
    """Where pytest is there and lacks something itself, its own error is what helps."""
    with pytest.raises(ModuleNotFoundError) as caught, needs("pytest"):
        raise ModuleNotFoundError("No module named 'pluggy'", name="pluggy")
    assert caught.value.name == "pluggy"


def test_the_fakes_load_no_contract() -> None:
    """A test suite of an application pays for what it uses."""
    code = "import sys, schoolauth.testing; print(*sorted(sys.modules))"
    loaded = set(run_python(code).split())
    heavy = {"asyncio", "hypothesis", "pytest", "smtplib", "sqlalchemy", "sqlite3"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("schoolauth.testing.")} == {
        "schoolauth.testing.fakes"
    }


def test_every_name_of_the_kit_is_there() -> None:
    """What is loaded later is found under its name, and nothing else is."""
    assert {name for name in testing.__all__ if getattr(testing, name, None) is None} == set()
    with pytest.raises(AttributeError, match="no attribute 'Chalk'"):
        _ = testing.Chalk
