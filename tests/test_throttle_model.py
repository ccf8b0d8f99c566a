"""Every throttle against a model: plain lists of failures, in any order of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import Engine, StaticPool, create_engine, delete

from schoolauth.ports import Bucket, Limit, Outcome, Reservation, Throttle
from schoolauth.storage.sql import SqlThrottle
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.throttle.attempts import at, bucket
from schoolauth.throttle import MemoryThrottle
from schoolauth.throttle.limits import LimitsThrottle
from tests.throttles import MemcachedDouble, memcached_on


class Model:
    """One bucket as a plain list of failures, in whole seconds."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.failed: list[int] = []
        self.undecided: dict[str, int] = {}
        self.silent_until = 0

    def age(self, now: int) -> None:
        for key, since in list(self.undecided.items()):
            if now - since >= 30:
                self.failed.append(self.undecided.pop(key))

    def has_room(self, limit: Limit, now: int, more: int = 0) -> bool:
        return sum(now - t < limit.seconds for t in self.failed) + more < limit.attempts

    def wait(self, now: int) -> int:
        """Return the first second at which every limit has room."""
        limits = self.bucket.limits
        return next(n for n in range(10**6) if all(self.has_room(lim, now + n) for lim in limits))

    def is_crowded(self, now: int) -> bool:
        return not all(self.has_room(lim, now, len(self.undecided)) for lim in self.bucket.limits)

    def tell(self, now: int) -> bool:
        """Return whether this refusal is the first of a window, and begin the window."""
        if self.silent_until > now:
            return False
        full = [lim.seconds for lim in self.bucket.limits if not self.has_room(lim, now)]
        self.silent_until = now + max(full)
        return True

    def forget(self) -> None:
        self.failed, self.silent_until = [], 0


BUCKETS = (
    bucket("name", (2, 10), (4, 60)),
    bucket("account", (3, 45)),
    bucket("source", (4, 20), cleared=False),
)
some_buckets = st.lists(st.sampled_from(BUCKETS), min_size=1, unique=True)


MAKERS: dict[str, Callable[[Engine], Throttle]] = {
    "memory": lambda _: MemoryThrottle(wait=0),
    "sqlite": lambda engine: SqlThrottle(emptied(engine), wait=0),
    "memory storage": lambda _: LimitsThrottle("memory://", wait=0),
    "memcached double": lambda _: LimitsThrottle(memcached_on(MemcachedDouble()), wait=0),
}


def emptied(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(delete(standard_tables().throttle))
    return engine


class ThrottleMachine(RuleBasedStateMachine):
    """Any order of tries, words, unlocks and waits, beside the model."""

    throttles: ClassVar[Iterator[Throttle]]

    def __init__(self) -> None:
        super().__init__()
        self.throttle = next(self.throttles)
        self.models = {bucket.key: Model(bucket) for bucket in BUCKETS}
        self.now = 0
        self.made: list[Reservation] = []

    def aged(self, buckets: Sequence[Bucket]) -> list[Model]:
        models = [self.models[bucket.key] for bucket in buckets]
        for model in models:
            model.age(self.now)
        return models

    @rule(seconds=st.sampled_from([1, 5, 10, 29, 30, 45, 60]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(buckets=some_buckets)
    def reserve(self, buckets: list[Bucket]) -> None:
        models = self.aged(buckets)
        made = self.throttle.reserve(buckets, at(self.now))
        if waits := [model.wait(self.now) for model in models if model.wait(self.now)]:
            first = [model.tell(self.now) for model in models if model.wait(self.now)]
            assert (made.retry_after, made.first_refusal) == (max(waits), any(first))
        elif any(model.is_crowded(self.now) for model in models):
            assert (made.retry_after, made.first_refusal) == (1, False)
        else:
            assert (made.retry_after, made.first_refusal) == (None, False)
            for model in models:
                model.undecided[made.id] = self.now
        self.made.append(made)

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        if not self.made:
            return
        made = data.draw(st.sampled_from(self.made))
        self.throttle.settle(made, outcome, at(self.now))
        for model in self.aged(made.buckets):
            if model.undecided.pop(made.id, None) is None:
                continue
            if outcome is Outcome.FAILED:
                model.failed.append(self.now)
            elif outcome is Outcome.SUCCEEDED and model.bucket.cleared_by_success:
                model.forget()

    @rule(bucket=st.sampled_from(BUCKETS))
    def clear(self, bucket: Bucket) -> None:
        self.peek(bucket)  # so that both have counted what was undecided for too long
        self.throttle.clear(bucket.key)
        self.models[bucket.key].forget()

    @rule(bucket=st.sampled_from(BUCKETS))
    def peek(self, bucket: Bucket) -> None:
        (model,) = self.aged([bucket])
        assert self.throttle.peek(bucket, at(self.now)) == model.wait(self.now)


@pytest.mark.parametrize("kind", MAKERS)
def test_throttle_is_its_model(kind: str) -> None:
    """In any order of calls it answers as plain lists of failures do."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    standard_tables().throttle.create(engine)

    class Machine(ThrottleMachine):
        throttles = (MAKERS[kind](engine) for _ in repeat(None))

    run_state_machine_as_test(Machine)
    engine.dispose()
