"""The contract of a `Mailer`, and of a `PretendingMailer`: what is handed over arrives, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self, cast, get_args

from schoolauth.mail.compose import compose
from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress
from schoolauth.ports import Mailer
from schoolauth.testing.assertions import equal, expect, raises
from schoolauth.testing.behaviour import Contract, Maker, none_of
from schoolauth.testing.repository.sample_accounts import a_user
from schoolauth.testing.threads import begin_together, results

Make = Maker[Mailer]
Pretend = Callable[[MailMessage], None]

# what has arrived is asked by `received`, not of the mailer: make.fresh asks it
MAILER = Contract[Mailer]("mailer", "make_mailer", lambda _: None, none_of("send"))
behaviour = MAILER.behaviour

TOKEN = "WyJwYXNzd29yZF9yZXNldCJd.Zm9yLXRlc3Rz"  # noqa: S105 # it opens nothing
ACCENTED = "Zoë O’Hara-Łuk 🎓 先生"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as it arrived, decoded.

    Args:
        to: the address that it arrived at; an international domain in Unicode or in punycode.
        subject: on one line.
        text: its lines end in line feeds; whether the last one does is left open.
    """

    to: str
    subject: str
    text: str

    @classmethod
    def of(cls, message: MailMessage) -> Self:
        """Return *message* as it should arrive."""
        return cls(str(message.to), message.subject, message.text)


def a_mail(kind: MailKind = "password_reset", **given: Any) -> MailMessage:
    """Return a mail of any kind, with all that a kind may say unless said otherwise."""
    values: dict[str, Any] = {
        "to": EmailAddress.parse("ann@hill.example.org"),
        "user": a_user("ann"),
        "school_name": "Hill Primary",
        "token": TOKEN,
        "link": f"https://app.example.org/password/{TOKEN}",
        "expires_at": datetime(2026, 9, 1, 12, tzinfo=UTC),
        "facts": {
            "new_admin": "Ben Lee",
            "fields": "name",
            "requested_by": "Cat Lee",
            "new_email": "office@hill.example.org",
            "accounts": "wg204nx_admin",
        },
    }
    return compose(kind, **{**values, **given})


def arrived(make: Make, mailer: Mailer) -> list[ReceivedMail]:
    """Return what has arrived, as the author's `received` says."""
    given = make.options["received"](mailer)
    whole = isinstance(given, Sequence) and all(isinstance(mail, ReceivedMail) for mail in given)
    expect(whole, "received() did not return a sequence of ReceivedMail.")
    return list(cast("Sequence[ReceivedMail]", given))


def check_arrived(make: Make, mailer: Mailer, *messages: MailMessage) -> None:
    """Expect that exactly *messages* have arrived, in any order."""
    mails = sorted(arrived(make, mailer), key=lambda mail: (mail.subject, mail.text))
    equal(len(mails), len(messages), f"how many mails arrived, of {len(messages)} handed over")
    in_order = sorted(messages, key=lambda message: (message.subject, message.text))
    for mail, message in zip(mails, in_order, strict=True):
        local, _, domain = str(message.to).rpartition("@")
        spellings = (f"{local}@{domain}", f"{local}@{message.to.key.rpartition('@')[2]}")
        expect(mail.to in spellings, f"A mail to {message.to} arrived at {mail.to!r}.")
        equal(mail.subject, message.subject, "the subject that arrived")
        found, expected = _lines(mail.text), _lines(message.text)
        for number, (line, sent) in enumerate(zip(found, expected, strict=False), start=1):
            equal(line, sent, f"line {number} of the text that arrived")
        equal(len(found), len(expected), "how many lines of the text arrived")


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


def check_sending(make: Make, *messages: MailMessage) -> None:
    """Hand *messages* to a new mailer, and expect that exactly these arrive."""
    mailer = make.new()
    for message in messages:
        mailer.send(message)
    check_arrived(make, mailer, *messages)


@behaviour("make.fresh")
def _(make: Make) -> None:
    """The factory gives a new mailer each time, from which nothing has arrived yet."""
    first = make.new()
    first.send(a_mail())
    check_arrived(make, first, a_mail())
    equal(len(arrived(make, make.new())), 0, "how many mails arrived from a new mailer")


