"""What the kit says in one sentence: two values that differ, and refusals that are not due."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schoolauth.errors import SchoolUnknown, StaleUser
from schoolauth.testing.assertions import SHOWN_MAX, Unkept, accepts, equal, refuses

endings = st.text("xy'\\", max_size=3 * SHOWN_MAX)


def shown(found: object, expected: object) -> list[str]:
    """Return how the two values are shown in a sentence."""
    with pytest.raises(Unkept) as unkept:
        equal(found, expected, "the text")
    return str(unkept.value).removeprefix("the text: ").removesuffix(".").split(" instead of ")


def alike(one: str, other: str) -> int:
    """Return how many letters at the beginning of both are the same."""
    differ = (n for n, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1)
    return next(differ, min(len(one), len(other)))


@given(st.integers(0, 4 * SHOWN_MAX), endings, endings)
def test_the_first_difference_is_shown(same: int, found: str, expected: str) -> None:
    """However long two texts are, the sentence has what follows where they first differ."""
    assume(found != expected)
    texts = ["x" * same + found, "x" * same + expected]
    whole = [repr(text) for text in texts]
    parts = shown(*texts)
    first, index = alike(*whole), alike(*parts)
    for part, text in zip(parts, whole, strict=True):
        assert len(part) <= SHOWN_MAX + len("……")
        assert part[index : index + 50] == text[first : first + 50]
        assert part.removeprefix("…").removesuffix("…") in text
    if max(map(len, whole)) <= SHOWN_MAX:
        assert parts == whole


def test_a_long_value_is_cut() -> None:
    """A sentence stays readable: what is left out before and behind is marked."""
    assert shown("x" * 1000, "") == [f"'{'x' * 199}…", "''"]
    assert shown("x" * 198, "") == [f"'{'x' * 198}'", "''"]
    same = "x" * 500
    assert shown(f"{same}one", f"{same}two{same}") == [
        f"…{'x' * 100}one'",
        f"…{'x' * 100}two{'x' * 97}…",
    ]


def raise_stale() -> None:
    raise StaleUser


def test_a_refusal_must_be_of_its_kind() -> None:
    """No refusal and another refusal are told apart; the right one can be asked."""
    with pytest.raises(Unkept, match=r"^A swap was not refused\.$"), refuses(StaleUser, "A swap"):
        pass
    with (
        pytest.raises(Unkept, match=r"^A swap was refused as SchoolUnknown, not as StaleUser\.$"),
        refuses(StaleUser, "A swap"),
    ):
        raise SchoolUnknown
    with pytest.raises(LookupError), refuses(StaleUser, "A swap"):
        raise LookupError
    with refuses(StaleUser, "A swap") as refusal:
        raise_stale()
    assert isinstance(refusal.error, StaleUser)


def test_an_undue_refusal_is_told_by_its_name() -> None:
    """The sentence says what was refused, and as what."""
    with (
        pytest.raises(Unkept, match=r"^A move was refused as StaleUser\.$"),
        accepts("A move"),
    ):
        raise StaleUser
    with accepts("A move"):
        pass
