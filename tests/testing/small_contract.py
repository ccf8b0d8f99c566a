"""A small contract, of a booklist, for the tests of what every contract has."""

from __future__ import annotations

from collections.abc import Callable

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.behaviour import Contract, Maker
from schoolauth.testing.report import Line, Report, check

Booklist = list[str]
BOOKLIST = Contract[Booklist](
    "booklist", "make_booklist", lambda booklist: "a book" if booklist else None, version=2
)


@BOOKLIST.behaviour("booklist.fresh")
def _(make: Maker[Booklist]) -> None:
    """The factory gives a new, empty booklist each time."""
    make.new()
    make.new()


@BOOKLIST.behaviour("booklist.keeps")
def _(make: Maker[Booklist]) -> None:
    """A booklist keeps what is added to it.

    Only the first line is the promise.
    """
    booklist = make.new()
    booklist.append("Emma")
    equal(list(booklist), ["Emma"], "the booklist")


@BOOKLIST.behaviour("booklist.printer", needs="printer")
def _(make: Maker[Booklist]) -> None:
    """A booklist is printed by its printer."""
    expect(make.options["printer"](), "The printer has no paper.")


@BOOKLIST.behaviour("booklist.sorted", since=2)
def _(make: Maker[Booklist]) -> None:
    """A booklist sorts what is added to it."""
    booklist = make.new()
    booklist.extend(["b", "a"])
    equal(list(booklist), ["a", "b"], "the booklist")


class Sorted(list[str]):
    def extend(self, books: object) -> None:
        super().extend(sorted(books))  # type: ignore[call-overload] # the tests give lists


def report(
    make: Callable[[], Booklist] = Sorted,
    *,
    printer: Callable[[], bool] | None = None,
    version: int | None = None,
    progress: Callable[[Line], object] | None = None,
    **gaps: str,
) -> Report:
    """Check what *make* gives; a gap's id is written with an underscore for its dot."""
    maker = Maker(BOOKLIST, make, {"printer": printer})
    named = {name.replace("_", "."): reason for name, reason in gaps.items()}
    return check(BOOKLIST, maker, gaps=named, version=version, progress=progress)
