"""Mail over SMTP, to real servers on this computer: kind, unkind, gone and silent ones."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import MailNotSent
from schoolauth.mail.smtp import SmtpMailer
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EmailAddress
from schoolauth.ports import Mailer
from tests.mail.certificate import write_certificate
from tests.mail.mails import JESS, LINK, TO, TOKEN, a_mail
from tests.mail.server import Inbox, Server, read, text_of

HOST = "127.0.0.1"
SENDER = "Hill School System <no-reply@hill.example.org>"
USERNAME, PASSWORD = "mailer", "Chalkboard7"
ACCENTED = "Zoë"
MAILER = SmtpMailer(HOST, sender=SENDER, security="none")


class Serve(Protocol):
    """Starts a server with aiosmtpd's settings."""

    def __call__(self, **settings: Any) -> Server: ...


@pytest.fixture
def inbox() -> Inbox:
    """An empty inbox."""
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Serve]:
    """Start servers that are stopped at the end."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Server:
            server = Server(inbox, HOST, 0, server_hostname="localhost", **settings)
            server.start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, and its key."""
    return write_certificate(tmp_path_factory.mktemp("certificate") / "localhost.pem")


@pytest.fixture
def server_context(certificate: Path) -> ssl.SSLContext:
    """What a server needs for TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """What a client needs to trust that server."""
    return ssl.create_default_context(cafile=str(certificate))


def plain(server: Server, **settings: Any) -> SmtpMailer:
    """Return a mailer without encryption."""
    return SmtpMailer(HOST, server.port, sender=SENDER, security="none", **settings)


def not_sent(mailer: Mailer, message: MailMessage | None = None) -> MailNotSent:
    """Return the error of a mail that was not sent, which has nobody's data in or behind it."""
    with pytest.raises(MailNotSent) as caught:
        mailer.send(message or a_mail())
    error = caught.value
    assert (error.__context__, error.__cause__) == (None, None)
    assert error.args == (MailNotSent().message,)
    return error


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what our own log says, which has neither address nor token nor password in it."""
    own = [record for record in caplog.records if record.name == "schoolauth.mail"]
    assert all(record.levelno == logging.WARNING and record.exc_info is None for record in own)
    said = [record.getMessage() for record in own]
    assert not any(secret in line for line in said for secret in (str(TO), TOKEN, PASSWORD))
    return said


def test_a_mail_arrives_whole(serve: Serve, inbox: Inbox) -> None:
    """Envelope, headers and text are what was given, and it says that a machine wrote it."""
    mailer: Mailer = plain(serve())
    mailer.send(a_mail())
    envelope, raw, mail = inbox.only()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@hill.example.org", [str(TO)])
    assert (mail["From"], mail["To"]) == (SENDER, str(TO))
    assert mail["Subject"] == "Choose a new password"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]).tzinfo is not None
    assert mail["Message-ID"].endswith("@hill.example.org>")
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
    assert text_of(mail) == a_mail().text
    assert f"\r\n{LINK}\r\n".encode() in raw


def test_two_mails_have_two_message_ids(serve: Serve, inbox: Inbox) -> None:
    """Equal mails are not taken for one, and each has a connection of its own."""
    mailer = plain(serve())
    mailer.send(a_mail())
    mailer.send(a_mail())
    ids = {email.message_from_bytes(e.content)["Message-ID"] for e in inbox.envelopes}  # type: ignore[arg-type] # bytes
    assert len(ids) == 2


@pytest.mark.parametrize("length", [100, 899, 2000])
@pytest.mark.parametrize("name", ["Jess", ACCENTED])
def test_a_long_link_is_not_broken(serve: Serve, inbox: Inbox, length: int, name: str) -> None:
    """However long, and whatever else is in the text, the link is read back as one line."""
    link = f"https://app.example.org/{'x=.' * length}"[:length]
    message = a_mail(link=link, user=_renamed(name))
    plain(serve()).send(message)
    _, raw, mail = inbox.only()
    assert text_of(mail) == message.text
    assert text_of(mail).split("\n").count(link) == 1
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    if name.isascii() and length < 900:
        assert f"\r\n{link}\r\n".encode() in raw


def _renamed(name: str) -> Any:
    return replace(JESS, given_name=name)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=100))
def test_any_name_is_read_back(name: str) -> None:
    """Every character of a greeting survives the mail's encoding."""
    message = a_mail(user=_renamed(name))
    raw = MAILER._compose(message).as_bytes(policy=email.policy.SMTP)
    assert text_of(read(raw)) == message.text
    assert raw.isascii()


