"""How a day and a moment are written; facts have them as ISO 8601 text."""

from __future__ import annotations

from datetime import UTC, datetime

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # strftime would follow the machine's language


def written_day(at: str) -> str:
    """Return a day as it stands in a mail or a message, such as ``1 September 2026``."""
    return _day(datetime.fromisoformat(at))


def written_moment(at: str) -> str:
    """Return a time of day in UTC, such as ``1 September 2026, 09:00 UTC``."""
    utc = datetime.fromisoformat(at).astimezone(UTC)
    return f"{_day(utc)}, {utc:%H:%M} UTC"


def _day(at: datetime) -> str:
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"
