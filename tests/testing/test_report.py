"""The frame of every contract: a small one, of a booklist, comes out as it should."""

from __future__ import annotations

import traceback

import pytest

from schoolauth.errors import ContractBroken, StaleUser
from schoolauth.testing.behaviour import Contract, Maker, show
from schoolauth.testing.report import CLOSED, Line, check
from tests.testing.small_contract import BOOKLIST, Booklist, Sorted, report


class Leaky(Sorted):
    def append(self, book: str) -> None:
        raise LookupError(f"no space for {book}")


class Refusing(Sorted):
    def append(self, book: str) -> None:
        raise StaleUser


def test_what_is_kept_prints_as_a_table() -> None:
    """Each behaviour has a line with its promise, under a line of counts."""
    made = report(printer=lambda: True)
    assert made.ok
    assert made
    assert (made.failures, made.gaps, made.not_run) == ({}, {}, {})
    assert repr(made) == "Report(name='booklist', version=2)"
    assert str(made) == (
        "booklist contract, version 2: 4 kept, 0 failed, 0 known gaps\n"
        "\n"
        "booklist.fresh                       kept     "
        "The factory gives a new, empty booklist each time.\n"
        "booklist.keeps                       kept     A booklist keeps what is added to it.\n"
        "booklist.printer                     kept     A booklist is printed by its printer.\n"
        "booklist.sorted                      kept     A booklist sorts what is added to it."
    )


def test_a_failure_is_told_in_one_sentence() -> None:
    """What is not kept is told by its id, and the rest is still run."""
    made = report(list, printer=lambda: False)
    assert not made.ok
    assert not made
    assert made.failures == {
        "booklist.printer": "The printer has no paper.",
        "booklist.sorted": "the booklist: ['b', 'a'] instead of ['a', 'b'].",
    }
    assert "2 kept, 2 failed" in str(made)


def test_what_needs_an_absent_option_is_not_run() -> None:
    """It is neither kept nor failed, and the report says what is absent."""
    made = report()
    assert made.ok
    assert made.not_run == {"booklist.printer": "the adapter gives no 'printer'"}
    assert str(made).startswith(
        "booklist contract, version 2: 3 kept, 0 failed, 0 known gaps, 1 not"
    )


def test_a_known_gap_does_not_fail() -> None:
    """It is listed with its reason, as long as it is open."""
    made = report(list, booklist_sorted="a later version sorts")
    assert made.ok
    assert made.gaps == {"booklist.sorted": "a later version sorts"}
    assert list(report(Leaky, booklist_keeps="no space yet").not_run) == ["booklist.printer"]
    assert report(Leaky, booklist_keeps="no space yet").gaps == {"booklist.keeps": "no space yet"}


def test_a_closed_gap_fails() -> None:
    """A gap that is kept by now must be taken off the list."""
    assert report(booklist_sorted="a later version sorts").failures == {"booklist.sorted": CLOSED}
    assert list(report(booklist_keeps="no space yet").not_run) == ["booklist.printer"]


@pytest.mark.parametrize("reason", ["", "  ", None], ids=["empty", "blank", "none"])
def test_a_gap_needs_a_reason(reason: str) -> None:
    """A gap without a reason is a mistake, before anything is run."""
    with pytest.raises(ValueError, match=r"'booklist\.sorted' needs a reason"):
        report(booklist_sorted=reason)


def test_a_gap_must_be_a_behaviour() -> None:
    """A gap that no behaviour has is a mistake: it would hide nothing."""
    with pytest.raises(ValueError, match=r"no behaviour 'booklist\.sortet'"):
        report(booklist_sortet="misspelt")


def test_gaps_must_be_a_mapping() -> None:
    """Ids alone are no gaps: each wants a reason."""
    with pytest.raises(TypeError, match="gaps must be a mapping"):
        BOOKLIST.check_gaps(["booklist.sorted"], None)  # type: ignore[arg-type] # on purpose


def test_a_pinned_version_leaves_out_what_is_newer() -> None:
    """An adapter that is held to version 1 does not fail by what came in version 2."""
    made = report(list, version=1)
    assert made.ok
    assert (
        made.not_run["booklist.sorted"] == "it is new in version 2 of the contract, and 1 is pinned"
    )
    assert str(made).startswith("booklist contract, version 1: ")
    newest = report(list, version=2)
    assert not newest.ok
    assert list(newest.not_run) == ["booklist.printer"]


@pytest.mark.parametrize("version", [0, 3, "1", True, 1.0], ids=repr)
def test_a_pinned_version_must_exist(version: int) -> None:
    """A version that this release does not know is a mistake."""
    with pytest.raises(ValueError, match="versions 1 to 2"):
        report(version=version)


def test_a_contract_begins_with_version_one() -> None:
    """So do its behaviours; to add a check leaves the function as it is."""
    contract = Contract[Booklist]("booklist", "make_booklist", lambda booklist: None)

    def check(make: Maker[Booklist]) -> None:
        """Nothing is promised."""

    assert contract.behaviour("booklist.nothing")(check) is check
    assert (contract.version, contract.behaviours[0].since) == (1, 1)


