"""What attempts are counted under, and how many: two versions side by side count together."""

from __future__ import annotations

import pytest

from schoolauth.errors import TokenRefused
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.user import User
from schoolauth.service.attempts import Attempts
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import FrozenClock
from schoolauth.throttle import MemoryThrottle
from schoolauth.tokens import Tokens
from tests.service.doubles import Asked
from tests.service.world import KEY, World, make_world

ACCOUNT = [(10, 300), (100, 86_400)]
SOURCE, RESET, ELSEWHERE = [(100, 300)], [(3, 3_600)], [(50, 86_400)]
NEW = EmailAddress.parse("new@hill.example.org")
TOKENS = Tokens("k" * 32)


def told(throttle: Asked) -> list[tuple[str, list[tuple[int, int]], bool]]:
    """Return key, limits and what a success does, of what was asked since the last time."""
    return [
        (one.key, [(each.attempts, each.seconds) for each in one.limits], one.cleared_by_success)
        for one in throttle.heard()
    ]


def expected(text: str, limits: list[tuple[int, int]], *, cleared: bool = True) -> object:
    return TOKENS.digest(text), limits, cleared


@pytest.fixture
def teacher(world: World) -> User:
    return world.teacher(email="jess@hill.example.org")


@pytest.mark.parametrize("lock", [None, 7])
def test_each_call_counts_under_its_own_words(teacher: User, lock: int | None) -> None:
    """Another key would let a guesser begin again on the hosts that have the newer version."""
    throttle, users = Asked(), MemoryUserRepository()
    attempts = Attempts(throttle, TOKENS, FrozenClock(), lock)
    known = f"account:{teacher.id.key}"
    forever = [] if lock is None else [(lock, 316_224_000)]
    a_while = [] if lock is None else [(lock, 600)]
    with attempts.begin(users, "jess", "s") as attempt:
        attempts.join_account(attempt, teacher, "jess")
        attempts.join_account(attempt, None, "jess")
    assert told(throttle) == [
        expected("login-source:s", SOURCE, cleared=False),
        expected("name:jess", ACCOUNT),
        expected(known, ACCOUNT + forever),
        expected("nobody:jess", ACCOUNT + a_while),
    ]
    with attempts.begin(users, None, "s", what="token") as attempt:
        assert attempt.name_digest == attempts.name_digest("source:s")
    assert told(throttle) == [expected("token-source:s", SOURCE, cleared=False)]
    for user, account in (
        (teacher, f"reset-account:{teacher.id.key}"),
        (None, "reset-nobody:jess"),
    ):
        attempts.count_mail(user, "jess", "s")
        assert told(throttle) == [
            expected("reset-name:jess", RESET),
            expected("reset-source:s", SOURCE, cleared=False),
            expected(account, RESET),
        ]
    attempts.count_recovery(SchoolCode.parse("wg204nx"), "s")
    assert told(throttle) == [
        expected("recovery-school:wg204nx", RESET),
        expected("recovery-source:s", SOURCE, cleared=False),
    ]
    attempts.count_confirmation(teacher, NEW)
    assert told(throttle) == [
        expected(f"confirm-account:{teacher.id.key}", RESET),
        expected(f"confirm-address:{NEW.key}", RESET),
    ]
    attempts.count_elsewhere(SchoolCode.parse("wg204nx"), 1)
    assert told(throttle) == [expected("elsewhere:wg204nx", ELSEWHERE)]


def test_a_typed_name_has_one_digest_in_every_version(world: World) -> None:
    """The history finds the failures of a name that nobody had yet."""
    attempts = Attempts(MemoryThrottle(), TOKENS, world.clock)
    assert attempts.name_digest("jess") == TOKENS.digest("name:jess")


def test_a_bad_link_is_counted_by_its_source_and_apart_from_passwords() -> None:
    """Under the same words on every host."""
    throttle = Asked()
    world = make_world(throttle=throttle)
    with pytest.raises(TokenRefused):
        world.auth.reset_password("no link", "Blackboard8", source="s")
    key = Tokens(KEY).digest("token-source:s")
    assert told(throttle) == [(key, SOURCE, False)]
