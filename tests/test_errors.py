"""Errors: each travels between processes, speaks to person and program, and leaks nothing."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from schoolauth import errors
from schoolauth.errors import (
    ApprovalRefused,
    ContractBroken,
    EmailInvalid,
    EmailMissing,
    EmailTaken,
    ImportRefused,
    LastAdmin,
    LoginRefused,
    MailNotSent,
    MappingOutdated,
    MisIdTaken,
    NameInvalid,
    NotConfigured,
    NotPermitted,
    Overloaded,
    PasswordChangeRequired,
    PasswordRejected,
    Refused,
    RosterProblem,
    RosterUnreadable,
    SchoolAuthError,
    SchoolTaken,
    SchoolUnknown,
    SessionEnded,
    StaleUser,
    StorageUnavailable,
    Throttled,
    TokenRefused,
    TooManyLeavers,
    TransitionForbidden,
    Unavailable,
    UsernameInvalid,
    UsernameTaken,
    UserNotFound,
    Violation,
)
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, Username

CANARY = "canary-" + "7" * 20
JESS = EmailAddress.parse("jess@example.org")
EXAMPLES: list[SchoolAuthError] = [
    SchoolAuthError(),
    Refused(),
    LoginRefused(["space_at_end_of_username"]),
    PasswordChangeRequired(CANARY),
    Throttled(30),
    PasswordRejected([Violation("too_short", "It is too short.", {"minimum": 8, "length": 3})]),
    TokenRefused("used"),
    SessionEnded(),
    EmailMissing(),
    EmailTaken(JESS, holder_username="wg204nx_james", holder_status="inactive"),
    EmailInvalid("That is no address."),
    UsernameTaken(Username.parse("james")),
    UsernameInvalid("empty", "A username cannot be empty."),
    NameInvalid("given_name", "too_long"),
    MisIdTaken(MisId(SchoolCode.parse("wg204nx"), "sims", "17")),
    SchoolUnknown(),
    SchoolTaken(),
    UserNotFound(),
    TransitionForbidden("erased", "edit"),
    NotPermitted("own_account"),
    LastAdmin(),
    ApprovalRefused("signed_in_since"),
    MappingOutdated(),
    TooManyLeavers(12, 10),
    RosterUnreadable([RosterProblem(3, "E-mail", "email_invalid", "Line 3 has no address.", "x")]),
    ImportRefused([RosterProblem(3, "username", "repeated", "Another account has the same.")]),
    Unavailable(),
    StaleUser(),
    StorageUnavailable(),
    Overloaded(2),
    MailNotSent(),
    ContractBroken("find lied"),
    NotConfigured("mailer"),
]
each_error = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: error.code)


def require_new_password() -> None:
    raise PasswordChangeRequired(CANARY)


def test_every_class_has_an_example() -> None:
    """What follows is asked of every error there is."""
    classes = {cls for cls in vars(errors).values() if isinstance(cls, type)}
    assert {cls for cls in classes if issubclass(cls, SchoolAuthError)} == set(map(type, EXAMPLES))
    assert len(EXAMPLES) == len(set(map(type, EXAMPLES)))


@each_error
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_survives_pickling(error: SchoolAuthError, protocol: int) -> None:
    """A worker process hands over the same error: class, text, arguments, attributes, notes."""
    noted = copy.copy(error)
    noted.add_note("row 7")
    back = pickle.loads(pickle.dumps(noted, protocol))
    assert (type(back), str(back), back.args) == (type(error), str(error), error.args)
    assert (back.message, back.code, back.details()) == (error.message, error.code, error.details())
    if not isinstance(error, PasswordChangeRequired):
        assert vars(back) == vars(error) | {"__notes__": ["row 7"]}


@each_error
def test_every_error_copies(error: SchoolAuthError) -> None:
    """Frameworks copy exceptions; a copy is the same refusal."""
    for copied in (copy.copy(error), copy.deepcopy(error)):
        assert (type(copied), str(copied), copied.details()) == (
            type(error),
            str(error),
            error.details(),
        )


@each_error
def test_details_are_json(error: SchoolAuthError) -> None:
    """`details()` has exactly the named fields, in values that JSON gives back unchanged."""
    details = error.details()
    assert tuple(details) == error.fields
    assert json.loads(json.dumps(details)) == details


@each_error
def test_message_is_for_a_person(error: SchoolAuthError) -> None:
    """The text of the error is its message, and is not empty."""
    assert str(error) == error.message == error.args[0]
    assert error.message.strip()
    assert "None" not in error.message


@each_error
def test_blame_is_told_by_one_branch(error: SchoolAuthError) -> None:
    """Every error is the person's, the moment's or the developer's: exactly one, but the root."""
    branches = [isinstance(error, branch) for branch in (Refused, Unavailable, ContractBroken)]
    assert sum(branches) == (0 if type(error) is SchoolAuthError else 1)


