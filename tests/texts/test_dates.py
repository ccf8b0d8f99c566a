"""Days and moments: English on every machine, and moments in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schoolauth.texts.dates import written_day, written_moment

MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, 1)))
def test_each_month_has_its_name(number: int, name: str) -> None:
    """In English, whatever the machine speaks."""
    day = datetime(2026, number, 7, tzinfo=UTC)
    assert written_day(day.isoformat()) == f"7 {name} 2026"


def test_a_moment_is_written_in_utc() -> None:
    """Whatever zone and precision the fact has."""
    moment = datetime(2026, 9, 1, 0, 59, 59, 999_999, timezone(timedelta(hours=1)))
    assert written_moment(moment.isoformat()) == "31 August 2026, 23:59 UTC"
