"""What the tests of this folder share."""

from __future__ import annotations

import pytest

from tests.legacy.work import Work


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """A count of the work that is done."""
    return Work(monkeypatch)
