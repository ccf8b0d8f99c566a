"""The strategies that downstream test suites import: every value is one that the library takes."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, get_origin, get_type_hints

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from schoolauth import PasswordPolicy, Role, Status, User, Violation
from schoolauth.model.change import LISTED
from schoolauth.model.events import EVENT_KINDS, AuditEvent, StatusChanged
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import parse_name
from schoolauth.model.user import TRANSITIONS, StoredPassword
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import cheap_hasher, strategies
from schoolauth.testing.hypothesis_plugin import STRATEGIES
from schoolauth.testing.repository.sample_accounts import a_user
from schoolauth.testing.strategies.events import _COMMON, _texts

KEYS: dict[Any, Any] = {
    EmailAddress: strategies.emails,
    MisId: strategies.mis_ids,
    SchoolCode: strategies.school_codes,
    UserId: strategies.user_ids,
    Username: strategies.usernames,
}
FIRST = settings(max_examples=20_000, phases=[Phase.generate], database=None)
"""The first that is found will do: it need not be the simplest."""


# --- Values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KEYS, ids=lambda kind: str(kind.__name__))
def test_every_key_is_parsed_again(kind: Any) -> None:
    """What is shown of it can be typed, and is the same key."""

    @given(KEYS[kind]())
    def parsed(key: Any) -> None:
        assert type(key) is kind
        assert kind.parse(str(key)) == key

    parsed()


@given(strategies.names())
def test_names_are_as_the_library_keeps_them(name: str) -> None:
    """Parsing one again changes nothing."""
    assert parse_name(name, "given_name") == name


@given(strategies.emails())
def test_no_address_is_anybodys(email: EmailAddress) -> None:
    """A mail that leaves a test by mistake reaches nobody (RFC 2606)."""
    domain = email.key.partition("@")[2]
    assert domain in {"example.org", "school.example.com"} or domain.endswith(".example")


@given(strategies.stored_passwords())
def test_every_hash_can_be_checked(stored: StoredPassword) -> None:
    """It is a hash in today's form, and no password is right."""
    hasher = cheap_hasher()
    assert not hasher.verify("Chalkboard7", stored)
    assert not hasher.needs_rehash(stored)


def no_seven(password: str, user: User | None) -> list[Violation]:
    """Without a 7."""
    return [Violation("seven", "It has a 7.")] if "7" in password else []


@pytest.mark.parametrize(
    "policy",
    [
        PasswordPolicy.seed(),
        PasswordPolicy.recommended(),
        PasswordPolicy.nist(),
        PasswordPolicy(minimum=0, number=False),
        PasswordPolicy.seed().also(no_seven),
    ],
    ids=["seed", "recommended", "nist", "none", "host"],
)
def test_the_policy_accepts_its_passwords(policy: PasswordPolicy) -> None:
    """Every one, down to the shortest that it allows."""

    @given(strategies.passwords(policy))
    def accepted(password: str) -> None:
        assert policy.violations(password) == ()

    accepted()
    shortest = max(policy.minimum, 1)  # none at all is not worth a draw
    found = find(strategies.passwords(policy), lambda text: len(text) <= shortest, settings=FIRST)
    assert policy.violations(found) == ()


@given(strategies.passwords())
def test_passwords_are_for_the_default_policy(password: str) -> None:
    """Which is the one that `SchoolAuth` has, too."""
    assert PasswordPolicy.seed().violations(password) == ()


# --- Accounts --------------------------------------------------------------------------------


@given(strategies.users())
def test_accounts_hold_together(user: User) -> None:
    """No account is drawn that the rules could not have made."""
    assert user.created_at <= user.status_since
    assert user.last_login_at is None or user.created_at <= user.last_login_at
    assert user.superseded_by != user.id
    assert user.mis_id is None or user.mis_id.school == user.school
    if user.status is Status.INVITED:
        assert user.password is None
    if user.password is None:
        assert not user.must_change_password
    if user.status is Status.ERASED:
        assert user.username == Username.of_erased(user.id)
        assert user.full_name == user.search_text == ""
        assert (user.email, user.mis_id, user.password) == (None, None, None)
        assert (user.last_login_at, user.legal_hold) == (None, False)
    else:
        assert user.given_name
        assert user.family_name


