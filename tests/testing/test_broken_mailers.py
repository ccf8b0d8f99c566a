"""The mailer contract notices every way of being wrong that we know."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.testing import MailerContract, check_mailer
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.mailer import MAILER
from tests.testing.broken.mailer import ALL, BrokenMailer, DropsDots, WrapsLongLines

BEHAVIOURS = {behaviour.id: behaviour for behaviour in MAILER.behaviours}
CASES = [(broken, name) for broken in ALL for name in broken.caught_by]


def show_with(broken: type[BrokenMailer], name: str) -> None:
    options: dict[str, Callable[..., object]] = {
        "received": broken.received,
        "make_failing_mailer": partial(broken, fails=True),
    }
    show(BEHAVIOURS[name], Maker(MAILER, broken, options))


@pytest.mark.parametrize(("broken", "name"), CASES, ids=[f"{b.__name__}-{n}" for b, n in CASES])
def test_a_broken_mailer_is_caught(broken: type[BrokenMailer], name: str) -> None:
    """Each of the behaviours that should notice it does."""
    with pytest.raises((Unkept, ContractBroken)):
        show_with(broken, name)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_what_they_are_made_of_is_whole(name: str) -> None:
    """Their common base is caught by nothing: what is caught is the one way."""
    show_with(BrokenMailer, name)


def test_every_behaviour_of_a_mailer_catches_something() -> None:
    """None is there that nothing can break, and none is there twice."""
    assert {name for _, name in CASES} == BEHAVIOURS.keys()
    assert len(BEHAVIOURS) == len(MAILER.behaviours)


def test_a_mailer_is_checked_without_pytest() -> None:
    """`check_mailer` reports what is not kept, and what was not run."""
    report = check_mailer(DropsDots, DropsDots.received)
    assert list(report.failures) == ["mail.marked_lines"]
    assert list(report.not_run) == ["mail.failure_raises", "pretend.never_raises"]


def test_a_line_that_is_too_long_for_a_sentence_is_told_where_it_was_broken() -> None:
    """The sentence shows the end that arrived, beside what should have followed."""
    sentence = check_mailer(WrapsLongLines, WrapsLongLines.received).failures["mail.long_link"]
    told = re.fullmatch(r"line 7 of the text that arrived: '?…(.+)' instead of …(.+)…\.", sentence)
    assert told is not None
    assert told[2].startswith(told[1])


def test_a_suite_without_its_methods_says_which() -> None:
    """An author who forgets one is told what to write, if it is wanted."""
    suite = MailerContract()
    with pytest.raises(Unusable, match=r"Write make_mailer\(self\)"):
        suite.make_mailer()
    with pytest.raises(Unusable, match=r"Write received\(self, mailer\)"):
        suite.received(BrokenMailer())
    with pytest.raises(NotImplementedError):
        suite.make_failing_mailer()
