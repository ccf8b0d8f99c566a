"""Suggested usernames: the product's own form, numbered."""

from __future__ import annotations

import pytest
from hypothesis import given

from schoolauth.model.names import SchoolCode, Username
from schoolauth.rules.usernames import suggest_usernames
from schoolauth.testing.strategies import names, school_codes
from tests.rules.canary import HILL


@pytest.mark.parametrize(
    ("family_name", "given_name", "first"),
    [
        ("James", "Jess", "wg204nx_james"),
        ("O’Hara", "", "wg204nx_ohara"),
        ("Müller-Lüdenscheidt", "", "wg204nx_mullerludenscheidt"),
        ("Straße", "", "wg204nx_strasse"),
        ("Núñez", "", "wg204nx_nunez"),
        ("de la Cruz", "", "wg204nx_delacruz"),
        ("Ｊａｍｅｓ", "", "wg204nx_james"),
        ("James 2nd", "", "wg204nx_james2nd"),
        ("李", "Jess", "wg204nx_jess"),
        ("李", "明", "wg204nx_user"),
        ("", "", "wg204nx_user"),
        ("'", "-", "wg204nx_user"),
    ],
)
def test_first_suggestion(family_name: str, given_name: str, first: str) -> None:
    """School and family name in plain letters, else the given name, else a stand-in."""
    suggested = suggest_usernames(HILL, family_name, given_name)
    assert str(next(suggested)) == first
    assert str(next(suggested)) == f"{first}.1"


@given(school_codes(), names(), names())
def test_suggestions_are_usernames(school: SchoolCode, family_name: str, given_name: str) -> None:
    """Whatever school and names there are, each suggestion is valid, canonical and another one."""
    suggested = list(suggest_usernames(school, family_name, given_name))
    assert len(set(suggested)) == 10_000
    for name in (*suggested[:2], suggested[-1]):
        assert Username.parse(str(name)) == name
        assert str(name) == name.key
        assert name.key.startswith(f"{school.key}_")


def test_suggestions_are_cut_to_fit_with_their_number() -> None:
    """The longest school and name are short enough for four more digits."""
    school = SchoolCode.parse("s" * 40)
    suggested = list(suggest_usernames(school, "x" * 100))
    assert {len(str(name)) for name in suggested} <= set(range(59, 65))
    assert len(str(suggested[-1])) == 64
