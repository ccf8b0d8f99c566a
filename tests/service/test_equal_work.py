"""Account state × entry point: hashes, reads, writes, throttle and mail, counted and compared.

What must be equal, since an outsider could otherwise tell who has an account:

- every sign-in that is refused for what was typed, by username or by address;
- what a stranger asks for after the account was guessed at, locked, or signed in to;
- every request for a reset link, sent or not;
- every wrong current password, whatever state the account is in;
- an e-mail change to a free, a held or one's own address;
- a recovery request for a school that is unknown, has no approver, no admin, or asked too often;
- every token that we did not sign, and every one that we signed and that is good no more.

What is not promised: a sign-in that succeeds, a link that is good and a school that may be asked do
more; an unreadable hash is one event more in the same save; an id that nobody has is told at once,
for ids are not guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schoolauth import School, SchoolAuth, StoredPassword, User
from schoolauth.model.change import Change
from schoolauth.model.events import LoginFailed
from schoolauth.ports import Store
from schoolauth.service.core import Core
from schoolauth.service.credentials import Credentials
from schoolauth.testing import Outbox
from schoolauth.throttle import MemoryThrottle
from tests.service.ledger import Entry, Ledger
from tests.service.states import FATES, STRANGERS, all_alike, fated, names_of, people_of
from tests.service.world import LINKS, PASSWORD, World, make_world

WRONG, NEW_PASSWORD = "Wrong1234", "Blackboard8"
NEW = "new@hill.example.org"


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """What a call costs."""
    return Ledger(monkeypatch)


def unreadable(world: World, **fields: Any) -> User:
    """Return an account whose stored hash no hasher reads."""
    user = world.teacher(family_name="Poisoned", **fields)
    poisoned = replace(user, password=StoredPassword("$argon2id$rubbish"))
    world.users.save(
        Change([poisoned], [LoginFailed(at=world.clock.now(), user=user.id, reason="unknown")])
    )
    return user


@pytest.mark.parametrize("typed", [WRONG, "", "x" * 5000, "\ud800"], ids=ascii)
def test_every_refused_sign_in_costs_the_same(ledger: Ledger, typed: str) -> None:
    """One look, one verification, one save of one event, whoever is meant."""
    world = make_world()
    people = people_of(world)
    costs = {}
    for state, name in names_of(people).items():
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs[state] = ledger.of(world.auth.log_in, name, typed, source="x")
        assert ledger.last == "LoginRefused", state
    assert all_alike(costs) == [
        ("throttle.wait", ["source"]),
        ("throttle.take", ["name"]),
        ("users.find", 1),
        ("throttle.take", ["account"]),
        ("throttle.wait", ["source"]),
        ("verify", "$argon2id$v=19$m=8,t=1,p=1"),
        ("throttle.take", ["source"]),
        ("users.save", {"users": 0, "events": 1}),
    ]


def test_the_right_password_of_an_account_that_may_not_costs_the_same(ledger: Ledger) -> None:
    """Inactive, retired, invited and a full account do what a wrong password does."""
    world = make_world()
    people = people_of(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    costs = {"unknown": ledger.of(lambda: world.auth.log_in("nobody", PASSWORD, source="x"))}
    for state in ("inactive", "retired", "invited", "invited, no address"):
        name = str(people[state].username)
        costs[state] = ledger.of(world.auth.log_in, name, PASSWORD, source="x")
    for _ in range(8):
        ledger.of(lambda: world.auth.log_in("active@x.example.org", WRONG))
    name = str(people["active"].username)
    costs["full"] = ledger.of(world.auth.log_in, name, PASSWORD, source="x")
    assert ledger.last == "LoginRefused"
    all_alike(costs)


@pytest.mark.parametrize("entry", STRANGERS)
def test_what_became_of_an_account_costs_strangers_the_same(ledger: Ledger, entry: str) -> None:
    """A full count, a lock, a success and a known browser: all costs what an unknown name does."""
    world = make_world()
    costs: dict[str, list[Entry]] = {}
    endings = set()
    for fate in FATES:
        for state, name in fated(world, fate, lambda lock: _rebuilt(ledger, world, lock)):
            costs[state] = ledger.of(STRANGERS[entry], world.auth, name)
            endings.add(ledger.last)
    costs["unknown"] = costs["nothing, unknown"]
    all_alike(costs)
    assert len(costs) == 3 * len(FATES) + 1
    assert len(endings) == 1


def _rebuilt(ledger: Ledger, world: World, lock: int) -> None:
    ledger.rebuild(world, throttle=MemoryThrottle(), lock_after=lock)


def test_a_throttled_name_costs_the_same(ledger: Ledger) -> None:
    """Of a known and of an unknown name nothing is looked up, and one event says so at first."""
    world = make_world()
    people = people_of(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    costs: dict[str, list[Entry]] = {}
    for state, name in (("unknown", "nobody"), ("known", str(people["active"].username))):
        costs[state] = []
        for _ in range(11):
            costs[state] += ledger.of(world.auth.log_in, name, WRONG)
        assert ledger.last == "Throttled"
    assert all_alike(costs)


def test_an_unreadable_hash_is_one_event_more_and_nothing_else(ledger: Ledger) -> None:
    """The stated exception: the desk has to learn of it."""
    world = make_world()
    poisoned = unreadable(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    cost = ledger.of(lambda: world.auth.log_in("nobody", WRONG))
    other = ledger.of(lambda: world.auth.log_in(str(poisoned.username), WRONG))
    assert other[:-1] == cost[:-1]
    assert other[-1] == ("users.save", {"users": 0, "events": 2})


def test_every_reset_request_costs_the_same(ledger: Ledger) -> None:
    """Sent or not: one look, one link, one text, one event, one hand-over, nothing hashed.

    What comes too often under one typed name is written once, whoever has the name.
    """
    world = make_world()
    names = names_of(people_of(world))
    names["unreadable"] = str(unreadable(world, email="poisoned@x.example.org").username)
    allowed: dict[str, list[Entry]] = {}
    refused: dict[str, list[Entry]] = {}
    flood: dict[str, list[Entry]] = {}
    for state, name in names.items():
        ledger.rebuild(world, throttle=MemoryThrottle())
        for costs in (allowed, allowed, refused, flood, flood):
            cost = ledger.of(world.auth.request_password_reset, name, source="x")
            assert costs.setdefault(state, cost) == cost
            assert ledger.last == "nothing", state
    look, typed = ("users.find", 1), ("throttle.take", ["mail-name", "reset-source"])
    account = ("throttle.take", ["mail-account"])
    letter: list[Entry] = [("issue", None), ("compose", None)]
    write, mail = ("users.save", {"users": 0, "events": 1}), ("mail", None)
    assert all_alike(allowed) == [look, typed, account, *letter, write, mail]
    assert all_alike(refused) == [look, typed, *letter, write, mail]
    assert all_alike(flood) == [look, typed, *letter, mail]


WITH_PASSWORD: dict[str, Callable[[World, User], object]] = {
    "change": lambda w, u: w.auth.change_password(u.id, current=WRONG, new="Board888"),
    "email": lambda w, u: w.auth.request_email_change(u.id, password=WRONG, new_email=NEW),
}


@pytest.mark.parametrize("call", WITH_PASSWORD)
def test_every_wrong_current_password_costs_the_same(ledger: Ledger, call: str) -> None:
    """Active, invited, inactive, retired and erased: one verification and one event."""
    world = make_world()
    people = people_of(world)
    people["unknown"] = world.teacher(family_name="Any")  # an id that nobody has is told at once
    costs = {}
    for state, user in people.items():
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs[state] = ledger.of(WITH_PASSWORD[call], world, user)
        assert ledger.last == "LoginRefused", state
    assert all_alike(costs)[-1] == ("users.save", {"users": 0, "events": 1})
    assert [name for name, _ in costs["unknown"]].count("verify") == 1


def test_an_address_that_is_held_costs_the_same_as_a_free_one(ledger: Ledger) -> None:
    """A link or a note: as many looks, links, texts, events and mails (ASVS 6.3.8)."""
    world = make_world()
    people = people_of(world)
    user = people["active"]
    addresses = {
        "unknown": NEW,
        "one's own": str(user.email),
        **{state: str(one.email) for state, one in people.items() if one.email is not None},
    }
    costs = {}
    for state, address in addresses.items():
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs[state] = ledger.of(
            world.auth.request_email_change, user.id, password=PASSWORD, new_email=address
        )
        assert ledger.last == "nothing", state
    assert [name for name, _ in all_alike(costs)].count("mail") == 2


def test_a_school_that_cannot_be_asked_costs_the_same(ledger: Ledger) -> None:
    """Unknown, without approver, without admin, asked too often: one letter that nobody gets."""
    world = make_world()
    support = world.auth.support(by="x")
    support.add_school(School("nohead", "No Head"))
    support.add_first_admin("nohead", given_name="A", family_name="B", password=PASSWORD)
    support.add_school(School("noadmin", "No Admin", "head@noadmin.example.org"))
    ledger.rebuild(world, throttle=MemoryThrottle())

    def ask(school: str) -> list[Entry]:
        return ledger.of(
            lambda: world.auth.request_admin_recovery(
                school, new_email=NEW, requested_by="Ada", source="x"
            )
        )

    costs = {"unknown": ask("unknown"), "no head": ask("nohead"), "no admin": ask("noadmin")}
    asked = [ask("wg204nx") for _ in range(2)]
    costs["too often"] = ask("wg204nx")
    assert ("mail", None) in all_alike(costs)
    assert asked[0] != costs["unknown"]  # not promised: three people are written to


def test_tokens_that_are_not_ours_cost_nothing(ledger: Ledger, world: World) -> None:
    """Rubbish, a foreign key's, another purpose's: no store is asked, for check and reset alike."""
    user = world.teacher(email="jess@x.example.org")
    session = world.log_in(user).session
    outbox = Outbox()
    foreign = SchoolAuth(
        Store(world.users), secret_key="f" * 32, mailer=outbox, links=LINKS, clock=world.clock
    )
    foreign.request_password_reset("jess@x.example.org")
    tokens = {
        "unknown": "rubbish",
        "empty": "",
        "long": "x" * 5000,
        "foreign": str(outbox.last().token),
        "session": session,
        "surrogate": "\ud800",
    }
    for call in (
        lambda token: world.auth.check_password_token(token),
        lambda token: world.auth.reset_password(token, NEW_PASSWORD, source="x"),
    ):
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs = {name: ledger.of(call, token) for name, token in tokens.items()}
        assert ledger.last == "TokenRefused"
        assert all_alike(costs) == []


def test_tokens_that_are_good_no_more_cost_the_same(ledger: Ledger, world: World) -> None:
    """Expired, used, moved, of somebody inactive or erased: one look, and nothing hashed."""
    tokens: dict[str, str] = {}
    people: dict[str, User] = {}
    for state in ("unknown", "expired", "moved", "inactive", "erased"):
        people[state] = world.teacher(family_name=state.title(), email=f"{state}@x.example.org")
        if state == "expired":
            world.auth.request_password_reset(f"{state}@x.example.org")
            tokens[state] = world.token("password_reset")
            world.clock.advance(days=2)
    for state in ("unknown", "moved", "inactive", "erased"):
        world.auth.request_password_reset(f"{state}@x.example.org")
        tokens[state] = world.token("password_reset")
    world.auth.reset_password(tokens["unknown"], "Blackboard8")
    world.desk.set_email(people["moved"].id, NEW)
    world.desk.deactivate(people["inactive"].id)
    world.desk.erase(people["erased"].id)
    for call in (
        lambda token: world.auth.check_password_token(token),
        lambda token: world.auth.reset_password(token, NEW_PASSWORD, source="x"),
    ):
        ledger.rebuild(world, throttle=MemoryThrottle())
        costs = {name: ledger.of(call, token) for name, token in tokens.items()}
        assert ledger.last == "TokenRefused"
        names = [name for name, _ in all_alike(costs)]
        assert names.count("users.find") == 1
        assert not {"hash", "verify", "users.save"} & set(names)


def test_a_leak_that_is_put_back_is_found(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the decoy's verification, and without its letter, the comparison fails."""
    world = make_world()
    teacher = world.teacher(email="jess@x.example.org")

    def compare(call: Callable[[str], object]) -> None:
        ledger.rebuild(world, throttle=MemoryThrottle())
        names = {"unknown": "nobody", "known": str(teacher.username)}
        all_alike({who: ledger.of(call, name) for who, name in names.items()})

    for call, owner, name, leak in (
        (lambda n: world.auth.log_in(n, WRONG), Credentials, "_verify", _only_real),
        (lambda n: world.auth.request_password_reset(n), Core, "pretend", _nothing),
    ):
        compare(call)
        with monkeypatch.context() as leaking:
            leaking.setattr(owner, name, leak)
            with pytest.raises(AssertionError):
                compare(call)


def _only_real(self: Credentials, prepared: str, stored: Any, decoy: Any) -> tuple[bool, bool]:
    return (stored is not None and self.hasher.verify(prepared, stored)), False


def _nothing(self: Core, message: Any) -> None:
    pass
