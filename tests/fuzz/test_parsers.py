"""Every parser on changed and on foreign input: the declared refusals, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth import AuditEvent, ContractBroken, User
from tests.fuzz.records import TEACHER, WORLD
from tests.fuzz.target import BETWEEN
from tests.fuzz.targets import TARGETS

SCRAPS = [b"", b"\0", b" ", b'"', b"$", b".", b"=", b",", b"9" * 30, b"[" * 2000, b"null", b"\xff"]


def mutated(seeds: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Return good inputs with pieces replaced, pieces of two, and bytes of no sense."""
    piece = st.sampled_from(SCRAPS) | st.binary(max_size=8) | st.text(max_size=4).map(str.encode)
    edit = st.tuples(st.integers(0, 2**16), st.integers(0, 40), piece)

    def edited(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
        for start, length, scrap in edits:
            at = start % (len(seed) + 1)
            seed = seed[:at] + scrap + seed[at + length :]
        return seed

    seed = st.sampled_from(seeds)
    return (
        st.builds(edited, seed, st.lists(edit, max_size=4))
        | st.builds(lambda a, b, at: a[:at] + b[at:], seed, seed, st.integers(0, 200))
        | st.binary(max_size=200)
        | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_parser_raises_what_it_declares(name: str) -> None:
    """Whatever the bytes, no other error comes out, and an answer keeps what the target says."""

    @given(mutated(TARGETS[name].seeds))
    def check(data: bytes) -> None:
        TARGETS[name].check(data)

    check()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_target_reaches_its_parser(name: str) -> None:
    """The inputs to begin with are accepted: who refuses everything finds nothing."""
    assert TARGETS[name].seeds
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
EVENT = WORLD.desk.history().items[0].to_record()


@pytest.mark.parametrize(
    ("rebuild", "record"),
    [(User.from_record, TEACHER.to_record(with_password=True)), (AuditEvent.from_record, EVENT)],
    ids=["user", "event"],
)
def test_a_record_with_any_value_anywhere_is_read_or_refused(
    rebuild: Callable[[object], object], record: dict[str, object]
) -> None:
    """A row of a newer version, or a spoilt one, is a broken contract without the row's values."""

    @given(st.sampled_from(sorted(record)), JSON, st.booleans())
    def check(name: str, value: object, whole: bool) -> None:
        given_record = value if whole else {**record, name: value}
        said: ContractBroken | None = None
        try:
            rebuild(given_record)
        except ContractBroken as error:
            said = error
        assert said is None or said.__cause__ is said.__context__ is None

    check()


@pytest.mark.parametrize(
    "record",
    [
        {},
        None,
        {**EVENT, "at": 2**62},
        {**EVENT, "details": "[" * 100_000},
        {**EVENT, "details": "[]"},
        {**EVENT, "kind": []},
        {key: value for key, value in EVENT.items() if key != "user_id"},
    ],
    ids=["empty", "none", "year", "deep", "list", "kind", "missing"],
)
def test_an_event_that_cannot_be_read_is_a_broken_contract(record: object) -> None:
    """Every way that a row can be wrong is the one declared error, for any storage adapter."""
    with pytest.raises(ContractBroken):
        AuditEvent.from_record(record)  # type: ignore[arg-type] # None is one of the mistakes


@pytest.mark.parametrize(
    ("name", "value"), [("role", "governor"), ("created_at", 2**62), ("password", 7)]
)
def test_an_account_that_cannot_be_read_is_a_broken_contract(name: str, value: object) -> None:
    """The value is not told: a row has addresses and a hash."""
    record = {**TEACHER.to_record(with_password=True), name: value}
    with pytest.raises(ContractBroken) as caught:
        User.from_record(record)
    assert str(value) not in str(caught.value)
    assert str(value) not in repr(caught.value.__context__)


def test_seeds_hold_the_separator_of_files_only_between_files() -> None:
    """Else a target would read other files than it says."""
    assert all(seed.count(BETWEEN) == 3 for seed in TARGETS["oneroster_files"].seeds)
    assert json.loads(TARGETS["mapping_plan"].seeds[0])["source"] == "sims"