def test_details_tell_violations_and_problems_in_full() -> None:
    """What is nested becomes objects and lists."""
    rejected = PasswordRejected(
        [Violation("too_short", "Short.", {"minimum": 8}), Violation("no_number", "No number.")]
    )
    assert rejected.details() == {
        "violations": [
            {"code": "too_short", "message": "Short.", "params": {"minimum": 8}},
            {"code": "no_number", "message": "No number.", "params": {}},
        ]
    }
    assert rejected.message.endswith(" Short. No number.")
    problem = RosterProblem(None, "E-mail", "column_missing", "There is no column E-mail.")
    assert RosterUnreadable([problem] * 4).details()["problems"][3] == {
        "line": None,
        "column": "E-mail",
        "code": "column_missing",
        "message": "There is no column E-mail.",
        "value": None,
        "facts": {},
    }
    assert RosterUnreadable([problem] * 4).message.count(problem.message) == 3


def test_login_refusal_tells_of_typed_spaces_and_of_nothing_else() -> None:
    """Without a hint every refused sign-in has one face; with hints they are said in words."""
    assert str(LoginRefused()) == "That username or password is not right."
    assert LoginRefused().details() == {"hints": []}
    hinted = LoginRefused(["space_at_start_of_username", "space_at_end_of_password"])
    assert str(hinted) == (
        "That username or password is not right. There is a space at the start of the username "
        "and at the end of the password, and a space counts as a character."
    )


def test_holder_of_a_taken_address_is_named_only_where_known() -> None:
    """The message and the details tell of the holder, or say nothing."""
    assert EmailTaken(JESS).details() == {"holder_username": None, "holder_status": None}
    assert str(EmailTaken(JESS)) == "This e-mail address is already used by another account."
    told = EmailTaken(JESS, holder_username="wg204nx_james", holder_status="inactive")
    assert "wg204nx_james (inactive)" in str(told)
    assert "jess" not in repr(told) + json.dumps(told.details())


def test_password_change_required_shows_its_token_nowhere() -> None:
    """The token is in no text, argument, attribute, detail, copy or pickle."""
    error = PasswordChangeRequired(CANARY)
    assert error.password_token == CANARY
    shown = [repr(error), str(error), repr(error.args), repr(vars(error)), repr(error.details())]
    shown += [repr(dir(error)), repr(error.__reduce__()), repr(error._token)]
    shown += [repr(pickle.dumps(error)), repr(pickle.dumps(copy.copy(error)))]
    assert [text for text in shown if CANARY in text] == []


@pytest.mark.parametrize(
    "copied_by", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_password_change_required_loses_its_token_on_its_way(copied_by: object) -> None:
    """A copy is still a refusal, and lets nobody choose a password."""
    assert callable(copied_by)
    copied = copied_by(PasswordChangeRequired(CANARY))
    assert isinstance(copied, PasswordChangeRequired)
    with pytest.raises(AttributeError) as caught:
        _ = copied.password_token
    assert CANARY not in str(caught.value)


def test_password_change_required_is_in_no_traceback() -> None:
    """An error reporter that prints every local variable prints no token."""
    with pytest.raises(PasswordChangeRequired) as caught:
        require_new_password()
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(report.format())
    assert "Choose a new password" in text
    assert CANARY not in text


def test_reasons_have_a_sentence_each() -> None:
    """A reason that has no sentence cannot be raised by mistake."""
    for reason in ("expired", "used", "invalid"):
        assert str(TokenRefused(reason)).startswith("This link")
    with pytest.raises(KeyError):
        NotPermitted("because")
