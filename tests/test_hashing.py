"""argon2id: right and wrong passwords, hostile hashes, bounds, and a machine short of something."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import argon2
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from schoolauth.errors import Overloaded
from schoolauth.hashing import Argon2Hasher
from schoolauth.model.user import StoredPassword
from schoolauth.ports import PasswordHasher
from tests.processes import SECONDS, ends_well_in_a_child, needs_fork, run_python

CHEAP: dict[str, int] = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
HASHER = Argon2Hasher(**CHEAP)
PASSWORD = "Chalkboard7"
STORED = HASHER.hash(PASSWORD)
TAIL = STORED.reveal().split("$", 4)[4]


def encoded(head: str) -> StoredPassword:
    """Return a hash with another head than its salt and digest were made with."""
    return StoredPassword(f"{head}${TAIL}")


def refusal(stored: StoredPassword, hasher: Argon2Hasher = HASHER) -> ValueError:
    """Return the error of a hash that is refused, which has nothing of the hash in it."""
    with pytest.raises(ValueError, match="the stored password") as caught:
        hasher.verify(PASSWORD, stored)
    error = caught.value
    assert (error.__context__, error.__cause__) == (None, None)
    assert stored.reveal() not in repr(error) or not stored.reveal()
    return error


@pytest.fixture
def idle() -> Iterator[Argon2Hasher]:
    """A hasher that could do nothing, even if it tried: its only worker is held."""
    hasher, held = Argon2Hasher(**CHEAP, workers=1, wait=0.01), threading.Event()
    hasher.workers.submit(lambda: held.wait(SECONDS))
    yield hasher
    held.set()
    hasher.workers.close()


def test_a_password_matches_its_own_hash_only() -> None:
    """True for the password, False for any other; it fits the port."""
    hasher: PasswordHasher = HASHER
    assert hasher.verify(PASSWORD, STORED) is True
    assert hasher.verify("Chalkboard8", STORED) is False


@pytest.mark.parametrize("other", [f"{PASSWORD} ", f" {PASSWORD}", PASSWORD.lower(), "", "\0"])
def test_nothing_is_trimmed_or_folded(other: str) -> None:
    """A space at the end is a character (FAQ), and so is case."""
    assert not HASHER.verify(other, STORED)


@pytest.mark.parametrize("length", [64, 72, 73, 128, 1024])
def test_the_last_of_many_characters_counts(length: int) -> None:
    """No length is cut off silently, as bcrypt does after 72 bytes."""
    same = "x" * (length - 1)
    stored = HASHER.hash(same + "a")
    assert HASHER.verify(same + "a", stored)
    assert not HASHER.verify(same + "b", stored)
    assert not HASHER.verify(same, stored)


@given(st.text(max_size=40), st.text(max_size=40))
@example("a\0b", "a\0c")
@example("\ud800", "?")
def test_two_passwords_match_if_they_are_equal(one: str, other: str) -> None:
    """For any two texts, NUL and lone surrogates included."""
    stored = HASHER.hash(one)
    assert HASHER.verify(one, stored)
    assert HASHER.verify(other, stored) == (one == other)


def test_two_hashes_of_one_password_differ() -> None:
    """Each has a salt of its own."""
    assert HASHER.hash(PASSWORD) != STORED


def test_argon2_itself_agrees() -> None:
    """A hash made here is one for argon2-cffi, and the other way round."""
    theirs = argon2.PasswordHasher()
    stored = Argon2Hasher(workers=1).hash(PASSWORD)
    assert theirs.verify(stored.reveal(), PASSWORD)
    assert not theirs.check_needs_rehash(stored.reveal())
    assert HASHER.verify(PASSWORD, StoredPassword(theirs.hash(PASSWORD)))


def test_the_default_is_the_default_of_argon2() -> None:
    """Time, memory, lanes, version, variant and lengths are those of the library's own profile."""
    stored = Argon2Hasher().hash(PASSWORD)
    assert argon2.extract_parameters(stored.reveal()) == argon2.profiles.get_default_parameters()
    assert Argon2Hasher().workers.size == os.cpu_count()


def test_a_hash_checked_with_the_c_library_s_own_vector() -> None:
    """An argon2id hash from the test file of the reference implementation is read."""
    stored = StoredPassword(
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    )
    assert HASHER.verify("password", stored)
    assert not HASHER.verify("passwore", stored)


