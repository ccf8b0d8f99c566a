"""Django beside us: in the same databases, with the same argon2 and as many accounts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from sqlalchemy import Engine


class CheapArgon2(Argon2PasswordHasher):  # type: ignore[misc] # Django ships no types
    """Django's own, with the smallest parameters there are."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


class Router:
    """Sends every query to the database of the case that runs."""

    store = "default"

    def db_for_read(self, model: object, **hints: object) -> str:
        """Return the database to read from."""
        return Router.store

    db_for_write = db_for_read


@contextmanager
def django(engines: Sequence[Engine], people: int, encoded: str) -> Iterator[None]:
    """Set Django up in the databases of *engines*, with *people* accounts in each."""
    import django as package
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    stores = {engine.dialect.name: _database(engine) for engine in engines}
    default = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        DATABASES={"default": default, **stores},
        DATABASE_ROUTERS=[f"{__name__}.Router"],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        PASSWORD_HASHERS=[f"{__name__}.CheapArgon2"],
        SECRET_KEY="for benchmarks only",
        USE_TZ=True,
    )
    package.setup()
    from django.contrib.auth.models import User

    for store in stores:
        Router.store = store
        call_command("migrate", database=store, verbosity=0)
        User.objects.using(store).bulk_create(
            User(
                username=f"wg204nx_teacher{number}",
                email=f"t{number}@hill.example.org",
                password=f"argon2{encoded}",
            )
            for number in range(people)
        )
    try:
        yield
    finally:
        connections.close_all()


def _database(engine: Engine) -> dict[str, Any]:
    url = engine.url
    if engine.dialect.name == "sqlite":
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.database,
            "OPTIONS": {"init_command": pragmas, "timeout": 30},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.database,
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.host or "",
        "PORT": url.port or "",
        "CONN_MAX_AGE": None,
    }


def check_password(password: str, encoded: str) -> Callable[[], object]:
    """Return Django's check of a password, without any database."""
    from django.contrib.auth.hashers import check_password as check

    return lambda: check(password, f"argon2{encoded}")


def django_cases(
    store: str, names: Iterable[str], password: str
) -> Mapping[str, Callable[[], object]]:
    """Return Django's sign-in without and with the one write that its own view does of it."""
    from django.contrib.auth import authenticate
    from django.contrib.auth.models import update_last_login

    name = itertools.cycle(names)

    def read_only() -> Any:
        Router.store = store
        user = authenticate(username=next(name), password=password)
        assert user is not None
        return user

    def with_last_login() -> None:
        user = read_only()
        update_last_login(sender=type(user), user=user)

    return {
        "Django authenticate": read_only,
        "Django authenticate + update_last_login": with_last_login,
    }