@behaviour("mail.arrives_once")
def _(make: Make) -> None:
    """A mail that was handed over arrives, once."""
    check_sending(make, a_mail())


@behaviour("mail.equal_mails")
def _(make: Make) -> None:
    """Equal mails are not taken for one: each arrives."""
    check_sending(make, a_mail(), a_mail())


@behaviour("mail.to")
def _(make: Make) -> None:
    """A mail arrives at its one address, written as it was given, however long."""
    long = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 50}.org"
    for address in ("Ann.O'Hara+school@hill.example.org", long):
        check_sending(make, a_mail(to=EmailAddress.parse(address)))


@behaviour("mail.unicode_domain")
def _(make: Make) -> None:
    """A mail arrives at an address whose domain is international."""
    check_sending(make, a_mail(to=EmailAddress.parse("Ann@schüle.example.org")))


@behaviour("mail.subject")
def _(make: Make) -> None:
    """The subject arrives unchanged, on one line, long ones and every letter too."""
    for subject in (f"For {ACCENTED}", "A long one. " * 20 + "The end"):
        check_sending(make, replace(a_mail(), subject=subject))


@behaviour("mail.text")
def _(make: Make) -> None:
    """The text arrives unchanged, line by line, the empty ones too."""
    check_sending(make, replace(a_mail(), text="Hello,\n\n  indented\n\n\nthe end.\n"))


@behaviour("mail.text_letters")
def _(make: Make) -> None:
    """Every letter of the text arrives."""
    check_sending(make, replace(a_mail(), text=f"Hello {ACCENTED},\n\nthe end.\n"))


@behaviour("mail.marked_lines")
def _(make: Make) -> None:
    """Lines that mean something on the way, such as one of a single dot, arrive as they are."""
    lines = ("Bcc: all@example.org", ".", "..", ".hidden", "From the office", ">From", "=3D", "end")
    check_sending(make, replace(a_mail(), text="\n".join(lines) + "\n"))


@behaviour("mail.long_link")
def _(make: Make) -> None:
    """A link stays on one line, however long, and whatever else is in the text."""
    for name in ("Ann", ACCENTED):
        for length in (100, 899, 2000):
            link = f"https://app.example.org/{'x=.' * length}"[:length]
            check_sending(make, a_mail(link=link, user=a_user("ann", given_name=name)))


@behaviour("mail.every_kind")
def _(make: Make) -> None:
    """A mail of every kind arrives."""
    check_sending(make, *(a_mail(kind) for kind in get_args(MailKind)))


@behaviour("mail.from_threads")
def _(make: Make) -> None:
    """Mails that are handed over at the same time, from several threads, all arrive."""
    mailer = make.new()
    mails = [replace(a_mail(), text=f"Mail {letter}.\n") for letter in "abcdefgh"]
    results(begin_together([partial(mailer.send, mail) for mail in mails]), "send")
    check_arrived(make, mailer, *mails)


def a_failing_mailer(make: Make) -> Mailer:
    """Return what the author's `make_failing_mailer` makes."""
    made = make.options["make_failing_mailer"]()
    expect(callable(getattr(made, "send", None)), "make_failing_mailer() returned no mailer.")
    return cast("Mailer", made)


@behaviour("mail.failure_raises", needs="make_failing_mailer")
def _(make: Make) -> None:
    """A mailer that cannot hand a mail over raises."""
    mailer = a_failing_mailer(make)
    with raises(Exception, "A mailer that could not hand a mail over did not raise."):
        mailer.send(a_mail())


@behaviour("pretend.sends_nothing")
def _(make: Make) -> None:
    """Where a mailer can `pretend`, that sends nothing and keeps no mail back."""
    mailer = make.new()
    pretend: Pretend | None = getattr(mailer, "pretend", None)
    if pretend is not None:
        pretend(a_mail("create_password"))
        mailer.send(a_mail())
        check_arrived(make, mailer, a_mail())


@behaviour("pretend.never_raises", needs="make_failing_mailer")
def _(make: Make) -> None:
    """Where a mailer can `pretend`, that never raises, even if the mailer could send nothing."""
    pretend: Pretend | None = getattr(a_failing_mailer(make), "pretend", None)
    if pretend is not None:
        pretend(a_mail())
