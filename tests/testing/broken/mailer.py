"""Mailers that are broken on purpose, each in one way."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import ClassVar

from schoolauth.errors import MailNotSent
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EmailAddress
from schoolauth.ports import Mailer
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.fakes import Outbox
from schoolauth.testing.mailer import MAILER, ReceivedMail


class BrokenMailer(Outbox):
    """Wrong in one way, which its docstring says; for showing that a contract notices it.

    Args:
        fails: whether its server is not there.
    """

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self._fails = fails

    @classmethod
    def maker(cls) -> Maker[Mailer]:
        """Return the maker of new ones, and of such as fail."""
        options: dict[str, Callable[..., object]] = {
            "received": cls.received,
            "make_failing_mailer": partial(cls, fails=True),
        }
        return Maker(MAILER, cls, options)

    def send(self, message: MailMessage) -> None:
        """Hand *message* over."""
        self._send(message)

    def pretend(self, message: MailMessage) -> None:
        """Do what `send` costs, and send nothing."""

    def received(self) -> list[ReceivedMail]:
        """Return what has arrived."""
        return [ReceivedMail.of(message) for message in self]

    def _send(self, message: MailMessage) -> None:
        if self._fails:
            raise MailNotSent
        super().send(message)


class SharesItsServer(BrokenMailer):
    """Brings back what was sent by the ones before it."""

    caught_by = ("make.fresh",)
    _server: ClassVar[list[MailMessage]] = []

    def _send(self, message: MailMessage) -> None:
        super()._send(message)
        self._server.append(message)

    def received(self) -> list[ReceivedMail]:
        """Return what has arrived from all of them."""
        return [ReceivedMail.of(message) for message in self._server]


class ShowsWhatItWasGiven(BrokenMailer):
    """Is fine, but for `received`, which gives other objects than it should."""

    caught_by = ("mail.arrives_once",)

    def received(self) -> list[ReceivedMail]:
        """Return what was given."""
        return list(self)  # type: ignore[arg-type] # that is what is wrong


class SendsNothing(BrokenMailer):
    """Drops every mail."""

    caught_by = ("make.fresh", "mail.arrives_once", "mail.every_kind")

    def _send(self, message: MailMessage) -> None:
        pass


class SendsTwice(BrokenMailer):
    """Tries again though the first try went well."""

    caught_by = ("mail.arrives_once",)

    def _send(self, message: MailMessage) -> None:
        super()._send(message)
        super()._send(message)


class SendsEqualMailsOnce(BrokenMailer):
    """Takes a mail for one that it has sent already."""

    caught_by = ("mail.equal_mails",)

    def _send(self, message: MailMessage) -> None:
        if message not in self:
            super()._send(message)


class SmallAddresses(BrokenMailer):
    """Writes the whole address in small letters."""

    caught_by = ("mail.to",)

    def _send(self, message: MailMessage) -> None:
        super()._send(replace(message, to=EmailAddress.parse(str(message.to).lower())))


class CutsAddresses(BrokenMailer):
    """Keeps 100 characters of an address."""

    caught_by = ("mail.to",)

    def received(self) -> list[ReceivedMail]:
        """Return what has arrived, somewhere."""
        return [replace(mail, to=mail.to[:100]) for mail in super().received()]


class AsciiDomains(BrokenMailer):
    """Writes a question mark for what it cannot write in an address."""

    caught_by = ("mail.unicode_domain",)

    def received(self) -> list[ReceivedMail]:
        """Return what has arrived, somewhere."""
        return [replace(mail, to=_ascii(mail.to)) for mail in super().received()]


class AsciiSubjects(BrokenMailer):
    """Writes a question mark for what it cannot write in a subject."""

    caught_by = ("mail.subject",)

    def _send(self, message: MailMessage) -> None:
        super()._send(replace(message, subject=_ascii(message.subject)))


class FoldsSubjects(BrokenMailer):
    """Breaks a long subject."""

    caught_by = ("mail.subject",)

    def _send(self, message: MailMessage) -> None:
        super()._send(replace(message, subject=textwrap.fill(message.subject, 76)))


class JoinsParagraphs(BrokenMailer):
    """Drops empty lines."""

    caught_by = ("mail.text", "mail.every_kind")

    def _send(self, message: MailMessage) -> None:
        lines = [line for line in message.text.split("\n") if line]
        super()._send(replace(message, text="\n".join(lines)))


class CutsTheEnd(BrokenMailer):
    """Drops the last line of a text."""

    caught_by = ("mail.text",)

    def _send(self, message: MailMessage) -> None:
        lines = message.text.rstrip("\n").split("\n")
        super()._send(replace(message, text="\n".join(lines[:-1])))


class AsciiTexts(BrokenMailer):
    """Writes a question mark for what it cannot write in a text."""

    caught_by = ("mail.text_letters",)

    def _send(self, message: MailMessage) -> None:
        super()._send(replace(message, text=_ascii(message.text)))


class DropsDots(BrokenMailer):
    """Drops the first dot of a line, as SMTP does where none was added."""

    caught_by = ("mail.marked_lines",)

    def _send(self, message: MailMessage) -> None:
        lines = [line.removeprefix(".") for line in message.text.split("\n")]
        super()._send(replace(message, text="\n".join(lines)))


class QuotesFrom(BrokenMailer):
    """Writes a mark before a line that begins with From, as mailboxes of one file do."""

    caught_by = ("mail.marked_lines",)

    def _send(self, message: MailMessage) -> None:
        text = message.text.replace("\nFrom ", "\n>From ")
        super()._send(replace(message, text=text))


class WrapsLongLines(BrokenMailer):
    """Breaks lines after 998 characters, the most that SMTP allows."""

    caught_by = ("mail.long_link",)

    def _send(self, message: MailMessage) -> None:
        lines = [line[:998] + "\n" * (len(line) > 998) + line[998:] for line in _lines(message)]
        super()._send(replace(message, text="\n".join(lines)))


class KnowsPasswordsOnly(BrokenMailer):
    """Sends the kinds of mail that it has heard of."""

    caught_by = ("mail.every_kind",)

    def _send(self, message: MailMessage) -> None:
        if "password" in message.kind:
            super()._send(message)


class HasOneDesk(BrokenMailer):
    """Keeps the mail that it works at in one attribute that all threads share."""

    caught_by = ("mail.from_threads",)

    def _send(self, message: MailMessage) -> None:
        self._desk = message
        time.sleep(0.05)
        super()._send(self._desk)


class SwallowsFailures(BrokenMailer):
    """Keeps quiet about a mail that it could not hand over."""

    caught_by = ("mail.failure_raises",)

    def _send(self, message: MailMessage) -> None:
        with suppress(MailNotSent):
            super()._send(message)


class SendsDecoys(BrokenMailer):
    """Pretends by sending."""

    caught_by = ("pretend.sends_nothing", "pretend.never_raises")

    def pretend(self, message: MailMessage) -> None:
        """Send it all the same."""
        self.send(message)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _lines(message: MailMessage) -> list[str]:
    return message.text.split("\n")


ALL: tuple[type[BrokenMailer], ...] = (
    SharesItsServer,
    ShowsWhatItWasGiven,
    SendsNothing,
    SendsTwice,
    SendsEqualMailsOnce,
    SmallAddresses,
    CutsAddresses,
    AsciiDomains,
    AsciiSubjects,
    FoldsSubjects,
    JoinsParagraphs,
    CutsTheEnd,
    AsciiTexts,
    DropsDots,
    QuotesFrom,
    WrapsLongLines,
    KnowsPasswordsOnly,
    HasOneDesk,
    SwallowsFailures,
    SendsDecoys,
)
