"""Attempts: counted under what the name denotes, and the same for names that denote nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import Throttled
from schoolauth.model.change import HistoryQuery
from schoolauth.model.events import LoginThrottled
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.user import User
from schoolauth.ports import Outcome
from schoolauth.rules.sign_in import read_typed_name
from schoolauth.service.attempts import (
    ACCOUNT_LIMITS,
    RESET_LIMITS,
    SOURCE_LIMITS,
    Attempts,
    require_source,
)
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.fakes import FrozenClock
from schoolauth.testing.strategies import emails, users
from schoolauth.tokens import Tokens
from tests.service.doubles import Asked
from tests.strategies import any_text

JAMES = "wg204nx_james"
SPELLINGS = (
    "wg204nx_james",
    "WG204NX_James",
    "ｗｇ２０４ｎｘ＿ｊａｍｅｓ",
    " wg204nx_james",
    "wg204nx_james\n",
    "\u200bwg204nx_james\u00ad\ufeff",
)


@dataclass
class Gate:
    """Attempts on a real throttle, store and clock."""

    throttle: Asked = field(default_factory=Asked)
    users: MemoryUserRepository = field(default_factory=MemoryUserRepository)
    clock: FrozenClock = field(default_factory=FrozenClock)

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.throttle, Tokens("k" * 32), self.clock)

    def fail(self, name: str | None, source: str | None = None) -> None:
        with self.attempts.begin(self.users, name, source) as attempt:
            attempt.settle(Outcome.FAILED)

    def events(self) -> list[LoginThrottled]:
        items = self.users.history(HistoryQuery(limit=500)).items
        return [event for event in items if isinstance(event, LoginThrottled)]


def test_spellings_of_one_name_share_one_bucket() -> None:
    """Case, width and spaces around a name buy no further tries."""
    texts = [read_typed_name(spelling).text for spelling in SPELLINGS]
    assert set(texts) == {JAMES}
    gate = Gate()
    for number in range(10):
        gate.fail(read_typed_name(SPELLINGS[number % len(SPELLINGS)]).text)
    with pytest.raises(Throttled) as caught:
        gate.fail(JAMES)
    assert caught.value.retry_after == 300


@given(any_text)
def test_spaces_around_any_text_share_its_bucket(text: str) -> None:
    """What is no name at all is counted under the same text with spaces around it too."""
    assert read_typed_name(f" {text}\u200b").text == read_typed_name(text).text


def test_throttled_flood_writes_one_event_per_window() -> None:
    """The event has a digest, never what was typed."""
    gate = Gate()
    for _ in range(10):
        gate.fail(JAMES)
    for _ in range(50):
        gate.clock.advance(seconds=5)
        with pytest.raises(Throttled):
            gate.fail(JAMES)
    (event,) = gate.events()
    assert event.name_digest == gate.attempts.name_digest(JAMES)
    assert (event.user, event.school) == (None, None)
    assert "james" not in str(event.to_record())


def test_source_without_a_name_is_throttled_too() -> None:
    """Bad tokens from one source are counted, and its event has a digest of the source."""
    gate = Gate()
    for _ in range(100):
        gate.fail(None, "192.0.2.1")
    with pytest.raises(Throttled):
        gate.fail(None, "192.0.2.1")
    gate.fail(None, "192.0.2.2")
    (event,) = gate.events()
    assert "192" not in event.name_digest


def test_without_name_or_source_nothing_is_counted() -> None:
    """There is nothing to count by, so the store of the throttle is not asked."""
    gate = Gate()
    gate.fail(None)
    assert gate.throttle.calls == []


def test_an_attempt_that_is_not_decided_gives_its_places_back() -> None:
    """Whatever goes wrong on the way to the verification costs the person no try."""
    gate = Gate()

    def fail_on_the_way() -> None:
        with gate.attempts.begin(gate.users, JAMES, "192.0.2.1") as attempt:
            assert gate.attempts.join_account(attempt, None, JAMES)
            raise LookupError

    for _ in range(20):
        with pytest.raises(LookupError):
            fail_on_the_way()


def test_known_and_unknown_names_are_counted_alike() -> None:
    """The same calls, buckets and limits, under keys that show nothing."""

    @given(users(), st.text(min_size=1, max_size=30))
    def alike(user: User, name: str) -> None:
        gate = Gate()
        for somebody in (user, None):
            with gate.attempts.begin(gate.users, name, "192.0.2.1") as attempt:
                gate.attempts.join_account(attempt, somebody, name)
            gate.attempts.count_mail(somebody, name, "192.0.2.1")
        known, unknown = gate.throttle.calls[:4], gate.throttle.calls[4:]
        assert [[bucket.limits for bucket in call] for call in known] == [
            [SOURCE_LIMITS, ACCOUNT_LIMITS],
            [ACCOUNT_LIMITS],
            [RESET_LIMITS, SOURCE_LIMITS],
            [RESET_LIMITS],
        ]
        assert [[(b.limits, b.cleared_by_success) for b in call] for call in known] == [
            [(b.limits, b.cleared_by_success) for b in call] for call in unknown
        ]
        for calls in (known, unknown):
            assert len({bucket.key for call in calls for bucket in call}) == 6
        keys = [bucket.key for call in gate.throttle.calls for bucket in call]
        assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in keys)

    alike()


def test_full_account_makes_no_throttled() -> None:
    """Ten tries under ten aliases fill the account's own bucket, which only its caller is told."""

    @given(users())
    def fills(user: User) -> None:
        gate = Gate()
        for name in [f"alias-{number}" for number in range(10)]:
            with gate.attempts.begin(gate.users, name, None) as attempt:
                assert gate.attempts.join_account(attempt, user, name)
                attempt.settle(Outcome.FAILED)
        with gate.attempts.begin(gate.users, "alias-11", None) as attempt:
            assert not gate.attempts.join_account(attempt, user, "alias-11")
        gate.attempts.forget(user)
        with gate.attempts.begin(gate.users, "alias-11", None) as attempt:
            assert gate.attempts.join_account(attempt, user, "alias-11")

    fills()


