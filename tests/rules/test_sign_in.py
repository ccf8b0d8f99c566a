"""Who may come in: what a typed name denotes, what is said of it, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.events import (
    LoginFailed,
    LoginSucceeded,
    LoginWay,
    PasswordRehashed,
    StoredPasswordUnreadable,
)
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.text import is_space
from schoolauth.model.user import Role, Status, StoredPassword, User, to_micros
from schoolauth.rules.sign_in import (
    Attempt,
    read_typed_name,
    record_refusal,
    record_sign_in,
    refusal,
    space_hints,
)
from schoolauth.testing.strategies import emails, usernames
from tests.strategies import any_text

NOW = datetime(2026, 9, 1, 9, 30, 15, 123456, tzinfo=UTC)
WEEK = timedelta(days=7)
JAMES = User(
    id=UserId.parse("u1"),
    school=SchoolCode.parse("wg204nx"),
    username=Username.parse("wg204nx_james"),
    given_name="Jess",
    family_name="James",
    role=Role.TEACHER,
    status=Status.ACTIVE,
    status_since=NOW,
    created_at=NOW,
    email=EmailAddress.parse("jess@example.org"),
    password=StoredPassword("old"),
    epoch=to_micros(NOW) // 1000,
)
TRY = Attempt(
    at=NOW,
    typed=read_typed_name("wg204nx_james"),
    name_digest="digest",
    hints=(),
    user=JAMES,
    matches=True,
    unreadable=False,
    throttled=False,
    temporary_password=WEEK,
)


# --- What was typed --------------------------------------------------------------------------


@given(st.one_of(usernames(), emails()))
def test_a_name_denotes_its_account(key: Username | EmailAddress) -> None:
    """An address has an @, a username has none: one box serves both."""
    typed = read_typed_name(str(key))
    assert (typed.key, typed.exact, typed.text) == (key, True, key.key)


@given(st.one_of(usernames(), emails()), st.sampled_from([" ", "\n", "\u200b", "\u00a0\ufeff"]))
def test_spaces_around_a_name_are_seen_through_but_not_forgiven(
    key: Username | EmailAddress, space: str
) -> None:
    """The account is known for its history; the try is not exact."""
    for text in (f"{space}{key}", f"{key}{space}", f"{space}{key}{space}"):
        typed = read_typed_name(text)
        assert (typed.key, typed.exact, typed.text) == (key, False, key.key)


@given(any_text)
def test_any_text_is_read(text: str) -> None:
    """Whatever is typed denotes a key or nothing, and is counted under a text of its own."""
    typed = read_typed_name(text)
    assert typed.exact <= (typed.key is not None)
    assert typed.key is None or typed.text == typed.key.key


@pytest.mark.parametrize("character", ["x", " ", "\u0390", "\ud800"], ids=ascii)
def test_huge_text_is_nobody(character: str) -> None:
    """Only its beginning is kept, whatever it is."""
    typed = read_typed_name(character * 10_000_000)
    assert (typed.key, typed.exact, typed.text) == (None, False, character * 400)


@given(any_text, any_text)
def test_hints_come_from_the_typed_text_alone(identifier: str, password: str) -> None:
    """A hint stands for each end at which there is a space, in the order of the form."""
    expected = [
        f"space_at_{end}_of_{box}"
        for box, text in (("username", identifier), ("password", password))
        for end, index in (("start", 0), ("end", -1))
        if text and is_space(text[index])
    ]
    assert list(space_hints(identifier, password)) == expected


@pytest.mark.parametrize(
    ("identifier", "password", "hints"),
    [
        ("james", "Chalkboard7", ()),
        ("", "", ()),
        (" james", "Chalkboard7", ("space_at_start_of_username",)),
        ("james\u200b", "Chalkboard7", ("space_at_end_of_username",)),
        ("james", "\tChalkboard7", ("space_at_start_of_password",)),
        ("james", "Chalkboard7\u00a0", ("space_at_end_of_password",)),
        (" ", "", ("space_at_start_of_username", "space_at_end_of_username")),
    ],
)
def test_a_hint_for_each_end(identifier: str, password: str, hints: tuple[str, ...]) -> None:
    """White space and the unseen alike are told, box by box and end by end (FAQ)."""
    assert space_hints(identifier, password) == hints


# --- Who comes in ----------------------------------------------------------------------------


def test_the_right_password_of_an_active_account_comes_in() -> None:
    """The one case in which there is no reason against it."""
    assert refusal(TRY) is None


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("matches", [True, False])
def test_only_active_accounts_come_in(status: Status, matches: bool) -> None:
    """Each other status has its private reason, whether the password was right or not."""
    wrong = {True: None, False: "wrong_password"}
    expected = {
        Status.INVITED: "invited",
        Status.ACTIVE: wrong[matches],
        Status.INACTIVE: "inactive",
        Status.ERASED: "inactive",
    }[status]
    attempt = replace(TRY, user=replace(JAMES, status=status), matches=matches)
    assert refusal(attempt) == expected


def test_reasons_have_an_order() -> None:
    """What the person can mend comes first; a full bucket hides whether it was right."""
    attempt = replace(
        TRY,
        typed=read_typed_name("wg204nx_james "),
        throttled=True,
        matches=False,
        user=replace(JAMES, status=Status.INACTIVE, must_change_password=True),
    )
    assert refusal(replace(attempt, user=None)) == "unknown"
    assert refusal(attempt) == "space_around_name"
    attempt = replace(attempt, typed=TRY.typed)
    assert refusal(attempt) == "throttled"
    attempt = replace(attempt, throttled=False)
    assert refusal(attempt) == "inactive"
    attempt = replace(attempt, user=replace(JAMES, must_change_password=True))
    assert refusal(attempt) == "wrong_password"
    assert refusal(replace(attempt, matches=True)) == "must_change_password"


def test_a_temporary_password_lasts_to_the_millisecond() -> None:
    """It counts from when it was set, and ends after its time whoever knows it."""
    user = replace(JAMES, must_change_password=True)
    end = NOW.replace(microsecond=123000) + WEEK
    for at, reason in (
        (end, "must_change_password"),
        (end + timedelta(milliseconds=1), "temporary_password_expired"),
    ):
        assert refusal(replace(TRY, user=user, at=at)) == reason


# --- What is recorded ------------------------------------------------------------------------


def test_a_refusal_is_recorded_on_the_account_with_its_private_reason() -> None:
    """The desk is told why and with which hints; the typed name is in neither."""
    attempt = replace(TRY, hints=("space_at_end_of_password",), matches=False)
    change = record_refusal(attempt, "wrong_password")
    assert change.users == ()
    assert change.events == (
        LoginFailed(
            at=NOW,
            school=JAMES.school,
            user=JAMES.id,
            reason="wrong_password",
            hints=("space_at_end_of_password",),
        ),
    )


def test_a_refusal_of_nobody_is_recorded_by_digest() -> None:
    """People type passwords into the wrong box: only a keyed digest is kept."""
    change = record_refusal(replace(TRY, user=None, unreadable=True), "unknown")
    assert change.users == ()
    assert change.events == (LoginFailed(at=NOW, reason="unknown", name_digest="digest"),)


def test_an_unreadable_hash_is_recorded_too() -> None:
    """A corrupt or foreign hash shows up in the account's history."""
    change = record_refusal(replace(TRY, matches=False, unreadable=True), "wrong_password")
    assert change.events[1:] == (
        StoredPasswordUnreadable(at=NOW, school=JAMES.school, user=JAMES.id),
    )