def test_a_check_without_a_docstring_has_its_id_for_a_promise() -> None:
    """So do all of them under ``python -OO``, which takes the docstrings out."""
    contract = Contract[Booklist]("booklist", "make_booklist", lambda booklist: None)
    contract.behaviour("booklist.nothing")(lambda make: None)
    assert contract.behaviours[0].promise == "booklist.nothing"


def test_every_version_can_be_pinned() -> None:
    """The newest version of a contract is one of its versions, and the one after it is not."""
    contract = Contract[Booklist]("booklist", "make_booklist", lambda booklist: None, version=3)
    for version in (1, 2, 3):
        contract.check_gaps({}, version)
    with pytest.raises(ValueError, match="versions 1 to 3, not 4"):
        contract.check_gaps({}, 4)


def used() -> Booklist:
    return ["Emma"]


def raises() -> Booklist:
    raise OSError("/secret/path")


SAME = Sorted()


async def coroutine() -> Booklist:
    return []


UNUSABLE = {
    "returned a coroutine; it must not be async": coroutine,
    "returned one that has a book in it; it must be empty": used,
    "returned the same object twice; every call must make a new one": lambda: SAME,
    "returned None": lambda: None,
    "raised OSError": raises,
}


@pytest.mark.parametrize("problem", UNUSABLE)
def test_a_useless_factory_is_one_sentence(problem: str) -> None:
    """A factory that gives nothing to test is the one failure, and the rest is not run."""
    made = report(UNUSABLE[problem], booklist_fresh="a gap does not cover it")  # type: ignore[arg-type] # one gives None
    assert list(made.failures) == ["booklist.fresh"]
    assert made.failures["booklist.fresh"].startswith(f"make_booklist() {problem}")
    assert "secret" not in str(made)
    assert set(made.not_run.values()) == {"there is nothing to test"}
    assert len(made.not_run) == 3


def test_a_subject_that_cannot_be_asked_yet_is_tested() -> None:
    """An author who begins with one method gets on: the question whether it is empty may fail."""
    asked = Contract[Booklist]("booklist", "make_booklist", lambda booklist: booklist[0])
    assert Maker(asked, list).new() == []


def test_a_drivers_error_breaks_the_contract() -> None:
    """The behaviour and the error's type and line are told, and nothing of its text."""
    behaviour = BOOKLIST.behaviours[1]
    with pytest.raises(ContractBroken) as broken:
        show(behaviour, Maker(BOOKLIST, Leaky))
    line = Leaky.append.__code__.co_firstlineno + 1
    assert (
        str(broken.value)
        == f"booklist.keeps: LookupError (test_report.py, line {line}) was raised."
    )
    assert "Emma" not in "".join(traceback.format_exception(broken.value))
    assert broken.value.__context__ is None
    assert report(Leaky).failures == {"booklist.keeps": str(broken.value)}


def test_an_unexpected_refusal_is_told() -> None:
    """One of the library's own errors, where none is due, is told with the promise it broke."""
    failures = report(Refusing).failures
    told = (
        "A booklist keeps what is added to it: schoolauth.errors.StaleUser (test_report.py, line "
    )
    assert failures["booklist.keeps"].startswith(told)


@pytest.mark.parametrize("notes", [5, [1, "Failing test case:"]], ids=["number", "mixed"])
def test_notes_of_any_kind_are_no_trouble(notes: object) -> None:
    """What a driver hangs on its error besides texts is left out."""
    contract = Contract[Booklist]("booklist", "make_booklist", lambda booklist: None)

    @contract.behaviour("booklist.other")
    def _(make: Maker[Booklist]) -> None:
        """A booklist does something else."""
        error = LookupError("a row")
        error.__notes__ = notes  # type: ignore[assignment] # on purpose
        raise error

    made = check(contract, Maker(contract, list), gaps={}, version=None, progress=None)
    assert list(made.failures) == ["booklist.other"]


def test_a_line_is_one_line() -> None:
    """A reason with a line break or an escape in it forges no other line."""
    line = str(Line("booklist.sorted", "gap", "later\nbooklist.keeps kept\x1b[2J é"))
    assert line.endswith(r"later\nbooklist.keeps kept\x1b[2J é")


def test_lines_are_told_as_they_come() -> None:
    """Long work shows its progress: each line, in the order of the report."""
    lines: list[Line] = []
    assert report(progress=lines.append).lines == tuple(lines)


@pytest.mark.parametrize("title", ["Failing test case:", "Falsifying example:"])
def test_a_script_is_printed_below_the_table(title: str) -> None:
    """The calls that were found at random are printed, and a driver's notes are not."""
    contract = Contract[Booklist]("booklist", "make_booklist", lambda booklist: None)

    @contract.behaviour("booklist.other")
    def _(make: Maker[Booklist]) -> None:
        """A booklist does something else."""
        error = LookupError("a row")
        error.add_note("[parameters: a row]")
        error.add_note(title)
        error.add_note("booklist.append('a')")
        raise error

    made = check(contract, Maker(contract, list), gaps={}, version=None, progress=None)
    assert str(made).endswith(f"\n\nbooklist.other fails after:\n{title}\nbooklist.append('a')")
    assert "a row" not in str(made)
