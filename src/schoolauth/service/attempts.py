"""Attempts are counted before they are made: by the typed name, the source and the account."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Literal, NamedTuple, Self

from schoolauth.errors import StorageUnavailable, Throttled
from schoolauth.model.change import Change
from schoolauth.model.events import LoginThrottled
from schoolauth.model.names import EmailAddress, SchoolCode, UserId
from schoolauth.model.text import require_text
from schoolauth.model.user import User
from schoolauth.ports import Bucket, Clock, Limit, Outcome, Reservation, Throttle, UserRepository
from schoolauth.tokens import Tokens

ACCOUNT_LIMITS = (Limit(10, 5 * 60), Limit(100, 24 * 60 * 60))
SOURCE_LIMITS = (Limit(100, 5 * 60),)
RESET_LIMITS = (Limit(3, 60 * 60),)
ELSEWHERE_LIMITS = (Limit(50, 24 * 60 * 60),)
"""How many keys of other schools' accounts one school may come upon in a day."""
_FOR_GOOD = 10 * 366 * 24 * 60 * 60
"""Seconds after which even a lock is forgotten: as good as never."""
_DECOY_SECONDS = 10 * 60
"""How long the lock of a name that nobody has is kept, lest invented names fill the throttle."""


def require_source(source: str | None) -> None:
    """Raise `TypeError` if *source* is neither text nor None, before any work is done."""
    if source is not None:
        require_text(source, "source")


class Asked(NamedTuple):
    """Whether a mail that was asked for may go, and whether the history is to say that it was.

    Of a flood under one name or from one source it says the first of a window, and no more.
    """

    allowed: bool
    recorded: bool


