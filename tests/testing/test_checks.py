"""`check_repository` and the like: what they report of a whole adapter, without pytest."""

from __future__ import annotations

import re

from schoolauth.model.change import Change
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import check_directory, check_mailer, check_repository
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.report import Line
from schoolauth.testing.repository.sample_accounts import edited
from tests.testing.broken.directory import BrokenDirectory, NeverEmpty
from tests.testing.broken.directory_list import AnyLimit
from tests.testing.broken.mailer import DropsDots, WrapsLongLines
from tests.testing.broken.shared_store import SharesItsStore


def test_a_shared_store_is_caught_at_once() -> None:
    """A repository that is not new is the one failure, and the rest is not run."""
    report = check_repository(SharesItsStore)
    assert list(report.failures) == ["make.fresh"]
    assert "has an account in it; it must be empty" in report.failures["make.fresh"]
    assert len(report.not_run) == len(report.lines) - 1


def test_a_store_with_a_history_is_not_new() -> None:
    """A repository without accounts, but with an event of somebody, was used."""

    def make() -> MemoryUserRepository:
        users = MemoryUserRepository()
        users.save(Change(events=[edited()]))
        return users

    report = check_repository(make)
    assert "has an event in it; it must be empty" in report.failures["make.fresh"]


def test_a_directory_is_checked_behaviour_by_behaviour() -> None:
    """Each behaviour has its line as soon as it is known; gaps and failures are told."""
    lines: list[Line] = []
    report = check_directory(BrokenDirectory.make, progress=lines.append)
    assert report.ok
    assert [line.id for line in lines] == [behaviour.id for behaviour in DIRECTORY.behaviours]
    assert {line.result for line in report.lines} == {"kept"}
    report = check_directory(AnyLimit.make, gaps={"directory.limits": "not yet"})
    assert report.gaps == {"directory.limits": "not yet"}
    report = check_directory(NeverEmpty.make)
    assert list(report.failures) == ["directory.fresh"]
    assert "returned one that has a school in it" in report.failures["directory.fresh"]


def test_a_mailer_is_checked() -> None:
    """What is not kept is reported, and what was not run."""
    report = check_mailer(DropsDots, DropsDots.received)
    assert list(report.failures) == ["mail.marked_lines"]
    assert list(report.not_run) == ["mail.failure_raises", "pretend.never_raises"]


def test_a_line_that_is_too_long_for_a_sentence_is_told_where_it_was_broken() -> None:
    """The sentence shows the end that arrived, beside what should have followed."""
    sentence = check_mailer(WrapsLongLines, WrapsLongLines.received).failures["mail.long_link"]
    told = re.fullmatch(r"line 7 of the text that arrived: '?…(.+)' instead of …(.+)…\.", sentence)
    assert told is not None
    assert told[2].startswith(told[1])
