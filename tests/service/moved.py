"""A school that has moved here from elsewhere: every scheme, and people with hashes of each."""

from __future__ import annotations

from typing import Any

from schoolauth import Argon2Hasher, ImportedUser, Role, SupportDesk, User
from tests.legacy.schemes import SCHEMES
from tests.service.world import World, make_world

HASHER = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)
"""Today's; the scheme "argon2id" stands for what it once was."""
PASSWORD = "Chälkboard7"


def make_moved_world(*stores: Any, **settings: Any) -> World:
    """Return a world that reads the hashes of every scheme."""
    verifiers = [scheme.verifier for scheme in SCHEMES.values()]
    given: dict[str, Any] = {"hasher": HASHER, "legacy": verifiers}
    return make_world(*stores, **(given | settings))


def support(world: World) -> SupportDesk:
    """Return the support desk."""
    return world.auth.support(by="Test Support")


def old_user(name: str, password_hash: str | None, **more: Any) -> ImportedUser:
    """Return an account as the older system has it."""
    given: dict[str, Any] = {"given_name": "Jess", "family_name": "James", "role": Role.TEACHER}
    return ImportedUser(username=name, password_hash=password_hash, **(given | more))


def move(world: World, name: str, password_hash: str | None, **more: Any) -> User:
    """Import one account."""
    accounts = [old_user(name, password_hash, **more)]
    (user,) = support(world).import_users(world.school.code, accounts, source="old")
    return user
