"""`SchoolAuth`: every call of the library begins here; one object for each process."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from schoolauth.errors import NotConfigured
from schoolauth.hashing import Argon2Hasher
from schoolauth.model.events import actor_support
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import UserId
from schoolauth.model.text import parse_name
from schoolauth.ports import (
    Clock,
    Joinable,
    LegacyVerifier,
    Mailer,
    PasswordHasher,
    SchoolDirectory,
    Store,
    SystemClock,
    Throttle,
    UserRepository,
)
from schoolauth.rules.passwords import PasswordPolicy
from schoolauth.service.admin_recovery import AdminRecovery
from schoolauth.service.attempts import Attempts
from schoolauth.service.buckets import Buckets
from schoolauth.service.core import Core, Service
from schoolauth.service.credentials import Credentials
from schoolauth.service.desk import desk_of_admin
from schoolauth.service.email_change import EmailChange
from schoolauth.service.passwords import Passwords
from schoolauth.service.sessions import Sessions
from schoolauth.service.settings import Lifetimes, Links
from schoolauth.service.sign_in import SignIn
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement
from schoolauth.throttle import MemoryThrottle
from schoolauth.tokens import Tokens


def _random_id() -> str:
    return secrets.token_hex(16)


class Desks(Service):
    """Where the desks are opened; part of `SchoolAuth`, and all that a host's transaction has."""

    def manage(self, by: UserId | str) -> UserManagement:
        """Open the desk of an active admin, for their own school.

        Raises:
            NotPermitted: if *by* is not an active admin's id.
        """
        return UserManagement(desk_of_admin(self._core, by))

    def support(self, by: str) -> SupportDesk:
        """Open the desk of the vendor's own staff; the host must guard the access to it.

        Args:
            by: who it is, 1 to 100 characters; it stands in every event.

        Raises:
            NameInvalid: if *by* cannot be used.
        """
        return SupportDesk(self._core, actor_support(parse_name(by, "support_name")))


class Joined(Desks):
    """The desks inside a transaction of the host's own; nothing here commits (see `within`)."""


