"""The worker threads: how many, in which order, and what a fork, an exit and a crowd do to them."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest

from schoolauth import workers as module
from schoolauth.errors import Overloaded
from schoolauth.workers import Workers
from tests.processes import SECONDS, ends_well_in_a_child, needs_fork, run_python

T = TypeVar("T")
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


class Failed(Exception):
    """What a call raises here."""


class Secret:
    """Something that nobody may keep."""


@pytest.fixture
def one() -> Iterator[Workers]:
    """A single worker."""
    workers = Workers(1, name="test")
    yield workers
    workers.close()


class Busy:
    """Keeps every worker busy until `let_go`."""

    def __init__(self, workers: Workers) -> None:
        self._going = threading.Barrier(workers.size + 1, timeout=SECONDS)
        self._let_go = threading.Event()
        self._futures = [workers.submit(self._hold) for _ in range(workers.size)]
        self._going.wait()

    def _hold(self) -> None:
        self._going.wait()
        assert self._let_go.wait(SECONDS)

    def let_go(self) -> None:
        """Let every worker go on, and see that none was held in vain."""
        self._let_go.set()
        for future in self._futures:
            future.result(SECONDS)


def test_as_many_calls_run_at_once_as_there_are_workers_and_no_more() -> None:
    """Three workers carry out three calls at once, never a fourth beside them."""
    lock, together = threading.Lock(), threading.Barrier(3, timeout=SECONDS)
    running, most = 0, 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()  # reached by three at once, or broken
        with lock:
            running -= 1

    workers = Workers(3, name="test")
    for future in [workers.submit(call) for _ in range(12)]:
        future.result(SECONDS)
    workers.close()
    assert most == 3


def test_calls_are_carried_out_in_their_order(one: Workers) -> None:
    """A queue, not a heap of calls."""
    done: list[int] = []
    futures = [one.submit(lambda n=n: done.append(n)) for n in range(50)]  # type: ignore[misc] # a loop's own n
    for future in futures:
        future.result(SECONDS)
    assert done == list(range(50))


def test_two_first_callers_share_one_pool(one: Workers) -> None:
    """Whoever waited for the lock finds the pool made, and makes no second one."""
    assert one._open() is one._open()


def test_no_thread_is_started_before_the_first_call() -> None:
    """An application that never signs anyone in has no thread more."""
    before = threading.active_count()
    Workers(4, name="test").close()
    assert threading.active_count() == before


def test_a_call_that_found_no_thread_is_refused_and_never_done(
    one: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine has no thread left, nothing is done behind the back of who was refused."""
    start, started, done = threading.Thread.start, list[threading.Thread](), list[str]()

    def start_one(thread: threading.Thread) -> None:
        started.append(thread)
        if len(started) > 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    workers = Workers(2, name="test", queue=1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start_one)
        with pytest.raises(Overloaded):
            workers.run(lambda: done.append("refused"), wait=SECONDS)
    for _ in range(8):  # more calls than slots, in case each refusal lost one
        workers.run(lambda: done.append("carried out"), wait=SECONDS)
    workers.close()
    assert done == ["carried out"] * 8
    assert not started[0].is_alive()


def test_run_returns_what_the_call_returns(one: Workers) -> None:
    """The answer comes back, from another thread that carries the given name."""
    name = one.run(lambda: threading.current_thread().name, wait=SECONDS)
    assert name.startswith("test")
    assert name != threading.current_thread().name


@pytest.mark.parametrize("error", [Failed("no"), TimeoutError("the call's own"), RuntimeError("x")])
def test_run_raises_what_the_call_raises(one: Workers, error: Exception) -> None:
    """Even an error of the kind that waiting itself raises, and without our own as its context."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        one.run(fail, wait=SECONDS)
    assert caught.value is error
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_worker_that_calls_its_own_workers_goes_on_itself(one: Workers) -> None:
    """A call inside a call runs in the same thread; a single worker would wait for itself."""

    def outer() -> tuple[int, int]:
        return threading.get_ident(), one.run(threading.get_ident, wait=SECONDS)

    here, inner = one.submit(outer).result(SECONDS)
    assert here == inner


def test_a_worker_of_another_pool_waits_for_its_turn(one: Workers) -> None:
    """Only one's own workers are spared the queue: another pool's calls count."""
    other = Workers(1, name="other")
    ident = other.run(lambda: one.run(threading.get_ident, wait=SECONDS), wait=SECONDS)
    assert ident == one.run(threading.get_ident, wait=SECONDS)
    other.close()


def test_a_call_whose_turn_does_not_come_is_overloaded_and_never_runs(one: Workers) -> None:
    """The wait is bounded, the seconds are whole, and nothing is done later behind one's back."""
    busy, ran = Busy(one), []
    with pytest.raises(Overloaded) as caught:
        one.run(lambda: ran.append(1), wait=0.01)
    busy.let_go()
    one.run(lambda: None, wait=SECONDS)  # behind the other in the queue
    assert (caught.value.retry_after, ran) == (1, [])
    assert caught.value.__context__ is None


