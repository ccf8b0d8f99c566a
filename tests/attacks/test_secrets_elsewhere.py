"""Attack 17 by the other ways in and out: awaited, in a host's transaction, by mail, to a throttle.

What goes through `SchoolAuth` itself is in tests/attacks/test_secrets_everywhere.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from redis import Redis
from sqlalchemy import create_engine

from schoolauth import QueuedMailer, SchoolAuth, StorageUnavailable
from schoolauth.aio import AsyncSchoolAuth
from schoolauth.mail.smtp import SmtpMailer
from schoolauth.ports import Mailer, Store, Throttle
from schoolauth.storage.sql import SqlThrottle
from schoolauth.throttle.redis import RedisThrottle
from tests.attacks.canaries import in_our_frames, outcome, told, with_locals
from tests.attacks.operations import ADDRESS, OPERATIONS, SECRET, Faces
from tests.attacks.rewound import Rewound, note_tokens
from tests.databases import SQL_STORES, Databases
from tests.mail.server import Inbox, Server
from tests.service.world import HASHER, KEY, LINKS, PASSWORD, World, make_world

OPEN_SESAME = "Canary-Heron9"
"""The password of a server: mail, Redis or a database."""


def secrets_of(rewound: Rewound) -> set[str]:
    """Return what no answer, error or log line may show."""
    found = rewound.users.find([user.id for user in rewound.sample.people.values()])
    stored = {user.password.reveal() for user in found.values() if user.password is not None}
    return {KEY, *rewound.sample.secrets(), *stored, *rewound.minted}


# --- Awaited ----------------------------------------------------------------------------------


def awaited(faces: Faces, name: str) -> object:
    """Return what the operation *name* returns or raises on the faces for asyncio."""

    async def call() -> object:
        auth = AsyncSchoolAuth(faces.auth)
        try:
            desk = await auth.manage(faces.id("admin"))
            awaiting: Any = Faces(auth, desk, await auth.support("Test Support"), faces.sample)  # type: ignore[arg-type] # the same calls, awaited
            return await OPERATIONS[name](awaiting)
        finally:
            auth.close()

    return asyncio.run(call(), debug=True)  # which logs what is slow, and what was not awaited


def attempt(faces: Faces, name: str) -> object:
    """Return what comes of the operation *name*, an error too."""
    try:
        return awaited(faces, name)
    except Exception as error:  # noqa: BLE001 # whatever it is, it must not tell
        return error


def _given(answer: object) -> object:
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.mark.parametrize("store", ["memory", "postgresql"])
def test_no_awaited_call_shows_a_secret(
    store: str, databases: Databases, everything: pytest.LogCaptureFixture
) -> None:
    """Every operation on `AsyncSchoolAuth` and its desks, with asyncio's own log at DEBUG."""
    rewound = Rewound(databases.backend(store))
    raised = 0
    for name in OPERATIONS:
        rewound.rewind()
        everything.clear()
        faces = rewound.faces()
        answer = attempt(faces, name)
        secrets = secrets_of(rewound)
        text = outcome(lambda answer=answer: _given(answer)) + everything.text
        assert [secret for secret in secrets if secret in text] == [], name
        if isinstance(answer, Exception):
            raised += 1
            frames = in_our_frames(answer) + with_locals(answer)
            hidden = {KEY, *rewound.sample.hashes(), *rewound.minted}
            assert [secret for secret in hidden if secret in frames] == [], name
    assert raised >= 8


# --- In a host's transaction ------------------------------------------------------------------


@pytest.mark.parametrize("store", SQL_STORES)
def test_no_call_of_a_joined_desk_shows_a_secret(
    store: str, databases: Databases, everything: pytest.LogCaptureFixture
) -> None:
    """Desks that `within` opens, whose host commits, with every statement in the log."""
    rewound, called = Rewound(databases.backend(store)), 0
    assert rewound.engine is not None
    for name, operation in OPERATIONS.items():
        if name.startswith("SchoolAuth."):
            continue
        rewound.rewind()
        everything.clear()
        with rewound.engine.connect() as connection:
            faces = rewound.faces(connection)
            text = outcome(lambda operation=operation, faces=faces: operation(faces))
            connection.commit()
        text += everything.text
        assert "sqlalchemy.engine" in everything.text
        assert [secret for secret in secrets_of(rewound) if secret in text] == [], name
        called += 1
    assert called > 25


# --- Mail -------------------------------------------------------------------------------------


class Unkind(Inbox):
    """A server that says no with all that it was told, at one of the steps."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step
        if step == "recipient":
            self.refuses = "550"

    async def handle_DATA(  # noqa: N802 # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Say the mail back, as far as a line of SMTP goes."""
        assert isinstance(envelope.content, bytes)
        links = [line for line in envelope.content.decode().splitlines() if "https:" in line]
        return f"554 no {' '.join(links)[:400]}" if self.step == "mail" else "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Take the password, or say it back."""
        if self.step != "password":
            return AuthResult(success=True)
        said = f"535 no {data.login.decode()} {data.password.decode()}"
        return AuthResult(success=False, handled=False, message=said)


