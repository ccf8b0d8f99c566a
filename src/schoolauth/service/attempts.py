"""Tries are counted before they are verified, so that no crowd slips past a limit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self

from schoolauth.errors import ContractBroken, StorageUnavailable, Throttled
from schoolauth.model.change import Change
from schoolauth.model.events import LoginThrottled
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.text import require_text
from schoolauth.model.token import DeviceClaims
from schoolauth.model.user import User
from schoolauth.ports import Bucket, Clock, Refusal, SystemClock, Throttle, UserRepository
from schoolauth.service.buckets import Buckets
from schoolauth.service.process_counts import ProcessCounts

_HELD_AT_MOST = timedelta(seconds=25)
"""A place that is held for longer is not given back: a try that hangs must not be free."""


def require_source(source: str | None) -> None:
    """Raise `TypeError` if *source* is neither text nor None, before any work is done."""
    if source is not None:
        require_text(source, "source")


class Asked(NamedTuple):
    """Whether a mail that was asked for may go, and whether the history is to say so.

    During a flood the history says it once in 5 minutes.
    """

    allowed: bool
    recorded: bool


class Attempts:
    """Takes the places of tries, and clears counts.

    Args:
        throttle: has the places.
        buckets: says what counts a try.
        clock: tells the time. Where it is the system's, the throttle uses a clock of its own, which
            is the same for all processes that share the throttle.
        process: what this process knows of its own tries; made if not given.
        joined: whether *throttle* counts inside a transaction of the host.
    """

    def __init__(
        self,
        throttle: Throttle,
        buckets: Buckets,
        clock: Clock,
        process: ProcessCounts | None = None,
        *,
        joined: bool = False,
    ) -> None:
        self.buckets = buckets
        self.clock = clock
        self.process = process or ProcessCounts()
        self._throttle = throttle
        self._joined = joined

    def within(self, throttle: Throttle) -> Attempts:
        """Return the same on another throttle, inside a transaction of the host."""
        return Attempts(throttle, self.buckets, self.clock, self.process, joined=True)

    def take(self, buckets: Sequence[Bucket], *, even_if_full: bool = False) -> Refusal | None:
        """Take a place in every bucket, or in none and return why."""
        return self._throttle.take(buckets, self._now(), even_if_full=even_if_full)

    def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Give back one place of every bucket."""
        self._throttle.give_back(buckets, self._now())

    def wait_for(self, buckets: Sequence[Bucket]) -> int:
        """Return after how many seconds every bucket has a free place, 0 for now."""
        return max((self._throttle.wait(bucket, self._now()) for bucket in buckets), default=0)

    def clear(self, buckets: Sequence[Bucket]) -> None:
        """Free every place of these buckets."""
        self._throttle.clear(buckets)

    def begin(
        self,
        users: UserRepository,
        name: str,
        source: str | None,
        device: DeviceClaims | None = None,
    ) -> OpenAttempt:
        """Take a place for a try under *name*, before anything is looked up.

        Args:
            users: where a refusal is recorded.
            name: what was typed, as it is looked up.
            source: where the try comes from; only failed tries count for it.
            device: a known browser. It has counts of its own; if they are full, or if it was not
                remembered for *name*, the try counts like everybody's.

        Raises:
            Throttled: if the name is full or the source failed too often.
        """
        attempt = OpenAttempt(self, users, name, source)
        known = device is not None and self.buckets.knows(device, name)
        if device is None or not known or not attempt.take_browser(device):
            attempt.take_name()
        return attempt

    def reauthenticate(self, users: UserRepository, name: str) -> OpenAttempt:
        """Return a try of somebody who is signed in: only the account counts it."""
        return OpenAttempt(self, users, name, None)

    def count_mail(
        self, user: User | None, name: str, source: str | None, device: DeviceClaims | None
    ) -> Asked:
        """Count a mail that was asked for: too many are refused, and nobody is told."""
        known = device is not None and user is not None and device.is_of(user)
        if device is not None and known and self._fits(self.buckets.mails_of_browser(device)):
            return Asked(allowed=True, recorded=True)
        asked = self._asked(self.buckets.mails_of_name(name, source))
        account = self.buckets.mails_of_account(user, name)
        if asked.allowed and self.take(account, even_if_full=user is None) is not None:
            return Asked(allowed=False, recorded=True)  # whose name it is must not show
        return asked

    def count_recovery(self, school: SchoolCode, email: EmailAddress, source: str | None) -> Asked:
        """Count a request for an admin account: too many are refused, and nobody is told."""
        return self._asked(self.buckets.recovery(school, email, source))

    def count_confirmation(self, user: User, email: EmailAddress) -> None:
        """Count a mail that *user* has sent to an address that is not theirs yet.

        Raises:
            Throttled: if the account, or the address, had three within the hour.
        """
        refused = self.take(self.buckets.confirmation(user, email))
        if refused is not None:
            raise Throttled(refused.seconds)

    def count_invitation(self, email: EmailAddress) -> int | None:
        """Count a mail of a desk; return the seconds to wait if it is one too many, else None."""
        refused = self.take(self.buckets.invitation(email))
        return None if refused is None else refused.seconds

    def count_elsewhere(self, school: SchoolCode, number: int) -> int | None:
        """Count keys of other schools' accounts that *school* has met.

        Return the seconds to wait if that was too much for a day, else None.
        """
        for _ in range(number):  # one by one: all keys of a long list at once would never fit
            refused = self.take(self.buckets.elsewhere(school))
            if refused is not None:
                return refused.seconds
        return None

    def wait(self, user: User) -> int:
        """Return after how many seconds somebody may try to sign in to the account again."""
        return self.wait_for([*self.buckets.everything(user), *self.buckets.row(user)])

    def forget(self, user: User) -> None:
        """Clear what was counted against the account and its names, and what locked it."""
        self.clear([*self.buckets.everything(user), self.buckets.lock(user)])

    def try_to_forget(self, user: User) -> None:
        """Do as `forget`, if the throttle can: what is written already must not fail by it.

        Raises:
            StorageUnavailable: if that ended the host's transaction, and so what was written there.
        """
        if self._joined:
            self.forget(user)
            return
        with suppress(StorageUnavailable, ContractBroken):
            self.forget(user)

    def _now(self) -> datetime | None:
        return None if isinstance(self.clock, SystemClock) else self.clock.now()

    def _fits(self, buckets: Sequence[Bucket]) -> bool:
        return self.take(buckets) is None

    def _asked(self, buckets: Sequence[Bucket]) -> Asked:
        refused = self.take(buckets)
        if refused is None:
            return Asked(allowed=True, recorded=True)
        first = self.process.is_first(refused.bucket.key, self.clock.now())
        return Asked(allowed=False, recorded=first)


