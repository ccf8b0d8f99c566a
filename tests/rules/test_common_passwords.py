from __future__ import annotations

import gzip
from importlib import resources
from pathlib import Path

import django

from schoolauth.rules.common_passwords import COMMON_PASSWORDS
from schoolauth.rules.passwords import PasswordPolicy


def theirs() -> frozenset[str]:
    """Return Django's own list, which ours is made from."""
    path = Path(django.__file__).parent / "contrib" / "auth" / "common-passwords.txt.gz"
    return frozenset(gzip.decompress(path.read_bytes()).decode().splitlines())


def test_list_is_djangos_as_far_as_any_policy_allows() -> None:
    """Exactly those are kept that a policy of 8 characters could let through."""
    longest = PasswordPolicy(minimum=8, number=False)
    folded = {password.casefold() for password in theirs()}
    assert {password for password in folded if not longest.violations(password)} == COMMON_PASSWORDS


def test_list_is_long_enough() -> None:
    """ASVS 6.2.4 wants 3,000 of the most common passwords that the policy would let through."""
    seed = PasswordPolicy.seed()
    assert sum(not seed.violations(password) for password in COMMON_PASSWORDS) >= 3000


def test_recommended_policy_refuses_what_is_listed() -> None:
    """A listed password is told as too common, however its letters are written."""
    policy = PasswordPolicy.recommended()
    for password in ("password1", "PassWord1", "iloveyou2"):
        assert password.casefold() in COMMON_PASSWORDS
        assert [violation.code for violation in policy.violations(password)] == ["too_common"]
    assert policy.violations("quiet-otter-41-lamp") == ()


def test_licence_stands_beside_the_list() -> None:
    """The list may be passed on with Django's licence and the name of its origin only."""
    text = resources.files("schoolauth.rules").joinpath("common_passwords.LICENSE").read_text()
    assert "Copyright (c) Django Software Foundation and individual contributors." in text
    assert "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS" in text
    assert "Royce Williams" in text
