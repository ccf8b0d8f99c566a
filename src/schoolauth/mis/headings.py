"""Which column of a staff list holds what: the headings that MIS exports use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from schoolauth.mis.reading import unreadable

KNOWN_HEADINGS: Mapping[str, tuple[str, ...]] = {
    # no "Staff Code": codes are given again to new people, who would get another person's account
    "mis_id": (
        "sourcedId",
        "MIS ID",
        "Staff ID",
        "Employee ID",
        "Person ID",
        "Teacher ID",
        "ID",
        "SIS ID",
        "Arbor ID",
        "SIMS ID",
        "Bromcom ID",
        "Wonde ID",
        "Unique ID",
        "UID",
        "External ID",
        "Staff Number",
        "Employee Number",
        "Payroll Number",
        "Teacher Number",
    ),
    "given_name": (
        "First Name",
        "Given Name",
        "Forename",
        "Preferred First Name",
        "Preferred Given Name",
        "Preferred Forename",
        "Chosen Forename",
        "Known As",
        "Legal First Name",
        "Legal Given Name",
        "Legal Forename",
        "Forenames",
        "Given Names",
        "Given1",
        "First",
    ),
    "family_name": (
        "Last Name",
        "Family Name",
        "Surname",
        "Preferred Last Name",
        "Preferred Family Name",
        "Preferred Surname",
        "Chosen Surname",
        "Legal Last Name",
        "Legal Family Name",
        "Legal Surname",
        "Last",
    ),
    # no "Home Email": a school account's links do not go to a private address by guess
    "email": (
        "Work Email",
        "Work Email Address",
        "Email (Work)",
        "Email Address (Work)",
        "School Email",
        "School Email Address",
        "Staff Email",
        "Email",
        "Email Address",
        "Primary Email",
        "Main Email",
        "Default Email",
        "Contact Email",
        "Secondary Email",
    ),
    "username": (
        "Username",
        "Login Name",
        "Logon Name",
        "Login",
        "Login ID",
        "Account Name",
        "Network Username",
        "Network Login",
        "User",
    ),
    # no "Title", which is Mr or Mrs
    "role": (
        "Role",
        "Roles",
        "Job Role",
        "Job Title",
        "Staff Role",
        "Business Role",
        "Staff Type",
        "Position",
        "Post",
        "Post Title",
    ),
    # no "Leaver" or "Disabled", whose "yes" means the opposite
    "status": (
        "Status",
        "Staff Status",
        "Employment Status",
        "Account Status",
        "User Status",
        "Active",
        "Is Active",
        "Current",
        "Is Current",
        "Current Staff",
        "Enabled User",
        "Enabled",
    ),
    "school": (
        "School DfE Number",
        "DfE Number",
        "School URN",
        "URN",
        "School Code",
        "School ID",
        "School SIS ID",
        "Primary Org SourcedId",
        "Org SourcedIds",
        "Org SourcedId",
        "Establishment Number",
        "School Name",
        "School",
    ),
}
"""The headings of each field, the best known first; `heading_key` says which look the same."""

_TELLING = frozenset({"mis_id", "given_name", "family_name", "email", "username"})
_SECRET = ("password", "passwd", "passcode", "passphrase", "pwd", "credential")
_SECRET_WORDS = frozenset({"pass", "pin", "pw", "secret"})  # whole words: "secretary" is not one
_SHOWN_AT_MOST = 20


def heading_key(heading: str) -> str:
    """Return *heading* without case, spaces and punctuation: ``E-mail`` and ``EMAIL`` are one."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(character for character in folded if character.isalnum())


def is_secret(heading: str) -> bool:
    """Tell whether *heading* names a column of passwords, which is never read."""
    key = heading_key(heading)
    words = re.split(r"[\W_]+", heading.casefold())
    return any(part in key for part in _SECRET) or not _SECRET_WORDS.isdisjoint(words)


def find_columns(headings: Sequence[str], wanted: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the indexes of the columns that may hold each field, the best known first.

    *wanted* is the caller's own ``{field: heading}``: these fields and headings are not guessed.
    Of two columns with the same heading the left one counts.

    Raises:
        RosterUnreadable: ``heading_missing``, ``password_column`` or ``no_known_heading``.
    """
    named = [(heading, index) for index, heading in enumerate(headings) if heading]
    exact = dict(reversed(named))
    alike = {heading_key(heading): index for heading, index in reversed(named)}
    alike.pop("", None)  # "#" and "?" have nothing in common
    found = {}
    for name, heading in wanted.items():
        index = exact.get(heading, alike.get(heading_key(heading)))
        if index is None:
            raise unreadable(
                "heading_missing", column=heading, heading=heading, headings=_shown(headings)
            )
        if is_secret(headings[index]):
            raise unreadable("password_column", column=heading, heading=heading)
        found[name] = [index]
    claimed = {index for indexes in found.values() for index in indexes}
    for name, known in KNOWN_HEADINGS.items():
        indexes = [alike[key] for key in map(heading_key, known) if key in alike]
        if name not in found and (indexes := [index for index in indexes if index not in claimed]):
            found[name] = indexes
    if not found.keys() & _TELLING:
        raise unreadable("no_known_heading", headings=_shown(headings))
    return found


def _shown(headings: Sequence[str]) -> list[str] | None:
    # without a heading line, a person's cells, maybe a password, stand where headings should be
    if not all(c.isalpha() or c in " -_./()&'?" for heading in headings for c in heading):
        return None
    return [heading[:40] for heading in headings if heading][:_SHOWN_AT_MOST]