def test_forget_frees_the_names_of_the_account() -> None:
    """An unlock lets the owner in under the username and the address at once."""

    @given(users())
    def frees(user: User) -> None:
        gate = Gate()
        names = [user.username.key, *([] if user.email is None else [user.email.key])]
        for name in names * 10:
            gate.fail(name)
        for name in names:
            with pytest.raises(Throttled):
                gate.fail(name)
        gate.attempts.forget(user)
        for name in names:
            gate.fail(name)

    frees()


@pytest.mark.parametrize("known", [True, False])
def test_three_reset_mails_an_hour(known: bool) -> None:
    """The fourth is not sent, for a name that nobody has just as for one that somebody has."""

    @given(users())
    def limited(user: User) -> None:
        gate = Gate()
        somebody = user if known else None
        asked = [gate.attempts.count_mail(somebody, JAMES, None) for _ in range(5)]
        assert [one.allowed for one in asked] == [True, True, True, False, False]
        assert [one.recorded for one in asked] == [True, True, True, True, False]
        assert gate.attempts.count_mail(somebody, "alias", None) == (not known, True)
        gate.clock.advance(hours=1)
        assert gate.attempts.count_mail(somebody, JAMES, None).allowed

    limited()


def test_three_confirmation_mails_an_hour() -> None:
    """Neither one account nor many together flood an address that is not theirs."""

    @given(st.lists(users(), min_size=4, max_size=4, unique_by=lambda user: user.id), emails())
    def limited(accounts: list[User], email: EmailAddress) -> None:
        gate = Gate()
        for user in accounts[:3]:
            gate.attempts.count_confirmation(user, email)
        with pytest.raises(Throttled) as caught:
            gate.attempts.count_confirmation(accounts[3], email)
        assert caught.value.retry_after == 3600
        for number in range(2):
            other = EmailAddress.parse(f"new-{number}@hill.example")
            gate.attempts.count_confirmation(accounts[0], other)
        with pytest.raises(Throttled):
            gate.attempts.count_confirmation(accounts[0], EmailAddress.parse("new-3@hill.example"))
        gate.clock.advance(hours=1)
        gate.attempts.count_confirmation(accounts[0], email)

    limited()


def test_a_source_is_text_or_nothing() -> None:
    """An address object of a framework is a mistake that is told at once."""
    require_source(None)
    require_source("192.0.2.1")
    with pytest.raises(TypeError, match="source must be str"):
        require_source(b"192.0.2.1")  # type: ignore[arg-type] # that is the mistake


def test_typing_an_id_as_a_name_takes_nothing_from_the_account() -> None:
    """Ids may be seen in addresses of pages: they are counted apart from names."""

    @given(users())
    def apart(user: User) -> None:
        gate = Gate()
        typed = UserId.parse(user.id.key).key
        for _ in range(10):
            gate.attempts.count_mail(None, typed, None)
            with gate.attempts.begin(gate.users, "other", None) as attempt:
                gate.attempts.join_account(attempt, None, typed)
                attempt.settle(Outcome.FAILED)
        assert gate.attempts.count_mail(user, "wg204nx james", None).allowed
        with gate.attempts.begin(gate.users, "another", None) as attempt:
            assert gate.attempts.join_account(attempt, user, "another")

    apart()
