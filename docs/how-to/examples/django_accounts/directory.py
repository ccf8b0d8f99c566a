"""Schools in Django's ORM."""

from collections.abc import Collection, Mapping
from typing import Any

from schoolauth import (
    AuditEvent,
    EmailAddress,
    Page,
    School,
    SchoolCode,
    SchoolTaken,
    SchoolUnknown,
)
from schoolauth.errors import SchoolAuthError
from schoolauth.model.events import SchoolAdded

from . import models
from .database import Database, batches, page_of
from .records import event_of


class DjangoSchoolDirectory:
    """Keeps the contract of a directory, in the same database and history as the accounts.

    With *joined*, it works inside `transaction.atomic()` of a host and never ends that.
    """

    def __init__(self, using: str = "default", *, joined: bool = False) -> None:
        self.using = using
        self.joined = joined
        self._database = Database(using, joined)

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools with these codes, by these very codes."""
        return self._database.read(lambda: self._find({code.key: code for code in codes}))

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by `code.key`, *limit* at a time."""
        if not 1 <= limit <= 500:
            raise ValueError("limit must be from 1 to 500")
        if after is not None and not after.isprintable():
            raise ValueError("after must be the `next` of a page")
        rows = self._rows.filter(code_key__gt=after or "").order_by("code_key")
        some = rows.values()[: limit + 1]
        found = self._database.read(lambda: [*some])
        return page_of(found, limit, cursor="code_key", build=school_of)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school* and *event* in one transaction: a new one if it is a `SchoolAdded`."""
        self._database.write(lambda: self._write(school, event))

    def _find(self, wanted: dict[str, SchoolCode]) -> dict[SchoolCode, School]:
        rows = (
            row for some in batches(wanted) for row in self._rows.filter(code_key__in=some).values()
        )
        return {wanted[row["code_key"]]: school_of(row) for row in rows}

    def _write(self, school: School, event: AuditEvent) -> SchoolAuthError | None:
        self._database.close_gate()  # of two who add one school, the second one sees it
        is_there = self._rows.filter(code_key=school.code.key).exists()
        is_new = isinstance(event, SchoolAdded)
        if is_new == is_there:
            return SchoolTaken() if is_new else SchoolUnknown()
        row_of(school).save(using=self.using, force_insert=is_new, force_update=not is_new)
        event_of(event).save(using=self.using, force_insert=True)
        return None

    @property
    def _rows(self) -> Any:
        return models.School.objects.using(self.using)


def row_of(school: School) -> models.School:
    """Return the row that *school* shall be."""
    head, deputy = school.headteacher_email, school.deputy_email
    return models.School(
        code_key=school.code.key,
        code=str(school.code),
        name=school.name,
        headteacher_email=head and str(head),
        headteacher_email_key=head and head.key,
        deputy_email=deputy and str(deputy),
        deputy_email_key=deputy and deputy.key,
    )


def school_of(row: Mapping[str, Any]) -> School:
    """Return the school that *row* is."""

    def email(name: str) -> EmailAddress | None:
        key = row[f"{name}_key"]
        return None if key is None else EmailAddress.stored(row[name], key)

    code = SchoolCode.stored(row["code"], row["code_key"])
    return School(code, row["name"], email("headteacher_email"), email("deputy_email"))
