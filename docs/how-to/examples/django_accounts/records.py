"""Between the library's values and the rows of the tables."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from schoolauth import AuditEvent, EmailAddress, MisId, User, UserId, UserKey, Username

from .database import batches
from .models import Account, Event

COLUMNS = {UserId: "id", Username: "username_key", EmailAddress: "email_key", MisId: "mis_key"}
FIELDS = frozenset(field.name for field in Account._meta.concrete_fields)


def row_of(user: User) -> dict[str, Any]:
    """Return the row that *user* shall be, with the next version.

    A field that a later release of the library adds is left out until there is a column for it.
    """
    record = user.saved().to_record(with_password=True)
    kept = {name: value for name, value in record.items() if name in FIELDS}
    return {**kept, "search_text": user.search_text}


def event_of(event: AuditEvent) -> Event:
    """Return the row of *event*; the database numbers it."""
    return Event(**event.to_record())


def look_up(keys: Iterable[UserKey], using: str) -> dict[UserKey, User]:
    """Return the accounts that *keys* denote, by these very keys: one query for every 500."""
    found: dict[UserKey, User] = {}
    for some in batches(keys):
        wanted = {(COLUMNS[type(key)], key.key): key for key in some}
        for row in _rows(wanted, using):
            user = User.from_record(row)
            for pair in row.items() & wanted.keys():
                found[wanted[pair]] = user
    return found


def _rows(wanted: Mapping[tuple[str, str], UserKey], using: str) -> Any:
    """Return the rows that have one of the *wanted* texts in its column."""
    either = Q(pk__in=())
    for column in COLUMNS.values():
        texts = [text for name, text in wanted if name == column]
        if texts:
            either |= Q(**{f"{column}__in": texts})
    return Account.objects.using(using).filter(either).values()
