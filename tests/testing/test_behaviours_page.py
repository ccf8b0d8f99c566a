"""The reference page of the behaviours says what the contracts hold, and every id is sound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from schoolauth.testing.behaviour import Contract
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.mailer import MAILER
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.throttle import THROTTLE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "behaviours.md"
CONTRACTS = (REPOSITORY, DIRECTORY, MAILER, THROTTLE)


def table(contract: Contract[Any]) -> str:
    """Return the section of the page that *contract* should have."""
    lines = ["", "| id | promise | since |", "|---|---|---|"]
    for behaviour in contract.behaviours:
        promise = behaviour.promise.replace("|", "\\|")
        needs = f" Needs `{behaviour.needs}`." if behaviour.needs else ""
        lines.append(f"| `{behaviour.id}` | {promise}{needs} | {behaviour.since} |")
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_page_lists_the_contract(contract: Contract[Any]) -> None:
    """Each behaviour is on the page, in the contract's order, with its promise and its version."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    by_name = {section.split("\n", 1)[0]: section.split("\n", 1)[1] for section in sections}
    assert by_name[contract.name.capitalize()].rstrip() == table(contract).rstrip()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_behaviours_are_sound(contract: Contract[Any]) -> None:
    """An id is there once and reads as words with dots; a promise is one sentence."""
    ids = [behaviour.id for behaviour in contract.behaviours]
    assert len(set(ids)) == len(ids)
    for behaviour in contract.behaviours:
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", behaviour.id)
        assert re.fullmatch(r"[A-Z0-9`].*[^.]\.", behaviour.promise), behaviour.id
        assert behaviour.since >= 1
    assert max(behaviour.since for behaviour in contract.behaviours) == contract.version
