"""Mail by SMTP, with the standard library."""

from __future__ import annotations

import contextlib
import email.policy
import ipaddress
import logging
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

from schoolauth.errors import EmailInvalid, MailNotSent
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EmailAddress

_LINE_MAX = 900
"""Longest line that goes as it is; RFC 5322 allows 998 bytes."""


class SmtpMailer:
    """Sends each mail over a connection of its own; safe to use from many threads.

    Wrap it in a `QueuedMailer`: a mail server takes its time, and only known addresses would wait.

    Args:
        host: name of the mail server.
        port: 587 for ``starttls``, usually 465 for ``tls``.
        sender: the From address, such as ``School System <no-reply@school.example>``.
        username: for a server that wants one; with *password*.
        password: for a server that wants one; never in a `repr` or an error.
        security: ``starttls``, which never falls back to plain text; ``tls`` from the first byte;
            or ``none``, for a server on this computer only.
        timeout: for how many seconds the server may be silent.
        context: how certificates are judged; by default as `ssl.create_default_context` does.

    Raises:
        ValueError: if *sender* is not an address, *username* and *password* are not both given, or
            *security* is ``none`` for another computer.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        *,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        security: Literal["starttls", "tls", "none"] = "starttls",
        timeout: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if security not in {"starttls", "tls", "none"}:
            raise ValueError("security must be starttls, tls or none")
        if security == "none" and not _is_loopback(host):
            raise ValueError("security='none' is for a mail server on this computer only")
        if (username is None) != (password is None):
            raise ValueError("username and password belong together")
        self._host = host
        self._port = port
        self._sender = _sender(sender)
        self._credentials = None if username is None or password is None else (username, password)
        self._security = security
        self._timeout = timeout
        self._context = context or ssl.create_default_context()

    def __repr__(self) -> str:
        password = "" if self._credentials is None else ", password=***"
        return f"SmtpMailer({self._host!r}, {self._port}, security={self._security!r}{password})"

    def send(self, message: MailMessage, /) -> None:
        """Send *message*; when this returns, the server has taken it.

        Raises:
            MailNotSent: if it has not, for any reason. The log has the error's type and the
                server's code.
        """
        try:
            with contextlib.closing(self._connect()) as server:
                if self._security == "starttls":
                    server.starttls(context=self._context)
                if self._credentials is not None:
                    server.login(*self._credentials)
                # not send_message(): it writes ">" before a line that begins with "From "
                mail = self._compose(message).as_bytes(policy=email.policy.SMTP)
                server.sendmail(self._sender.addr_spec, [_ascii(message.to)], mail)
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()  # the mail is taken: an impolite goodbye changes nothing
        except Exception as error:  # noqa: BLE001 # its text may hold the address or the password
            logging.getLogger("schoolauth.mail").warning(
                "the mail server did not take a mail %s: %s %s",
                message.kind,
                type(error).__name__,
                getattr(error, "smtp_code", ""),
            )
        else:
            return
        raise MailNotSent

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            return smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _compose(self, message: MailMessage) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = Address(addr_spec=_ascii(message.to))
        mail["Subject"] = message.subject
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = make_msgid(domain=self._sender.domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        # left to itself it would fold every longer line, and some readers break a link there
        plain = message.text.isascii() and max(map(len, message.text.split("\n"))) <= _LINE_MAX
        mail.set_content(message.text, cte="7bit" if plain else "quoted-printable")
        return mail


def _sender(text: str) -> Address:
    name, address = "", text
    if "<" in text and text.endswith(">"):
        name, _, address = text[:-1].rpartition("<")
        name = name.strip().strip('"')
    try:
        if name.isprintable():
            return Address(name, addr_spec=_ascii(EmailAddress.parse(address)))
    except EmailInvalid:
        pass
    raise ValueError("sender must be one e-mail address, with or without a name before it")


def _ascii(address: EmailAddress) -> str:
    """Return the address for servers without SMTPUTF8: as written, its domain in punycode."""
    return f"{str(address).rpartition('@')[0]}@{address.key.rpartition('@')[2]}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
