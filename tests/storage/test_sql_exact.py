"""Attack 6: the databases compare keys as they are; no statement folds, trims or guesses."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from sqlalchemy import Engine

from schoolauth import Role, SchoolAuthError, Status
from schoolauth.model.change import HistoryQuery, UserQuery
from schoolauth.model.names import SchoolCode, UserKey
from schoolauth.storage.sql import SqlThrottle
from schoolauth.storage.sql.tables import _COLLATIONS
from tests.attacks.operations import LEGACY, OPERATIONS, Faces, add_sample
from tests.databases import SQL_STORES, Backend, Databases
from tests.service.world import make_world
from tests.storage.test_sql_statements import KEYS, Sent, listening

FOLDING = re.compile(
    r"\b(lower|upper|l?trim|rtrim|ilike|citext|nocase|collate|unaccent|translate|normalize|"
    r"soundex|glob|regexp|rlike|similar|match)\b|~",
    re.IGNORECASE,
)
EXACT = re.compile("|".join(f' COLLATE "?{name}"?' for name in _COLLATIONS.values()))
"""The collations that tell every two texts apart, as the test of the schema shows."""


@pytest.fixture(params=SQL_STORES)
def backend(request: pytest.FixtureRequest, databases: Databases) -> Backend:
    """Each database in turn, empty."""
    return databases.backend(str(request.param))


def engine_of(backend: Backend) -> Engine:
    assert backend.engine is not None
    return backend.engine


def folding(sent: Sent) -> set[str]:
    """Return the statements that compare otherwise than character by character."""
    return {text for text, _ in sent if FOLDING.search(EXACT.sub("", text))}


def test_no_statement_of_any_call_folds_case(backend: Backend) -> None:
    """Every public call, with what it needs, sends comparisons of whole keys and no functions."""
    throttle = SqlThrottle(engine_of(backend))
    world = make_world(backend.users, backend.schools, legacy=[LEGACY], throttle=throttle)
    with listening(engine_of(backend)) as sent:
        sample = add_sample(world)
        faces = Faces(world.auth, world.desk, world.auth.support(by="Test Support"), sample)
        for call in OPERATIONS.values():
            with suppress(SchoolAuthError):  # what came before may have ended what it needs
                call(faces)
    assert folding(sent) == set()
    assert {text.split()[0] for text, _ in sent} >= {"SELECT", "INSERT", "UPDATE"}


def test_no_look_up_folds_case(backend: Backend) -> None:
    """By each kind of key, by all at once, by words, by every filter, and in the history."""
    school, keys = SchoolCode.parse("hill"), list(KEYS.values())
    looks: list[list[UserKey]] = [*([key] for key in keys), keys]
    with listening(engine_of(backend)) as sent:
        for look in looks:
            backend.users.find(look)
        backend.users.search(
            UserQuery(
                school=school,
                words=("jess", "%_\\"),
                statuses=frozenset({Status.ACTIVE}),
                roles=frozenset({Role.STAFF}),
                has_email=True,
                limit=3,
            )
        )
        backend.users.history(HistoryQuery(school=school, kinds=frozenset({"user_added"}), limit=3))
        backend.schools.find([school])
    assert len([text for text, _ in sent if text.startswith("SELECT")]) >= len(looks) + 3
    assert folding(sent) == set()
    likes = {text for text, _ in sent if " LIKE " in text}
    assert bool(likes) is (engine_of(backend).dialect.name != "sqlite")  # whose LIKE folds ASCII
    assert not [text for text in likes if not re.search(r"search_text LIKE", text)]
