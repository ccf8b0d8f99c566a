"""Why somebody cannot sign in: one call for the desk, instead of a guess."""

from __future__ import annotations

from itertools import islice

from schoolauth.errors import UserNotFound
from schoolauth.model.diagnosis import Diagnosis
from schoolauth.model.text import require_text
from schoolauth.rules import diagnosis, duplicates
from schoolauth.rules.sign_in import read_typed_name
from schoolauth.service.desk import DeskService

_READ_AT_MOST = 2000


class Diagnosing(DeskService):
    """The call about somebody who cannot sign in; part of `UserManagement`."""

    def diagnose(self, identifier: str) -> Diagnosis:
        """Return everything that keeps somebody from signing in or getting mail, likeliest first.

        It reads the account, its history and its throttle, and changes nothing. A name that no
        account has is answered with the school's usernames that look like it.

        Args:
            identifier: what they type to sign in: a username or an e-mail address.

        Raises:
            UserNotFound: if the name belongs to an account of another school; the question is
                recorded.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
            Throttled: if the school met too many names of other schools within a day.
        """
        desk, core = self._desk, self._desk.core
        typed = read_typed_name(require_text(identifier, "identifier"))
        desk.read()
        user = None if typed.key is None else core.find(typed.key)
        if user is not None and typed.key is not None and not desk.owns(user):
            desk.count_elsewhere([typed.key])
            raise UserNotFound
        if user is None:
            return diagnosis.no_such_account(typed.text, desk.everyone())
        groups = duplicates.find_duplicates(desk.everyone(), {})
        alike = [group.users for group in groups if group.verdict == "one_person"]
        facts = diagnosis.Facts(
            user=user,
            exact=typed.exact,
            events=tuple(
                islice(desk.events(user=user.id, kinds=diagnosis.EXPLAINING), _READ_AT_MOST)
            ),
            wait=core.attempts.wait(user),
            duplicates=diagnosis.same_person(alike, user.id),
            successor=None if user.superseded_by is None else core.find(user.superseded_by),
            temporary_password=core.lifetimes.temporary_password,
            now=core.clock.now(),
        )
        return diagnosis.diagnose(facts)
