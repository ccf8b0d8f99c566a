"""What holds where many threads call at once; every wait is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from schoolauth.errors import EmailTaken, SchoolAuthError
from schoolauth.model.names import EmailAddress, MisId, UserKey, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import equal, expect, holds_no_data, refuses
from schoolauth.testing.linearizability import SAVED, STALE, check_order, ending, refusal
from schoolauth.testing.repository.concurrent_scenarios import SCENARIOS, scenario
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import HILL, a_user, finds, history, read, save
from schoolauth.testing.repository.unique_keys import REFUSALS
from schoolauth.testing.threads import begin_together, results

T = TypeVar("T")

CROWD = 8
TIMES = 6
"""A race is run again and again: on a busy machine, some are won by luck."""
PAIRS = 10
SWAPPERS = 6
SWAPS = 8
ROUNDS = 6
"""How often each scenario is run: a store without unique keys is found in far fewer."""


def _together(make: Make, calls: Sequence[Callable[[], T]], what: str) -> list[T]:
    """Return what each of *calls* gave; they begin at once, in threads of their own."""
    return results(begin_together(calls, make.options.get("leave_thread")), what)


def _endings(make: Make, saves: Iterable[Callable[[], object]], what: str) -> list[str]:
    """Return how each of *saves* ended; they begin at once."""
    return _together(make, [partial(ending, each) for each in saves], what)


def _one_wins(endings: Iterable[str], rest: set[str], what: str) -> None:
    """Expect that one was saved, and that each of the others was refused as one of *rest*."""
    counts = Counter(endings)
    equal(counts.pop(SAVED, 0), 1, f"{what} that were saved")
    others = sorted(set(counts) - rest)
    expect(not others, f"{what} were refused as {' and '.join(others)}.")


@behaviour("threads.one_claim_wins")
def _(make: Make) -> None:
    """Of many new accounts with one address, in any spelling, one is saved.

    The others hear `EmailTaken`; or `StaleUser`, and `EmailTaken` when they try again.
    """
    users, what = make.new(), "new accounts with one address, saved at once,"
    for time in range(TIMES):
        new = [
            a_user(f"u{time}-{number}", f"{_spelt('abc', number)}@{time}.example")
            for number in range(CROWD)
        ]
        endings = _endings(make, [partial(save, users, user) for user in new], what)
        _one_wins(endings, {STALE, EmailTaken.__name__}, what)
        equal(len(users.find([user.id for user in new])), 1, f"{what} that are found")
        equal(len(history(users)), 1 + time, "events of one new account each time")
        for user, how in zip(new, endings, strict=True):
            if how == STALE:
                with refuses(EmailTaken, "A claim of a taken address, tried again alone,"):
                    save(users, user)


@behaviour("threads.one_key_wins")
def _(make: Make) -> None:
    """Of many claims of one username, address or MIS id, by new and stored accounts, one is saved.

    The others hear the refusal of that key, or `StaleUser`.
    """
    for users, key, claims, refusals in _claims_at_once(make):
        kind, what = type(key), f"claims of one {type(key).__name__}, saved at once,"
        endings = [SAVED if each is None else type(each).__name__ for each in refusals]
        _one_wins(endings, {STALE, REFUSALS[kind][0].__name__}, what)
        winner = claims[endings.index(SAVED)]
        finds(users, [key], [winner.saved()], f"find by the {kind.__name__} that many claimed")


@behaviour("threads.error_holds_no_data")
def _(make: Make) -> None:
    """Who loses a race is refused without data of a person, and no driver's error hangs on that."""
    for _, _, _, refusals in _claims_at_once(make):
        for refused in filter(None, refusals):
            holds_no_data(refused, "quince")


