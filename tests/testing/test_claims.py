"""Where one behaviour makes several claims, each of them is noticed alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from schoolauth.errors import EmailTaken
from schoolauth.model.change import Change
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import SchoolCode
from schoolauth.model.school import School
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import check_mailer
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.mailer import MAILER
from tests.testing.broken.directory import BrokenDirectory
from tests.testing.broken.joined import JoinableRepository
from tests.testing.broken.mailer import BrokenMailer
from tests.testing.failures import fails, repository_fails


def without_accents(text: str) -> str:
    """Return *text* without its marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


SEEN: dict[str, Callable[[str], str]] = {
    "space behind": lambda text: text.rstrip(" "),
    "space before": lambda text: text.lstrip(" "),
    "no-break space": lambda text: text.rstrip("\u00a0"),
    "case": str.lower,
    "accent": without_accents,
    "beginning": lambda text: {"hil": "hill"}.get(text, text),
    "any letters": lambda text: {"hil%": "hill"}.get(text, text),
    "any letter": lambda text: {"hil_": "hill"}.get(text, text),
}


@pytest.mark.parametrize("name", SEEN)
def test_every_inexact_comparison_of_codes_is_noticed(name: str) -> None:
    """A directory that takes one other text for the code of a school is told by that text."""

    class Inexact(BrokenDirectory):
        def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
            seen = {code: SchoolCode.stored("", SEEN[name](code.key)) for code in codes}
            found = super().find(set(seen.values()))
            return {code: found[other] for code, other in seen.items() if other in found}

    assert "of no school" in fails(DIRECTORY, "directory.exact", Maker(DIRECTORY, Inexact.make))


MANGLED = {
    "Bcc: all@example.org\n": "",
    "\n.\n": "\n",
    "\n..\n": "\n.\n",
    ".hidden": "hidden",
    "\nFrom": "\n>From",
    ">From": "From",
    "=3D": "=",
}


@pytest.mark.parametrize("line", MANGLED, ids=repr)
def test_every_marked_line_is_noticed(line: str) -> None:
    """A mailer that spoils one line that means something on the way is told by that line."""

    class Mangling(BrokenMailer):
        def send(self, message: MailMessage) -> None:
            text = message.text.replace(line, MANGLED[line])
            super().send(replace(message, text=text))

    options = {"received": Mangling.received}
    assert "line" in fails(MAILER, "mail.marked_lines", Maker(MAILER, Mangling, options))


@pytest.mark.parametrize(
    "received",
    [list, lambda mailer: ["a mail"], set, lambda mailer: None],
    ids=["mails", "texts", "a set", "None"],
)
def test_received_gives_mails(received: Callable[[Any], Any]) -> None:
    """Mails as they were handed over, texts, a set or None cannot be compared with anything."""
    sentence = "received() did not return a sequence of ReceivedMail."
    assert sentence in check_mailer(BrokenMailer, received).failures.values()


class KeepsEdits(JoinableRepository):
    """Takes new accounts back when the host rolls back, and leaves the old ones as they became."""

    def save(self, change: Change, /) -> None:
        super().save(change)
        old = [user for user in change.users if user.version]
        if old and self.host is not None:
            host, events = self.host, self.host._events
            kept = [replace(user, email=host._users[user.id].email) for user in old]
            MemoryUserRepository.save(host, Change(kept, change.events))
            del events[-len(change.events) :]


@pytest.mark.parametrize("name", ["joined.rollback", "joined.never_commits"])
def test_an_edit_that_outlives_the_rollback_is_noticed(name: str) -> None:
    """A version that has counted up tells, where keys and history are as they were."""
    assert "after the host's rollback" in repository_fails(name, KeepsEdits)


class WakesErased(MemoryUserRepository):
    """Gives an erased account a new version when somebody takes its username."""

    def save(self, change: Change, /) -> None:
        erased = [user for user in self._users.values() if not user.given_name]
        super().save(change)
        for user in erased if all(user.version == 0 for user in change.users) else ():
            super().save(Change([user], change.events))


def test_an_erased_account_that_goes_on_living_is_noticed() -> None:
    """What nobody has written must not change."""
    sentence = repository_fails("erased.keeps_id", WakesErased)
    assert "after another took its keys" in sentence


class TakenForStale(MemoryUserRepository):
    """Tells whoever swaps for the second time that the address is taken."""

    def save(self, change: Change, /) -> None:
        if any(user.version > 1 for user in change.users):
            raise EmailTaken(change.users[0].email)
        super().save(change)


def test_a_swap_that_is_refused_as_taken_is_noticed() -> None:
    """Who loses a swap has read too early: no address is anybody else's."""
    sentence = repository_fails("threads.swaps", TakenForStale)
    assert sentence == "A swap of two addresses was refused as EmailTaken."
