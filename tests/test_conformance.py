"""The page of conformance and the tests are in step, and its own claims are those of the code."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest

from schoolauth import Lifetimes, Login, PasswordPolicy, SchoolAuth, User
from schoolauth.rules.common_passwords import COMMON_PASSWORDS
from schoolauth.throttle import policy
from schoolauth.throttle.policy import Kind
from tests.pages import NODE, ROOT, missing_tests, tables
from tests.service.world import make_world

PAGE = tables("reference/conformance.md")
ASVS = PAGE["ASVS 5.0: V2, V6 to V9, V11, V14 to V16"]
NOT_APPLICABLE = PAGE["ASVS 5.0: what cannot apply"]
NIST = PAGE["NIST SP 800-63B-4"]
SOURCE = ROOT / "src" / "schoolauth"
EMAIL = "jess@hill.example.org"

# How many requirements each section of these chapters has, in its order.
CHAPTERS = {
    2: (3, 3, 5, 2),
    6: (3, 12, 8, 6, 8, 4, 2, 4),
    7: (3, 4, 2, 5, 3, 2),
    8: (4, 4, 3, 2),
    9: (3, 4),
    11: (4, 5, 5, 4, 2, 2, 2),
    14: (2, 8, 3),
    15: (5, 5, 7, 4),
    16: (1, 5, 4, 3, 4),
}


def checklist() -> set[str]:
    """Return the anchors of the host checklist's headings."""
    text = (ROOT / "docs" / "how-to" / "host-checklist.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- The tables ------------------------------------------------------------------------------


def test_every_requirement_is_a_row_or_cannot_apply() -> None:
    """Each requirement of the chapters stands on the page exactly once."""
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in CHAPTERS.items()
        for section, count in enumerate(counts, start=1)
        for number in range(1, count + 1)
    ]
    rows = [row[0] for row in ASVS]
    left_out = [one for row in NOT_APPLICABLE for one in row[0].split(", ")]
    assert sorted(rows + left_out) == sorted(wanted)
    assert rows == [one for one in wanted if one in rows]
    assert all(row[1] for row in NOT_APPLICABLE)


def test_every_requirement_of_nist_is_named_once() -> None:
    """Names are unique, and each has a section and its strength."""
    assert len({row[0] for row in NIST}) == len(NIST)
    for _, section, strength, *_ in NIST:
        assert re.fullmatch(r"\d(\.\d)+", section)
        assert strength in {"SHALL", "SHALL NOT", "SHOULD"}


@pytest.mark.parametrize("row", ASVS + NIST, ids=lambda row: row[0])
def test_every_row_is_shown(row: list[str]) -> None:
    """The library's part has a test that exists, the host's a link to how it is done."""
    by, shown = row[-2:]
    if row in ASVS:
        assert row[1] in {"1", "2", "3"}
    links = re.findall(r"\]\(\.\./how-to/host-checklist\.md#([a-z-]+)\)", shown)
    assert missing_tests(shown) == []
    assert set(links) <= checklist()
    assert by in {"library", "host", "both"}
    assert bool(links) == (by != "library")
    assert by == "host" or NODE.search(shown)


def test_what_is_below_by_default_is_marked() -> None:
    """Exactly the rows that the two tables of exceptions are about say so themselves."""
    policies = PAGE["What the three policies fulfil"]
    failed = [row[0].partition(":")[0] for row in policies if row[1] == "no"]
    other = [row[0] for row in PAGE["Where else the default is below"]]
    names = {
        name for cell in failed + other for name in re.sub("ASVS |NIST ", "", cell).split(", ")
    }
    marked = {row[0] for row in ASVS + NIST if row[-3].endswith("(below by default)")}
    assert marked == names - {"6.2.1"}  # 8 characters are enough for that


# --- What the page itself says ---------------------------------------------------------------

WITHOUT_A_NUMBER = "quiet otter lamp moon"


def refuses(policy: PasswordPolicy, password: str, code: str, user: User | None = None) -> bool:
    return code in {violation.code for violation in policy.violations(password, user)}


def of_length(length: int) -> str:
    return ("x7" * 20)[:length]


def _long_enough(policy: PasswordPolicy, least: int) -> bool:
    return all(refuses(policy, of_length(length), "too_short") for length in range(1, least))


def _listed(policy: PasswordPolicy) -> list[str]:
    """Return the common passwords that only a list can refuse."""
    free = PasswordPolicy(minimum=policy.minimum, number=policy.number)
    return [password for password in COMMON_PASSWORDS if not free.violations(password)]


def _refuses_common(policy: PasswordPolicy) -> bool:
    return all(refuses(policy, password, "too_common") for password in _listed(policy))


def _refuses_words(policy: PasswordPolicy) -> bool:
    user = make_world().teacher(given_name="Bartholomew", family_name="Wintergreen-Smithson")
    return refuses(policy, "bartholomewwintergreen-smithson7", "context_word", user)