@pytest.mark.parametrize(
    ("head", "asks"),
    [
        ("$argon2id$v=19$m=4194304,t=3,p=4", "memory"),
        ("$argon2id$v=19$m=262145,t=3,p=4", "memory"),
        ("$argon2id$v=19$m=65536,t=11,p=4", "passes"),
        ("$argon2id$v=19$m=65536,t=4294967295,p=4", "passes"),
        ("$argon2id$v=19$m=65536,t=3,p=17", "lanes"),
    ],
)
def test_a_hash_that_asks_for_too_much_is_refused_without_work(
    head: str, asks: str, idle: Argon2Hasher
) -> None:
    """A hostile row in the store cannot take 4 GiB: refused though no worker is free to work."""
    assert "more work than is allowed" in str(refusal(encoded(head), idle)), asks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "plain text",
        "$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghijk",
        "pbkdf2_sha256$600000$salt$aGFzaA==",
        STORED.reveal() + "\n",
        STORED.reveal() + "\0",
        " " + STORED.reveal(),
        STORED.reveal().replace("argon2id", "argon2i"),
        STORED.reveal().replace("argon2id", "argon2d"),
        STORED.reveal().replace("v=19", "v=16"),
        STORED.reveal().replace("v=19$", ""),
        STORED.reveal().replace("m=8", "m= 8"),
        STORED.reveal().replace("m=8", "m=0"),
        STORED.reveal().replace("m=8", "m=08"),
        STORED.reveal().replace("m=8", "m=٨"),
        STORED.reveal().replace("m=8,t=1", "t=1,m=8"),
        STORED.reveal()[:60],
        STORED.reveal() + "é",
        STORED.reveal() + "\ud800",
        STORED.reveal() + "A" * 100_000,
    ],
    ids=range(21),  # the salt is another one in each run
)
def test_what_is_no_argon2id_hash_is_refused_without_work(text: str, idle: Argon2Hasher) -> None:
    """Corrupt, not ASCII, of another scheme, variant or version: refused with no worker free."""
    refusal(StoredPassword(text), idle)
    with pytest.raises(ValueError, match="the stored password"):
        HASHER.needs_rehash(StoredPassword(text))


@pytest.mark.parametrize("head", ["$argon2id$v=19$m=8,t=1,p=2", "$argon2id$v=19$m=7,t=1,p=1"])
def test_a_hash_that_argon2_cannot_make_is_corrupt(head: str) -> None:
    """Well formed, but with less memory than its lanes need."""
    assert str(refusal(encoded(head))) == "the stored password is corrupt"


HOSTILE = st.one_of(
    st.text(),
    st.from_regex(r"\A\$argon2(id|i|d)?\$(v=[0-9]{1,3}\$)?m=[0-9]{1,3},t=[0-9],p=[0-9]{1,2}\$.*"),
    st.tuples(st.integers(0, len(STORED.reveal())), st.characters()).map(
        lambda cut: STORED.reveal()[: cut[0]] + cut[1] + STORED.reveal()[cut[0] + 1 :]
    ),
)


@given(HOSTILE)
def test_a_hostile_hash_is_never_more_than_a_value_error(text: str) -> None:
    """Whatever a store holds instead of the hash, nobody is let in and nothing else is raised."""
    assume(text != STORED.reveal())
    said = "False"
    try:
        said = str(HASHER.verify(PASSWORD, StoredPassword(text)))
    except ValueError as error:
        said = str(error)
    assert re.fullmatch(r"False|the stored password [a-z0-9 ]+", said)


def test_only_other_parameters_need_a_new_hash() -> None:
    """Dearer, cheaper and otherwise long ones do; another salt does not."""
    assert not HASHER.needs_rehash(HASHER.hash("other"))
    for changed in ({"time_cost": 2}, {"memory_cost": 16}, {"memory_cost": 16, "parallelism": 2}):
        assert HASHER.needs_rehash(Argon2Hasher(**(CHEAP | changed)).hash(PASSWORD))
    longer = argon2.PasswordHasher(1, 8, 1, hash_len=48, salt_len=24)
    assert HASHER.needs_rehash(StoredPassword(longer.hash(PASSWORD)))
    assert HASHER.verify(PASSWORD, StoredPassword(longer.hash(PASSWORD)))


def test_a_crowd_is_overloaded_for_new_hashes_and_for_old(idle: Argon2Hasher) -> None:
    """When its turn does not come in time, neither call hashes, and both say when to come back."""
    with pytest.raises(Overloaded) as hashing:
        idle.hash(PASSWORD)
    with pytest.raises(Overloaded) as verifying:
        idle.verify(PASSWORD, STORED)
    assert (hashing.value.retry_after, verifying.value.retry_after) == (1, 1)


def test_a_worker_hashes_in_its_own_thread(idle: Argon2Hasher) -> None:
    """A whole call may run inside `workers`, as the asyncio face does, without waiting twice."""
    hasher = Argon2Hasher(**CHEAP, workers=1)
    assert hasher.workers.submit(lambda: hasher.verify(PASSWORD, hasher.hash(PASSWORD))).result()


