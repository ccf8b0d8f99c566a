"""Accounts in every state that an outsider must not learn, and how what they cost is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from schoolauth import Login, LoginRefused, SchoolAuth, User
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


# --- What becomes of an account, and what strangers then ask --------------------------------------


def _guess(world: World, name: str, times: int = 8) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234")


def _use_a_browser(world: World, name: str) -> Login:
    login = world.auth.log_in(name, PASSWORD)
    return world.auth.log_in(name, PASSWORD, device=login.device)


def _fill_the_browsers(world: World, name: str) -> None:
    device = _use_a_browser(world, name).device
    for _ in range(9):
        with pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234", device=device)


def _ask_for_mails(world: World, name: str) -> None:
    for _ in range(2):
        world.auth.request_password_reset(name)


LOCK = 3
FATES: dict[str, tuple[int, Callable[[World, str], object]]] = {
    "nothing": (20, lambda world, name: None),
    "full": (20, _guess),
    "locked": (LOCK, lambda world, name: _guess(world, name, LOCK)),
    "signed in": (20, lambda world, name: world.auth.log_in(name, PASSWORD)),
    "browser used": (20, _use_a_browser),
    "browser full": (20, _fill_the_browsers),
    "mails full": (20, _ask_for_mails),
}
"""What becomes of an account by one of its names, and after how many failures it is locked."""
STRANGERS: dict[str, Callable[[SchoolAuth, str], object]] = {
    "wrong password": lambda auth, name: auth.log_in(name, "Wrong1234", source="x"),
    "reset": lambda auth, name: auth.request_password_reset(name, source="x"),
    "recovery": lambda auth, name: auth.request_admin_recovery(
        "wg204nx", new_email=_address(name), requested_by="Ada", source="x"
    ),
}
"""What a stranger asks under a name."""


def _address(name: str) -> str:
    return name if "@" in name else f"{name}@x.example.org"


def fated(world: World, fate: str, renew: Callable[[int], object]) -> Iterator[tuple[str, str]]:
    """Yield each name to ask for, and what it is, when what is to become of it has become of it.

    It happens by the account's other name, whose own count is another. *renew* makes the world's
    `SchoolAuth` anew, with a throttle that knows no try and a lock after so many failures.
    """
    lock, happen = FATES[fate]
    number = len(world.desk.search(limit=500).items)
    person = world.teacher(family_name="Fated", email=f"fated{number}@x.example.org")
    by = {"username": str(person.username), "address": str(person.email)}
    for kind, other in (("username", "address"), ("address", "username"), ("unknown", "username")):
        renew(lock)
        happen(world, by[other])
        yield f"{fate}, {kind}", by.get(kind, "nobody@x.example.org")
