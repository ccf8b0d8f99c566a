"""A mail server on this computer, and how a reader's program reads what it took."""

from __future__ import annotations

import asyncio
import email
import email.policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """What a server took, and whom it refuses."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.refuses: str | None = None
        self.hangs_up = False

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse one recipient, and say who it is."""
        if self.refuses is not None:
            return f"{self.refuses} no such mailbox: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        self.envelopes.append(envelope)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802 # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Say goodbye, or just go."""
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "221 Bye"

    def only(self) -> tuple[Envelope, bytes, EmailMessage]:
        """Return the one mail that was taken: its envelope, its bytes, and the mail as read."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        return envelope, envelope.content, read(envelope.content)


def read(raw: bytes) -> EmailMessage:
    """Return the mail as a reader's program does."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """Return the text; on the way a line ends in CRLF."""
    text: str = mail.get_content()
    return text.replace("\r\n", "\n")


class Server(Controller):
    """A mail server on a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined] # a Server has them
        super()._trigger_server()  # type: ignore[no-untyped-call] # aiosmtpd has half its types
