"""The throttle in Redis: its keys and how long they live, and a server that fails."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import OutOfMemoryError, Redis, RedisCluster
from redis.asyncio import Redis as AsyncRedis

from schoolauth.errors import StorageUnavailable
from schoolauth.model.user import to_micros
from schoolauth.ports import Bucket, Refusal
from schoolauth.testing.throttle.buckets import at, bucket, passed, passes
from schoolauth.throttle import policy
from schoolauth.throttle.counter import SECOND, BaseThrottle, Numbers, Operation, decide
from schoolauth.throttle.redis import RedisThrottle
from tests.private_redis import impatient, private_redis
from tests.storage.refusals import SECRET, refuses
from tests.throttles import Throttles

NAME = policy.NAME.bucket("name")
ACCOUNT = policy.ACCOUNT.bucket("account")


@pytest.fixture
def client(throttles: Throttles) -> Redis:
    return throttles.redis()


@pytest.fixture
def prefix(throttles: Throttles) -> str:
    return throttles.prefix()


@pytest.fixture
def throttle(client: Redis, prefix: str) -> RedisThrottle:
    return RedisThrottle(client, prefix=prefix)


# --- Keys ------------------------------------------------------------------------------------


def test_keys_stand_under_the_prefix_and_on_one_node(
    throttle: RedisThrottle, client: Redis, prefix: str
) -> None:
    """What is in braces is all that a cluster looks at, so a try's buckets are on one node."""
    throttle.take([NAME, ACCOUNT], at(0))
    found = {key.decode() for key in client.scan_iter(f"{{{prefix}}}:*")}
    assert found == {f"{{{prefix}}}:name:name", f"{{{prefix}}}:account:account"}
    assert RedisThrottle(client)._prefix == "schoolauth"


@pytest.mark.parametrize("text", ["", "}x", "a}", "\ud800", "é"])
def test_a_prefix_that_makes_no_key_is_refused(client: Redis, text: str) -> None:
    """Nobody could sign in with it, or the keys of a try would not be on one node."""
    with pytest.raises(ValueError, match="prefix"):
        RedisThrottle(client, prefix=text)


def life(client: Redis, prefix: str, each: Bucket) -> int:
    """Return for how many seconds the server still keeps the count of *each*; -1 for ever."""
    return int(client.ttl(f"{{{prefix}}}:{each.key}"))


def test_a_count_is_kept_two_minutes_longer_than_it_counts(
    throttle: RedisThrottle, client: Redis, prefix: str
) -> None:
    """So what strangers make up is soon gone; by a given clock, which may stand, a day longer."""
    throttle.take([NAME])
    assert 150 < life(client, prefix, NAME) <= 150 + 120
    throttle.take([ACCOUNT], at(0))
    assert 24 * 60 * 60 < life(client, prefix, ACCOUNT) <= 24 * 60 * 60 + 1728


def test_a_row_of_failures_is_kept_until_it_is_cleared(
    throttle: RedisThrottle, client: Redis, prefix: str
) -> None:
    """No time ends it; what was given back or cleared is not kept."""
    row, other = (policy.failures_in_a_row(3).bucket(name) for name in ("row", "other"))
    throttle.take([row, other])
    assert life(client, prefix, row) == -1
    throttle.give_back([row])
    assert 0 < life(client, prefix, row) <= 120
    throttle.clear([other])
    assert not client.exists(f"{{{prefix}}}:{other.key}")