def test_an_international_domain_is_sent_in_punycode(serve: Serve, inbox: Inbox) -> None:
    """A server that knows ASCII only takes it all the same; the case of the name is kept."""
    plain(serve(enable_SMTPUTF8=False)).send(
        a_mail(to=EmailAddress.parse("Jess.James@schüle.example.org"))
    )
    envelope, raw, _ = inbox.only()
    assert envelope.rcpt_tos == ["Jess.James@xn--schle-mva.example.org"]
    assert b"To: Jess.James@xn--schle-mva.example.org\r\n" in raw


def test_a_long_address_stays_one(serve: Serve, inbox: Inbox) -> None:
    """Folding the headers does not tear it."""
    to = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 50}.org"
    plain(serve()).send(a_mail(to=EmailAddress.parse(to)))
    envelope, _, mail = inbox.only()
    assert (envelope.rcpt_tos, mail["To"]) == ([to], to)


def test_starttls_encrypts_before_anything_is_said(
    serve: Serve, inbox: Inbox, server_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """The default; the server here would take no mail without it."""
    server = serve(tls_context=server_context, require_starttls=True)
    SmtpMailer(HOST, server.port, sender=SENDER, context=trusting).send(a_mail())
    assert inbox.only()[0].rcpt_tos == [str(TO)]
    assert inbox.encrypted == [True]


def test_tls_encrypts_from_the_first_byte(
    serve: Serve, inbox: Inbox, server_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """As on port 465."""
    server = serve(ssl_context=server_context)
    mailer = SmtpMailer(HOST, server.port, sender=SENDER, security="tls", context=trusting)
    mailer.send(a_mail())
    assert inbox.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_gets_no_mail(
    serve: Serve, inbox: Inbox, server_context: ssl.SSLContext, security: Any
) -> None:
    """By default certificates are judged as every program does: nobody vouches for this one."""
    how = "ssl_context" if security == "tls" else "tls_context"
    server = serve(**{how: server_context})
    not_sent(SmtpMailer(HOST, server.port, sender=SENDER, security=security))
    assert inbox.envelopes == []


def test_a_certificate_for_another_name_gets_no_mail(
    serve: Serve, inbox: Inbox, server_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A trusted certificate must be this server's own."""
    server = serve(tls_context=server_context)
    not_sent(SmtpMailer("127.0.0.2", server.port, sender=SENDER, context=trusting))
    assert inbox.envelopes == []


def test_there_is_no_way_back_to_plain_text(
    serve: Serve, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A server, or somebody in between, that offers no STARTTLS gets neither mail nor password."""
    server = serve(auth_require_tls=False, authenticator=_authenticate)
    not_sent(SmtpMailer(HOST, server.port, sender=SENDER, username=USERNAME, password=PASSWORD))
    assert inbox.envelopes == []
    assert logged(caplog) == [
        "the mail server did not take a mail password_reset: SMTPNotSupportedError "
    ]


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    right = LoginPassword(USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=data == right, handled=False)  # the server answers itself


def test_a_server_that_wants_a_password_gets_it(
    serve: Serve, inbox: Inbox, server_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """Inside TLS; without the password the same server takes nothing."""
    server = serve(tls_context=server_context, auth_required=True, authenticator=_authenticate)
    mailer = SmtpMailer(
        HOST,
        server.port,
        sender=SENDER,
        username=USERNAME,
        password=PASSWORD,
        context=trusting,
    )
    not_sent(SmtpMailer(HOST, server.port, sender=SENDER, context=trusting))
    mailer.send(a_mail())
    assert len(inbox.envelopes) == 1


@pytest.mark.parametrize(
    ("password", "reason"),
    [("wrong", "SMTPAuthenticationError 535"), ("Schlüssel", "UnicodeEncodeError ")],
)
def test_a_wrong_password_is_in_no_error(
    serve: Serve,
    inbox: Inbox,
    server_context: ssl.SSLContext,
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
    password: str,
    reason: str,
) -> None:
    """Neither one that the server refuses nor one that SMTP cannot say."""
    server = serve(tls_context=server_context, auth_required=True, authenticator=_authenticate)
    given_values = {"username": USERNAME, "password": password, "context": trusting}
    not_sent(SmtpMailer(HOST, server.port, sender=SENDER, **given_values))  # type: ignore[arg-type] # each of its type
    assert inbox.envelopes == []
    assert logged(caplog) == [f"the mail server did not take a mail password_reset: {reason}"]


def test_a_refused_recipient_is_in_no_error(
    serve: Serve, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's answer names the address; our error and our log do not."""
    inbox.refuses = "550"
    not_sent(plain(serve()))
    assert inbox.envelopes == []
    assert logged(caplog) == [
        "the mail server did not take a mail password_reset: SMTPRecipientsRefused "
    ]


def test_the_log_has_the_server_s_code(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the host can look it up: here the mail is too big."""
    not_sent(plain(serve(data_size_limit=100)))
    assert logged(caplog) == [
        "the mail server did not take a mail password_reset: SMTPSenderRefused 552"
    ]


def test_a_mail_that_was_taken_is_sent_whatever_comes_after(serve: Serve, inbox: Inbox) -> None:
    """A server that hangs up instead of saying goodbye has taken it: no second mail is wanted."""
    inbox.hangs_up = True
    plain(serve()).send(a_mail())
    assert len(inbox.envelopes) == 1


def test_a_server_that_is_gone_is_not_waited_for() -> None:
    """Nobody listens on the port."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    not_sent(SmtpMailer(HOST, port, sender=SENDER, security="none"))


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_a_server_that_never_answers_is_given_up(
    security: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes the connection and says nothing: after `timeout` seconds the mail is not sent."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        not_sent(SmtpMailer(HOST, port, sender=SENDER, security=security, timeout=0.1))
    (line,) = logged(caplog)
    # where the time is up in reading the greeting, smtplib says so in its own words
    assert line.split()[-1] in {"TimeoutError", "SMTPServerDisconnected"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_this_computer_needs_no_encryption(host: str) -> None:
    """A mail server on loopback, as many hosts have one."""
    assert "none" in repr(SmtpMailer(host, 25, sender=SENDER, security="none"))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"host": h, "security": "none"} for h in ("mail.example.org", "10.0.0.1", "0.0.0.0", "")),
        {"security": "TLS"},
        {"username": USERNAME},
        {"password": PASSWORD},
        *(
            {"sender": s}
            for s in (
                *("", "Hill", "no-reply", "Hill <a@hill.example.org", "a@hill.example.org>"),
                *("a@hill.example.org, b@hill.example.org", "Hill a@hill.example.org"),
                "Hill\r\nBcc: all@example.org <a@hill.example.org>",
            )
        ),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """At once, and not at the first mail; nothing of a password is in the error."""
    with pytest.raises(ValueError, match=r"security|together|sender") as caught:
        SmtpMailer(**({"host": "mail.example.org", "sender": SENDER} | wrong))
    assert caught.value.__context__ is None
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "sender",
    [
        "no-reply@hill.example.org",
        "Zoë’s School <no-reply@hill.example.org>",
        '"Hill, Primary" <no-reply@hill.example.org>',
        "Hill, the Primary: a School <no-reply@hill.example.org>",
        "<no-reply@hill.example.org>",
    ],
)
def test_a_sender_is_one_address_with_a_name_or_without(
    serve: Serve, inbox: Inbox, sender: str
) -> None:
    """Any name may stand before it, and nothing in it is taken for another address."""
    mailer = SmtpMailer(HOST, serve().port, sender=sender, security="none")
    mailer.send(a_mail())
    envelope, _, mail = inbox.only()
    assert envelope.mail_from == "no-reply@hill.example.org"
    assert [a.addr_spec for a in mail["From"].addresses] == ["no-reply@hill.example.org"]


def test_its_repr_masks_the_password() -> None:
    """Settings are shown on error pages."""
    mailer = SmtpMailer("mail.example.org", sender=SENDER, username=USERNAME, password=PASSWORD)
    expected = "SmtpMailer('mail.example.org', 587, security='starttls', password=***)"
    assert repr(mailer) == expected
    assert "password" not in repr(SmtpMailer("mail.example.org", 465, sender=SENDER))


def test_the_package_exports_the_mailer() -> None:
    """`from schoolauth.mail import SmtpMailer` works, and a name that is not there is an error."""
    from schoolauth import mail

    assert mail.SmtpMailer is SmtpMailer
    with pytest.raises(AttributeError, match="no attribute 'Nonesuch'"):
        mail.Nonesuch  # noqa: B018 # asked for on purpose
