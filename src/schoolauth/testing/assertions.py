"""What a check says about an adapter: one sentence for its author, where a promise is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Generic, TypeVar

from schoolauth.errors import SchoolAuthError

SHOWN_MAX = 200
"""At most this many characters of a value are in a sentence."""


class Unkept(AssertionError):
    """A behaviour was not shown; the text is one sentence for the author of the adapter.

    Args:
        sentence: the text.
        met: the library's own error that the adapter raised where it should not, if that is why.
    """

    def __init__(self, sentence: str, met: SchoolAuthError | None = None) -> None:
        super().__init__(sentence)
        self.met = met


class Unusable(Unkept):
    """What the author's factory gave cannot be tested."""


def equal(found: object, expected: object, what: str) -> None:
    """Raise `Unkept` unless *found* is *expected*; *what* names it in the sentence."""
    __tracebackhide__ = True
    if found != expected:
        shown, wanted = _shown(repr(found), repr(expected))
        raise Unkept(f"{what}: {shown} instead of {wanted}.")


def expect(holds: object, sentence: str) -> None:
    """Raise `Unkept` with *sentence* unless it *holds*."""
    __tracebackhide__ = True
    if not holds:
        raise Unkept(sentence)


@contextmanager
def raises(kind: type[Exception] | tuple[type[Exception], ...], sentence: str) -> Iterator[None]:
    """Expect an exception of this *kind* in the block, or raise `Unkept` with *sentence*."""
    raised = False
    try:
        yield
    except kind:
        raised = True
    expect(raised, sentence)


Error = TypeVar("Error", bound=SchoolAuthError)


class Refusal(Generic[Error]):
    """The refusal that a block met."""

    error: Error


@contextmanager
def refuses(kind: type[Error], what: str) -> Iterator[Refusal[Error]]:
    """Expect that the block is refused by exactly *kind*; *what* names it in the sentence."""
    refusal: Refusal[Error] = Refusal()
    met: SchoolAuthError | None = None
    try:
        yield refusal
    except SchoolAuthError as error:
        met = error
    if met is None:
        raise Unkept(f"{what} was not refused.")
    if type(met) is not kind:
        refused = f"{what} was refused as {type(met).__name__}, not as {kind.__name__}."
        raise Unkept(refused, met)
    refusal.error = met


@contextmanager
def accepts(what: str) -> Iterator[None]:
    """Expect that the block is not refused; *what* begins the sentence."""
    refusal = None
    try:
        yield
    except SchoolAuthError as error:
        refusal = error
    if refusal is not None:
        raise Unkept(f"{what} was refused as {type(refusal).__name__}.", refusal)


def holds_no_data(error: SchoolAuthError, text: str) -> None:
    """Expect that nothing of *error* has *text* in it, and that no exception hangs on it."""
    kind = type(error).__name__
    notes = getattr(error, "__notes__", ())
    told = f"{error} {error!r} {error.args} {error.message} {error.details()} {notes}"
    expect(text not in told.lower(), f"The text of {kind} has data of a person in it.")
    hanging = error.__cause__ or error.__context__
    expect(
        hanging is None,
        f"{kind} has {type(hanging).__name__} in its __context__: "
        "raise it outside of the `except` block.",
    )


def _shown(found: str, expected: str) -> Iterator[str]:
    """Yield both whole, or of each the text around the first difference."""
    start = 0
    if max(len(found), len(expected)) > SHOWN_MAX:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(found, expected, strict=False))
        start = max(0, sum(1 for _ in alike) - SHOWN_MAX // 2)
    for text in (found, expected):
        end = start + SHOWN_MAX
        yield ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
