"""Held mail: nothing goes out unless the host's own transaction was committed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from schoolauth.errors import MailNotSent
from schoolauth.mail.held import HeldMailer
from schoolauth.ports import Mailer
from tests.mail.mails import TO, Refusing, a_mail
from tests.processes import run_python


def test_nothing_is_sent_before_the_release() -> None:
    """The mails wait in order, are all handed over once, and none is left."""
    server = Refusing()
    held = HeldMailer(server)
    mailer: Mailer = held
    mails = (a_mail("password_reset"), a_mail("create_password"))
    for mail in mails:
        mailer.send(mail)
    assert held.messages == mails
    assert server.sent == []
    held.release()
    held.release()
    assert list(held.messages) == []
    assert server.sent == list(mails)


def test_discarded_mail_is_never_sent() -> None:
    """After a rollback, one object can be used again."""
    server = Refusing()
    held = HeldMailer(server)
    held.send(a_mail("password_reset"))
    held.discard()
    held.send(a_mail("create_password"))
    held.release()
    assert [mail.kind for mail in server.sent] == ["create_password"]


def test_a_failing_mail_keeps_back_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is sent, the failed ones stay held in order, and can be released again."""
    server = Refusing(0, 2)
    held = HeldMailer(server)
    mails = [a_mail(k) for k in ("password_reset", "create_password", "email_changed")]
    for mail in mails:
        held.send(mail)
    with pytest.raises(MailNotSent) as caught:
        held.release()
    assert caught.value.__context__ is None
    assert server.sent == [mails[1]]
    assert list(held.messages) == [mails[0], mails[2]]
    assert caplog.messages[0] == "a held mail password_reset was not sent: ConnectionError"
    assert str(TO) not in caplog.text
    held.release()
    assert server.sent == [mails[1], mails[0], mails[2]]
    assert list(held.messages) == []


def test_of_two_equal_mails_each_is_sent() -> None:
    """Equal is not the same: two requests are two mails."""
    server = Refusing(0)
    held = HeldMailer(server)
    held.send(a_mail())
    held.send(a_mail())
    with pytest.raises(MailNotSent):
        held.release()
    assert (len(server.sent), len(held.messages)) == (1, 1)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A host's database whose foreign keys are checked at COMMIT."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text(
                "CREATE TABLE child (parent INTEGER NOT NULL"
                " REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    yield engine
    engine.dispose()


def work(engine: Engine, held: HeldMailer, *, parent: int, fail: bool = False) -> None:
    """Do what a host does: write, let the library mail, commit, and only then release."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO parent VALUES (1)"))
        connection.execute(text("INSERT INTO child VALUES (:parent)"), {"parent": parent})
        held.send(a_mail())
        if fail:
            raise LookupError("the host's own error")
    held.release()


def test_a_committed_transaction_sends(engine: Engine) -> None:
    """With SQLAlchemy: after the `with` block the mails go."""
    server = Refusing()
    work(engine, HeldMailer(server), parent=1)
    assert len(server.sent) == 1


def test_a_transaction_rolled_back_sends_nothing(engine: Engine) -> None:
    """With SQLAlchemy: an error in the block rolls back, and the release is not reached."""
    server = Refusing()
    held = HeldMailer(server)
    with pytest.raises(LookupError):
        work(engine, held, parent=1, fail=True)
    assert (len(server.sent), len(held.messages)) == (0, 1)


def test_a_commit_that_fails_sends_nothing(engine: Engine) -> None:
    """With SQLAlchemy: the row is refused only by COMMIT itself, after the mail was written."""
    server = Refusing()
    held = HeldMailer(server)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        work(engine, held, parent=2)
    assert (len(server.sent), len(held.messages)) == (0, 1)


def test_django_sends_on_commit_only() -> None:
    """With Django's `on_commit`: a success sends; a rollback and a failing COMMIT do not."""
    said = run_python("""
import json, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Django's own
    import django
    from django.conf import settings
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        USE_TZ=True,
    )
    django.setup()
from django.db import IntegrityError, connection, transaction
from schoolauth.mail.held import HeldMailer
from tests.mail.mails import Refusing, a_mail

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    cursor.execute(
        "CREATE TABLE child (parent INTEGER NOT NULL"
        " REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
    )

def work(parent, fail=False):
    server = Refusing()
    held = HeldMailer(server)
    error = None
    try:
        with transaction.atomic():
            transaction.on_commit(held.release)
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO child VALUES (%s)", [parent])
            held.send(a_mail())
            if fail:
                raise LookupError
    except (IntegrityError, LookupError) as raised:
        error = type(raised).__name__
    return [error, len(server.sent), len(held.messages)]

with connection.cursor() as cursor:
    cursor.execute("INSERT INTO parent VALUES (1)")
print(json.dumps([work(1), work(1, fail=True), work(2)]))
""")
    assert json.loads(said) == [
        [None, 1, 0],
        ["LookupError", 0, 1],
        ["IntegrityError", 0, 1],
    ]
