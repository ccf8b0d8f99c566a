"""Accounts in every state that an outsider must not learn, and how what they cost is compared."""

from __future__ import annotations

from schoolauth import User
from tests.service.ledger import Entry
from tests.service.world import PASSWORD, World

HOSTILE = ["", " ", "\0", "a b", "x" * 5000, "\ud800", "a@", "@", "jess@hill", "é" * 70]


def people_of(world: World) -> dict[str, User]:
    """Return an account in every state that an outsider must not learn."""
    made = {
        "active": world.teacher(family_name="Active", email="active@x.example.org"),
        "no address": world.teacher(family_name="Unaddressed"),
        "invited": world.teacher(None, family_name="Invited", email="invited@x.example.org"),
        "invited, no address": world.teacher(None, family_name="Letterless"),
        "inactive": world.teacher(family_name="Gone", email="gone@x.example.org"),
        "temporary": world.teacher(None, family_name="Temporary", email="temp@x.example.org"),
        "erased": world.teacher(family_name="Erased", email="erased@x.example.org"),
        "retired": world.teacher(family_name="Retired", email="retired@x.example.org"),
        "admin": world.admin,
    }
    desk = world.desk
    desk.deactivate(made["inactive"].id)
    desk.set_password(made["temporary"].id, PASSWORD)
    desk.resolve_duplicate(keep=made["no address"].id, retire=made["retired"].id, move_email=False)
    desk.erase(made["erased"].id)
    return made


def names_of(people: dict[str, User]) -> dict[str, str]:
    """Return every name that somebody might type, and some that nobody has."""
    names = {"unknown": "wg204nx_nobody", "unknown address": "nobody@x.example.org"}
    for state, user in people.items():
        names[state] = str(user.username)
        if user.email is not None:
            names[f"{state}, by address"] = str(user.email)
    names |= {f"hostile {number}": text for number, text in enumerate(HOSTILE)}
    active = names["active"]
    return names | {"a space": active + " ", "capitals": active.upper()}


def all_alike(costs: dict[str, list[Entry]]) -> list[Entry]:
    """Return the one cost that all have."""
    expected = costs["unknown"]
    assert {name: cost for name, cost in costs.items() if cost != expected} == {}
    return expected


def without_settling(cost: list[Entry]) -> list[Entry]:
    """Leave out what is given back: where nothing was held, there is nothing."""
    return [entry for entry in cost if entry[0] != "throttle.settle"]
