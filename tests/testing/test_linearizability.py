"""The search for an order of calls: which histories it explains, and how it tells of another."""

from __future__ import annotations

import threading as host_threads
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schoolauth.model.names import EmailAddress, UserId, UserKey, Username
from schoolauth.model.user import User
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import threads
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.linearizability import (
    Call,
    Operation,
    check_order,
    is_explained,
    record,
)
from schoolauth.testing.repository.concurrent_scenarios import SCENARIOS, finding, saving, scenario
from schoolauth.testing.repository.sample_accounts import a_user
from tests.testing.broken.concurrency import CheckThenInsert

ANN, BEN = a_user("ann", "a@x.example"), a_user("ben", "a@x.example")
NAMESAKE = a_user("cat", username=ANN.username)
ADDRESS = EmailAddress.parse("a@x.example")
WHO = finding(ADDRESS)
ANNS = "ann v1 (Given, invited, a@x.example)"
BENS = "ben v1 (Given, invited, a@x.example)"


def history(*calls: tuple[int, int, Operation, str]) -> list[Call]:
    """Return calls by different callers: when each began, when it ended, what it was answered."""
    return [
        Call(f"thread {number}", operation, began, ended, answer)
        for number, (began, ended, operation, answer) in enumerate(calls)
    ]


EXPLAINED = {
    "one claim after the other": history(
        (1, 2, saving(ANN), "saved"), (3, 4, saving(BEN), "EmailTaken"), (5, 6, WHO, ANNS)
    ),
    "the later of two that overlap was first": history(
        (1, 4, saving(ANN), "EmailTaken"), (2, 3, saving(BEN), "saved"), (5, 6, WHO, BENS)
    ),
    "a find beside a save sees what was before": history(
        (1, 4, saving(ANN), "saved"), (2, 3, WHO, "nobody"), (5, 6, WHO, ANNS)
    ),
    "a find beside a save sees it already": history(
        (1, 6, saving(ANN), "saved"), (2, 3, WHO, ANNS), (4, 5, WHO, ANNS)
    ),
    "stale beside another, and nothing happened": history(
        (1, 3, saving(ANN), "StaleUser"), (2, 4, WHO, "nobody"), (5, 6, WHO, "nobody")
    ),
    "another of two taken keys is told": history(
        (1, 2, saving(ANN), "saved"),
        (3, 4, saving(replace(NAMESAKE, email=ADDRESS)), "UsernameTaken"),
        (5, 6, saving(replace(NAMESAKE, email=ADDRESS)), "EmailTaken"),
    ),
    "no call at all": [],
}
UNEXPLAINED = {
    "two claims that are both saved": history(
        (1, 3, saving(ANN), "saved"), (2, 4, saving(BEN), "saved")
    ),
    "a find that misses a save that had ended": history(
        (1, 2, saving(ANN), "saved"), (3, 4, WHO, "nobody")
    ),
    "a find that goes back behind another": history(
        (1, 6, saving(ANN), "saved"), (2, 3, WHO, ANNS), (4, 5, WHO, "nobody")
    ),
    "a refusal before anybody has the key": history(
        (1, 2, saving(ANN), "EmailTaken"), (3, 4, saving(BEN), "saved")
    ),
    "two that are both refused": history(
        (1, 3, saving(ANN), "EmailTaken"), (2, 4, saving(BEN), "EmailTaken")
    ),
    "stale alone": history((1, 2, saving(ANN), "StaleUser"), (3, 4, WHO, "nobody")),
    "stale after others had ended": history(
        (1, 2, WHO, "nobody"), (3, 4, saving(ANN), "StaleUser"), (5, 6, WHO, "nobody")
    ),
    "stale beside another, and written": history(
        (1, 3, saving(ANN), "StaleUser"), (2, 4, WHO, "nobody"), (5, 6, WHO, ANNS)
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_has_an_order_is_explained(name: str) -> None:
    """Whatever order of the calls is possible may be the one that was."""
    assert is_explained(EXPLAINED[name])


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_what_has_no_order_is_not_explained(name: str) -> None:
    """A call comes before those that began after its end, and answers as it would alone."""
    assert not is_explained(UNEXPLAINED[name])


people = st.builds(
    lambda name, other, version: replace(
        a_user(name, "a@x.example"), username=Username.parse(other), version=version
    ),
    st.sampled_from(["ann", "ben"]),
    st.sampled_from(["ann", "ben"]),
    st.integers(0, 2),
)
operations = st.lists(
    people.map(saving) | st.sampled_from([WHO, finding(UserId.parse("ann"), UserId.parse("ben"))]),
    min_size=2,
    max_size=7,
)


def one_by_one(asked: Sequence[Operation]) -> list[Call]:
    """Return the calls of operations that are done one after the other."""
    users = MemoryUserRepository()
    return history(
        *((10 * n, 10 * n + 5, each, each.run(users)) for n, each in enumerate(asked, 1))
    )


@given(operations, st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=7))
def test_what_was_done_one_by_one_is_explained(
    asked: list[Operation], stretches: list[tuple[int, int]]
) -> None:
    """Also if each call began earlier or ended later than it had to, beside the others."""
    calls = one_by_one(asked)
    assert is_explained(calls)
    assert is_explained(
        [
            replace(call, began=call.began - earlier, ended=call.ended + later)
            for call, (earlier, later) in zip(calls, stretches, strict=False)
        ]
    )


@given(operations, st.data())
def test_swapped_answers_are_not_explained(asked: list[Operation], data: st.DataObject) -> None:
    """Calls that did not overlap have one order, so no two answers can be swapped."""
    calls = one_by_one(asked)
    two = st.lists(st.sampled_from(range(len(calls))), min_size=2, max_size=2, unique=True)
    one, other = data.draw(two)
    told = {calls[one].answer, calls[other].answer}
    assume(len(told) == 2 and not told <= {"EmailTaken", "UsernameTaken"})
    answers = [call.answer for call in calls]
    answers[one], answers[other] = answers[other], answers[one]
    assert not is_explained(
        [replace(call, answer=answer) for call, answer in zip(calls, answers, strict=True)]
    )


@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=list(SCENARIOS))
def test_a_scenario_is_recorded(number: int) -> None:
    """Every call is there, from its beginning to its end, and the reference's are explained."""
    played = scenario(number)
    calls = record(MemoryUserRepository(), played)
    assert sorted(moment for call in calls for moment in (call.began, call.ended)) == list(
        range(1, 2 * len(calls) + 1)
    )
    for caller, wanted in {
        "before": played.before,
        **{f"thread {number}": asked for number, asked in enumerate(played.threads, 1)},
        "after": played.after,
    }.items():
        assert [call.operation for call in calls if call.caller == caller] == list(wanted)
    assert len(played.threads) == 3
    assert is_explained(calls)