CLAIMS: dict[str, Callable[[PasswordPolicy], bool]] = {
    "ASVS 6.2.1: at least 8 characters": lambda policy: _long_enough(policy, 8),
    "ASVS 6.2.1: 15 characters, as recommended": lambda policy: _long_enough(policy, 15),
    "ASVS 6.2.4: 3,000 common passwords that the rules would let through": lambda policy: (
        len(_listed(policy)) >= 3000 and _refuses_common(policy)
    ),
    "ASVS 6.2.5: no rule about kinds of characters": lambda policy: (
        not policy.violations(WITHOUT_A_NUMBER)
    ),
    "ASVS 6.2.9: 64 characters": lambda policy: not policy.violations("quiet otter 7 " * 5 + "x"),
    "ASVS 6.2.11: words of the account are refused": _refuses_words,
    "ASVS 6.2.12: breached passwords are refused": lambda policy: False,  # nobody is asked
    "NIST length: 15 characters for a password alone": lambda policy: _long_enough(policy, 15),
    "NIST composition: no rule about kinds of characters": lambda policy: (
        not policy.violations(WITHOUT_A_NUMBER)
    ),
    "NIST blocklist: common passwords and words of the account": lambda policy: (
        _refuses_common(policy) and _refuses_words(policy)
    ),
}


def test_the_profiles_are_what_the_page_says() -> None:
    """Each yes and each no of the three policies is computed from the policy itself."""
    policies = (PasswordPolicy.seed(), PasswordPolicy.recommended(), PasswordPolicy.nist())
    assert PAGE["What the three policies fulfil"] == [
        [claim, *("yes" if holds(policy) else "no" for policy in policies)]
        for claim, holds in CLAIMS.items()
    ]


@pytest.mark.parametrize(
    ("policy", "least"),
    [
        (PasswordPolicy.seed(), 8),
        (PasswordPolicy.recommended(), 8),
        (PasswordPolicy.nist(), 15),
    ],
    ids=["seed", "recommended", "nist"],
)
def test_a_policy_begins_exactly_where_it_says(policy: PasswordPolicy, least: int) -> None:
    """One character less is refused, and at the length itself nothing is wanted any more."""
    assert _long_enough(policy, least)
    assert policy.violations(of_length(least)) == ()


def test_every_way_in_is_on_the_page() -> None:
    """A call that returns a `Login` and is not listed would be a way in that nobody knows."""
    ways = {
        name
        for name, call in inspect.getmembers(SchoolAuth, inspect.isfunction)
        if not name.startswith("_") and get_type_hints(call).get("return") is Login
    }
    assert {row[0].split("`")[1] for row in PAGE["Ways in"]} == ways


FIVE_MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)


def _span(time: timedelta) -> str:
    for size, unit in ((HOUR, "hour"), (timedelta(minutes=1), "minute")):
        if time % size == timedelta(0):
            count = time // size
            return f"{count} {unit}{'s' * (count > 1)}"
    return f"{time // timedelta(seconds=1)} seconds"


def _said(kind: Kind, *windows: timedelta) -> str:
    """Return how much of *kind* there may be in a window for each of its limits."""
    told = []
    for limit, window in zip(kind.limits, windows, strict=True):
        assert limit.refill is not None
        most = limit.burst + window // limit.refill
        told.append(f"{most} in {_span(window)} ({limit.burst}, then 1 in {_span(limit.refill)})")
    return ", ".join(told)


def _is_of_mails(name: str) -> bool:
    return name.startswith(("MAIL_", "CHANGE_", "DESK_", "RECOVERY_")) and "SOURCE" not in name


def _days_or_hours(times: set[timedelta]) -> str:
    (time,) = times
    return (
        f"{time.days} days" if time > timedelta(days=1) else f"{time // timedelta(hours=1)} hours"
    )


def test_the_limits_are_those_of_the_code() -> None:
    """What is written down is what counts."""
    times = Lifetimes()
    browser = policy.BROWSER.limits + policy.BROWSERS.limits
    mails = {kind.limits for name, kind in vars(policy).items() if _is_of_mails(name)}
    assert browser == policy.ACCOUNT.limits
    assert policy.RESET_SOURCE.limits == policy.RECOVERY_SOURCE.limits == policy.SOURCE.limits
    assert mails == {policy.MAIL_NAME.limits}
    assert [row[1] for row in PAGE["Limits"]] == [
        _said(policy.NAME, FIVE_MINUTES),
        _said(policy.ACCOUNT, FIVE_MINUTES, DAY),
        _said(policy.SOURCE, FIVE_MINUTES),
        _said(policy.MAIL_NAME, HOUR),
        _said(policy.ELSEWHERE, DAY),
        _days_or_hours({times.session}),
        _days_or_hours({times.password_reset, times.confirm_email}),
        _days_or_hours({times.create_password, times.temporary_password, times.recovery}),
    ]


CRYPTOGRAPHY = {"argon2", "bcrypt", "hashlib", "hmac", "itsdangerous"}
NO_RANDOM = {"random", "uuid"}


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    names += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return {name.partition(".")[0] for name in names}


def test_every_use_of_cryptography_is_on_the_page() -> None:
    """Each file that hashes, signs or compares is listed; random values come from `secrets`."""
    found = {
        path.relative_to(SOURCE).as_posix(): imports(path) & (CRYPTOGRAPHY | NO_RANDOM)
        for path in SOURCE.rglob("*.py")
    }
    listed = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in PAGE["Cryptography"]
    }
    assert listed == {name: modules for name, modules in found.items() if modules}
