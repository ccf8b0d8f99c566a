"""What every service stands on: the ports, and the one way to find, save, answer and send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from schoolauth.errors import (
    ContractBroken,
    NameInvalid,
    NotConfigured,
    PasswordRejected,
    Refused,
    SchoolAuthError,
    StaleUser,
    UserNotFound,
)
from schoolauth.mail.compose import MailFact, compose
from schoolauth.model.change import Change, Decision, HistoryQuery, Stamp
from schoolauth.model.events import (
    ANONYMOUS,
    AuditEvent,
    MailFailed,
    PasswordChangeWay,
    PasswordRefused,
)
from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, UserKey, Username
from schoolauth.model.school import School
from schoolauth.model.token import MailedPurpose, TokenClaims, TokenPurpose
from schoolauth.model.user import StoredPassword, User, to_micros
from schoolauth.ports import Clock, Mailer, PretendingMailer, SchoolDirectory, UserRepository
from schoolauth.rules.passwords import PasswordPolicy
from schoolauth.service.attempts import Attempts
from schoolauth.service.credentials import Credentials
from schoolauth.service.settings import PURPOSES, Lifetimes, Links, Page
from schoolauth.tokens import Tokens, expiry
from schoolauth.workers import renew_in_children

Answer = TypeVar("Answer")
NOBODY = Username.stored("", "@")
"""Looked up if the typed text cannot be a key, so that every attempt reads the store once."""
TRIES = 8
"""How often a decision is made again when the accounts changed while it was made."""


class EpochSource:
    """Credential epochs: the time in milliseconds, and no value twice in this process."""

    def __init__(self) -> None:
        self._last = 0
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin with a new lock, as a new instance or in a forked child."""
        self._lock = threading.Lock()

    def next(self, now: datetime) -> int:
        """Return an epoch that was not given before."""
        with self._lock:
            self._last = max(self._last + 1, to_micros(now) // 1000)
            return self._last


@dataclass(frozen=True, kw_only=True)
class Core:
    """The ports and settings of one `SchoolAuth`, or of one host transaction (*joined*)."""

    users: UserRepository
    schools: SchoolDirectory | None
    mailer: Mailer | None
    links: Links
    lifetimes: Lifetimes
    policy: PasswordPolicy
    clock: Clock
    new_id: Callable[[], UserId | str]
    tokens: Tokens
    credentials: Credentials
    attempts: Attempts
    joined: bool = False
    epochs: EpochSource = field(default_factory=EpochSource)

    def stamp(self, actor: str = ANONYMOUS) -> Stamp:
        """Return *actor* and the present time, with an epoch that was never issued."""
        now = self.clock.now()
        return Stamp(now, self.epochs.next(now), actor)

    def find(self, key: UserKey) -> User | None:
        """Return the account that *key* denotes, or None."""
        user = self.users.find([key]).get(key)
        if user is not None and isinstance(key, UserId) and user.id != key:
            raise ContractBroken("find answered with another account than was asked for")
        return user

    def events(self, query: HistoryQuery) -> Iterator[AuditEvent]:
        """Yield all events that fit *query*, page by page."""
        while True:
            page = self.users.history(query)
            yield from page.items
            if page.next is None:
                return
            query = replace(query, after=page.next)

    def user_id(self, value: UserId | str) -> UserId:
        """Return *value* as an id.

        Raises:
            UserNotFound: if no account can have it.
        """
        try:
            return value if isinstance(value, UserId) else UserId.parse(value)
        except NameInvalid:
            pass
        raise UserNotFound

    def mis_digest(self, mis_id: MisId) -> str:
        """Return the digest of a MIS id for events, which hold no MIS ids."""
        return self.tokens.digest(f"mis:{mis_id.key}")

    def is_mis_digest(self, digest: str, mis_id: MisId) -> bool:
        """Tell whether *digest* is the digest of *mis_id* under the secret key or an old one."""
        return self.tokens.stands_for(digest, f"mis:{mis_id.key}")

    def settle(self, decide: Callable[[], Decision[Answer]]) -> Answer:
        """Save what *decide* says, then answer; decide and save again if two saves collide.

        *decide* reads what it needs itself. Inside a host's transaction there is one try.
        """
        tries = 1 if self.joined else TRIES
        while True:
            decision = decide()
            tries -= 1
            if decision.change is None or self._saved(decision.change, last=tries == 0):
                if isinstance(decision.answer, Refused):
                    raise decision.answer
                return decision.answer

    def _saved(self, change: Change, *, last: bool) -> bool:
        try:
            self.users.save(change)
        except StaleUser:
            if last:
                raise
            return False
        return True

    def new_password(
        self, password: str, user: User, how: PasswordChangeWay, actor: str
    ) -> StoredPassword:
        """Return the hash of a new password for *user*.

        Raises:
            PasswordRejected: with every rule that it breaks; the refusal is in the history.
            Overloaded: if too many are waiting already.
        """
        violations = self.policy.violations(password, user)
        if violations:
            event = PasswordRefused(
                at=self.clock.now(),
                actor=actor,
                school=user.school,
                user=user.id,
                how=how,
                violations=tuple(violation.code for violation in violations),
            )
            self.users.save(Change(events=[event]))
            raise PasswordRejected(violations)
        return self.credentials.hash(password)

    def issue(
        self,
        purpose: TokenPurpose,
        user: User,
        *,
        sent_to: EmailAddress | None = None,
        new_email: EmailAddress | None = None,
    ) -> tuple[str, datetime]:
        """Return a signed token for *user* in its present state, and when it expires."""
        expires_at = expiry(self.clock.now(), PURPOSES[purpose].lifetime(self.lifetimes))
        claims = TokenClaims(
            purpose=purpose,
            user=user.id,
            epoch=user.epoch,
            expires_at=expires_at,
            sent_to=self.tokens.address_digest(sent_to),
            new_email=None if new_email is None else str(new_email),
        )
        return self.tokens.issue(claims), expires_at

    def need_mail(self, *pages: Page) -> None:
        """Require the mailer and the links to *pages*, before anything is done.

        Raises:
            NotConfigured: if one of them was not given, whether or not the account exists.
        """
        missing = [f"links.{page}" for page in pages if self.links.template(page) is None]
        if self.mailer is None or missing:
            raise NotConfigured(f"this call needs {', '.join(['mailer', *missing])}")

    def need_schools(self) -> SchoolDirectory:
        """Return the school directory.

        Raises:
            NotConfigured: if none was given.
        """
        if self.schools is None:
            raise NotConfigured("this call needs schools, a SchoolDirectory")
        return self.schools

    def school_name(self, code: SchoolCode) -> str | None:
        """Return the school's name for a mail, if there is a directory that knows it."""
        school: School | None = self.schools.find([code]).get(code) if self.schools else None
        return None if school is None else school.name

    def link_mail(
        self,
        purpose: MailedPurpose,
        user: User,
        to: EmailAddress,
        *,
        new_email: EmailAddress | None = None,
        school_name: str | None = None,
    ) -> MailMessage:
        """Return the mail with a link of *purpose*, valid only for *user* in its present state."""
        of = PURPOSES[purpose]
        assert of.mail is not None  # noqa: S101 # a session is never mailed
        assert of.page is not None  # noqa: S101 # nor has it a page
        sent_to = None if purpose == "confirm_email" else to
        token, expires_at = self.issue(purpose, user, sent_to=sent_to, new_email=new_email)
        return compose(
            of.mail,
            to=to,
            user=user,
            school_name=school_name,
            token=token,
            link=self.links.to(of.page, token),
            expires_at=expires_at,
        )

    def notify(
        self, kind: MailKind, user: User, to: EmailAddress | None, **facts: MailFact
    ) -> None:
        """Tell *user* by mail what happened, if there is an address and a mailer; never fails."""
        if to is not None and self.mailer is not None:
            self.send(self.note(kind, user, to, **facts))

    def note(self, kind: MailKind, user: User, to: EmailAddress, **facts: MailFact) -> MailMessage:
        """Return a mail without a link that tells *user* something."""
        return compose(kind, to=to, user=user, facts=facts)

    def send(self, message: MailMessage) -> bool:
        """Hand *message* over; False, with an event, if the mailer fails."""
        assert self.mailer is not None  # noqa: S101 # asked before: need_mail
        try:
            self.mailer.send(message)
        except Exception:  # noqa: BLE001 # whatever a mailer raises, the mail was not handed over
            failed = True
        else:
            failed = False
        if failed:
            self.mail_failed(message)
        return not failed

    def pretend(self, message: MailMessage) -> None:
        """Take as long as `send` does, if the mailer can; nobody gets *message*."""
        if isinstance(self.mailer, PretendingMailer):
            with suppress(Exception):  # a failure of `send` is not told either
                self.mailer.pretend(message)

    def mail_failed(self, message: MailMessage) -> None:
        """Record that *message* was not sent; lost only if the store does not answer."""
        event = MailFailed(
            at=self.clock.now(), school=message.school, user=message.user, mail=message.kind
        )
        with suppress(SchoolAuthError):
            self.users.save(Change(events=[event]))


class Service:
    """The calls of one topic, over the one `Core`; siblings of it make up `SchoolAuth`."""

    def __init__(self, core: Core) -> None:
        self._core = core
