"""The ground that every support call stands on: who acts, and which school is meant."""

from __future__ import annotations

from schoolauth.errors import SchoolUnknown, UserNotFound
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.school import School
from schoolauth.service.core import Core
from schoolauth.service.user_management import UserManagement


class Support:
    """The vendor's own staff, over all schools; everything is signed with their name."""

    def __init__(self, core: Core, actor: str) -> None:
        self._core = core
        self._actor = actor

    def manage(self, school: SchoolCode | str) -> UserManagement:
        """Open a school's own desk, acting under the support name.

        Raises:
            SchoolUnknown: if there is no such school.
            NotConfigured: without a school directory.
        """
        return UserManagement(self._core, self._school(school).code, self._actor, None)

    def _school(self, code: SchoolCode | str) -> School:
        """Return the school with this code, or raise `SchoolUnknown`."""
        directory = self._core.need_schools()
        parsed = code if isinstance(code, SchoolCode) else SchoolCode.parse(code)
        school = directory.find([parsed]).get(parsed)
        if school is None:
            raise SchoolUnknown
        return school

    def _desk_of(self, user_id: UserId | str) -> UserManagement:
        user = self._core.find(self._core.user_id(user_id))
        if user is None:
            raise UserNotFound
        return UserManagement(self._core, user.school, self._actor, None)
