"""Every refusal of the library, in one tree, each with a code that never changes.

Catch `Refused` to tell the person, `Unavailable` to retry or answer 503, and let `ContractBroken`
reach the developer. Messages may be reworded; codes and `details()` are what programs read.
No secret, hash, token or other person's data is ever in an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from schoolauth.texts.errors import error_text
from schoolauth.texts.roster_problems import problem_text

ErrorCode = Literal[
    "school_auth_error",
    "refused",
    "login_refused",
    "password_change_required",
    "throttled",
    "password_rejected",
    "token_refused",
    "session_ended",
    "email_missing",
    "email_taken",
    "email_invalid",
    "username_taken",
    "username_invalid",
    "name_invalid",
    "mis_id_taken",
    "school_unknown",
    "school_taken",
    "user_not_found",
    "transition_forbidden",
    "not_permitted",
    "last_admin",
    "approval_refused",
    "mapping_outdated",
    "too_many_leavers",
    "roster_unreadable",
    "import_refused",
    "unavailable",
    "stale_user",
    "storage_unavailable",
    "overloaded",
    "mail_not_sent",
    "contract_broken",
    "not_configured",
]

Hint = Literal[
    "space_at_start_of_username",
    "space_at_end_of_username",
    "space_at_start_of_password",
    "space_at_end_of_password",
]
TokenRefusal = Literal["expired", "used", "invalid"]
ViolationCode = str
"""One of the library's own codes (see `PasswordPolicy`), or one of a host's own rule."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a password breaks: `code` for programs, `message` for the person.

    `params` are the numbers in the message, if it has any.
    """

    code: ViolationCode
    message: str
    params: dict[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RosterProblem:
    """One part of a roster file that cannot be used.

    `line` counts from 1, as a text editor does, and is None for the file as a whole. `value` is
    None where the cell might hold a password. `facts` are what the message is made of, JSON-ready;
    where a code has several messages, `case` tells them apart.
    """

    line: int | None
    column: str | None
    code: str
    message: str
    value: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        code: str,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        **facts: Any,
    ) -> Self:
        """Return the problem, with the library's message for *code* and *facts*."""
        return cls(line, column, code, problem_text(code, facts), value, facts)


class SchoolAuthError(Exception):
    """Root of every error that the library raises on purpose.

    `message` is one sentence or two for a person; `details()` is the same for a program.
    """

    code: ClassVar[ErrorCode] = "school_auth_error"
    http_status: ClassVar[int] = 500
    """The HTTP status that fits it."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Names of the attributes that `details()` tells."""

    def __init__(self, message: str | None = None) -> None:
        self.message = error_text(self.code, self.details()) if message is None else message
        super().__init__(self.message)

    def details(self) -> dict[str, Any]:
        """Return what a program may want to know besides the code, as JSON-ready values."""
        return {name: _plain(getattr(self, name)) for name in self.fields}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(cls: type[SchoolAuthError], state: dict[str, Any]) -> SchoolAuthError:
    error = cls.__new__(cls, state["message"])
    error.__dict__.update(state)
    return error


def _plain(value: Any) -> Any:
    if isinstance(value, Violation | RosterProblem):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


# --- Refused: understood, not allowed; tell the person ---------------------------------------


class Refused(SchoolAuthError):
    """The request was understood and is not allowed; `message` is for the person who asked."""

    code: ClassVar[ErrorCode] = "refused"
    http_status: ClassVar[int] = 400


class LoginRefused(Refused):
    """Nobody was signed in: unknown, wrong, inactive and invited all look like this.

    `hints` come from the typed text alone, never from an account.
    """

    code = "login_refused"
    http_status = 401
    fields = ("hints",)

    def __init__(self, hints: Sequence[Hint] = ()) -> None:
        self.hints: tuple[Hint, ...] = tuple(hints)
        super().__init__()


class PasswordChangeRequired(Refused):
    """The password is right, but somebody else set it: its owner must choose a new one now.

    Pass `password_token` to `SchoolAuth.reset_password`. Nobody is signed in before that.
    The token is in no `args`, `repr`, `details()` or pickle.
    """

    code = "password_change_required"
    http_status = 403

    def __init__(self, password_token: str) -> None:
        super().__init__()
        self._token: Callable[[], str] = lambda: (
            password_token
        )  # a closure: vars() and tracebacks show no token

    @property
    def password_token(self) -> str:
        """The token that lets its holder choose the new password; lost by pickling."""
        return self._token()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), {"message": self.message})


class Throttled(Refused):
    """Too many attempts under this name or from this source; nothing was checked.

    `retry_after` is in whole seconds (HTTP `Retry-After`).
    """

    code = "throttled"
    http_status = 429
    fields = ("retry_after",)

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class PasswordRejected(Refused):
    """The new password breaks a rule; the old one still works. `violations` has every reason."""

    code = "password_rejected"
    http_status = 422
    fields = ("violations",)

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__()


class TokenRefused(Refused):
    """The link's token is not valid: `reason` is `expired`, `used` or `invalid`."""

    code = "token_refused"
    http_status = 410
    fields = ("reason",)

    def __init__(self, reason: TokenRefusal) -> None:
        self.reason: TokenRefusal = reason
        super().__init__()


class SessionEnded(Refused):
    """The session is over: expired, ended, or the account has changed since."""

    code = "session_ended"
    http_status = 401


class EmailMissing(Refused):
    """No e-mail address is saved on this profile, so no mail can be sent."""

    code = "email_missing"
    http_status = 409