def _claims_at_once(
    make: Make,
) -> Iterator[tuple[UserRepository, UserKey, list[User], list[SchoolAuthError | None]]]:
    """Yield a key, accounts that claimed it at once, half of them stored, and their refusals."""
    users = make.new()
    for time in range(2 * TIMES):
        name = f"quince{time}"
        keys: list[UserKey] = [
            Username.parse(name),
            EmailAddress.parse(f"{name}@x.example"),
            MisId(HILL, "sims", name),
        ]
        key = keys[time % len(keys)]
        people = [a_user(f"u{time}-{number}") for number in range(CROWD)]
        people[: CROWD // 2] = save(users, *people[: CROWD // 2])
        claim: dict[str, Any] = {REFUSALS[type(key)][1]: key}
        claims = [replace(user, **claim) for user in people]
        calls = [partial(refusal, partial(save, users, user)) for user in claims]
        yield users, key, claims, _together(make, calls, f"Claims of one {type(key).__name__}")


def _spelt(text: str, number: int) -> str:
    return "".join(
        letter.upper() if number >> index & 1 else letter for index, letter in enumerate(text)
    )


@behaviour("threads.one_version_wins")
def _(make: Make) -> None:
    """Of many changes of an account as it was read, one is saved, and the others are stale."""
    users, what = make.new(), "changes of one version, saved at once,"
    (ann,) = save(users, a_user("ann"))
    for _ in range(TIMES):
        changed = [replace(ann, given_name=f"Ann {number}") for number in range(CROWD)]
        endings = _endings(make, [partial(save, users, user) for user in changed], what)
        _one_wins(endings, {STALE}, what)
        winner = changed[endings.index(SAVED)]
        (ann,) = read(users, ann)
        equal(ann, winner.saved(), "the account after changes at once")
        equal(len(history(users)), ann.version, "events of a new account and one change each time")


@behaviour("threads.new_id_once")
def _(make: Make) -> None:
    """Of many new accounts with one id, one is saved, and the others are stale."""
    users, what = make.new(), "new accounts with one id, saved at once,"
    for time in range(TIMES):
        names = [Username.parse(f"u{time}-{number}") for number in range(CROWD)]
        new = [a_user(f"id{time}", username=name) for name in names]
        endings = _endings(make, [partial(save, users, user) for user in new], what)
        _one_wins(endings, {STALE}, what)
        winner = new[endings.index(SAVED)]
        equal(read(users, winner), [winner.saved()], "the account after new ones with its id")
        found = list(users.find(names))
        equal(found, [winner.username], "usernames that find the one new account")


@behaviour("threads.guard")
def _(make: Make) -> None:
    """Of two admins who are each retired while the other is `unchanged`, one at least stays."""
    users = make.new()
    for number in range(PAIRS):
        pair = save(
            users,
            *(
                a_user(f"{name}{number}", role=Role.ADMIN, status=Status.ACTIVE)
                for name in ("ann", "ben")
            ),
        )
        endings = _endings(
            make,
            [
                partial(save, users, replace(one, status=Status.INACTIVE), unchanged=[other])
                for one, other in (pair, pair[::-1])
            ],
            "Two admins who retire each other",
        )
        others = sorted(set(endings) - {SAVED, STALE})
        expect(not others, f"Retiring an admin was refused as {' and '.join(others)}.")
        expect(endings.count(SAVED) < 2, "Two admins have retired each other.")
        admins = sum(user.is_active_admin for user in read(users, *pair))
        equal(admins, 2 - endings.count(SAVED), "admins after two have tried to retire each other")


@behaviour("threads.swaps")
def _(make: Make) -> None:
    """Two accounts that keep swapping addresses are never seen, or left, with half a swap.

    A swap may be refused as stale, and as nothing else.
    """
    users = make.new()
    ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben", "ben@x.example"))
    swappers = [partial(_swap, users, ann, ben, number) for number in range(SWAPPERS)]
    saved = sum(_together(make, swappers, "Swaps of two addresses"))
    one, _ = _whole(users, ann, ben)
    equal(one.version - 1, saved, "changes of an account after that many swaps of its address")
    equal(len(history(users)), 1 + saved, "events of two new accounts and their swaps")


def _swap(users: UserRepository, ann: User, ben: User, number: int) -> int:
    """Swap the addresses a few times, in this order or the other; return how often it was saved."""
    saved = 0
    for _ in range(SWAPS):
        one, two = _whole(users, ann, ben)
        pair = [replace(one, email=two.email), replace(two, email=one.email)]
        how = ending(partial(save, users, *(pair if number % 2 else pair[::-1])))
        expect(how in (SAVED, STALE), f"A swap of two addresses was refused as {how}.")
        saved += how == SAVED
        _whole(users, ann, ben)
    return saved


def _whole(users: UserRepository, ann: User, ben: User) -> list[User]:
    """Return both as one find sees them: both before a swap, or both after it."""
    pair = read(users, ann, ben)
    odd = pair[0].version % 2
    emails = [user.email for user in ((ann, ben) if odd else (ben, ann))]
    equal([user.version for user in pair], [pair[0].version] * 2, "versions of two that swap")
    equal([user.email for user in pair], emails, "addresses of two that swap")
    return pair


@behaviour("threads.linearizable")
def _(make: Make) -> None:
    """What threads are answered is what some order of their calls, one by one, would answer.

    `StaleUser` may be the answer where others call at the same time, and then nothing happened.
    """
    users = make.new()
    for number in range(ROUNDS * len(SCENARIOS)):
        check_order(users, scenario(number), make.options.get("leave_thread"))
