"""The rows of a staff list as they are mapped: parsed once, each flaw with its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from schoolauth.errors import Refused
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserKey, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.text import name_key, parse_name
from schoolauth.model.user import Role

_NONE: Mapping[str, EmailAddress] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row whose values are parsed; *flaws* are the codes of those that cannot be used."""

    row: RosterRow
    mis_id: MisId | None
    email: EmailAddress | None
    username: Username | None
    given_name: str
    family_name: str
    flaws: tuple[str, ...]
    keys: tuple[UserKey, ...] = field(init=False)
    """What the row can be matched by, the surest first."""

    def __post_init__(self) -> None:
        keys = (self.mis_id, self.email, self.username)
        object.__setattr__(self, "keys", tuple(key for key in keys if key is not None))

    @property
    def name_key(self) -> str:
        """The name as people would take it for the same."""
        return name_key(f"{self.given_name} {self.family_name}")


def read_row(
    row: RosterRow, school: SchoolCode, source: str, addresses: Mapping[str, EmailAddress] = _NONE
) -> ReadRow:
    """Parse a row; what cannot be used becomes a flaw, and the rest is still read.

    *addresses* are those of accounts, by their text: what was parsed once is not parsed again.
    """
    if not isinstance(row.active, bool):  # the text "false" would count as true
        raise TypeError("the active of a row must be bool")
    flaws: list[str] = []
    mis_id = email = username = None
    given_name = family_name = ""
    try:
        mis_id = MisId(school, source, row.mis_id) if row.mis_id else None
    except Refused:
        flaws.append("mis_id_invalid")
    try:
        if row.email:
            email = addresses.get(row.email) or EmailAddress.parse(row.email)
    except Refused:
        flaws.append("email_invalid")
    try:
        username = Username.parse(row.username) if row.username else None
    except Refused:
        flaws.append("username_invalid")
    try:
        given_name = parse_name(row.given_name, "given_name") if row.given_name else ""
    except Refused:
        flaws.append("given_name_invalid")
    try:
        family_name = parse_name(row.family_name, "family_name") if row.family_name else ""
    except Refused:
        flaws.append("family_name_invalid")
    if row.role is Role.ADMIN:
        flaws.append("role_admin")  # an admin is made by a person, never by a file
    return ReadRow(row, mis_id, email, username, given_name, family_name, tuple(flaws))
