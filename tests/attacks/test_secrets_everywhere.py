"""Attack 17 through every public call: nothing that a host might print, log or keep has a secret.

The known exception, in the threat model: what was given to the call under way is in its frames.
"""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from schoolauth import ImportedUser, Role, SchoolAuth
from schoolauth.model.token import RecoveryClaims, TokenClaims
from schoolauth.ports import Store
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository
from tests.attacks.canaries import outcome
from tests.attacks.operations import LEGACY, OLD_HASH, OPERATIONS
from tests.attacks.rewound import Rewound
from tests.databases import SQL_STORES, STORES, Databases
from tests.service.world import HASHER, KEY, LINKS, World, make_world

MANY = 120
"""Accounts in one import: so many go to the driver by another way."""


@pytest.mark.parametrize("store", STORES)
def test_no_call_shows_a_secret(
    store: str, databases: Databases, everything: pytest.LogCaptureFixture
) -> None:
    """Passwords, tokens, hashes old and new and the key: not in answers, errors, logs, warnings."""
    rewound = Rewound(databases.backend(store))
    # a pool's first connection logs the server's own business
    everything.clear()
    for name, operation in OPERATIONS.items():
        rewound.rewind()
        everything.clear()
        faces = rewound.faces()
        text = outcome(lambda operation=operation, faces=faces: operation(faces))
        found = rewound.users.find([user.id for user in rewound.sample.people.values()])
        stored = {user.password.reveal() for user in found.values() if user.password is not None}
        mailed = {mail.token for mail in rewound.outbox if mail.token is not None}
        secrets = {KEY, *rewound.sample.secrets(), *stored, *mailed}
        text += everything.text
        assert [secret for secret in secrets if secret in text] == [], name


@pytest.mark.parametrize("store", SQL_STORES)
def test_a_log_of_statements_and_rows_shows_no_hash(
    store: str, databases: Databases, everything: pytest.LogCaptureFixture
) -> None:
    """SQLAlchemy's ``echo="debug"`` prints every parameter and row: a hash is three stars there."""
    backend = databases.backend(store)
    assert backend.engine is not None
    engine = create_engine(backend.engine.url, echo="debug")
    world = make_world(SqlUserRepository(engine), SqlSchoolDirectory(engine), legacy=[LEGACY])
    people = [
        ImportedUser(f"moved{number}", "Mo", "Ved", Role.STAFF, password_hash=OLD_HASH)
        for number in range(MANY)
    ]
    moved = world.auth.support(by="x").import_users("wg204nx", people, source="old")
    user = world.teacher()
    world.log_in(user)
    world.log_in(moved[0])
    world.desk.search()
    hashes = [one.password for one in world.users.find([user.id, moved[0].id]).values()]
    engine.dispose()
    assert "UPDATE schoolauth_users" in everything.text
    assert "Row (" in everything.text
    assert "'***'" in everything.text
    for stored in (OLD_HASH, *(one.reveal() for one in hashes if one is not None)):
        assert stored not in everything.text
    assert "argon2" not in everything.text


def test_what_is_set_up_shows_no_key(world: World) -> None:
    """An instance, its settings and its faces, printed: neither key nor what is made of it."""
    auth = SchoolAuth(
        Store(world.users), secret_key=KEY, old_secret_keys=["o" * 32], hasher=HASHER, links=LINKS
    )
    core = auth._core
    text = repr(core) + repr(auth) + repr(vars(auth)) + repr(world.desk) + repr(core.tokens)
    for key in (KEY, "o" * 32, *(made.hex() for made in core.tokens._digest_keys)):
        assert key not in text
        assert repr(key.encode())[2:-1] not in text


def test_what_a_link_says_shows_no_signature(world: World) -> None:
    """Claims are printed in tests and errors: they are the payload, never the token."""
    world.teacher(email="jess@x.example.org")
    world.auth.request_password_reset("jess@x.example.org")
    world.auth.request_admin_recovery(
        "wg204nx", new_email="new@x.example.org", requested_by="Ada Admin"
    )
    reset, recovery = world.token("password_reset"), world.token("approve_recovery")
    claims: list[TokenClaims | RecoveryClaims] = [
        world.auth._core.tokens.read(reset, "password_reset"),
        world.auth._core.tokens.read_recovery(recovery),
    ]
    for token, claim in zip((reset, recovery), claims, strict=True):
        assert token.rpartition(".")[2] not in repr(claim)
        assert token not in "".join(repr(mail) for mail in world.outbox)
