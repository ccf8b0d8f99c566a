"""From the cells of one line to a `RosterRow`, or to what is wrong with them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from schoolauth.errors import Refused, RosterProblem
from schoolauth.mis.headings import heading_key
from schoolauth.model.names import (
    EMAIL_MAX,
    USERNAME_MAX,
    EmailAddress,
    MisId,
    SchoolCode,
    Username,
)
from schoolauth.model.roster import Roster, RosterRow
from schoolauth.model.text import NAME_MAX, parse_name
from schoolauth.model.user import Role

# "Admin" is office staff here: who may manage accounts is decided at the desk, never by a file
_ROLE_WORDS: Mapping[Role, str] = {
    Role.SLT: """
        head|headteacher|acting head|acting headteacher|interim headteacher|co headteacher
        executive head|executive headteacher|head of school|principal|executive principal
        deputy|deputy head|deputy headteacher|assistant head|assistant headteacher
        vice principal|deputy principal|assistant principal
        slt|smt|slt member|senior leader|senior leadership|senior leadership team""",
    Role.TEACHER: """
        teacher|class teacher|classroom teacher|subject teacher|form teacher|primary teacher
        qualified teacher|unqualified teacher|supply teacher|cover teacher|trainee teacher
        lead teacher|teaching staff|teaching|ect|nqt|early career teacher|senco|form tutor|tutor
        head of year|head of department|head of faculty|head of subject|subject leader
        phase leader|lecturer|professor|instructor""",
    Role.STAFF: """
        staff|support|support staff|non teaching|non teaching staff|associate staff
        ta|hlta|lsa|teaching assistant|higher level teaching assistant|classroom assistant
        learning support assistant|learning mentor|nursery nurse|early years practitioner
        aide|cover supervisor|lunchtime supervisor|midday supervisor|midday assistant
        admin|administrator|administration|administrative staff|administrative officer
        admin officer|admin assistant|school administrator|district administrator
        site administrator|system administrator|clerk|office|office staff|office manager
        secretary|school secretary|receptionist|business manager|school business manager
        finance officer|bursar|data manager|exams officer|attendance officer|librarian
        technician|it technician|network manager|caretaker|site manager|site staff
        premises manager|cleaner|cook|catering|counsellor|counselor|nurse|proctor""",
}
_NOT_STAFF = "student|pupil|learner|parent|guardian|carer|relative|contact"
_ACTIVE = "active|current|yes|y|true|t|1|on|enabled|employed|in post|nor"
_INACTIVE = """
    inactive|left|lea|leaver|former|past|no|n|false|f|0|off|disabled|ended|deleted
    to be deleted|archived|deactivated|terminated|not current"""


def _words(text: str) -> frozenset[str]:
    words = text.replace("\n", "|").split("|")
    return frozenset(heading_key(word) for word in words if word.strip())


_ROLES = {word: role for role, text in _ROLE_WORDS.items() for word in _words(text)}
_OTHERS = _words(_NOT_STAFF)

_LONGEST = {
    "mis_id": 100,
    "given_name": NAME_MAX,
    "family_name": NAME_MAX,
    "email": EMAIL_MAX,
    "username": USERNAME_MAX,
}
_INVALID = {"given_name": "name_invalid", "family_name": "name_invalid"}
_KEYS = frozenset({"mis_id", "email", "username"})


def printable(text: str) -> str:
    """Return *text* with a sign instead of what no screen shows, or a terminal would obey."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def is_staff(role: str) -> bool | None:
    """Tell whether *role* is a role of the staff; None if the word is not known."""
    word = heading_key(role)
    return True if word in _ROLES else False if word in _OTHERS else None


