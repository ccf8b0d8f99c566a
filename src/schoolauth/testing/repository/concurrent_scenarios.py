"""What three threads do at once with a few accounts; each round has names and keys of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, MisId, UserKey, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.testing.linearizability import Operation, Scenario, ending
from schoolauth.testing.repository.sample_accounts import a_user, edited

Steps = tuple[Sequence[User], Sequence[Sequence[Operation]]]
"""The accounts that are there before, and what the threads do."""


def saving(*people: User, unchanged: Sequence[User] = ()) -> Operation:
    """Return the operation that saves *people*."""
    change = Change(people, [edited()], unchanged)
    text = f"save {_told(*people)}" + (f", if still {_told(*unchanged)}" if unchanged else "")
    return Operation(text, lambda users: ending(lambda: users.save(change)))


def finding(*keys: UserKey) -> Operation:
    """Return the operation that finds *keys*, which are of one kind: one statement can do it."""

    def run(users: UserRepository) -> str:
        found = users.find(keys)
        return _told(*(found.get(key) for key in keys))

    return Operation(f"find {' and '.join(key.key for key in keys)}", run)


def _told(*people: User | None) -> str:
    return " and ".join("nobody" if user is None else _seen(user) for user in people)


def _seen(user: User) -> str:
    fields = (user.given_name, user.status, user.email or "no address")
    return f"{user.id.key} v{user.version} ({', '.join(map(str, fields))})"


NAMES = ("Ann", "Ben", "Cat")


def scenario(number: int) -> Scenario:
    """Return the scenario of round *number*: each comes again and again."""
    name = list(SCENARIOS)[number % len(SCENARIOS)]
    ann, ben, cat = (a_user(f"{who}{number}".lower(), given_name=who) for who in NAMES)
    shared = EmailAddress.parse(f"shared{number}@x.example")
    before, threads = SCENARIOS[name](ann, ben, cat, shared)
    return Scenario(
        name,
        [saving(*(replace(user, version=0) for user in before))] if before else [],
        threads,
        [finding(ann.id, ben.id, cat.id), finding(shared)],
    )


def _claims(ann: User, ben: User, cat: User, shared: EmailAddress) -> Steps:
    who = finding(shared)
    return [], [[saving(replace(user, email=shared)), who] for user in (ann, ben, cat)]


def _usernames(ann: User, ben: User, cat: User, shared: EmailAddress) -> Steps:
    name = Username.parse(shared.key.partition("@")[0])
    who = finding(name)
    return [], [[saving(replace(user, username=name)), who] for user in (ann, ben, cat)]


def _mis_ids(ann: User, ben: User, cat: User, shared: EmailAddress) -> Steps:
    mis_id = MisId(ann.school, "sims", shared.key)
    stored = [user.saved() for user in (ann, ben, cat)]
    who = finding(mis_id)
    return stored, [[saving(replace(user, mis_id=mis_id)), who] for user in stored]


def _new_ids(ann: User, ben: User, cat: User, _: EmailAddress) -> Steps:
    who = finding(ann.id)
    new = (replace(user, id=ann.id) for user in (ann, ben, cat))
    return [], [[saving(user), who] for user in new]


def _versions(ann: User, _: User, __: User, ___: EmailAddress) -> Steps:
    ann, who = ann.saved(), finding(ann.id)
    one, two = (replace(ann, given_name=name) for name in ("One", "Two"))
    again = replace(one.saved(), given_name="Again")
    return [ann], [[saving(one), saving(again)], [saving(two), who], [who, who]]


def _move(ann: User, ben: User, cat: User, shared: EmailAddress) -> Steps:
    ann, ben, who = ann.saved(), ben.saved(), finding(shared)
    move = saving(ann, replace(ben, email=shared))
    both = finding(ann.id, ben.id)
    claim = saving(replace(cat, email=shared))
    return [replace(ann, email=shared), ben], [[move, who], [claim, who], [both, both]]


def _swaps(ann: User, ben: User, _: User, shared: EmailAddress) -> Steps:
    other = EmailAddress.parse(f"other-{shared}")
    before = [replace(ann.saved(), email=shared), replace(ben.saved(), email=other)]
    one, two = replace(before[0], email=other), replace(before[1], email=shared)
    back = [user.saved() for user in before]
    both = finding(ann.id, ben.id)
    return before, [
        [saving(one, two), saving(*back)],
        [saving(two, one), finding(shared)],
        [both, both],
    ]


def _guard(ann: User, ben: User, _: User, __: EmailAddress) -> Steps:
    ann, ben = (replace(user.saved(), role=Role.ADMIN, status=Status.ACTIVE) for user in (ann, ben))
    both = finding(ann.id, ben.id)
    return [ann, ben], [
        [saving(replace(ann, status=Status.INACTIVE), unchanged=[ben]), both],
        [saving(replace(ben, status=Status.INACTIVE), unchanged=[ann]), both],
        [both, both],
    ]


def _release(ann: User, ben: User, cat: User, shared: EmailAddress) -> Steps:
    ann, who = ann.saved(), finding(shared)
    held = replace(ann, email=shared)
    return [held], [
        [saving(ann), saving(held.saved())],
        [saving(replace(ben, email=shared)), who],
        [saving(replace(cat, email=shared)), who],
    ]


SCENARIOS = {
    "three new accounts with one address": _claims,
    "three new accounts with one username": _usernames,
    "three accounts that take one MIS id": _mis_ids,
    "three new accounts with one id": _new_ids,
    "two changes of one version": _versions,
    "an address that moves and a claim of it": _move,
    "two swaps of one pair of addresses": _swaps,
    "two admins who retire each other": _guard,
    "an address that is let go of and two claims of it": _release,
}