def test_a_call_that_has_begun_is_waited_for() -> None:
    """A password that is being checked is checked, however late it is."""
    begun, tried_to_cancel = threading.Event(), threading.Event()

    class Late(Workers):
        """Its callers wait only once the call has begun, and it ends once they lost patience."""

        def submit(self, call: Callable[[], T]) -> Future[T]:
            future = super().submit(call)
            cancel = future.cancel

            def try_to_cancel() -> bool:
                tried_to_cancel.set()
                return cancel()

            future.cancel = try_to_cancel  # type: ignore[method-assign] # this one future's
            assert begun.wait(SECONDS)
            return future

    def call() -> str:
        begun.set()
        assert tried_to_cancel.wait(SECONDS)
        return "done"

    late = Late(1, name="test")
    assert late.run(call, wait=0.001) == "done"
    late.close()


def test_a_failed_call_is_forgotten_with_its_error(one: Workers) -> None:
    """No cycle of error, traceback and future keeps a password until the garbage collector runs."""

    def attempt() -> weakref.ref[Secret]:
        secret = Secret()
        watch = weakref.ref(secret)

        def call(kept: Secret = secret) -> None:
            raise Failed

        with pytest.raises(Failed):
            one.run(call, wait=SECONDS)
        return watch

    gc.collect()
    gc.disable()
    try:
        watch = attempt()
        one.run(lambda: None, wait=SECONDS)  # the worker has let go of the call before
        assert watch() is None
    finally:
        gc.enable()


def test_closed_workers_take_nothing_more() -> None:
    """`close` waits for what was taken; after it `submit` is a RuntimeError, `run` Overloaded."""
    done: list[int] = []
    workers = Workers(1, name="test")
    workers.submit(lambda: done.append(1))
    workers.close()
    assert done == [1]
    workers.close()
    with pytest.raises(RuntimeError):
        workers.submit(lambda: None)
    with pytest.raises(Overloaded) as caught:
        workers.run(lambda: None, wait=2.5)
    assert (caught.value.retry_after, caught.value.__context__) == (3, None)


def test_workers_closed_before_their_first_call_stay_closed() -> None:
    """Closing what never began does not begin it."""
    workers = Workers(1, name="test")
    workers.close()
    with pytest.raises(RuntimeError):
        workers.submit(lambda: None)


def test_forgotten_workers_end_their_threads() -> None:
    """Threads do not keep alive the object that nobody has any more."""
    workers = Workers(1, name="test")
    watch = weakref.ref(workers)
    thread = workers.run(threading.current_thread, wait=SECONDS)
    del workers
    gc.collect()
    thread.join(SECONDS)
    assert (watch(), thread.is_alive()) == (None, False)


@needs_fork
@forks
def test_a_forked_child_has_workers_of_its_own(one: Workers) -> None:
    """Though every worker is busy, calls wait and the lock is held when it is forked."""
    busy, ran_in_parent = Busy(one), threading.Event()
    waiting = one.submit(ran_in_parent.set)

    def in_child() -> bool:
        return one.run(lambda: 42, wait=SECONDS) == 42 and not ran_in_parent.is_set()

    with one._lock:
        fine = ends_well_in_a_child(in_child)
    busy.let_go()
    waiting.result(SECONDS)
    assert fine
    assert ran_in_parent.is_set()


@needs_fork
@forks
def test_workers_closed_before_a_fork_are_closed_in_the_child() -> None:
    """A fork opens nothing."""
    workers = Workers(1, name="test")
    workers.run(lambda: None, wait=SECONDS)
    workers.close()

    def in_child() -> bool:
        try:
            workers.submit(lambda: None)
        except RuntimeError:
            return True
        return False

    assert ends_well_in_a_child(in_child)


def test_the_hook_of_a_forked_child_renews_every_instance() -> None:
    """What runs in a child, run here: all living instances get a free lock and a new pool."""
    pair = [Workers(1, name="a"), Workers(1, name="b")]
    before = [workers.run(threading.current_thread, wait=SECONDS) for workers in pair]
    for workers in pair:
        workers._lock.acquire()
    module._renew_all()
    after = [workers.run(threading.current_thread, wait=SECONDS) for workers in pair]
    assert not set(before) & set(after)
    for workers in pair:
        workers.close()


def test_there_is_one_hook_for_all() -> None:
    """Hooks of a process are never taken back, so an instance does not add one."""
    Workers(1, name="a")
    before = module._hook_fork.cache_info()
    Workers(1, name="b")
    after = module._hook_fork.cache_info()
    assert (before.misses, after.misses, after.hits - before.hits) == (1, 1, 1)


def test_a_system_without_fork_needs_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing forks, `os` has no such function, and the workers work all the same."""
    monkeypatch.delattr("os.register_at_fork", raising=False)
    module._hook_fork.__wrapped__()
    workers = Workers(1, name="test")
    assert workers.run(lambda: 42, wait=SECONDS) == 42
    workers.close()


def test_the_end_of_the_interpreter_is_overloaded() -> None:
    """What was taken is done at the exit; whoever comes later is told so, and does not hang."""
    said = run_python("""
import atexit
from schoolauth.errors import Overloaded
from schoolauth.workers import Workers

workers, unused = Workers(1, name="test"), Workers(1, name="unused")
for _ in range(3):
    workers.submit(lambda: print("taken"))

@atexit.register
def late():
    for each in workers, unused:
        try:
            each.run(lambda: print("never"), wait=5)
        except Overloaded as error:
            print("overloaded", error.retry_after)
""")
    assert said.split("\n") == ["taken"] * 3 + ["overloaded 5"] * 2 + [""]


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), ("2", TypeError)]
)
def test_a_size_that_is_none_is_refused(size: Any, error: type[Exception]) -> None:
    """Mistakes show where they are made."""
    with pytest.raises(error):
        Workers(size, name="test")
