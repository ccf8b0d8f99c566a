"""Links, sessions and the password of somebody signed in: what they cost tells no account's state.

A link is nobody's to guess, so what it costs may tell the state of the link. It must not tell that
of the account behind it: beside a link that was used, one of an account that was deactivated,
erased or moved does the same and says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from schoolauth import Role, School, SchoolAuth, SchoolAuthError, UserId, UserManagement
from schoolauth.ports import Store
from schoolauth.testing import Outbox
from schoolauth.throttle import MemoryThrottle
from tests.service.ledger import Entry, Ledger
from tests.service.world import HASHER, LINKS, PASSWORD, World, make_world

WRONG, NEW_PASSWORD = "Wrong1234", "Blackboard8"
NEW, OTHER = "new@hill.example.org", "other@hill.example.org"


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """What a call costs."""
    return Ledger(monkeypatch)


def ended(ledger: Ledger, call: Callable[[], object]) -> tuple[list[Entry], str]:
    """Return what *call* costs, and how it ends: its error with all that is told of it."""
    told = ["nothing"]

    def watched() -> None:
        try:
            call()
        except SchoolAuthError as error:
            told[0] = f"{error.code} {error.details()} {error}"

    return ledger.of(watched), told[0]


# --- A link that confirms an address ----------------------------------------------------------


def confirmations(world: World) -> dict[str, str]:
    """Return a link that confirms an address for accounts of many fates; their names say which."""
    tokens = {}
    fates = ("good", "used", "moved", "inactive", "erased", "retired", "ended", "changed")
    old = {f"expired, {state}" for state in ("active", "inactive", "erased", "used")}
    people = {}
    for fate in [*sorted(old), *fates]:
        name = fate.replace(", ", "")
        people[fate] = world.teacher(family_name=name.title(), email=f"{name}@x.example.org")
    keep = world.teacher(family_name="Keep")
    for some in (sorted(old), fates):  # the older ones first
        for fate in some:
            world.auth.request_email_change(
                people[fate].id, password=PASSWORD, new_email=f"new{people[fate].id.key}@x.org"
            )
            tokens[fate] = world.token("confirm_email_change")
        if some is not fates:
            world.clock.advance(days=30)
    world.auth.confirm_email_change(tokens["used"])
    world.desk.set_email(people["expired, used"].id, "another@x.example.org")
    world.desk.set_email(people["moved"].id, OTHER)
    for fate in ("inactive", "expired, inactive"):
        world.desk.deactivate(people[fate].id)
    for fate in ("erased", "expired, erased"):
        world.desk.erase(people[fate].id)
    world.desk.resolve_duplicate(keep=keep.id, retire=people["retired"].id)
    world.auth.end_sessions(people["ended"].id)
    world.auth.change_password(people["changed"].id, current=PASSWORD, new=NEW_PASSWORD)
    return tokens


def test_a_confirming_link_does_not_tell_what_became_of_the_account(ledger: Ledger) -> None:
    """Used, moved, inactive, erased and retired are "used"; whatever the account, late is late."""
    world = make_world()
    tokens = confirmations(world)
    ledger.rebuild(world, throttle=MemoryThrottle())
    found = {
        fate: ended(ledger, partial(world.auth.confirm_email_change, token))
        for fate, token in tokens.items()
    }
    good = found.pop("good")
    assert good[1] == "nothing"
    assert [name for name, _ in good[0]].count("users.save") == 1  # not promised: it does its work
    late = {fate: one for fate, one in found.items() if fate.startswith("expired")}
    dead = {fate: one for fate, one in found.items() if fate not in late}
    assert len(late) == 4
    assert len(dead) == 7
    for told, some in (("expired", late), ("used", dead)):
        answers = {answer for _, answer in some.values()}
        assert len(answers) == 1
        assert f"'reason': '{told}'" in answers.pop()
        assert {fate: cost for fate, (cost, _) in some.items() if cost != [("users.find", 1)]} == {}


def test_a_confirming_link_that_is_not_ours_asks_no_store(ledger: Ledger, world: World) -> None:
    """Rubbish, another purpose's, a foreign key's for an account that is active, inactive, none."""
    teacher = world.teacher(email="jess@x.example.org")
    gone = world.teacher(family_name="Gone", email="gone@x.example.org")
    tokens = {"rubbish": "rubbish", "empty": "", "long": "x" * 5000, "surrogate": "\ud800"}
    tokens["session"] = world.log_in(teacher).session
    outbox = Outbox()
    foreign = SchoolAuth(
        Store(world.users),
        secret_key="f" * 32,
        mailer=outbox,
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
    )
    for user in (teacher, gone):
        foreign.request_email_change(user.id, password=PASSWORD, new_email=OTHER)
        tokens[f"foreign, {user.family_name}"] = str(outbox.last("confirm_email_change").token)
    world.desk.deactivate(gone.id)
    ledger.rebuild(world, throttle=MemoryThrottle())
    for name, token in tokens.items():
        cost, told = ended(ledger, partial(world.auth.confirm_email_change, token))
        assert cost == [], name
        assert told.startswith("token_refused {'reason': 'invalid'}"), name


# --- A link that approves a recovery ----------------------------------------------------------

RECOVERY: dict[str, Callable[[World, str], object]] = {
    "check": lambda w, token: w.auth.check_recovery_token(token),
    "approve": lambda w, token: w.auth.approve_admin_recovery(token, account=w.admin.id),
}
SINCE: dict[str, Callable[[World, UserManagement], object]] = {
    "password": lambda w, _: w.auth.change_password(w.admin.id, current=PASSWORD, new=NEW_PASSWORD),
    "address": lambda w, boss: boss.set_email(w.admin.id, OTHER),
    "sessions": lambda w, _: w.auth.end_sessions(w.admin.id),
    "no admin": lambda w, boss: boss.edit_user(w.admin.id, role=Role.STAFF),
    "inactive": lambda w, boss: boss.deactivate(w.admin.id),
    "erased": lambda w, boss: (boss.deactivate(w.admin.id), boss.erase(w.admin.id)),
    "moved": lambda w, _: w.auth.support(by="x").move_user(w.admin.id, "second"),
    "the head": lambda w, _: w.auth.support(by="x").change_school(
        "wg204nx", headteacher_email=OTHER
    ),
}


def asked() -> tuple[World, str, UserManagement]:
    """Return a school whose admin is to be recovered, the link, and another admin's desk."""
    world = make_world()
    world.auth.support(by="x").add_school(School("second", "Second School"))
    boss = world.teacher(family_name="Boss", role=Role.ADMIN)
    world.auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by="Ada")
    return world, world.token("approve_recovery"), world.auth.manage(by=boss.id)


