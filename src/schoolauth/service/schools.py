"""The schools of the directory: adding one, changing its name and approvers, listing them."""

from __future__ import annotations

from typing import Any

from schoolauth.mail.compose import compose
from schoolauth.model.arguments import KEEP
from schoolauth.model.change import Page
from schoolauth.model.events import AuditEvent, SchoolAdded, SchoolChanged
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.school import School
from schoolauth.service.desk import SupportService


class Schools(SupportService):
    """The calls about schools; part of `SupportDesk`."""

    def add_school(self, school: School) -> School:
        """Add a school; its two addresses may approve the recovery of an admin account.

        Raises:
            SchoolTaken: if there is one with this code.
            NotConfigured: without a school directory.
        """
        if not isinstance(school, School):
            raise TypeError("school must be a School")
        event = SchoolAdded(at=self._core.clock.now(), actor=self._actor, school=school.code)
        self._core.need_schools().save(school, event)
        return school

    def change_school(
        self,
        code: SchoolCode | str,
        *,
        name: str = KEEP,
        headteacher_email: EmailAddress | str | None = KEEP,
        deputy_email: EmailAddress | str | None = KEEP,
    ) -> School:
        """Change a school's name or approvers; what is not given stays. Old and new head are told.

        Raises:
            SchoolUnknown: if there is no such school.
            NameInvalid, EmailInvalid: if a value cannot be used.
            NotConfigured: without a school directory.
        """
        old = self._school(code)
        given = {"name": name, "headteacher_email": headteacher_email, "deputy_email": deputy_email}
        values: dict[str, Any] = {
            field: getattr(old, field) if value is KEEP else value for field, value in given.items()
        }
        new = School(old.code, **values)
        fields = tuple(field for field in given if getattr(old, field) != getattr(new, field))
        if fields:
            event: AuditEvent = SchoolChanged(
                at=self._core.clock.now(), actor=self._actor, school=old.code, fields=fields
            )
            self._core.need_schools().save(new, event)
            self._tell_heads(old, new, fields)
        return new

    def _tell_heads(self, old: School, new: School, fields: tuple[str, ...]) -> None:
        facts = {"fields": list(fields)}
        for to in {old.headteacher_email, new.headteacher_email}:
            if to is not None and self._core.mailer is not None:
                self._core.send(
                    compose(
                        "school_changed", to=to, school=new.code, school_name=new.name, facts=facts
                    )
                )

    def schools(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by code, *limit* (1 to 500) on a page.

        Raises:
            NotConfigured: without a school directory.
        """
        return self._core.need_schools().list(after=after, limit=limit)