def test_the_first_sign_in_of_a_day_saves_the_day() -> None:
    """`last_login_at` is the UTC day; the epoch stays, so that no session dies of it."""
    decision = record_sign_in(JAMES, NOW, None)
    today = datetime(2026, 9, 1, tzinfo=UTC)
    assert decision.change is not None
    assert decision.change.users == (replace(JAMES, last_login_at=today),)
    assert decision.change.events == (
        LoginSucceeded(at=NOW, actor="user:u1", school=JAMES.school, user=JAMES.id),
    )
    assert decision.answer == replace(JAMES, last_login_at=today, version=1)


def test_a_later_sign_in_of_the_day_writes_the_event_only() -> None:
    """A shared account's crowd does not collide on its version."""
    seen = replace(JAMES, last_login_at=datetime(2026, 9, 1, tzinfo=UTC))
    decision = record_sign_in(seen, NOW, None)
    assert decision.change is not None
    assert decision.change.users == ()
    assert len(decision.change.events) == 1
    assert decision.answer is seen
    tomorrow = record_sign_in(seen, NOW + timedelta(days=1), None)
    assert tomorrow.change is not None
    assert [user.last_login_at for user in tomorrow.change.users] == [
        datetime(2026, 9, 2, tzinfo=UTC)
    ]


@pytest.mark.parametrize("how", ["password", "link"])
def test_a_sign_in_says_on_which_way(how: LoginWay) -> None:
    """By the password, or by a link that was mailed."""
    decision = record_sign_in(JAMES, NOW, how=how)
    assert decision.change is not None
    (event,) = decision.change.events
    assert isinstance(event, LoginSucceeded)
    assert (event.how, event.at) == (how, NOW)


def test_four_hundred_characters_are_still_read() -> None:
    """A name in a sea of spaces is the name; one more, and nothing is read at all."""
    text = "wg204nx_james".ljust(400)
    assert read_typed_name(text).text == "wg204nx_james"
    assert read_typed_name(text + " ").key is None
    assert read_typed_name(text + " ").text == text


def test_a_rehash_changes_nothing_but_the_hash() -> None:
    """The same password under today's parameters: its own event, and no session dies."""
    seen = replace(JAMES, last_login_at=datetime(2026, 9, 1, tzinfo=UTC))
    decision = record_sign_in(seen, NOW, StoredPassword("new"))
    assert decision.change is not None
    assert decision.change.users == (replace(seen, password=StoredPassword("new")),)
    assert [type(event) for event in decision.change.events] == [LoginSucceeded, PasswordRehashed]
    assert decision.change.events[1].user == JAMES.id