@contextmanager
def unkind(step: str) -> Iterator[SmtpMailer]:
    """Run such a server, and yield a mailer for it."""
    inbox = Unkind(step)
    server = Server(
        inbox,
        "127.0.0.1",
        0,
        server_hostname="localhost",
        authenticator=inbox.authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    server.start()
    try:
        yield SmtpMailer(
            "127.0.0.1",
            server.port,
            sender="no-reply@x.example.org",
            username="mailer",
            password=OPEN_SESAME,
            security="none",
        )
    finally:
        server.stop()


def mailing_calls(
    world: World, mailer: Mailer, minted: set[str]
) -> dict[str, Callable[[], object]]:
    """Return calls that send mail, on an instance whose mail goes to *mailer*."""
    jess = world.teacher(email=ADDRESS)
    invited = world.teacher(None, family_name="New", email="new@x.example.org")
    auth = SchoolAuth(
        Store(world.users, world.schools),
        secret_key=KEY,
        mailer=mailer,
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
    )
    note_tokens(auth, minted)
    desk = auth.manage(by=world.admin.id)
    return {
        "reset": lambda: auth.request_password_reset(ADDRESS),
        "nobody": lambda: auth.request_password_reset("nobody@x.example.org"),
        "email": lambda: auth.request_email_change(
            jess.id, password=PASSWORD, new_email="other@x.example.org"
        ),
        "invite": lambda: desk.send_create_password_email(invited.id),
        "invite all": lambda: desk.send_create_password_emails([invited.id]),
        "recover": lambda: auth.request_admin_recovery(
            "wg204nx", new_email="ada@x.example.org", requested_by="Ada Admin"
        ),
        "change": lambda: auth.change_password(jess.id, current=PASSWORD, new=SECRET),
    }


def of_ours(log: pytest.LogCaptureFixture) -> str:
    """Return the lines of *log* but for those of the mail server, which runs here too."""
    return "\n".join(
        log_line.getMessage() for log_line in log.records if not log_line.name.startswith("mail.")
    )


@pytest.mark.parametrize("queued", [False, True], ids=["at once", "queued"])
@pytest.mark.parametrize("step", ["password", "recipient", "mail"])
def test_a_mail_server_that_refuses_has_nothing_told_on(
    step: str, *, queued: bool, everything: pytest.LogCaptureFixture
) -> None:
    """It says links and passwords back; logs, errors and frames have its code and no more."""
    world, minted, shown = make_world(), set[str](), ""
    failed: list[str] = []
    with unkind(step) as smtp:
        line = QueuedMailer(smtp, on_failure=lambda mail: failed.append(repr(mail)))
        calls = mailing_calls(world, line if queued else smtp, minted)
        everything.clear()
        for call in calls.values():
            shown += outcome(call)
            try:
                call()
            except Exception as error:  # noqa: BLE001 # whatever it is, it must not tell
                frames = in_our_frames(error)
                assert [one for one in (OPEN_SESAME, KEY, *minted) if one in frames] == []
        line.close()
    text = shown + of_ours(everything) + repr(smtp) + "".join(failed)
    assert "the mail server did not take a mail" in text
    assert bool(failed) is queued
    hidden = {OPEN_SESAME, KEY, PASSWORD, SECRET, *minted}
    assert len(minted) > 5
    assert [secret for secret in hidden if secret in text] == []
    assert ADDRESS not in of_ours(everything)
    assert "https:" not in text


# --- A throttle that does not answer ----------------------------------------------------------

AWAY: dict[str, Callable[[], Throttle]] = {
    "redis": lambda: RedisThrottle(Redis.from_url(f"redis://mailer:{OPEN_SESAME}@127.0.0.1:1/0")),
    "postgresql": lambda: SqlThrottle(
        create_engine(f"postgresql+psycopg://someone:{OPEN_SESAME}@127.0.0.1:1/nowhere")
    ),
    "mariadb": lambda: SqlThrottle(
        create_engine(f"mysql+pymysql://someone:{OPEN_SESAME}@127.0.0.1:1/nowhere")
    ),
}


@pytest.mark.parametrize("away", AWAY)
def test_a_throttle_that_is_away_does_not_tell_its_password(
    away: str, everything: pytest.LogCaptureFixture
) -> None:
    """The password in its address is in no error, no log line and no frame, of any call."""
    world = make_world()
    user = world.teacher(email=ADDRESS)
    invited = world.teacher(None, family_name="Invited", email="invited@x.example.org")
    throttle = AWAY[away]()
    auth = SchoolAuth(
        Store(world.users, world.schools, throttle=throttle),
        secret_key=KEY,
        mailer=world.outbox,
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
    )
    desk = auth.manage(by=world.admin.id)
    for call in (
        lambda: auth.log_in(ADDRESS, PASSWORD, source="x"),
        lambda: auth.request_password_reset(ADDRESS, source="x"),
        lambda: auth.change_password(user.id, current=PASSWORD, new=SECRET),
        lambda: auth.request_email_change(user.id, password=PASSWORD, new_email="o@x.example.org"),
        lambda: auth.request_admin_recovery(
            "wg204nx", new_email="o@x.example.org", requested_by="A"
        ),
        lambda: desk.send_create_password_email(invited.id),
        lambda: desk.unlock(user.id),
        lambda: desk.diagnose(ADDRESS),
    ):
        with pytest.raises(StorageUnavailable) as caught:
            call()
        text = told(caught.value) + in_our_frames(caught.value) + with_locals(caught.value)
        assert OPEN_SESAME not in text
        assert PASSWORD not in told(caught.value)
        assert "127.0.0.1" not in told(caught.value)
    assert OPEN_SESAME not in everything.text + repr(throttle) + repr(auth) + repr(vars(auth))
