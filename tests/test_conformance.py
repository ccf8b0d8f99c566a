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

from schoolauth import Lifetimes, Login, PasswordPolicy, SchoolAuth, TokenRefused, User
from schoolauth.model.change import UserQuery
from schoolauth.ports import Limit
from schoolauth.rules.common_passwords import COMMON_PASSWORDS
from schoolauth.service import attempts
from schoolauth.storage.memory import MemoryUserRepository
from tests.pages import NODE, ROOT, missing_tests, tables
from tests.service.world import World, make_world

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


# --- What the page itself says ---------------------------------------------------------------

WITHOUT_A_NUMBER = "quiet otter lamp moon"


def refuses(policy: PasswordPolicy, password: str, code: str, user: User | None = None) -> bool:
    return code in {violation.code for violation in policy.violations(password, user)}


def _long_enough(policy: PasswordPolicy, least: int) -> bool:
    return all(refuses(policy, "x7" * length, "too_short") for length in range(1, least // 2))


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


def test_every_way_in_is_on_the_page() -> None:
    """A call that returns a `Login` and is not listed would be a way in that nobody knows."""
    ways = {
        name
        for name, call in inspect.getmembers(SchoolAuth, inspect.isfunction)
        if not name.startswith("_") and get_type_hints(call).get("return") is Login
    }
    assert {row[0].split("`")[1] for row in PAGE["Ways in"]} == ways


def _said(*limits: Limit) -> str:
    def span(seconds: int) -> str:
        for size, unit in ((3600, "hour"), (60, "minute")):
            if seconds % size == 0:
                count = seconds // size
                return f"{count} {unit}{'s' * (count > 1)}"
        raise ValueError(seconds)

    return ", ".join(f"{limit.attempts} in {span(limit.seconds)}" for limit in limits)


def _days_or_hours(times: set[timedelta]) -> str:
    (time,) = times
    return (
        f"{time.days} days" if time > timedelta(days=1) else f"{time // timedelta(hours=1)} hours"
    )


def test_the_limits_are_those_of_the_code() -> None:
    """What is written down is what counts."""
    times = Lifetimes()
    assert [row[1] for row in PAGE["Limits"]] == [
        _said(*attempts.ACCOUNT_LIMITS),
        _said(*attempts.SOURCE_LIMITS),
        _said(*attempts.RESET_LIMITS),
        _said(*attempts.ELSEWHERE_LIMITS),
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


# --- Requirements that no other test is about ------------------------------------------------


def test_the_longest_values_are_those_of_the_contract() -> None:
    """The table of lengths is what adapters make their columns by."""
    text = (ROOT / "docs" / "reference" / "repository-contract.md").read_text(encoding="utf-8")
    for name, length in (("`email`, `email_key`", 254), ("names", 100), ("`mis_key`", 200)):
        assert f"| {name} | {length} |" in text


def test_a_password_of_ten_years_still_signs_in(world: World) -> None:
    """Nothing expires by age alone."""
    teacher = world.teacher()
    world.clock.advance(days=3653)
    assert world.log_in(teacher).password_below_policy is False


def test_a_new_store_has_nobody() -> None:
    """No account, and so no default password, is there from the start."""
    everybody = UserQuery(school=make_world().school.code)
    assert MemoryUserRepository().search(everybody).items == ()


def test_a_link_signs_in_only_with_a_new_password(world: World) -> None:
    """Whoever has the mail must choose a password with it: the link alone is no session."""
    world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")
    assert not isinstance(world.auth.check_password_token(token), Login)
    login = world.auth.reset_password(token, "Blackboard8")
    assert login.how == "link"
    with pytest.raises(TokenRefused):
        world.auth.reset_password(token, "Whiteboard9")


def test_a_new_password_is_told_by_mail(world: World) -> None:
    """After a reset and after a change, at the address of the account."""
    teacher = world.teacher(email=EMAIL)
    world.outbox.clear()
    world.auth.request_password_reset(EMAIL)
    world.auth.reset_password(world.token("password_reset"), "Blackboard8")
    world.auth.change_password(teacher.id, current="Blackboard8", new="Whiteboard9")
    told = [str(mail.to) for mail in world.outbox if mail.kind == "password_changed"]
    assert told == [EMAIL, EMAIL]


def test_an_account_has_no_hint_and_no_question() -> None:
    """Nothing about a person is kept that could stand in for the password."""
    world = make_world()
    record = world.teacher().to_record(with_password=True)
    assert not [name for name in record if re.search("hint|question|answer|secret", name)]


def test_a_link_can_be_sent_in_place_of_a_password(world: World) -> None:
    """An admin starts a reset, and its owner alone knows the password."""
    teacher = world.teacher(email=EMAIL)
    world.desk.send_create_password_email(teacher.id)
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.id == teacher.id
    assert not login.user.must_change_password


def test_no_token_is_in_the_store(world: World) -> None:
    """Neither links nor sessions are stored, so that a stolen table has none to use."""
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    secrets = [world.token("password_reset"), world.log_in(teacher).session]
    stored = world.users.find([teacher.id])[teacher.id].to_record(with_password=True)
    events = [event.to_record() for event in world.desk.history(limit=500).items]
    assert not [secret for secret in secrets if secret in repr((stored, events))]


def test_sessions_live_side_by_side(world: World) -> None:
    """Each sign-in has a text of its own, and as many as wanted live at once."""
    teacher = world.teacher()
    sessions = []
    for _ in range(3):
        sessions.append(world.log_in(teacher).session)
        world.clock.advance(seconds=1)
    assert len(set(sessions)) == 3
    assert {world.auth.resume(session).id for session in sessions} == {teacher.id}


def test_secrets_are_compared_in_constant_time() -> None:
    """What a password comes to is never compared by `==`; itsdangerous compares signatures."""
    for name in ("legacy/scheme.py", "model/user.py"):
        text = (SOURCE / name).read_text(encoding="utf-8")
        assert "hmac.compare_digest(" in text
        assert not re.search(r"digest\w* ==|== \w*digest", text)


def test_an_id_has_128_random_bits() -> None:
    """Ids of accounts are not to be guessed, though nothing rests on that."""
    world = make_world()
    auth = SchoolAuth(world.users, secret_key="a key for tests only, not a secret")
    made = {auth._core.new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", str(one)) for one in made)


@pytest.fixture
def world() -> World:
    """A school in memory."""
    return make_world()
