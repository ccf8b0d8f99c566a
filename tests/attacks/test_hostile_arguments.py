"""Attack 7: each parameter of each public call, one hostile value at a time."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from schoolauth import (
    ContractBroken,
    NotConfigured,
    Role,
    SchoolAuth,
    SchoolAuthError,
    SupportDesk,
    UserManagement,
)
from tests.service.world import PASSWORD, World, make_world

HOSTILE: list[Any] = [
    *("", "\0", "\ud800", "\udfff@x.example", "a\u202eb", "x" * 5_000, "é" * 300, "%_\\", "'; --"),
    *("\U0001f469\u200d\U0001f469", "1e999", "a@" + "b." * 200 + "c", "٣" * 20, "ß", "İ"),
    *(None, 7, True, [], {}, b"x", 1.5, float("nan"), 10**400, object()),
]
FACES = (SchoolAuth, UserManagement, SupportDesk)
NOT_TRIED = {"mail_failed", "within"}  # what they take is no value of a request


def calls() -> list[tuple[type, str, str]]:
    """Return each face, its calls and their parameters."""
    return [
        (face, name, parameter)
        for face in FACES
        for name, call in inspect.getmembers(face, inspect.isfunction)
        if not name.startswith("_") and name not in NOT_TRIED
        for parameter in list(inspect.signature(call).parameters)[1:]
    ]


def good_values(world: World) -> dict[str, Any]:
    """Return a value for each parameter that has no default, by its name."""
    own, other = world.admin.id, world.teacher(email="jess@hill.example.org").id
    return {
        **dict.fromkeys(("by", "keep"), own),
        **dict.fromkeys(("user_id", "retire"), other),
        **dict.fromkeys(("school", "code"), world.school.code),
        **dict.fromkeys(("password", "current"), PASSWORD),
        **dict.fromkeys(("new", "new_password"), "Blackboard8"),
        **dict.fromkeys(("email", "new_email", "confirmation_from"), "new@hill.example.org"),
        **dict.fromkeys(("identifier", "email_or_username", "token", "session"), "jess"),
        **dict.fromkeys(("given_name", "family_name", "requested_by", "name"), "Ann"),
        **dict.fromkeys(("reason", "reference", "source"), "sims"),
        **dict.fromkeys(("rows", "users"), ()),
        "user_ids": [other],
        "role": Role.STAFF,
        "on": True,
    }


@pytest.mark.parametrize(
    ("face", "name", "parameter"), calls(), ids=lambda value: getattr(value, "__name__", value)
)
def test_7_no_value_of_a_parameter_raises_what_is_not_declared(
    face: type, name: str, parameter: str
) -> None:
    """A refusal, a `TypeError` or a `ValueError`, and never a broken contract."""
    world = make_world()
    good = good_values(world)
    desks: dict[type, Any] = {
        SchoolAuth: world.auth,
        UserManagement: world.desk,
        SupportDesk: world.auth.support(by="test"),
    }
    call = getattr(desks[face], name)
    wanted = inspect.signature(call).parameters
    undeclared = []
    for value in HOSTILE:
        world.clock.advance(hours=3)  # so that nothing is only throttled
        given = {
            other: good[other]
            for other, known in wanted.items()
            if known.default is inspect.Parameter.empty and other in good
        } | {parameter: value}
        try:
            call(**given)
        except (UnicodeError, ContractBroken) as error:  # the first has the whole text in it
            if not isinstance(error, NotConfigured):
                undeclared.append((value, error))
        except (SchoolAuthError, TypeError, ValueError):
            pass
    assert undeclared == []
