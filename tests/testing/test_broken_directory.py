"""Every behaviour of a directory of schools can fail, and the frame of its contract holds."""

from __future__ import annotations

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.testing import SchoolDirectoryContract, check_directory
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.report import Line
from tests.testing.broken import directory, directory_list
from tests.testing.broken.directory import BrokenDirectory

BY_ID = {behaviour.id: behaviour for behaviour in DIRECTORY.behaviours}
BROKEN = (*directory.ALL, *directory_list.ALL)
BASES = {
    base.__name__: base
    for broken in BROKEN
    for base in broken.__mro__
    if issubclass(base, BrokenDirectory) and not base.caught_by
}
CAUGHT = [(broken, name) for broken in BROKEN for name in broken.caught_by]
UNUSABLE = {directory.NeverEmpty, directory.NeverNew}


def failure(broken: type[BrokenDirectory], name: str) -> str | None:
    """Return how *broken* fails to keep a behaviour, or None if it keeps it."""
    try:
        show(BY_ID[name], Maker(DIRECTORY, broken.make))
    except (Unkept, ContractBroken) as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("broken", "name"), CAUGHT, ids=[f"{broken.__name__}-{name}" for broken, name in CAUGHT]
)
def test_a_broken_directory_is_caught(broken: type[BrokenDirectory], name: str) -> None:
    """Each behaviour that is said to notice the defect does."""
    assert failure(broken, name)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.__name__ for broken in BROKEN])
def test_a_broken_directory_is_wrong_in_one_way(broken: type[BrokenDirectory]) -> None:
    """Nothing notices the defect but what is said to."""
    failing = {name for name in BY_ID if failure(broken, name)}
    assert failing == set(BY_ID if broken in UNUSABLE else broken.caught_by)


def test_every_behaviour_can_fail() -> None:
    """Some broken directory is caught by each behaviour."""
    assert set(BY_ID) == {name for _, name in CAUGHT}


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_what_they_are_made_of_is_right(base: type[BrokenDirectory]) -> None:
    """The directories of which the broken ones are made keep every behaviour."""
    assert check_directory(base.make).ok


def test_check_directory_reports_on_every_behaviour() -> None:
    """Each behaviour has its line as soon as it is known; gaps and failures are told."""
    lines: list[Line] = []
    report = check_directory(BrokenDirectory.make, progress=lines.append)
    assert report.ok
    assert [line.id for line in lines] == list(BY_ID)
    assert {line.result for line in report.lines} == {"kept"}
    report = check_directory(directory_list.AnyLimit.make, gaps={"directory.limits": "not yet"})
    assert report.gaps == {"directory.limits": "not yet"}
    report = check_directory(directory.NeverEmpty.make)
    assert list(report.failures) == ["directory.fresh"]
    assert "returned one that has a school in it" in report.failures["directory.fresh"]


def test_a_suite_without_its_method_says_what_to_write() -> None:
    """The one method that an author has to write is named where it is missing."""
    with pytest.raises(Unusable, match=r"Write make_directory\(self\)"):
        SchoolDirectoryContract().make_directory()
