"""A school, and the two addresses that may approve the recovery of its admin account."""

from __future__ import annotations

from dataclasses import dataclass

from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.text import parse_name


@dataclass(frozen=True, slots=True, init=False)
class School:
    """A school: its code, its name, and who may approve a lost admin account's recovery.

    Text is parsed, so that ``School("wg204nx", "Hill Primary")`` works.

    Raises:
        NameInvalid: if the code or the name cannot be used.
        EmailInvalid: if an approver's address is not one.
    """

    code: SchoolCode
    name: str
    headteacher_email: EmailAddress | None
    deputy_email: EmailAddress | None

    def __init__(
        self,
        code: SchoolCode | str,
        name: str,
        headteacher_email: EmailAddress | str | None = None,
        deputy_email: EmailAddress | str | None = None,
    ) -> None:
        values = {
            "code": code if isinstance(code, SchoolCode) else SchoolCode.parse(code),
            "name": parse_name(name, "school_name"),
            "headteacher_email": _email(headteacher_email),
            "deputy_email": _email(deputy_email),
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)


def _email(value: EmailAddress | str | None) -> EmailAddress | None:
    return value if value is None or isinstance(value, EmailAddress) else EmailAddress.parse(value)