class EmailTaken(Refused):
    """The address belongs to another account, in any school and of any status.

    `email` is the address that was asked for. `holder_username` and `holder_status` are known only
    to an admin of the holder's own school.
    """

    code = "email_taken"
    http_status = 409
    fields = ("holder_username", "holder_status")

    def __init__(
        self, email: Any, *, holder_username: str | None = None, holder_status: str | None = None
    ) -> None:
        self.email = email
        self.holder_username = holder_username
        self.holder_status = holder_status
        super().__init__()


class EmailInvalid(Refused):
    """The text is not an e-mail address that the library accepts."""

    code = "email_invalid"
    http_status = 422


class UsernameTaken(Refused):
    """Another account, in any school and of any status, has this `username`."""

    code = "username_taken"
    http_status = 409

    def __init__(self, username: Any) -> None:
        self.username = username
        super().__init__()


class UsernameInvalid(Refused):
    """The text cannot be a username; `reason` says why, such as `space_at_end`."""

    code = "username_invalid"
    http_status = 422
    fields = ("reason",)

    def __init__(self, reason: str, message: str | None = None) -> None:
        self.reason = reason
        super().__init__(message)


class NameInvalid(Refused):
    """A name, school code, id or reference cannot be used: `field` says which, `reason` why."""

    code = "name_invalid"
    http_status = 422
    fields = ("field", "reason")

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__()


class MisIdTaken(Refused):
    """Another account is already linked to this person of the MIS (`mis_id`)."""

    code = "mis_id_taken"
    http_status = 409

    def __init__(self, mis_id: Any) -> None:
        self.mis_id = mis_id
        super().__init__()


class SchoolUnknown(Refused):
    """There is no school with this code."""

    code = "school_unknown"
    http_status = 404


class SchoolTaken(Refused):
    """There is already a school with this code."""

    code = "school_taken"
    http_status = 409


class UserNotFound(Refused):
    """There is no such account; another school's account looks just the same."""

    code = "user_not_found"
    http_status = 404


class TransitionForbidden(Refused):
    """The account's `status` does not allow what was `wanted`; see `TRANSITIONS`."""

    code = "transition_forbidden"
    http_status = 409
    fields = ("status", "wanted")

    def __init__(self, status: str, wanted: str) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__()


class NotPermitted(Refused):
    """The caller may not do this; `reason` says why, such as `own_account`."""

    code = "not_permitted"
    http_status = 403
    fields = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


class LastAdmin(Refused):
    """The school's last active administrator cannot be deactivated, demoted, moved or erased."""

    code = "last_admin"
    http_status = 409


ApprovalReason = Literal[
    "not_on_file",
    "no_approver_on_file",
    "no_admin",
    "account_needed",
    "not_an_admin",
    "changed_since",
    "signed_in_since",
    "own_address",
    "email_held",
    "address_too_new",
]


class ApprovalRefused(Refused):
    """The approval of an admin recovery does not count; `reason` says why."""

    code = "approval_refused"
    http_status = 403
    fields = ("reason",)

    def __init__(self, reason: ApprovalReason) -> None:
        self.reason = reason
        super().__init__()


class MappingOutdated(Refused):
    """Accounts have changed since the mapping plan was made; nothing was applied. Plan again."""

    code = "mapping_outdated"
    http_status = 409


class TooManyLeavers(Refused):
    """The plan has more `leavers` than are `allowed` by default; nothing was applied."""

    code = "too_many_leavers"
    http_status = 409
    fields = ("leavers", "allowed")

    def __init__(self, leavers: int, allowed: int) -> None:
        self.leavers = leavers
        self.allowed = allowed
        super().__init__()


class RosterUnreadable(Refused):
    """The roster file cannot be used at all; `problems` says where and why."""

    code = "roster_unreadable"
    http_status = 422
    fields = ("problems",)

    def __init__(self, problems: Sequence[RosterProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__()


class ImportRefused(Refused):
    """Nothing was imported; `problems` has every reason, `line` by `line`.

    `line` counts the accounts from 1. No problem carries a value: it may be a name or a hash.
    """

    code = "import_refused"
    http_status = 422
    fields = ("problems",)

    def __init__(self, problems: Sequence[RosterProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__()


# --- Unavailable: it may succeed later; retry or answer 503 ----------------------------------


class Unavailable(SchoolAuthError):
    """Nothing was done, and the same request may succeed later."""

    code: ClassVar[ErrorCode] = "unavailable"
    http_status: ClassVar[int] = 503


class StaleUser(Unavailable):
    """The account was changed by somebody else since it was read; nothing was written."""

    code = "stale_user"
    http_status = 409


class StorageUnavailable(Unavailable):
    """The store did not answer, or gave up; nothing is half-done."""

    code = "storage_unavailable"


class Overloaded(Unavailable):
    """Too many passwords are waiting to be checked, and this one was not; see `retry_after`."""

    code = "overloaded"
    fields = ("retry_after",)

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class MailNotSent(Unavailable):
    """The mail could not be handed over; the rest of the call is done and recorded."""

    code = "mail_not_sent"


# --- ContractBroken: tell the developer ------------------------------------------------------


class ContractBroken(SchoolAuthError):
    """An adapter or the set-up does not keep its promise; the message is for the developer."""

    code: ClassVar[ErrorCode] = "contract_broken"


class NotConfigured(ContractBroken):
    """The call needs something that `SchoolAuth` was not given, or was given wrongly."""

    code = "not_configured"
