"""The last active admin stays: which accounts must be unchanged when a change is saved."""

from __future__ import annotations

from collections.abc import Iterable

from schoolauth.errors import LastAdmin
from schoolauth.model.change import Change
from schoolauth.model.names import SchoolCode
from schoolauth.model.user import User


def must_stand(
    change: Change,
    before: Iterable[User],
    school: SchoolCode,
    acting: User | None,
    admins: Iterable[User],
) -> tuple[User, ...]:
    """Return whose version the store must check besides the accounts that *change* writes.

    That is the acting admin. Where nobody acts for the school, or the admin changes their own
    account, it is another active admin, if the change takes an admin's rights away.

    Args:
        change: what is to be saved.
        before: the accounts of *school* that it changes, as they were read.
        school: whose last admin is guarded.
        acting: the admin who acts, as read; None for support.
        admins: the active admins of *school*; read only where they are needed.

    Raises:
        LastAdmin: if the school would be left without an active admin.
    """
    written = {user.id for user in change.users}
    if acting is not None and acting.id not in written:
        return (acting,)
    if any(user.is_active_admin and user.school == school for user in change.users):
        return ()  # the store checks the version of an account that is written
    if not any(user.is_active_admin for user in before):
        return ()
    for other in admins:
        if other.is_active_admin and other.id not in written:
            return (other,)
    raise LastAdmin
