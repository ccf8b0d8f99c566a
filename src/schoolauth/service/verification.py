"""The one verification that every typed password gets, with its attempt counted around it."""

from __future__ import annotations

from typing import NamedTuple

from schoolauth.errors import Hint, LoginRefused, UserNotFound
from schoolauth.model.events import LoginFailure
from schoolauth.model.names import UserId
from schoolauth.model.user import User
from schoolauth.rules.sign_in import (
    Attempt,
    TypedName,
    record_refusal,
    refusal,
    space_hints,
)
from schoolauth.service.attempts import OpenAttempt
from schoolauth.service.core import Core


class Verified(NamedTuple):
    """An attempt after its verification, and the private reason why nobody comes in, if any."""

    attempt: Attempt
    reason: LoginFailure | None


def verify(
    core: Core,
    open_attempt: OpenAttempt,
    typed: TypedName,
    user: User | None,
    password: str,
    hints: tuple[Hint, ...],
) -> Verified:
    """Check *password* once, whatever the account is, and count a wrong one at once.

    Args:
        core: the ports.
        open_attempt: what is counted for this try; the account's own count is added.
        typed: the name that was typed.
        user: the account of that name, if there is one.
        password: what was typed.
        hints: what the typed text shows of spaces.

    Raises:
        Throttled: if the source has failed too often meanwhile.
        Overloaded: too many people are signing in.
    """
    free = open_attempt.take_account(user)
    stored = user.password if user is not None and typed.exact and free else None

    def work() -> Verified:
        open_attempt.check_source()
        at = core.clock.now()
        matches, unreadable = core.credentials.check(password, stored)
        attempt = Attempt(
            at=at,
            typed=typed,
            name_digest=open_attempt.name_digest,
            hints=hints,
            user=user,
            matches=matches,
            unreadable=unreadable,
            throttled=not free,
            temporary_password=core.lifetimes.temporary_password,
        )
        reason = refusal(attempt)
        if reason not in {None, "must_change_password"}:
            open_attempt.fail()  # before the worker takes the next try of the same source
        return Verified(attempt, reason)

    return core.credentials.run(work)


def reauthenticate(core: Core, user_id: UserId | str, password: str) -> User:
    """Return the account if *password* is right; the try counts against the account.

    Raises:
        LoginRefused: if it is wrong; it is recorded.
        UserNotFound: if there is no such account.
        Overloaded: too many people are signing in.
    """
    user = core.find(core.user_id(user_id))
    if user is None:
        raise UserNotFound
    typed = TypedName(user.username, exact=True, text=user.username.key)
    with core.attempts.reauthenticate(core.users, typed.text) as open_attempt:
        hints = space_hints("", password)
        attempt, reason = verify(core, open_attempt, typed, user, password, hints)
        if reason is None or reason == "must_change_password":
            open_attempt.succeed(user)
            return user
        core.users.save(record_refusal(attempt, reason))
        raise LoginRefused(hints)
