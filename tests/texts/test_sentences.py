"""What people read: every sentence stands in sentences.json, and changes only with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from schoolauth import describe_event
from tests.texts import files, samples

SENTENCES: dict[str, list[list[str]]] = json.loads(
    Path(__file__).with_name("sentences.json").read_text(encoding="utf-8")
)


def said(texts: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """Return each code with each of its texts once, in the order of the file."""
    return [list(one) for one in sorted(set(texts))]


def of_errors() -> list[list[str]]:
    return said((error.code, error.message) for error in samples.errors())


def of_policies() -> list[list[str]]:
    policies = (*samples.POLICIES, samples.POLICIES[0].also(samples.no_chalk))
    return said(("policy", phrase) for policy in policies for phrase in policy.describe())


def of_violations() -> list[list[str]]:
    return said((one.code, one.message) for one in samples.violations())


def of_mails() -> list[list[str]]:
    return said((mail.kind, mail.subject, mail.text) for mail in samples.mails())


def of_findings() -> list[list[str]]:
    return said((one.code, one.message) for one in samples.findings())


def of_events() -> list[list[str]]:
    return said((one.kind, describe_event(one)) for one in samples.events())


MAKERS = {
    make.__name__: make
    for make in (of_errors, of_policies, of_violations, of_mails, of_findings, of_events)
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_sentence_changes_unnoticed(name: str) -> None:
    """What is said of each code is word for word what the file has, and nothing is missing."""
    assert MAKERS[name]() == SENTENCES[name]


def test_no_sentence_about_a_file_changes_unnoticed(tmp_path: Path) -> None:
    """The same for what readers, imports and mappings tell of rows and files."""
    found = said((one.code, one.message) for one in files.problems(tmp_path))
    assert found == SENTENCES["of_problems"]
