"""The mail queue: nobody waits, nothing is lost that need not be, and failures are told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from schoolauth.errors import MailNotSent
from schoolauth.mail.queued import QueuedMailer
from schoolauth.model.mail import MailMessage
from schoolauth.ports import Mailer
from schoolauth.testing import Outbox
from tests.mail.mails import TO, TOKEN, Refusing, a_mail
from tests.processes import SECONDS, ends_well_in_a_child, needs_fork, run_python


class Slow(Refusing):
    """A mail server that takes its time: until `answer` is set."""

    def __init__(self, *failing: int) -> None:
        super().__init__(*failing)
        self.asked, self.answer = threading.Event(), threading.Event()

    def send(self, message: MailMessage, /) -> None:
        """Keep *message*, after a while."""
        self.asked.set()
        assert self.answer.wait(SECONDS)
        super().send(message)


@pytest.fixture
def slow() -> Iterator[Slow]:
    """A slow server that answers in the end, so that no thread is left waiting."""
    server = Slow()
    yield server
    server.answer.set()


def test_nobody_waits_for_the_server(slow: Slow) -> None:
    """`send` comes back though the server has not answered, and all are sent in order."""
    mailer: Mailer = QueuedMailer(slow)
    mails = [a_mail("password_reset"), a_mail("create_password"), a_mail("password_changed")]
    for mail in mails:
        mailer.send(mail)
    assert slow.sent == []
    slow.answer.set()
    assert isinstance(mailer, QueuedMailer)
    mailer.close()
    assert slow.sent == mails


def test_a_full_queue_refuses_at_once_and_takes_mail_again_later(slow: Slow) -> None:
    """The mail that is being sent counts; each that is sent frees its slot."""
    mailer = QueuedMailer(slow, capacity=2)
    mailer.send(a_mail())
    mailer.send(a_mail())
    with pytest.raises(MailNotSent):
        mailer.send(a_mail())
    slow.answer.set()
    mailer._line.submit(lambda: None).result(SECONDS)  # behind the two
    mailer.send(a_mail())
    mailer.close()
    assert len(slow.sent) == 3


def test_a_failed_mail_is_told_and_frees_its_slot(caplog: pytest.LogCaptureFixture) -> None:
    """`on_failure` gets the mail; the log has the kind and the type of the error, nobody's data."""
    server, failed = Refusing(0, 2), list[MailMessage]()
    with QueuedMailer(server, capacity=1, on_failure=failed.append) as mailer:
        for kind in ("password_reset", "create_password", "email_changed"):
            mailer.send(a_mail(kind))
            mailer._line.submit(lambda: None).result(SECONDS)
    assert [mail.kind for mail in failed] == ["password_reset", "email_changed"]
    assert [mail.kind for mail in server.sent] == ["create_password"]
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("schoolauth.mail", logging.WARNING)
    ] * 2
    assert caplog.messages[0] == "a queued mail password_reset was not sent: ConnectionError"
    assert str(TO) not in caplog.text
    assert TOKEN not in caplog.text


def test_nobody_need_be_told(caplog: pytest.LogCaptureFixture) -> None:
    """Without `on_failure` the log alone tells, and the next mail is sent."""
    server = Refusing(0)
    with QueuedMailer(server) as mailer:
        mailer.send(a_mail())
        mailer.send(a_mail())
    assert len(server.sent) == len(caplog.messages) == 1


def test_an_on_failure_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The host's own mistake is logged by its type, and the next mail is sent."""

    def fail(message: MailMessage) -> None:
        raise LookupError(str(message.to))

    server = Refusing(0)
    with QueuedMailer(server, on_failure=fail) as mailer:
        mailer.send(a_mail())
        mailer.send(a_mail())
    assert len(server.sent) == 1
    assert caplog.messages[1] == "on_failure failed for a queued mail password_reset: LookupError"
    assert str(TO) not in caplog.text


def test_a_closed_queue_refuses_and_keeps_its_slots() -> None:
    """After `close` every mail is MailNotSent, with no other error behind it."""
    server = Refusing()
    mailer = QueuedMailer(server, capacity=1)
    mailer.close()
    for _ in range(2):
        with pytest.raises(MailNotSent) as caught:
            mailer.send(a_mail())
        assert caught.value.__context__ is None
    assert mailer._line.slots.acquire(blocking=False)
    assert server.sent == []


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_queue_without_a_slot_is_refused(capacity: int) -> None:
    """A mistake in the settings shows at the start."""
    with pytest.raises(ValueError, match="capacity"):
        QueuedMailer(Refusing(), capacity=capacity)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_a_line_of_its_own(slow: Slow) -> None:
    """What waits is sent once, by the parent; the child's line is empty, and works."""
    mailer = QueuedMailer(slow, capacity=1)
    mailer.send(a_mail("password_reset"))
    assert slow.asked.wait(SECONDS)

    def in_child() -> bool:
        slow.answer.set()
        mailer.send(a_mail("create_password"))
        mailer.close()
        return [mail.kind for mail in slow.sent] == ["create_password"]

    fine = ends_well_in_a_child(in_child)
    slow.answer.set()
    mailer.close()
    assert fine
    assert [mail.kind for mail in slow.sent] == ["password_reset"]


def test_what_waits_is_sent_at_the_interpreter_s_end() -> None:
    """A script that ends without `close` has sent its mails; later ones are refused."""
    said = run_python("""
import atexit, threading
from schoolauth.errors import MailNotSent
from schoolauth.mail.queued import QueuedMailer
from schoolauth.mail.compose import compose
from schoolauth.model.names import EmailAddress

ended = threading.Event()

class Printer:
    def send(self, message, /):
        ended.wait()
        print(message.kind)

mail = compose("school_changed", to=EmailAddress.parse("a@example.org"), facts={"fields": "name"})
mailer = QueuedMailer(Printer())
for _ in range(500):
    mailer.send(mail)

@atexit.register
def late():
    try:
        mailer.send(mail)
    except MailNotSent:
        print("refused")

ended.set()  # the last line: from here on the interpreter ends
""")
    assert said.split("\n") == ["school_changed"] * 500 + ["refused", ""]


def test_pretending_sends_nothing_and_never_fails() -> None:
    """A decoy reaches nobody, takes no slot of a mail, and is silent when full or closed."""
    gate, blocked = threading.Event(), threading.Event()
    outbox = Outbox()
    mailer = QueuedMailer(outbox, capacity=1)

    def hold() -> None:
        blocked.set()
        gate.wait(30)

    mailer._decoys.submit(hold)
    assert blocked.wait(30)
    for _ in range(3):
        mailer.pretend(a_mail("password_reset"))
    mailer.send(a_mail("password_changed"))
    gate.set()
    mailer.close()
    mailer.pretend(a_mail("password_reset"))
    assert [mail.kind for mail in outbox] == ["password_changed"]
    assert mailer._decoys.slots.acquire(blocking=False)