class OpenAttempt:
    """One try. Its places are given back at the end of the block, unless it has failed."""

    def __init__(
        self, attempts: Attempts, users: UserRepository, name: str, source: str | None
    ) -> None:
        self.name_digest = attempts.buckets.name_digest(name)
        self.device: DeviceClaims | None = None
        """The known browser that counts this try, if one does."""
        self._attempts = attempts
        self._users = users
        self._name = name
        self._name_bucket = attempts.buckets.name(name)
        self._source = attempts.buckets.source(source)
        self._held: list[Bucket] = []
        self._since = attempts.clock.now()
        self._under_way = False

    def take_browser(self, device: DeviceClaims) -> bool:
        """Take a place of a known browser; False if it has none left."""
        if self._take(self._attempts.buckets.browser(device)) is not None:
            return False
        self.device = device
        return True

    def take_name(self) -> None:
        """Take a place of the typed name, if its source has not failed too often.

        Raises:
            Throttled: if either is full.
        """
        self.check_source()
        process, key = self._attempts.process, self._name_bucket.key
        process.enter(key)
        try:
            others = process.has_others(key)
            refused = self._take([self._name_bucket])
            # one that is or was under way may be right, and then its place is free soon or now
            others = others or process.has_others(key)
            self._under_way = refused is None
        finally:
            if not self._under_way:
                process.leave(key)
        if refused is not None:
            self._refuse(key, 1 if others else refused.seconds)

    def take_account(self, user: User | None) -> bool:
        """Take a place of the account; False if it is full. A decoy of nobody is never full.

        Raises:
            Throttled: if the known browser is of an older password, and the name is full.
        """
        buckets = self._attempts.buckets
        if self.device is not None and (user is None or not self.device.is_of(user)):
            self.device = None
            self._give_back()
            self.take_name()
        if self.device is not None and user is not None:
            return self._take(buckets.row(user)) is None
        return self._take(buckets.account(user, self._name), even_if_full=user is None) is None

    def check_source(self) -> None:
        """Ask whether the source has failed too often; for a known browser it does not matter.

        Raises:
            Throttled: if it has.
        """
        seconds = 0 if self.device is not None else self._attempts.wait_for(self._source)
        if seconds:
            self._refuse(self._source[0].key, seconds)

    def fail(self) -> None:
        """Say that the try failed: its places stay taken, and its source counts one more."""
        self._held = []
        if self._source and self.device is None:
            self._attempts.take(self._source, even_if_full=True)

    def succeed(self, user: User) -> None:
        """Say that the password was right: places are given back, and a row of failures ends."""
        row = self._attempts.buckets.row(user)
        if row:
            self._attempts.clear(row)
        self._give_back()

    def _take(self, buckets: Sequence[Bucket], *, even_if_full: bool = False) -> Refusal | None:
        if not buckets:
            return None
        refused = self._attempts.take(buckets, even_if_full=even_if_full)
        if refused is None:
            self._held += buckets
        return refused

    def _give_back(self) -> None:
        held, self._held = self._held, []
        if held and self._attempts.clock.now() - self._since <= _HELD_AT_MOST:
            self._attempts.give_back(held)

    def _refuse(self, key: str, seconds: int) -> None:
        now = self._attempts.clock.now()
        if self._attempts.process.is_first(key, now):
            event = LoginThrottled(at=now, name_digest=self.name_digest)
            self._users.save(Change(events=[event]))
        raise Throttled(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._under_way:
            self._attempts.process.leave(self._name_bucket.key)
        with suppress(StorageUnavailable, ContractBroken):  # they stay taken
            self._give_back()
