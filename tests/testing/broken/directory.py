"""Directories of schools that find or write others than they should; the list has its own file."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import ClassVar

from schoolauth.errors import SchoolAuthError
from schoolauth.model.change import Change
from schoolauth.model.events import AuditEvent, SchoolAdded, SchoolChanged
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.school import School
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.directory import DIRECTORY, Pair
from schoolauth.testing.repository.sample_accounts import edited


class BrokenDirectory(MemorySchoolDirectory):
    """Wrong in one way, which its docstring says; for showing that the contract notices it."""

    caught_by: ClassVar[tuple[str, ...]] = ()
    """The behaviours that notice it; there may be more."""

    def __init__(self, users: MemoryUserRepository) -> None:
        super().__init__(users)
        self.users = users

    @classmethod
    def make(cls) -> tuple[BrokenDirectory, MemoryUserRepository]:
        """Return a new one, and the repository whose history has its events."""
        users = MemoryUserRepository()
        return cls(users), users

    @classmethod
    def maker(cls) -> Maker[Pair]:
        """Return the maker of new ones."""
        return Maker(DIRECTORY, cls.make)


class _Rewriting(BrokenDirectory):
    """Keeps of a school what `kept` returns."""

    def kept(self, school: School) -> School:
        """Return what is kept of *school*."""
        return school

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write what is kept of *school*, and *event*."""
        super().save(self.kept(school), event)


# --- one school ---


class NeverEmpty(BrokenDirectory):
    """Is made with a school in it."""

    caught_by = ("directory.fresh",)

    def __init__(self, users: MemoryUserRepository) -> None:
        super().__init__(users)
        self._schools[SchoolCode.parse("sample")] = School("sample", "Sample")


class NeverNew(BrokenDirectory):
    """Is made with a history in it."""

    caught_by = ("directory.fresh",)

    def __init__(self, users: MemoryUserRepository) -> None:
        super().__init__(users)
        users.save(Change(events=[edited()]))


class ForgetsTheDeputy(_Rewriting):
    """Keeps one address of two."""

    caught_by = ("directory.every_field", "directory.typed_otherwise")

    def kept(self, school: School) -> School:
        """Return *school* without the deputy's address."""
        return School(school.code, school.name, school.headteacher_email)


class KeepsCanonicalForms(_Rewriting):
    """Keeps keys as they are compared, and not as they are shown."""

    caught_by = ("directory.every_field", "directory.typed_otherwise", "directory.changed")

    def kept(self, school: School) -> School:
        """Return *school* with its keys in canonical form."""
        head, deputy = school.headteacher_email, school.deputy_email
        return School(school.code.key, school.name, head and head.key, deputy and deputy.key)


class EmptyAddresses(BrokenDirectory):
    """Keeps None as an empty text, and reads that as an address."""

    caught_by = (
        "directory.no_addresses",
        "directory.absent",
        "directory.changed",
        "directory.unknown",
    )

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools, with an address in any case."""
        nobody = EmailAddress.stored("", "")
        return {
            code: School(
                school.code,
                school.name,
                school.headteacher_email or nobody,
                school.deputy_email or nobody,
            )
            for code, school in super().find(codes).items()
        }


class FindsNothingAsNone(BrokenDirectory):
    """Has None in the answer for a code of no school."""

    caught_by = ("directory.absent", "directory.exact", "directory.unknown")

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools, and None for others."""
        found = super().find(codes)
        return {code: found.get(code) for code in codes}  # type: ignore[misc] # that is the flaw


class ChokesOnManyCodes(BrokenDirectory):
    """Hands all codes to one statement, which takes 1,000 at most."""

    caught_by = ("directory.absent",)

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools with up to 1,000 codes."""
        if len(codes) > 1000:
            raise RuntimeError("too many SQL variables")
        return super().find(codes)


class ComparesTypedCodes(BrokenDirectory):
    """Compares the form in which a code was typed."""

    caught_by = ("directory.typed_otherwise",)

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools whose codes were typed alike."""
        found = super().find(codes)
        typed = {str(code) for code in codes}
        return {code: school for code, school in found.items() if str(school.code) in typed}


class TrimsCodes(BrokenDirectory):
    """Takes no notice of spaces behind a code, as a PAD SPACE collation does."""

    caught_by = ("directory.exact",)

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools whose codes are equal but for spaces."""
        trimmed = {code: SchoolCode.stored("", code.key.rstrip(" ")) for code in codes}
        found = super().find(set(trimmed.values()))
        return {code: found[other] for code, other in trimmed.items() if other in found}


# --- what is written ---


class KeepsDriverErrors(BrokenDirectory):
    """Raises the refusal where it has caught the driver's error, which quotes the addresses."""

    caught_by = ("directory.error_holds_no_data",)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school* and *event*, or refuse them with the driver's error behind it."""
        try:
            super().save(school, event)
        except SchoolAuthError as refusal:
            refusal.__cause__ = sqlite3.IntegrityError(f"{school.headteacher_email}")
            raise


class KeepsOldAddresses(_Rewriting):
    """Writes the addresses that are there, and leaves the others as they were."""

    caught_by = ("directory.changed",)

    def kept(self, school: School) -> School:
        """Return *school* with its old addresses where it has none."""
        old = self._schools.get(school.code, school)
        head = school.headteacher_email or old.headteacher_email
        return School(school.code, school.name, head, school.deputy_email or old.deputy_email)


class ChangesEverySchool(BrokenDirectory):
    """Forgets the WHERE of its UPDATE."""

    caught_by = ("directory.changed",)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write the name of *school* to every school."""
        super().save(school, event)
        for code, other in self._schools.items():
            addresses = other.headteacher_email, other.deputy_email
            self._schools[code] = School(other.code, school.name, *addresses)


class AddsOverExisting(BrokenDirectory):
    """Replaces a school that is there by the added one."""

    caught_by = ("directory.taken", "directory.error_holds_no_data")

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school*, there or not."""
        if isinstance(event, SchoolAdded):
            self._schools.pop(school.code, None)
        super().save(school, event)


class AddsUnknown(BrokenDirectory):
    """Adds a school that is not there, unless the event is a `SchoolChanged`."""

    caught_by = ("directory.unknown",)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school*, there or not, with most events."""
        if not isinstance(event, (SchoolAdded, SchoolChanged)):
            self._schools.setdefault(school.code, school)
        super().save(school, event)


class EventsOfRefused(BrokenDirectory):
    """Writes the event of a refused save all the same."""

    caught_by = ("directory.taken", "directory.unknown")

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school*, or nothing, and *event*."""
        try:
            super().save(school, event)
        except SchoolAuthError:
            self._events.append(event)
            raise


class HistoryOfItsOwn(BrokenDirectory):
    """Keeps the events of schools apart from those of accounts."""

    caught_by = ("directory.same_history",)

    def __init__(self, users: MemoryUserRepository) -> None:
        super().__init__(users)
        self._events = []


class SaysJoined(BrokenDirectory):
    """Says that it works in a host's transaction, and has its own."""

    caught_by = ("directory.stands_alone",)
    joined = True


ALL: tuple[type[BrokenDirectory], ...] = (
    NeverEmpty,
    NeverNew,
    ForgetsTheDeputy,
    KeepsCanonicalForms,
    EmptyAddresses,
    FindsNothingAsNone,
    ChokesOnManyCodes,
    ComparesTypedCodes,
    TrimsCodes,
    KeepsDriverErrors,
    KeepsOldAddresses,
    ChangesEverySchool,
    AddsOverExisting,
    AddsUnknown,
    EventsOfRefused,
    HistoryOfItsOwn,
    SaysJoined,
)
