"""Signing in by username or e-mail address."""

from __future__ import annotations

from datetime import datetime

from schoolauth.errors import LoginRefused, PasswordChangeRequired
from schoolauth.model.change import Decision
from schoolauth.model.login import Login
from schoolauth.model.text import require_text
from schoolauth.model.user import User
from schoolauth.rules.sign_in import read_typed_name, record_refusal, record_sign_in, space_hints
from schoolauth.service.attempts import require_source
from schoolauth.service.core import NOBODY, Service
from schoolauth.service.known_browsers import known_browser
from schoolauth.service.sessions import issue_login
from schoolauth.service.verification import verify


class SignIn(Service):
    """The call that signs somebody in; part of `SchoolAuth`."""

    def log_in(
        self,
        identifier: str,
        password: str,
        *,
        source: str | None = None,
        device: str | None = None,
    ) -> Login:
        """Sign somebody in by username or e-mail address.

        Args:
            identifier: what was typed into the name box, as it was typed.
            password: what was typed into the password box, as it was typed.
            source: where the request comes from, such as the client's address as the host knows it.
            device: `Login.device` of an earlier sign-in from this browser, if the host has it. Its
                tries have counts of their own, so that strangers cannot use them up.

        Raises:
            LoginRefused: unknown, wrong, inactive or invited; ``hints`` tell of typed spaces.
            PasswordChangeRequired: right, but an admin set it; its token chooses a new one.
            Throttled: too many attempts under this name or from this source; see ``retry_after``.
            Overloaded: too many people are signing in.
            StorageUnavailable: if the store does not answer; nobody is signed in.
        """
        require_text(identifier, "identifier")
        require_text(password, "password")
        require_source(source)
        core, typed = self._core, read_typed_name(identifier)
        hints, browser = space_hints(identifier, password), known_browser(core, device)
        with core.attempts.begin(core.users, typed.text, source, browser) as open_attempt:
            user = core.find(typed.key or NOBODY)
            attempt, reason = verify(core, open_attempt, typed, user, password, hints)
            known = device if open_attempt.device is not None else None
            if reason is None and user is not None:
                open_attempt.succeed(user)  # first: no sign-in is recorded that this refuses
                signed_in = self._record(user, attempt.at, password)
                return issue_login(core, signed_in, "password", password, known)
            if user is not None and reason == "must_change_password":
                open_attempt.succeed(user)
                core.users.save(record_refusal(attempt, reason))
                raise PasswordChangeRequired(core.issue("must_change", user)[0])
            core.users.save(record_refusal(attempt, reason or "unknown"))
            raise LoginRefused(hints)

    def _record(self, verified: User, at: datetime, password: str) -> User:
        """Record the sign-in of *verified*, unless its credentials have changed since."""
        core = self._core
        rehashed = core.credentials.rehash(password, verified.password)
        known: User | None = verified

        def decide() -> Decision[User]:
            nonlocal known
            user, known = known or core.find(verified.id), None
            if user is None or user.epoch != verified.epoch:
                return Decision(None, LoginRefused())
            # of a crowd that shares the account, one has written its hash already
            same = user.password == verified.password
            return record_sign_in(user, at, rehashed=rehashed if same else None)

        return core.settle(decide)