def test_no_hash_is_made_outside_the_workers() -> None:
    """The memory is bounded by the number of workers, because nobody else calls argon2."""
    threads = set()

    class Watched(Argon2Hasher):
        """Notes which thread hashes."""

        def _hash(self, secret: bytes) -> str | None:
            threads.add(threading.get_ident())
            return super()._hash(secret)

        def _verify(self, stored: StoredPassword, secret: bytes) -> bool | None:
            threads.add(threading.get_ident())
            return super()._verify(stored, secret)

    hasher = Watched(**CHEAP, workers=1)
    hasher.verify(PASSWORD, hasher.hash(PASSWORD))
    assert threads == {hasher.workers.run(threading.get_ident, wait=SECONDS)}


def test_a_machine_without_memory_is_overloaded_and_the_hash_is_not_blamed() -> None:
    """Short of memory, both calls are Overloaded: a good hash must not be taken for corrupt."""
    resource = pytest.importorskip("resource", reason="this system limits no address space")
    if not os.path.exists("/proc/self/statm"):  # noqa: PTH110 # a plain question
        pytest.skip("this system does not say how much address space is taken")
    hasher = Argon2Hasher(workers=1, parallelism=1)  # a lane more would be a thread more
    stored = hasher.hash(PASSWORD)
    with open("/proc/self/statm") as statm:  # noqa: PTH123 # a plain question
        taken = int(statm.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + 32 * 2**20, hard))
    try:
        errors = [
            _overloaded(lambda: hasher.hash(PASSWORD)),
            _overloaded(lambda: hasher.verify(PASSWORD, stored)),
        ]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    assert [error.retry_after for error in errors] == [10, 10]
    assert all(error.__context__ is None for error in errors)
    assert hasher.verify(PASSWORD, stored)


def _overloaded(call: Any) -> Overloaded:
    with pytest.raises(Overloaded) as caught:
        call()
    return caught.value


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_hashes_though_the_parent_is_busy() -> None:
    """A pre-forking server works: the child has its own threads and no lock of the parent's."""
    hasher, held = Argon2Hasher(**CHEAP, workers=1), threading.Event()
    hasher.workers.submit(lambda: held.wait(SECONDS))
    fine = ends_well_in_a_child(lambda: hasher.verify(PASSWORD, hasher.hash(PASSWORD)))
    held.set()
    assert fine
    assert hasher.verify(PASSWORD, STORED)


def test_hashing_at_the_interpreter_s_end_is_overloaded() -> None:
    """An exit handler gets an answer, not a hang or a RuntimeError."""
    said = run_python("""
import atexit
from schoolauth.errors import Overloaded
from schoolauth.hashing import Argon2Hasher

hasher = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1, wait=0.5)
stored = hasher.hash("x")

@atexit.register
def late():
    for call in (lambda: hasher.hash("x")), (lambda: hasher.verify("x", stored)):
        try:
            call()
        except Overloaded as error:
            print("overloaded", error.retry_after)
""")
    assert said == "overloaded 1\noverloaded 1\n"


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_cost": 0},
        {"time_cost": 11},
        {"memory_cost": 31},
        {"memory_cost": 262_145},
        {"parallelism": 0},
        {"parallelism": 17, "memory_cost": 1000},
        {"maximum_memory_cost": 1024},
        {"maximum_time_cost": 2},
        {"maximum_parallelism": 3},
        {"workers": 0},
        {"wait": 0},
        {"wait": -1.0},
        {"wait": float("nan")},
        {"wait": float("inf")},
    ],
)
def test_a_parameter_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    """Below argon2's minimum or above one's own maximum, which would lock everybody out."""
    with pytest.raises(ValueError, match=r"must be"):
        Argon2Hasher(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_cost": "3"},
        {"time_cost": True},
        {"memory_cost": 65536.0},
        {"parallelism": None},
        {"maximum_time_cost": 10.5},
        {"workers": 1.5},
        {"wait": "10"},
    ],
)
def test_a_parameter_that_is_no_number_is_refused(wrong: dict[str, Any]) -> None:
    """Settings come from text files, where everything is text."""
    with pytest.raises(TypeError):
        Argon2Hasher(**wrong)


def test_its_repr_tells_the_parameters() -> None:
    """And nothing that was hashed."""
    hasher = Argon2Hasher(workers=3)
    hasher.hash(PASSWORD)
    assert repr(hasher) == "Argon2Hasher(time_cost=3, memory_cost=65536, parallelism=4, workers=3)"
