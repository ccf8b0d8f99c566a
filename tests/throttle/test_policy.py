"""The table of limits: what it promises in any window, and what its buckets are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schoolauth.ports import Bucket, Limit
from schoolauth.testing.throttle.buckets import at
from schoolauth.throttle import MemoryThrottle, policy
from schoolauth.throttle.policy import Kind

KINDS = [kind for kind in vars(policy).values() if isinstance(kind, Kind)]
MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
DIGEST = "0123456789abcdef" * 2

PROMISES = [
    (policy.NAME, MINUTES, 10),
    (policy.ACCOUNT, MINUTES, 10),
    (policy.ACCOUNT, DAY, 100),
    (policy.SOURCE, MINUTES, 100),
    (policy.RESET_SOURCE, MINUTES, 100),
    (policy.RECOVERY_SOURCE, MINUTES, 100),
    (policy.BROWSER, MINUTES, 10),
    (policy.BROWSERS, DAY, 100),
    (policy.MAIL_NAME, HOUR, 3),
    (policy.MAIL_ACCOUNT, HOUR, 3),
    (policy.MAIL_BROWSER, HOUR, 3),
    (policy.CHANGE_ACCOUNT, HOUR, 3),
    (policy.CHANGE_ADDRESS, HOUR, 3),
    (policy.DESK_ADDRESS, HOUR, 3),
    (policy.RECOVERY_FROM, HOUR, 3),
    (policy.RECOVERY_TO, HOUR, 3),
    (policy.ELSEWHERE, DAY, 100),
]


@pytest.mark.parametrize(
    ("kind", "window", "most"),
    PROMISES,
    ids=[f"{kind.name}-{window}" for kind, window, _ in PROMISES],
)
def test_the_table_keeps_its_promise(kind: Kind, window: timedelta, most: int) -> None:
    """So many tries and no more pass in any window."""
    limits = [(limit.burst, limit.refill) for limit in kind.limits if limit.refill]
    assert min(burst + window // refill for burst, refill in limits) == most


def test_every_kind_with_a_refill_has_a_promise() -> None:
    """None was added to the table that the list above does not have."""
    refilled = {kind.name for kind in KINDS if all(limit.refill for limit in kind.limits)}
    assert refilled == {kind.name for kind, _, _ in PROMISES}


def test_keys_are_short_plain_and_apart() -> None:
    """Every bucket and decoy has a key of its own that each store takes."""
    keys = [kind.bucket(DIGEST).key for kind in KINDS]
    keys += [kind.decoy(DIGEST).key for kind in KINDS]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and len(key) <= 100 for key in keys)


def test_a_bucket_is_of_its_kind() -> None:
    """It has the limits of its line, and says whether strangers can make it up."""
    limits = policy.NAME.limits
    assert policy.NAME.bucket("a") == Bucket("name:a", limits, invented=True)
    assert policy.ACCOUNT.bucket("a") == Bucket("account:a", policy.ACCOUNT.limits)
    assert policy.failures_in_a_row(7).bucket("a").limits == (Limit(7, None),)


def test_decoys_are_a_fixed_number_and_refuse_nobody() -> None:
    """Made-up names cannot fill the memory with decoys, and a full one still lets a try go on."""
    decoys = {policy.ACCOUNT.decoy(str(number)) for number in range(50_000)}
    assert 3_000 < len(decoys) <= 4_096
    assert {decoy.limits for decoy in decoys} == {policy.ACCOUNT.limits}
    throttle, decoy = MemoryThrottle(), policy.ACCOUNT.decoy(DIGEST)
    told = {throttle.take([decoy], at(0), even_if_full=True) for _ in range(20)}
    assert told == {None}


def test_what_strangers_make_up_is_refilled() -> None:
    """A count that time never ends would stay for ever: such a bucket cannot be made."""
    with pytest.raises(ValueError, match="refill"):
        Bucket("name", (Limit(8, timedelta(seconds=1)), Limit(8, None)), invented=True)
