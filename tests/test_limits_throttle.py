"""The throttle on the storages of `limits`: the contract, its stores, errors and processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from limits.storage import MemoryStorage, RedisStorage, Storage, storage_from_string

from schoolauth.errors import NotConfigured, StorageUnavailable
from schoolauth.ports import UNDECIDED_SECONDS, Outcome, Reservation, Throttle
from schoolauth.testing import ThrottleContract
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from schoolauth.throttle import limits as limits_throttle
from schoolauth.throttle.cells import Swap
from schoolauth.throttle.limits import LimitsThrottle
from tests.processes import ends_well_in_a_child, needs_fork, run_python
from tests.throttles import LIMITS_STORES, MemcachedDouble, Throttles, memcached_on

NAME = bucket("name", (1, 300))
SOURCE = bucket("source", (9, 300), cleared=False)


@pytest.mark.parametrize("kind", LIMITS_STORES)
class TestLimitsThrottle(ThrottleContract):
    @pytest.fixture(autouse=True)
    def on(self, kind: str, throttles: Throttles) -> None:
        self.kind, self.throttles = kind, throttles

    def make_throttle(self) -> Throttle:
        return self.throttles.make(self.kind, wait=1)


# --- What is asked for -----------------------------------------------------------------------


def test_nothing_imports_limits_unasked() -> None:
    """The throttle in memory, the front door and the SQL stores do without it."""
    code = (
        "import sys, schoolauth, schoolauth.throttle, schoolauth.storage.sql;"
        "print([name for name in sys.modules if name.split('.')[0] in ('limits', 'redis')])"
    )
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize(
    "uri", ["nonsense://user:secret@host", "valkey://user:secret@host", "async+memory://secret"]
)
def test_a_store_that_is_none_is_told_without_its_password(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URI of another store, or one whose client is not installed, is told at the start."""
    with pytest.raises(NotConfigured) as told:
        LimitsThrottle(uri)
    assert "secret" not in repr(told.value)
    assert told.value.__context__ is None


class Counter(Storage):
    """A storage of limits that can do nothing but count."""

    STORAGE_SCHEME = None
    base_exceptions = ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return amount

    def get(self, key: str) -> int:
        return 0

    def get_expiry(self, key: str) -> float:
        return 0

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return None

    def clear(self, key: str) -> None:
        pass


def test_a_storage_that_cannot_swap_is_told() -> None:
    """A storage of limits of another kind is told at the start."""
    with pytest.raises(NotConfigured, match="Redis, Memcached or memory"):
        LimitsThrottle(Counter())


def test_a_storage_of_the_hosts_own() -> None:
    """The host may hand over the storage that it uses itself; prefixes keep throttles apart."""
    storage = MemoryStorage()
    first, second = LimitsThrottle(storage), LimitsThrottle(storage)
    other = LimitsThrottle(storage, prefix="other")
    tried(first, NAME)
    assert not passes(second, NAME)
    assert passes(other, NAME)


def test_a_client_that_decodes_is_fine(throttles: Throttles) -> None:
    """Redis clients give bytes, or text if the host wants it so."""
    uri = throttles.storage("redis")
    assert isinstance(uri, str)
    storage = storage_from_string(uri, decode_responses=True)
    assert isinstance(storage, RedisStorage)
    throttle = LimitsThrottle(storage, prefix=throttles.prefix(), wait=0)
    tried(throttle, NAME)
    assert throttle.peek(NAME, at(0)) == 300
    storage.get_connection().close()  # type: ignore[attr-defined] # the client's own


def test_keys_and_lifetimes(throttles: Throttles) -> None:
    """Redis forgets a bucket by itself, soon after its longest window; its key shows nothing."""
    uri, prefix = throttles.storage("redis"), throttles.prefix()
    assert isinstance(uri, str)
    throttle = LimitsThrottle(uri, prefix=prefix)
    tried(throttle, bucket("jess@hill.example", (3, 300), (9, 3000)))
    client: Any = throttle._cells._client  # type: ignore[attr-defined] # Redis has one
    (key,) = client.scan_iter(f"{{{prefix}}}*")
    assert b"jess" not in key
    assert 3000 < client.ttl(key) <= 3000 + UNDECIDED_SECONDS + 60
    client.close()


