"""`SupportDesk`: what the vendor's own staff do; the host guards the access to it."""

from __future__ import annotations

from schoolauth.model.names import SchoolCode
from schoolauth.service.retention import Retention
from schoolauth.service.schools import Schools
from schoolauth.service.support_accounts import SupportAccounts
from schoolauth.service.user_import import UserImport
from schoolauth.service.user_management import UserManagement
from schoolauth.service.written_recovery import WrittenRecovery


class SupportDesk(Schools, SupportAccounts, UserImport, WrittenRecovery, Retention):
    """The desk of the vendor's own staff, over all schools (see `SchoolAuth.support`).

    Every change is signed with the support name.
    """

    def manage(self, school: SchoolCode | str) -> UserManagement:
        """Open a school's own desk, acting under the support name.

        Raises:
            SchoolUnknown: if there is no such school.
            NotConfigured: without a school directory.
        """
        return UserManagement(self._desk(self._school(school).code))