class RowReader:
    """Checks the lines of one file, one after another; `roster` returns the result.

    *columns* says under which heading each field is. With *show_values* false no problem
    carries a cell: an unquoted and a missing comma can put a password under any heading.
    """

    def __init__(self, columns: Mapping[str, str], *, show_values: bool) -> None:
        self._columns = columns
        self._show_values = show_values
        self._rows: list[RosterRow] = []
        self._problems: list[RosterProblem] = []
        self._uses: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
        self._statuses = dict.fromkeys(_words(_ACTIVE), True)
        self._statuses |= dict.fromkeys(_words(_INACTIVE), False)

    def refuse(
        self, line: int, field: str | None, code: str, value: str | None = None, /, **facts: Any
    ) -> None:
        """Note that *line* cannot be used, and why; *value* is left out where it must not show."""
        if not self._show_values or value is None or len(value) > EMAIL_MAX:
            shown = None
        else:
            shown = printable(value)
        column = None if field is None else self._columns[field]
        self._problems.append(RosterProblem.of(code, line, column, shown, **facts))

    def read(self, line: int, cells: Mapping[str, str]) -> None:
        """Check one *line*, whose *cells* by field have no spaces at their ends."""
        texts = dict(cells)
        if not any(texts.get(field) for field in _LONGEST):
            self.refuse(line, None, "nothing_to_match")
        standing = {field: field for field in texts}
        # SDS and OneRoster write addresses as usernames; here people can sign in with the address
        if "@" in texts.get("username", "") and _key("email", texts["username"])[0] is not None:
            if not texts.get("email"):
                texts["email"] = texts["username"]
                standing["email"] = "username"
            texts["username"] = ""
        for field in _LONGEST:
            if texts.get(field):
                texts[field] = self._parsed(line, field, standing[field], texts[field])
        self._rows.append(
            RosterRow(
                mis_id=texts.get("mis_id") or None,
                given_name=texts.get("given_name", ""),
                family_name=texts.get("family_name", ""),
                email=texts.get("email") or None,
                username=texts.get("username") or None,
                role=self._role(line, texts.get("role", "")),
                active=self._active(line, "status", texts.get("status", ""))
                and self._active(line, "enabled", texts.get("enabled", "")),
                line=line,
            )
        )

    def roster(self) -> Roster:
        """Return the rows without a problem, and every problem in the order of the lines."""
        for (field, _), uses in self._uses.items():
            for number, (line, standing, text) in enumerate(uses if len(uses) > 1 else ()):
                # one other line is enough: all of them in every message would grow quadratically
                other = uses[0 if number else 1][0]
                code = f"duplicate_{field}"
                self.refuse(line, standing, code, text, rows=len(uses), other_line=other)
        refused = {problem.line for problem in self._problems}
        return Roster(
            rows=tuple(row for row in self._rows if row.line not in refused),
            problems=tuple(sorted(self._problems, key=lambda problem: problem.line or 0)),
            columns=self._columns,
        )

    def _parsed(self, line: int, field: str, standing: str, text: str) -> str:
        """Return *text* as it goes into the row; *standing* is the field of its column."""
        longest = _LONGEST[field]
        if len(unicodedata.normalize("NFC", text)) > longest:
            self.refuse(line, standing, "too_long", text, maximum=longest)
            return text
        key, facts = _key(field, text)
        if key is None:
            self.refuse(line, standing, _INVALID.get(field, f"{field}_invalid"), text, **facts)
            return text
        if field not in _KEYS:
            return key
        self._uses.setdefault((field, key), []).append((line, standing, text))
        return text

    def _role(self, line: int, text: str) -> Role | None:
        if is_staff(text) is False:
            self.refuse(line, "role", "not_staff", text)
        return _ROLES.get(heading_key(text))

    def _active(self, line: int, field: str, text: str) -> bool:
        if not text:
            return True
        active = self._statuses.get(heading_key(text))
        if active is None:
            self.refuse(line, field, "status_unknown", text)
        return active is not False


def _key(field: str, text: str) -> tuple[str | None, dict[str, Any]]:
    """Return the canonical form of *text* as a *field*, or None and why it has none."""
    try:
        match field:
            case "mis_id":
                return MisId(SchoolCode.parse("any"), "csv", text).value, {}
            case "email":
                return EmailAddress.parse(text).key, {}
            case "username":
                return Username.parse(text).key, {}
            case _:
                return parse_name(text, field), {}
    except Refused as error:
        return None, error.details()  # not the message: that of an address may cite the cell