def test_memcached_takes_a_long_lifetime_for_a_date() -> None:
    """What lives for more than a month is kept for as long as there is room."""
    client = MemcachedDouble()
    throttle = LimitsThrottle(memcached_on(client))
    tried(throttle, bucket("short", (3, 300)), bucket("long", (3, 10**8)))
    assert sorted(client.lifetimes.values()) == [0, 300 + UNDECIDED_SECONDS + 60]


# --- Others at the same time -----------------------------------------------------------------


class Overtaken(MemcachedDouble):
    """A client before whose chosen write somebody else writes first."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[int, Callable[[], object]] = {}
        self.writes = 0

    def _overtake(self) -> None:
        self.writes += 1
        first = self.first.pop(self.writes, None)
        if first is not None:
            first()

    def add(self, *args: Any, **more: Any) -> bool:
        self._overtake()
        return super().add(*args, **more)

    def cas(self, *args: Any, **more: Any) -> bool:
        self._overtake()
        return super().cas(*args, **more)


def overtaken() -> tuple[LimitsThrottle, LimitsThrottle, Overtaken]:
    client = Overtaken()
    slow, fast = (LimitsThrottle(memcached_on(client), wait=0) for _ in range(2))
    return slow, fast, client


@pytest.mark.parametrize("write", [1, 2])
def test_who_is_overtaken_holds_no_half(write: int) -> None:
    """One that finds a bucket full gives back its place in the bucket that it has taken."""
    slow, fast, client = overtaken()
    client.first = {write: lambda: tried(fast, NAME)}
    assert slow.reserve([SOURCE, NAME], at(0)).retry_after == 300
    texts = [json.loads(value) for value, _ in client.values.values()]
    assert [undecided for _, _, undecided, *_ in texts] == [{}] * len(texts)


def test_one_of_two_tells_of_the_flood() -> None:
    """Two processes that refuse the first attempts of a flood at once: one of them is the first."""
    slow, fast, client = overtaken()
    tried(fast, NAME)
    told: list[Reservation] = []
    client.first = {client.writes + 1: lambda: told.append(fast.reserve([NAME], at(0)))}
    told.append(slow.reserve([NAME], at(0)))
    assert [(made.retry_after, made.first_refusal) for made in told] == [(300, True), (300, False)]


def test_a_word_and_a_clearing_that_are_overtaken() -> None:
    """Both look again, and are done."""
    slow, fast, client = overtaken()
    made = slow.reserve([SOURCE], at(0))
    client.first = {client.writes + 1: lambda: tried(fast, SOURCE)}
    slow.settle(made, Outcome.FAILED, at(0))
    ((text, _),) = client.values.values()
    assert len(json.loads(text)[1]) == 2
    client.first = {client.writes + 1: lambda: tried(fast, SOURCE)}
    slow.clear(SOURCE.key)
    ((text, _),) = client.values.values()
    assert json.loads(text)[1] == []


def test_who_is_always_overtaken_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt is asked to come back; a word and a clearing say that it is not done."""
    throttle = LimitsThrottle("memory://", wait=0)
    made = throttle.reserve([SOURCE], at(0))

    def never(swaps: Sequence[Swap]) -> int:
        return 0

    monkeypatch.setattr(throttle._cells, "swap", never)
    assert throttle.reserve([SOURCE], at(0)).retry_after == 1
    with pytest.raises(StorageUnavailable):
        throttle.settle(made, Outcome.FAILED, at(0))
    with pytest.raises(StorageUnavailable):
        throttle.clear(SOURCE.key)


def test_an_answer_that_was_lost_takes_one_place() -> None:
    """A client that asks again after a lost answer finds the place that it has."""
    throttle = LimitsThrottle("memory://", wait=0)
    swap = throttle._cells.swap

    def lost(swaps: Sequence[Swap]) -> int:
        swap(swaps)
        return swap(swaps)  # what a client does by itself; the second finds a change

    throttle._cells.swap = lost  # type: ignore[method-assign] # one instance
    made = throttle.reserve([NAME, SOURCE], at(0))
    assert made.retry_after is None
    throttle.settle(made, Outcome.FAILED, at(0))
    assert throttle.peek(NAME, at(0)) == 300