@given(
    strategies.users(
        status=Status.ACTIVE, email=strategies.emails(), role=st.sampled_from([Role.SLT]), epoch=7
    )
)
def test_fields_can_be_fixed(user: User) -> None:
    """To a value, or to whatever a strategy gives."""
    assert (user.status, user.role, user.epoch) == (Status.ACTIVE, Role.SLT, 7)
    assert user.email is not None


def test_an_unknown_field_is_a_mistake() -> None:
    """It is told when the strategy is made, not when it is drawn from."""
    with pytest.raises(TypeError, match="an account has no 'name'"):
        strategies.users(name="Ann")


# --- Events and changes ----------------------------------------------------------------------


@given(strategies.events())
def test_statuses_move_along_the_table(event: AuditEvent) -> None:
    """And whoever did it is one of the three that can."""
    assert event.actor.partition(":")[0] in {"anonymous", "user", "support"}
    if isinstance(event, StatusChanged):
        assert event.new in TRANSITIONS[event.old]


def test_no_text_of_an_event_is_any_text() -> None:
    """A new kind, or a new field, says what the library writes into it."""
    told: set[str] = set()
    for kind, event in EVENT_KINDS.items():
        hints = get_type_hints(event)
        told |= {
            f"{kind}.{field.name}"
            for field in dataclasses.fields(event)
            if field.name not in _COMMON
            and hints[field.name] not in {bool, Status}
            and get_origin(hints[field.name]) is not Literal
        }
    assert told == set(_texts())


def test_a_store_takes_every_change() -> None:
    """One after the other, each drawn for what the store has by then; new ones are new."""

    @given(st.data())
    def taken(data: st.DataObject) -> None:
        users = MemoryUserRepository()
        stored: dict[UserId, User] = {}
        for _ in range(3):
            change = data.draw(strategies.changes(list(stored.values())))
            assert change.users
            users.save(change)
            for user in change.users:
                before = stored.get(user.id)
                assert user.version == (before.version if before else 0)
                stored[user.id] = user.saved()
                assert user.id in {event.user for event in change.events}
            assert all(stored[user.id] == user for user in change.unchanged)
        assert users.find(list(stored)) == stored

    taken()


@given(st.data(), strategies.users(version=1, status=Status.ERASED))
def test_an_erased_account_stays_as_it_is(data: st.DataObject, user: User) -> None:
    """Nothing is ever written to it again; it can only have to stand."""
    change = data.draw(strategies.changes([user]))
    assert user.id not in {written.id for written in change.users}
    assert all(new.status in LISTED for new in change.users)


def test_a_key_may_move_to_another_account() -> None:
    """What one account gives up in a change, another one may have in the same change."""
    ann, ben = (
        a_user(name, f"{name}@example.org", status=Status.ACTIVE, version=1)
        for name in ("ann", "ben")
    )
    change = find(
        strategies.changes([ann, ben]),
        lambda change: any(user.email == ann.email and user.id != ann.id for user in change.users),
        settings=FIRST,
    )
    assert any(user.id == ann.id and user.email != ann.email for user in change.users)


# --- from_type -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [*STRATEGIES, *EVENT_KINDS.values()], ids=lambda kind: str(kind.__name__)
)
def test_types_have_their_strategies(kind: type) -> None:
    """`from_type` gives what the function of the module gives."""
    assert isinstance(find(st.from_type(kind), lambda _: True, settings=FIRST), kind)


def test_types_are_found_inside_of_types() -> None:
    """So that a host's own classes that hold the library's values need nothing."""

    @dataclasses.dataclass
    class Pupil:
        tutor: User
        school: School

    found = find(st.from_type(Pupil), lambda _: True, settings=FIRST)
    assert (type(found.tutor), type(found.school)) == (User, School)


def test_every_function_is_exported_and_documented() -> None:
    """A name of the module is a function with a promise."""
    for name in strategies.__all__:
        assert (getattr(strategies, name).__doc__ or "").startswith("Return a strategy for ")
    assert set(STRATEGIES.values()) <= set(strategies.__all__)