@pytest.mark.parametrize("call", RECOVERY)
def test_a_recovery_link_does_not_tell_what_became_of_the_admin(ledger: Ledger, call: str) -> None:
    """Whatever has changed since, it is "changed since" after the same looks, and none is later."""
    late, changed = {}, {}
    for fate, change in SINCE.items():
        world, token, boss = asked()
        change(world, boss)
        ledger.rebuild(world, throttle=MemoryThrottle())
        changed[fate] = ended(ledger, partial(RECOVERY[call], world, token))
        world.clock.advance(days=30)
        late[fate] = ended(ledger, partial(RECOVERY[call], world, token))
    looks = [("users.history", None), ("schools.find", 1), ("users.search", None)]
    told = {answer for _, answer in changed.values()}
    assert len(told) == 1
    assert "changed_since" in told.pop()
    assert {fate: cost for fate, (cost, _) in changed.items() if cost != looks} == {}
    assert {cost == [] and "'expired'" in answer for cost, answer in late.values()} == {True}


@pytest.mark.parametrize("call", RECOVERY)
def test_a_recovery_link_that_was_used_does_not_tell_of_the_admin(
    ledger: Ledger, call: str
) -> None:
    """It is "used" after one look into the history, whatever became of the account by then."""
    found = {}
    for fate, change in {"nothing": lambda w, boss: None, **SINCE}.items():
        world, token, boss = asked()
        world.auth.approve_admin_recovery(token, account=world.admin.id)
        if fate != "password":  # nobody has one until the link has chosen it
            change(world, boss)
        ledger.rebuild(world, throttle=MemoryThrottle())
        found[fate] = ended(ledger, partial(RECOVERY[call], world, token))
    assert {str(one) for one in found.values()} == {str(found["nothing"])}
    cost, told = found["nothing"]
    assert cost == [("users.history", None)]
    assert "'used'" in told


@pytest.mark.parametrize("call", RECOVERY)
def test_a_recovery_link_that_is_not_ours_asks_no_store(ledger: Ledger, call: str) -> None:
    """Rubbish, another purpose's, and a foreign key's for a school that there is and is not."""
    world, token, _ = asked()
    foreign = make_world(secret_key="f" * 32)
    foreign.auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by="Ada")
    tokens = {
        "rubbish": "rubbish",
        "empty": "",
        "long": "x" * 5000,
        "surrogate": "\ud800",
        "session": world.log_in(world.admin).session,
        "foreign": foreign.token("approve_recovery"),
        "changed": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
    }
    ledger.rebuild(world, throttle=MemoryThrottle())
    for name, one in tokens.items():
        cost, told = ended(ledger, partial(RECOVERY[call], world, one))
        assert (cost, "'invalid'" in told) == ([], True), name


# --- A session --------------------------------------------------------------------------------


def test_a_session_that_is_over_is_one_look_whatever_ended_it(ledger: Ledger) -> None:
    """Inactive, erased, retired, another epoch, late, an id that nobody has: the same look."""
    world = make_world()
    fates = ("good", "inactive", "erased", "retired", "password", "address", "role", "school")
    people = {name: world.teacher(family_name=name.title()) for name in (*fates, "ended", "late")}
    sessions = {"late": world.log_in(people.pop("late")).session}
    world.clock.advance(days=400)
    sessions |= {name: world.log_in(user).session for name, user in people.items()}
    tokens = world.auth._core.tokens
    claims = tokens.read(sessions["good"], "session")
    sessions["nobody"] = tokens.issue(replace(claims, user=UserId.parse("nobody")))
    support = world.auth.support(by="x")
    support.add_school(School("second", "Second School"))
    world.desk.deactivate(people["inactive"].id)
    world.desk.erase(people["erased"].id)
    world.desk.resolve_duplicate(keep=people["good"].id, retire=people["retired"].id)
    world.auth.change_password(people["password"].id, current=PASSWORD, new=NEW_PASSWORD)
    world.desk.set_email(people["address"].id, OTHER)
    world.desk.edit_user(people["role"].id, role=Role.ADMIN)
    support.move_user(people["school"].id, "second")
    world.auth.end_sessions(people["ended"].id)
    ledger.rebuild(world, throttle=MemoryThrottle())
    found = {
        name: ended(ledger, partial(world.auth.resume, session))
        for name, session in sessions.items()
    }
    assert {name for name, (_, told) in found.items() if told == "nothing"} == {"good"}
    assert {name: cost for name, (cost, _) in found.items() if cost != [("users.find", 1)]} == {}
    assert len({told for name, (_, told) in found.items() if name != "good"}) == 1
    for session in ("rubbish", "", "x" * 5000, sessions["good"][:-2]):
        assert ledger.of(world.auth.resume, session) == []
        assert ledger.last == "SessionEnded"