def test_scenarios_of_two_rounds_share_no_key() -> None:
    """One repository serves all rounds."""
    users = MemoryUserRepository()
    for number in range(2 * len(SCENARIOS)):
        check_order(users, scenario(number))


def test_a_failure_tells_the_calls() -> None:
    """The sentence names the scenario; the notes are the calls, in the order of their beginning."""
    with pytest.raises(Unkept) as unkept:
        check_order(CheckThenInsert(), scenario(0))
    assert str(unkept.value) == (
        "three new accounts with one address: no order of the calls explains the answers."
    )
    title, *calls = unkept.value.__notes__
    assert title == "Each call with the moments at which it began and ended:"
    assert len(calls) == 8
    began = [int(call.split()[0]) for call in calls]
    assert began == sorted(set(began))
    assert calls[-1].startswith("15 to 16  after     find shared0@x.example: ")


class Stuck(MemoryUserRepository):
    """Never answers who has a key, once it has an account."""

    def __init__(self) -> None:
        super().__init__()
        self.never = host_threads.Event()

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        if self._users:
            self.never.wait()
        return super().find(keys)


def test_calls_that_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are one sentence, which names the scenario."""
    monkeypatch.setattr(threads, "PATIENCE", 0.05)
    stuck = Stuck()
    with pytest.raises(Unkept, match="calls of 'three new accounts with one address' did not end"):
        check_order(stuck, scenario(0))
    stuck.never.set()