class SchoolAuth(SignIn, Sessions, Passwords, EmailChange, AdminRecovery, Desks):
    """The account core: signing in, passwords, links, and the two desks. One for each process.

    Safe to use from many threads. Needs nothing but a repository and a key to sign people in.

    Args:
        store: where accounts, schools and counts are kept; it owns its transactions.
        secret_key: at least 32 bytes; a different one for each environment.
        old_secret_keys: earlier keys whose tokens stay valid; new tokens use *secret_key*.
        mailer: hands mails over; wrap it in `QueuedMailer`, so that a known address is not slower.
        links: the addresses of the host's own pages.
        policy: what a new password must keep to; `PasswordPolicy.seed()` if not given.
        hasher: argon2id with argon2-cffi's default profile if not given.
        legacy: verifiers from `schoolauth.legacy` for hashes of an older system, or of the hasher's
            own old parameters; every sign-in runs each of them.
        lock_after_failures: lock an account after this many consecutive wrong passwords, until its
            owner resets the password by mail or an admin unlocks it (NIST SP 800-63B: at most 100);
            off if not given.
        clock: tells the time.
        new_id: makes the id of a new account, 1 to 64 of ``[A-Za-z0-9_-]``.
        lifetimes: how long sessions and links last.

    Raises:
        NotConfigured: if a key is too short, or *store* works in a transaction of the host.
        TypeError: if an argument has the wrong type, such as a class instead of an instance.
        ValueError: if *lock_after_failures* is less than 1.
    """

    def __init__(
        self,
        store: Store,
        *,
        secret_key: str | bytes,
        old_secret_keys: Sequence[str | bytes] = (),
        mailer: Mailer | None = None,
        links: Links | None = None,
        policy: PasswordPolicy | None = None,
        hasher: PasswordHasher | None = None,
        legacy: Sequence[LegacyVerifier] = (),
        lock_after_failures: int | None = None,
        clock: Clock | None = None,
        new_id: Callable[[], UserId | str] = _random_id,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        _require_store(store)
        if any(map(_joined, (store.users, store.schools, store.throttle))):
            raise NotConfigured(
                "this store works in a transaction of the host: use within() for it"
            )
        for name, value, methods in (
            ("mailer", mailer, ("send",)),
            ("hasher", hasher, ("hash", "verify", "needs_rehash")),
            ("clock", clock, ("now",)),
            ("new_id", new_id, ("__call__",)),
        ):
            _require_port(name, value, methods)
        for name, setting, kind in (
            ("links", links, Links),
            ("policy", policy, PasswordPolicy),
            ("lifetimes", lifetimes, Lifetimes),
        ):
            if setting is not None and not isinstance(setting, kind):
                raise TypeError(f"{name} must be {kind.__name__}")
        if lock_after_failures is not None:
            if type(lock_after_failures) is not int:
                raise TypeError("lock_after_failures must be an int, or None for no lock")
            if lock_after_failures < 1:
                raise ValueError("lock_after_failures must be at least 1")
        clock = clock or SystemClock()
        tokens = Tokens(secret_key, old_secret_keys)
        core = Core(
            users=store.users,
            schools=store.schools,
            mailer=mailer,
            links=links or Links(),
            lifetimes=lifetimes or Lifetimes(),
            policy=policy or PasswordPolicy.seed(),
            clock=clock,
            new_id=new_id,
            tokens=tokens,
            credentials=Credentials(hasher or Argon2Hasher(), _require_verifiers(legacy)),
            attempts=Attempts(
                store.throttle or MemoryThrottle(), Buckets(tokens, lock_after_failures), clock
            ),
        )
        super().__init__(core)

    def mail_failed(self, message: MailMessage) -> None:
        """Record that a queued mail was not sent; never raises for it.

        For ``QueuedMailer(…, on_failure=…)``, so that the school's desk sees it in the history.
        """
        self._core.mail_failed(message)

    @property
    def policy(self) -> PasswordPolicy:
        """What a new password must keep to; `describe` it on the form."""
        return self._core.policy

    @property
    def hasher(self) -> PasswordHasher:
        """What hashes and checks passwords."""
        return self._core.credentials.hasher

    def within(self, store: Store, *, mailer: Mailer | None) -> Joined:
        """Return the desks inside a transaction of the host's own, which the host commits.

        Nothing is committed or tried again here; a refused change leaves no trace. Signing in and
        self-service stay outside: what a refusal records must survive the host's rollback.

        Args:
            store: accounts and schools on the host's open transaction.
            mailer: a `HeldMailer`, released after the commit, or one that writes into the same
                transaction; None if nothing here sends mail.

        Raises:
            NotConfigured: if *store* owns its transactions.
            TypeError: if *store* or *mailer* is something else.
        """
        _require_store(store)
        _require_port("mailer", mailer, ("send",))
        if not _joined(store.users) or (store.schools is not None and not _joined(store.schools)):
            raise NotConfigured("within() needs a store on the host's own transaction")
        attempts = self._core.attempts
        core = replace(
            self._core,
            users=store.users,
            schools=store.schools,
            mailer=mailer,
            attempts=attempts if store.throttle is None else attempts.within(store.throttle),
            joined=True,
        )
        return Joined(core)


def _require_store(store: Store) -> None:
    if not isinstance(store, Store):
        raise TypeError("store must be a Store, such as SqlStore(engine) or Store(users, schools)")
    for name, value, methods in (
        ("users", store.users, ("find", "search", "save", "history")),
        ("schools", store.schools, ("find", "list", "save")),
        ("throttle", store.throttle, ("take", "give_back", "wait", "clear")),
    ):
        _require_port(name, value, methods)


def _require_port(name: str, value: object, methods: Sequence[str]) -> None:
    given = value is not None or name == "users"
    fits = not isinstance(value, type) and all(callable(getattr(value, m, None)) for m in methods)
    if given and not fits:
        raise TypeError(f"{name} must have {', '.join(methods)}")


def _require_verifiers(legacy: Sequence[LegacyVerifier]) -> tuple[LegacyVerifier, ...]:
    if not isinstance(legacy, Sequence):
        raise TypeError("legacy must be a sequence of verifiers")
    for verifier in legacy:
        _require_port("legacy", verifier or object(), ("recognises", "verify", "pretend"))
    return tuple(legacy)


def _joined(part: UserRepository | SchoolDirectory | Throttle | Joinable | None) -> bool:
    return isinstance(part, Joinable) and bool(part.joined)