PROCESS = """
from datetime import UTC, datetime
from schoolauth.ports import Bucket, Limit, Outcome
from schoolauth.throttle.limits import LimitsThrottle
throttle, now = LimitsThrottle({uri!r}, prefix={prefix!r}), datetime(2026, 9, 1, tzinfo=UTC)
name = Bucket("name", (Limit(10, 300), Limit(100, 86400)))
buckets = [name, Bucket("source", (Limit(100, 300),))]
passed = 0
for _ in range(25):
    made = throttle.reserve(buckets, now)
    passed += made.retry_after is None
    throttle.settle(made, Outcome.FAILED, now)
throttle._cells._client.close()
print(passed)
"""


@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_processes_share_the_limit(kind: str, throttles: Throttles) -> None:
    """Of a hundred guesses by four processes exactly as many pass as the limit allows."""
    code = PROCESS.format(uri=throttles.storage(kind), prefix=throttles.prefix())
    with ThreadPoolExecutor(4) as pool:
        passed = [int(said) for said in pool.map(run_python, [code] * 4)]
    assert sum(passed) == 10


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", LIMITS_STORES)
def test_a_forked_child_has_connections_of_its_own(kind: str, throttles: Throttles) -> None:
    """Parent and child do not read each other's answers, and no lock stays held."""
    throttle = throttles.make(kind)
    tried(throttle, NAME)
    assert ends_well_in_a_child(lambda: throttle.peek(NAME, at(0)) == 300)
    assert throttle.peek(NAME, at(0)) == 300


# --- Errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["redis://:secret@127.0.0.1:1", "memcached://127.0.0.1:1"])
def test_a_server_that_is_not_there(uri: str) -> None:
    """Every call raises, without what the client says: what cannot be counted is not tried."""
    throttle = LimitsThrottle(uri)
    made = Reservation("id", (NAME,))
    calls: list[Callable[[], object]] = [
        lambda: throttle.reserve([NAME], at(0)),
        lambda: throttle.settle(made, Outcome.FAILED, at(0)),
        lambda: throttle.peek(NAME, at(0)),
        lambda: throttle.clear(NAME.key),
    ]
    for call in calls:
        with pytest.raises(StorageUnavailable) as away:
            call()
        assert away.value.__context__ is None
        assert "127" not in str(away.value)


def test_a_crowd_before_a_store_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every call waits for an answer, the next is not tried for ever."""
    throttle = LimitsThrottle("memory://")
    monkeypatch.setattr(throttle, "_room", threading.Semaphore(0))
    monkeypatch.setattr(limits_throttle, "_ANSWER_SECONDS", 0)
    with pytest.raises(StorageUnavailable, match="Busy"):
        throttle.reserve([NAME], at(0))


@pytest.mark.parametrize("kind", LIMITS_STORES)
def test_a_crowd_larger_than_any_pool_of_connections(kind: str, throttles: Throttles) -> None:
    """Two hundred that come at once take turns, and none of them fails."""
    throttle = throttles.make(kind)
    start = threading.Barrier(200)

    def come(_: int) -> bool:
        start.wait(60)
        return throttle.reserve([SOURCE, bucket("many", (400, 300))], at(0)).retry_after is None

    for _ in range(9):
        tried(throttle, SOURCE)
    with ThreadPoolExecutor(200) as pool:
        assert not any(pool.map(come, range(200)))


@pytest.mark.parametrize(
    "text",
    ["no JSON", "{}", "[1]", "[1, [], 2, 3, {}]", "[1, null, {}, 0, {}]", "[1, [], {}, 0, [2]]"],
)
def test_what_is_no_tally_lets_nobody_pass(text: str) -> None:
    """A text that something else has written is no empty bucket."""
    client = MemcachedDouble()
    throttle = LimitsThrottle(memcached_on(client))
    tried(throttle, NAME)
    ((key, (_, version)),) = client.values.items()
    client.values[key] = (text.encode(), version)
    with pytest.raises(StorageUnavailable):
        throttle.reserve([NAME], at(0))


def test_the_waits_for_an_answer_are_bounded() -> None:
    """A store that is named by its URI is given up after a while."""
    assert limits_throttle._ANSWER_SECONDS <= 5
    redis: Any = LimitsThrottle("redis://127.0.0.1:1")._cells
    options = redis._client.connection_pool.connection_kwargs
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 5
    memcached: Any = LimitsThrottle("memcached://127.0.0.1:1")._cells
    assert (memcached._client.timeout, memcached._client.connect_timeout) == (5, 5)
