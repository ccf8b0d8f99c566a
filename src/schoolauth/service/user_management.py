"""`UserManagement`: what an admin does with the accounts of their own school."""

from __future__ import annotations

from schoolauth.service.diagnosis import Diagnosing
from schoolauth.service.duplicates import Duplicates
from schoolauth.service.mapping import RosterMapping
from schoolauth.service.user_passwords import UserPasswords
from schoolauth.service.user_search import UserSearch
from schoolauth.service.users import Users


class UserManagement(UserSearch, Users, UserPasswords, RosterMapping, Duplicates, Diagnosing):
    """The desk of an active admin, bound to them and to their school (see `SchoolAuth.manage`).

    At every call the admin is read again, and must still be an active admin.
    """
