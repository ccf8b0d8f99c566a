"""Every throttle against buckets that leak, in any order of calls."""

from __future__ import annotations

from abc import abstractmethod

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from schoolauth.ports import Bucket, Throttle
from schoolauth.testing.throttle.buckets import at, bucket
from tests.throttle.leaking import LeakingBucket
from tests.throttles import THROTTLES, Throttles

BUCKETS = (
    bucket("name", (2, 10), (4, 60), invented=True),
    bucket("account", (3, 45)),
    bucket("source", (4, 7), invented=True),
    bucket("row", (3, None)),
)
some_buckets = st.lists(st.sampled_from(BUCKETS), min_size=1, unique=True)
SLOW = ("postgresql", "mariadb")


class ThrottleMachine(RuleBasedStateMachine):
    """Any order of calls, beside buckets that leak."""

    @abstractmethod
    def make(self) -> Throttle:
        """Return a new throttle."""

    def __init__(self) -> None:
        super().__init__()
        self.throttle = self.make()
        self.leaking = {bucket.key: LeakingBucket(bucket) for bucket in BUCKETS}
        self.now = 0

    @rule(seconds=st.sampled_from([1, 5, 10, 29, 30, 45, 60]))
    def go_on(self, seconds: int) -> None:
        self.now += seconds

    @rule(buckets=some_buckets, even_if_full=st.booleans())
    def take(self, buckets: list[Bucket], even_if_full: bool) -> None:
        told = self.throttle.take(buckets, at(self.now), even_if_full=even_if_full)
        waits = [self.leaking[each.key].wait(self.now) for each in buckets]
        if max(waits) and not even_if_full:
            assert told is not None
            assert (told.bucket, told.seconds) == (buckets[waits.index(max(waits))], max(waits))
        else:
            assert told is None
            for each in buckets:
                self.leaking[each.key].pour(1)

    @rule(buckets=some_buckets)
    def give_back(self, buckets: list[Bucket]) -> None:
        self.throttle.give_back(buckets, at(self.now))
        for each in buckets:
            self.leaking[each.key].wait(self.now)
            self.leaking[each.key].pour(-1)

    @rule(each=st.sampled_from(BUCKETS))
    def wait(self, each: Bucket) -> None:
        assert self.throttle.wait(each, at(self.now)) == self.leaking[each.key].wait(self.now)

    @rule(buckets=some_buckets)
    def clear(self, buckets: list[Bucket]) -> None:
        self.throttle.clear(buckets)
        for each in buckets:
            self.leaking[each.key].empty()


@pytest.mark.parametrize("kind", THROTTLES)
def test_a_throttle_is_its_model(kind: str, throttles: Throttles) -> None:
    """In any order of calls it answers as buckets do that leak."""

    class Machine(ThrottleMachine):
        def make(self) -> Throttle:
            return throttles.make(kind)

    few = settings(max_examples=8, stateful_step_count=20)  # a call takes milliseconds there
    run_state_machine_as_test(Machine, settings=few if kind in SLOW else None)
