"""The mailer contract, kept by each of our mailers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from schoolauth.mail import HeldMailer, QueuedMailer, SmtpMailer
from schoolauth.ports import Mailer
from schoolauth.testing import MailerContract, Outbox, ReceivedMail
from tests.mail.server import Inbox, Server, read, text_of
from tests.processes import SECONDS

HOST = "127.0.0.1"


class TestOutbox(MailerContract):
    def make_mailer(self) -> Mailer:
        return Outbox()

    def received(self, mailer: Outbox) -> Sequence[ReceivedMail]:
        return [ReceivedMail.of(message) for message in mailer]


class TestSmtpMailer(MailerContract):
    @pytest.fixture(autouse=True)
    def _servers(self) -> Iterator[None]:
        """Stop at the end what `make_mailer` has started."""
        with ExitStack() as self.servers:
            self.inboxes: dict[Mailer, Inbox] = {}
            yield

    def make_mailer(self) -> Mailer:
        inbox = Inbox()
        server = Server(inbox, HOST, 0, server_hostname="localhost", enable_SMTPUTF8=False)
        server.start()
        self.servers.callback(server.stop)
        sender = "no-reply@hill.example.org"
        mailer = SmtpMailer(HOST, server.port, sender=sender, security="none")
        self.inboxes[mailer] = inbox
        return mailer

    def received(self, mailer: Mailer) -> Sequence[ReceivedMail]:
        received = []
        for envelope in self.inboxes[mailer].envelopes:
            assert isinstance(envelope.content, bytes)
            mail = read(envelope.content)
            (to,) = envelope.rcpt_tos
            assert mail["To"] == to
            received.append(ReceivedMail(to, mail["Subject"], text_of(mail)))
        return received

    def make_failing_mailer(self) -> Mailer:
        mailer = self.make_mailer()
        self.inboxes[mailer].refuses = "550"
        return mailer


class TestQueuedMailer(MailerContract):
    def make_mailer(self) -> Mailer:
        return QueuedMailer(Outbox())

    def received(self, mailer: QueuedMailer) -> Sequence[ReceivedMail]:
        for line in (mailer._line, mailer._decoys):  # behind all that waits
            line.submit(lambda: None).result(SECONDS)
        assert isinstance(mailer._mailer, Outbox)
        return [ReceivedMail.of(message) for message in mailer._mailer]

    def make_failing_mailer(self) -> Mailer:
        mailer = QueuedMailer(Outbox())
        mailer.close()
        return mailer


class TestHeldMailer(MailerContract):
    def make_mailer(self) -> Mailer:
        return HeldMailer(Outbox())

    def received(self, mailer: HeldMailer) -> Sequence[ReceivedMail]:
        mailer.release()
        assert isinstance(mailer._mailer, Outbox)
        return [ReceivedMail.of(message) for message in mailer._mailer]
