"""Attempts are counted before they are made: by the typed name, the source and the account."""

from __future__ import annotations

import enum
from contextlib import suppress
from types import TracebackType
from typing import Literal, NamedTuple, Self

from schoolauth.errors import StorageUnavailable, Throttled
from schoolauth.model.change import Change
from schoolauth.model.events import LoginThrottled
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.text import require_text
from schoolauth.model.user import User
from schoolauth.ports import Bucket, Clock, Refusal, Throttle, UserRepository
from schoolauth.throttle import policy
from schoolauth.throttle.network import network
from schoolauth.tokens import Tokens


class Outcome(enum.Enum):
    """How a try ended: what has failed keeps its places, all else gives them back."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


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
        buckets = self._sources(policy.SOURCE, f"{what}-source", source)
        digest = self.name_digest(f"source:{source}" if name is None else name)
        if name is not None:
            buckets.append(policy.NAME.bucket(digest))
        attempt = OpenAttempt(self._throttle, self._clock, digest)
        refused = attempt.reserve(*buckets)
        if refused is None:
            return attempt
        event = LoginThrottled(at=self._clock.now(), name_digest=digest)
        users.save(Change(events=[event]))
        raise Throttled(refused.seconds)

    def join_account(self, attempt: OpenAttempt, user: User | None, name: str) -> bool:
        """Hold a place with the account too; False if it is full. An unknown name has its decoy."""
        if user is None:
            decoys = [kind.decoy(self._tokens.digest(f"nobody:{name}")) for kind in self._kinds()]
            return attempt.reserve(*decoys, even_if_full=True) is None
        return attempt.reserve(*self._account_buckets(user)) is None

    def count_mail(self, user: User | None, name: str, source: str | None) -> Asked:
        """Count a mail that was asked for: too many are refused, and nobody is told."""
        bucket = policy.MAIL_NAME.bucket(self._tokens.digest(f"reset-name:{name}"))
        allowed = self._count(bucket, *self._sources(policy.RESET_SOURCE, "reset-source", source))
        if allowed is not None:
            return Asked(allowed=False, recorded=True)
        if user is None:
            self._throttle.take(
                [policy.MAIL_ACCOUNT.decoy(bucket.key)], self._clock.now(), even_if_full=True
            )
            return Asked(allowed=True, recorded=True)
        account = policy.MAIL_ACCOUNT.bucket(self._tokens.digest(f"reset-account:{user.id.key}"))
        return Asked(self._count(account) is None, recorded=True)

    def count_recovery(self, school: SchoolCode, source: str | None) -> Asked:
        """Count a request for an admin account: too many are refused, and nobody is told."""
        bucket = policy.RECOVERY_FROM.bucket(
            self._tokens.digest(f"recovery-from:{school.key}:{network(source or '')}")
        )
        sources = self._sources(policy.RECOVERY_SOURCE, "recovery-source", source)
        return Asked(self._count(bucket, *sources) is None, recorded=True)

    def count_confirmation(self, user: User, email: EmailAddress) -> None:
        """Count a mail that *user* has sent to an address that is not theirs yet.

        Raises:
            Throttled: if the account, or the address, had three within the hour.
        """
        refused = self._count(
            policy.CHANGE_ACCOUNT.bucket(self._tokens.digest(f"confirm-account:{user.id.key}")),
            policy.CHANGE_ADDRESS.bucket(self._tokens.digest(f"confirm-address:{email.key}")),
        )
        if refused is not None:
            raise Throttled(refused.seconds)

    def count_elsewhere(self, school: SchoolCode, number: int) -> int | None:
        """Count keys of other schools' accounts that *school* came upon.

        Return the seconds to wait if that was too much for a day, else None.
        """
        bucket = policy.ELSEWHERE.bucket(self._tokens.digest(f"elsewhere:{school.key}"))
        for _ in range(number):
            refused = self._count(bucket)  # one by one: a list must not wait for its own places
            if refused is not None:
                return refused.seconds
        return None

    def wait(self, user: User) -> int:
        """Return after how many seconds somebody may try to sign in to the account again."""
        buckets = [*self._account_buckets(user), *map(self._name_bucket, _names(user))]
        return max(self._throttle.wait(bucket, self._clock.now()) for bucket in buckets)

    def forget(self, user: User) -> None:
        """Clear what was counted against the account, and against the names that it has."""
        self._throttle.clear([*self._account_buckets(user), *map(self._name_bucket, _names(user))])

    def try_to_forget(self, user: User) -> None:
        """Do as `forget`, if the throttle answers: what is written already must not fail by it."""
        with suppress(StorageUnavailable):
            self.forget(user)

    def _count(self, *buckets: Bucket) -> Refusal | None:
        """Count what is no guess, so that nothing is given back; return the refusal if too much."""
        return self._throttle.take(buckets, self._clock.now())

    def _name_bucket(self, name: str) -> Bucket:
        return policy.NAME.bucket(self.name_digest(name))

    def _kinds(self) -> list[policy.Kind]:
        row = [] if self._lock_after is None else [policy.failures_in_a_row(self._lock_after)]
        return [policy.ACCOUNT, *row]

    def _account_buckets(self, user: User) -> list[Bucket]:
        digest = self._tokens.digest(f"account:{user.id.key}")
        return [kind.bucket(digest) for kind in self._kinds()]

    def _sources(self, kind: policy.Kind, what: str, source: str | None) -> list[Bucket]:
        if source is None:
            return []
        return [kind.bucket(self._tokens.digest(f"{what}:{network(source)}"))]


def _names(user: User) -> list[str]:
    """Return what people type to sign in to the account."""
    return [user.username.key] + ([user.email.key] if user.email else [])


class OpenAttempt:
    """Places held for one try: given back at the end of the block unless it was decided."""

    def __init__(self, throttle: Throttle, clock: Clock, name_digest: str = "") -> None:
        self.name_digest = name_digest
        self._throttle = throttle
        self._clock = clock
        self._held: list[tuple[Bucket, ...]] = []

    def reserve(self, *buckets: Bucket, even_if_full: bool = False) -> Refusal | None:
        """Hold a place in every bucket; return the refusal if one is full."""
        refusal = self._throttle.take(buckets, self._clock.now(), even_if_full=even_if_full)
        if refusal is None:
            self._held.append(buckets)
        return refusal

    def settle(self, outcome: Outcome) -> None:
        """Say how the try ended: once, even if the throttle fails; then it counts as failed."""
        held, self._held = self._held, []
        for buckets in held if outcome is not Outcome.FAILED else ():
            self._throttle.give_back(buckets, self._clock.now())

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