def test_one_round_trip_for_each_call(
    throttle: RedisThrottle, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call is one script, whatever it does: nothing comes between its look and its count."""
    passes(throttle, NAME)  # by which the server knows the script
    calls: list[Callable[[], object]] = [
        lambda: throttle.take([NAME, ACCOUNT]),
        lambda: throttle.take([NAME], even_if_full=True),
        lambda: throttle.give_back([NAME, ACCOUNT]),
        lambda: throttle.wait(NAME),
        lambda: throttle.clear([NAME, ACCOUNT]),
    ]
    sent: list[str] = []
    execute: Any = client.execute_command

    def listen(*args: Any, **options: Any) -> Any:
        sent.append(args[0])
        return execute(*args, **options)

    monkeypatch.setattr(client, "execute_command", listen)
    for call in calls:
        call()
    assert sent == ["EVALSHA"] * len(calls)


# --- Its arithmetic --------------------------------------------------------------------------


class InADict(BaseThrottle):
    """The arithmetic of `counter`, without a store."""

    def __init__(self) -> None:
        self._held: dict[str, Numbers] = {}

    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        refusal, numbers = decide(operation, buckets, self._held, to_micros(now or at(0)))
        self._held.update(numbers)
        return refusal


BUCKETS = (
    bucket("name", (2, 10), (4, 60), invented=True),
    bucket("account", (3, 45.5)),
    bucket("row", (3, None)),
)
calls = st.tuples(
    st.sampled_from(["take", "count", "give_back", "wait", "clear"]),
    st.lists(st.sampled_from(BUCKETS), min_size=1, unique=True),
    st.integers(0, 30 * SECOND),  # microseconds after the call before
    st.sampled_from([0, 0, 0, 60, 300, 12 * 60 * 60]),  # seconds by which the clock is ahead
)


def test_the_script_decides_as_the_arithmetic_does(throttles: Throttles) -> None:
    """Whatever is called, in any order and by clocks that are hours apart, to the microsecond."""

    @given(st.lists(calls, max_size=40))
    def same(made: list[tuple[Operation, list[Bucket], int, int]]) -> None:
        both = (InADict(), RedisThrottle(throttles.redis(), prefix=throttles.prefix()))
        micros = 0
        for operation, buckets, gap, ahead in made:
            micros += gap
            now = at(micros / SECOND + ahead)
            told = [each._do(operation, buckets, now) for each in both]
            assert operation == "clear" or told[0] == told[1]

    same()


# --- A server that fails ---------------------------------------------------------------------


def everything(throttle: RedisThrottle) -> list[Callable[[], object]]:
    """Return one call of each kind, on a bucket of which no error may tell."""
    secret = [bucket(SECRET)]
    return [
        lambda: throttle.take(secret, at(0)),
        lambda: throttle.take(secret, even_if_full=True),
        lambda: throttle.give_back(secret, at(0)),
        lambda: throttle.wait(secret[0], at(0)),
        lambda: throttle.clear(secret),
    ]


def test_a_server_that_is_not_there() -> None:
    """Every call raises: a try that cannot be counted is not made."""
    with closing(impatient(1, 5)) as away:
        for call in everything(RedisThrottle(away)):
            with refuses(StorageUnavailable, "ConnectionError"):
                call()


def test_a_server_that_does_not_answer() -> None:
    """The client's own time-out ends the wait."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        client = impatient(silent.getsockname()[1], 0.05)
        with closing(client), refuses(StorageUnavailable, "TimeoutError"):
            RedisThrottle(client).take([NAME], at(0))


def test_a_server_that_fails_and_comes_back() -> None:
    """A full one refuses and forgets nothing, a stopped one is an error, a new one begins anew."""
    with private_redis() as server, closing(server.client()) as client:
        throttle = RedisThrottle(client)
        passed(throttle, NAME, times=[0] * 8)
        client.config_set("maxmemory", "1")
        for call in everything(throttle)[:3]:
            with refuses(StorageUnavailable, "OutOfMemoryError"):
                call()
        assert throttle.wait(NAME, at(0)) == 150
        throttle.clear([NAME])  # which needs no memory
        client.config_set("maxmemory", "0")
        assert passed(throttle, NAME, times=[0] * 10) == 8

        client.script_flush()
        assert not passes(throttle, NAME)

        server.stop()
        for call in everything(throttle):
            with refuses(StorageUnavailable, "ConnectionError"):
                call()
        server.start()
        assert passed(throttle, NAME, times=[0] * 10) == 8
        assert throttle.wait(NAME, at(0)) == 150


def test_a_server_that_evicts_forgets_and_goes_on() -> None:
    """With another policy than noeviction a count may be gone; then it begins anew, and works."""
    with private_redis() as server, closing(server.client()) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        throttle = RedisThrottle(client)
        passed(throttle, NAME, times=[0] * 8)
        client.config_set("maxmemory", "1")
        with pytest.raises(OutOfMemoryError):
            client.set("more", "than fits")
        assert client.dbsize() == 0
        client.config_set("maxmemory", "0")
        assert passed(throttle, NAME, times=[0] * 10) == 8


def test_a_cluster() -> None:
    """A client of a cluster will do: all of a try's keys are on one node."""
    with private_redis("--cluster-enabled", "yes") as server:
        server.serve_all_slots()
        with closing(RedisCluster(host="127.0.0.1", port=server.port)) as cluster:
            throttle = RedisThrottle(cluster)
            assert passed(throttle, NAME, ACCOUNT, times=[0] * 10) == 8
            server.stop()
            with refuses(StorageUnavailable):
                throttle.take([NAME], at(0))


# --- What it is given ------------------------------------------------------------------------


def test_a_client_is_one_of_redis_py_that_waits_for_its_answers(client: Redis) -> None:
    """One of asyncio, or a URL, is refused before anything is counted by it."""
    for wrong in (AsyncRedis(), "redis://localhost", None, object()):
        with pytest.raises(TypeError, match="client"):
            RedisThrottle(wrong)  # type: ignore[arg-type] # that is the mistake
    for prefix in (None, 5, b"hill"):
        with pytest.raises(TypeError, match="prefix"):
            RedisThrottle(client, prefix=prefix)  # type: ignore[arg-type] # that is the mistake