class Attempts:
    """Makes the buckets of attempts, and holds their places while they are decided.

    After *lock_after* failures in a row an account is shut until `forget`; None: never.
    """

    def __init__(
        self, throttle: Throttle, tokens: Tokens, clock: Clock, lock_after: int | None = None
    ) -> None:
        self._throttle = throttle
        self._tokens = tokens
        self._clock = clock
        self._lock_after = lock_after

    def name_digest(self, text: str) -> str:
        """Return the digest that stands for a typed name in events and buckets."""
        return self._tokens.digest(f"name:{text}")

    def begin(
        self,
        users: UserRepository,
        name: str | None,
        source: str | None,
        *,
        what: Literal["login", "token"] = "login",
    ) -> OpenAttempt:
        """Hold places for a try under *name* from *source*, before anything is looked up.

        Sources are counted by *what* they try: a flood of passwords keeps no link back.

        Raises:
            Throttled: if either is full; one event is written for each window.
        """
        buckets = self._source_buckets(what, source)
        digest = self.name_digest(f"source:{source}" if name is None else name)
        if name is not None:
            buckets.append(Bucket(digest, ACCOUNT_LIMITS))
        attempt = OpenAttempt(self._throttle, self._clock, digest)
        refused = attempt.reserve(*buckets)
        if refused is None:
            return attempt
        if refused.first_refusal:
            event = LoginThrottled(at=self._clock.now(), name_digest=digest)
            users.save(Change(events=[event]))
        raise Throttled(refused.retry_after or 1)

    def join_account(self, attempt: OpenAttempt, user: User | None, name: str) -> bool:
        """Hold a place with the account too; False if it is full. An unknown name has its decoy."""
        return attempt.reserve(self._account_bucket(user.id if user else name)) is None

    def count_mail(self, user: User | None, name: str, source: str | None) -> Asked:
        """Count a mail that was asked for: too many are refused, and nobody is told."""
        bucket = Bucket(self._tokens.digest(f"reset-name:{name}"), RESET_LIMITS)
        asked = self._asked(bucket, *self._source_buckets("reset", source))
        account = f"reset-account:{user.id.key}" if user else f"reset-nobody:{name}"
        if asked.allowed and self._count(Bucket(self._tokens.digest(account), RESET_LIMITS)):
            return Asked(allowed=False, recorded=True)  # whose name it is must not show
        return asked

    def count_recovery(self, school: SchoolCode, source: str | None) -> Asked:
        """Count a request for an admin account: too many are refused, and nobody is told."""
        bucket = Bucket(self._tokens.digest(f"recovery-school:{school.key}"), RESET_LIMITS)
        return self._asked(bucket, *self._source_buckets("recovery", source))

    def count_confirmation(self, user: User, email: EmailAddress) -> None:
        """Count a mail that *user* has sent to an address that is not theirs yet.

        Raises:
            Throttled: if the account, or the address, had three within the hour.
        """
        texts = (f"confirm-account:{user.id.key}", f"confirm-address:{email.key}")
        refused = self._count(*(Bucket(self._tokens.digest(t), RESET_LIMITS) for t in texts))
        if refused is not None:
            raise Throttled(refused.retry_after or 1)

    def count_elsewhere(self, school: SchoolCode, number: int) -> int | None:
        """Count keys of other schools' accounts that *school* came upon.

        Return the seconds to wait if that was too much for a day, else None.
        """
        bucket = Bucket(self._tokens.digest(f"elsewhere:{school.key}"), ELSEWHERE_LIMITS)
        for _ in range(number):
            refused = self._count(bucket)  # one by one: a list must not wait for its own places
            if refused is not None:
                return refused.retry_after or 1
        return None

    def wait(self, user: User) -> int:
        """Return after how many seconds somebody may try to sign in to the account again."""
        buckets = [self._account_bucket(user.id), *map(self._name_bucket, _names(user))]
        return max(self._throttle.peek(bucket, self._clock.now()) for bucket in buckets)

    def forget(self, user: User) -> None:
        """Clear what was counted against the account, and against the names that it has."""
        for bucket in (self._account_bucket(user.id), *map(self._name_bucket, _names(user))):
            self._throttle.clear(bucket.key)

    def try_to_forget(self, user: User) -> None:
        """Do as `forget`, if the throttle answers: what is written already must not fail by it."""
        with suppress(StorageUnavailable):
            self.forget(user)

    def _asked(self, *buckets: Bucket) -> Asked:
        refused = self._count(*buckets)
        return Asked(refused is None, refused is None or refused.first_refusal)

    def _count(self, *buckets: Bucket) -> Reservation | None:
        """Count what is no guess, so that no success clears it; return the refusal if too much."""
        attempt = OpenAttempt(self._throttle, self._clock)
        refused = attempt.reserve(*buckets)
        attempt.settle(Outcome.FAILED)
        return refused

    def _name_bucket(self, name: str) -> Bucket:
        return Bucket(self.name_digest(name), ACCOUNT_LIMITS)

    def _account_bucket(self, account: UserId | str) -> Bucket:
        if isinstance(account, UserId):
            text, seconds = f"account:{account.key}", _FOR_GOOD
        else:
            text, seconds = f"nobody:{account}", _DECOY_SECONDS
        limits: tuple[Limit, ...] = ACCOUNT_LIMITS
        if self._lock_after is not None:  # a success clears the bucket: what counts is in a row
            limits += (Limit(self._lock_after, seconds),)
        return Bucket(self._tokens.digest(text), limits)

    def _source_buckets(self, what: str, source: str | None) -> list[Bucket]:
        if source is None:
            return []
        digest = self._tokens.digest(f"{what}-source:{source}")
        return [Bucket(digest, SOURCE_LIMITS, cleared_by_success=False)]


def _names(user: User) -> list[str]:
    """Return what people type to sign in to the account."""
    return [user.username.key] + ([user.email.key] if user.email else [])


class OpenAttempt:
    """Places held for one try: given back at the end of the block unless it was decided."""

    def __init__(self, throttle: Throttle, clock: Clock, name_digest: str = "") -> None:
        self.name_digest = name_digest
        self._throttle = throttle
        self._clock = clock
        self._held: list[Reservation] = []

    def reserve(self, *buckets: Bucket) -> Reservation | None:
        """Hold a place in every bucket; return the refusal if one is full."""
        if not buckets:
            return None
        reservation = self._throttle.reserve(buckets, self._clock.now())
        if reservation.retry_after is not None:
            return reservation
        self._held.append(reservation)
        return None

    def settle(self, outcome: Outcome) -> None:
        """Say how the try ended: once, even if the throttle fails; then it counts as failed."""
        held, self._held = self._held, []
        for reservation in held:
            self._throttle.settle(reservation, outcome, self._clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(StorageUnavailable):  # it will count as failed, and what is done is done
            self.settle(Outcome.NOT_TRIED)
