"""A small contract, of a shelf of books, for the tests of what every contract has."""

from __future__ import annotations

from collections.abc import Callable

from schoolauth.testing.assertions import equal, expect
from schoolauth.testing.behaviour import Contract, Maker
from schoolauth.testing.report import Line, Report, check

Shelf = list[str]
SHELF = Contract[Shelf]("shelf", "make_shelf", lambda shelf: "a book" if shelf else None, version=2)


@SHELF.behaviour("shelf.fresh")
def _(make: Maker[Shelf]) -> None:
    """The factory gives a new, empty shelf each time."""
    make.new()
    make.new()


@SHELF.behaviour("shelf.keeps")
def _(make: Maker[Shelf]) -> None:
    """A shelf keeps what is put on it.

    Only the first line is the promise.
    """
    shelf = make.new()
    shelf.append("Emma")
    equal(list(shelf), ["Emma"], "the shelf")


@SHELF.behaviour("shelf.ladder", needs="ladder")
def _(make: Maker[Shelf]) -> None:
    """A shelf is reached by its ladder."""
    expect(make.options["ladder"](), "The ladder is too short.")


@SHELF.behaviour("shelf.sorted", since=2)
def _(make: Maker[Shelf]) -> None:
    """A shelf sorts what is put on it."""
    shelf = make.new()
    shelf.extend(["b", "a"])
    equal(list(shelf), ["a", "b"], "the shelf")


class Sorted(list[str]):
    def extend(self, books: object) -> None:
        super().extend(sorted(books))  # type: ignore[call-overload] # the tests give lists


def report(
    make: Callable[[], Shelf] = Sorted,
    *,
    ladder: Callable[[], bool] | None = None,
    version: int | None = None,
    progress: Callable[[Line], object] | None = None,
    **gaps: str,
) -> Report:
    """Check what *make* gives; a gap's id is written with an underscore for its dot."""
    maker = Maker(SHELF, make, {"ladder": ladder})
    named = {name.replace("_", "."): reason for name, reason in gaps.items()}
    return check(SHELF, maker, gaps=named, version=version, progress=progress)
