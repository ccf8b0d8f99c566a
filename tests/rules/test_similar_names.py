"""A name that is a slip away from another one is proposed, and never more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.roster import RosterRow
from schoolauth.rules.mapping.similar_names import is_slip
from tests.rules.rows import account, planned

SLIPS = [
    ("ann", "anne"),
    ("mohamed", "mohammed"),
    ("smith", "smyth"),
    ("catherine", "katherine"),
    ("brain", "brian"),
    ("jameson", "jamesno"),
]
OTHERS = [
    ("smith", "smith"),
    ("tim", "jim"),
    ("bob", "rob"),
    ("james", "jameson"),
    ("brian", "bryen"),
    ("teacher1", "teacher2"),
    ("james", "jame5"),
    ("abcd", "badc"),
    ("", "ab"),
]


@pytest.mark.parametrize(("one", "other"), SLIPS)
def test_one_letter_or_two_swapped(one: str, other: str) -> None:
    """One letter more, less or different, or two neighbours the other way round."""
    assert is_slip(one, other) is True
    assert is_slip(other, one) is True


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_word_is_no_slip(one: str, other: str) -> None:
    """The same word, short ones, numbers and two slips are not meant."""
    assert is_slip(one, other) is False
    assert is_slip(other, one) is False


@given(
    st.text("abcdefghij", min_size=4, max_size=12),
    st.integers(0, 20),
    st.sampled_from("klmnop"),
)
def test_every_single_slip_is_seen(word: str, at: int, letter: str) -> None:
    """Wherever in the word it is."""
    at %= len(word)
    assert is_slip(word, word[:at] + letter + word[at + 1 :])
    assert is_slip(word, word[:at] + letter + word[at:])
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    assert is_slip(word, swapped) == (word != swapped)


def test_a_similar_name_is_a_proposal() -> None:
    """One word the same and one a slip away: asked about; the same name comes before similar."""
    ann, anne = account("ann", given_name="Ann"), account("anne", given_name="Anne")
    far = account("far", given_name="Annabel")
    (item,) = planned([RosterRow("7", "Anne", "Jamse")], ann, anne, far)
    assert (item.kind, item.candidates, item.reasons) == (
        "may_match",
        (anne.id,),
        ("similar_name",),
    )
    (item,) = planned([RosterRow("7", "Anne", "James")], ann, anne, far)
    assert (item.candidates, item.reasons) == ((anne.id,), ("same_name",))


@pytest.mark.parametrize(
    "row",
    [
        RosterRow("7", "Jess", "Carter"),
        RosterRow("7", "Jessy", "Jamse"),
        RosterRow("7", "Jess", "James Smith"),
        RosterRow("7", "Jess", "Jamse Smith"),
        RosterRow("7", "Tim", "James"),
    ],
)
def test_what_is_not_similar_is_new(row: RosterRow) -> None:
    """Another family name, two slips, another word more, a short given name."""
    (item,) = planned([row], account("jess"), account("jim", given_name="Jim"))
    assert item.kind == "new"


def test_somebody_of_one_name_twice_over() -> None:
    """A name of one word, or of the same word twice, is compared without an error."""
    (item,) = planned(
        [RosterRow("7", "James", "James")], account("a", given_name="Jamse", family_name="James")
    )
    assert (item.kind, item.reasons) == ("may_match", ("similar_name",))
