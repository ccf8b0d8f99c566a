"""How an admin gives people passwords: by mail, or by setting one."""

from __future__ import annotations

from collections.abc import Iterable

from schoolauth.errors import (
    EmailMissing,
    MailNotSent,
    Refused,
    SchoolAuthError,
    Throttled,
    TransitionForbidden,
    UserNotFound,
)
from schoolauth.model.arguments import require_flag
from schoolauth.model.change import Change, Decision
from schoolauth.model.events import AccountUnlocked, CreatePasswordSent, PasswordChangeWay
from schoolauth.model.mail import MailMessage, MailOutcome
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.text import require_text
from schoolauth.model.user import Status, User
from schoolauth.rules import accounts
from schoolauth.service.desk import DeskService, Read


class UserPasswords(DeskService):
    """The calls about other people's passwords; part of `UserManagement`."""

    def set_password(
        self, user_id: UserId | str, password: str, *, must_change: bool = True
    ) -> User:
        """Give somebody a password, which they must change at their next sign-in.

        Ends their sessions and links, and clears the count of failed attempts. A temporary
        password lasts 7 days. An INVITED account becomes ACTIVE.

        Raises:
            PasswordRejected: with every rule that it breaks; the old one still works.
            NotPermitted: for one's own account; that is `SchoolAuth.change_password`.
            TransitionForbidden: for an INACTIVE or ERASED account.
            UserNotFound: if the school has no such account.
        """
        require_text(password, "password")
        require_flag(must_change, "must_change")
        desk, core = self._desk, self._desk.core
        desk.refuse_own(user_id)
        how: PasswordChangeWay = "admin" if desk.admin is not None else "support"
        (user,) = desk.read(user_id).users
        if user.status not in {Status.INVITED, Status.ACTIVE}:
            raise TransitionForbidden(user.status.value, "password")
        stored = core.new_password(password, user, how, desk.actor)
        changed = desk.change(
            user_id,
            lambda user, stamp: accounts.choose_password(
                user, stored, stamp, how=how, must_change=must_change
            ),
        ).after
        core.attempts.try_to_forget(changed)
        core.notify("password_changed", changed, changed.email)
        return changed

    def send_create_password_email(self, user_id: UserId | str) -> None:
        """Mail somebody a link with which they choose their own password; it works for 7 days.

        Raises:
            EmailMissing: if no address is saved on the profile; the message says how to add one.
            MailNotSent: if the mail could not be handed over.
            Throttled: if the address had three such mails within the hour.
            TransitionForbidden: for an INACTIVE or ERASED account.
            UserNotFound: if the school has no such account.
            NotConfigured: without a mailer or `links.password`.
        """
        (outcome,) = self.send_create_password_emails([user_id])
        if outcome.error is not None:
            raise outcome.error

    def send_create_password_emails(
        self, user_ids: Iterable[UserId | str]
    ) -> tuple[MailOutcome, ...]:
        """Mail many people their links, and say for each what became of it, in order.

        An address gets at most three such mails in an hour; one more is `Throttled` in its outcome.

        Raises:
            NotConfigured: without a mailer or `links.password`.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        if isinstance(user_ids, str | UserId):
            raise TypeError("user_ids must be a collection of ids")
        desk, core = self._desk, self._desk.core
        core.need_mail("password")
        ids = list(dict.fromkeys(core.user_id(user_id) for user_id in user_ids))
        school_name = core.school_name(desk.school)
        waits = self._count(ids)

        def decide() -> Decision[list[tuple[UserId, MailMessage | Refused]]]:
            admin, present = desk.read_present(ids)
            stamp = desk.stamp()
            letters: list[tuple[UserId, MailMessage | Refused]] = []
            events = []
            for user_id in ids:
                user = present.get(user_id)
                address = self._address(user)
                letter: MailMessage | Refused
                if user_id in waits:
                    letter = Throttled(waits[user_id])
                elif user is None or isinstance(address, Refused):
                    letter = address if isinstance(address, Refused) else UserNotFound()
                else:
                    letter = core.link_mail(
                        "create_password", user, address, school_name=school_name
                    )
                letters.append((user_id, letter))
                if user is not None and isinstance(letter, MailMessage):
                    events.append(
                        CreatePasswordSent(
                            at=stamp.at, actor=stamp.actor, school=user.school, user=user.id
                        )
                    )
            if not events:
                return Decision(None, letters)
            return Decision(desk.guarded(Change(events=events), Read(admin, ())), letters)

        outcomes = []
        for user_id, letter in core.settle(decide):
            error: SchoolAuthError | None = None
            if isinstance(letter, Refused):
                error = letter
            elif not core.send(letter):
                error = MailNotSent()
            outcomes.append(MailOutcome(user_id, error))
        return tuple(outcomes)

    def _count(self, ids: list[UserId]) -> dict[UserId, int]:
        """Count a mail for each address; return the seconds to wait where it is one too many."""
        waits: dict[UserId, int] = {}
        for user in self._desk.read_present(ids)[1].values():
            address = self._address(user)
            if isinstance(address, EmailAddress):
                seconds = self._desk.core.attempts.count_invitation(address)
                if seconds is not None:
                    waits[user.id] = seconds
        return waits

    def _address(self, user: User | None) -> EmailAddress | Refused:
        """Return where the mail of an account goes, or why there is none."""
        if user is None:
            return UserNotFound()
        if user.status not in {Status.INVITED, Status.ACTIVE}:
            return TransitionForbidden(user.status.value, "create_password")
        return user.email or EmailMissing()

    def unlock(self, user_id: UserId | str) -> None:
        """Clear the count of failed attempts, so that the person can try again at once.

        Raises:
            UserNotFound: if the school has no such account.
        """
        desk = self._desk

        def decide() -> Decision[User]:
            read = desk.read(user_id)
            (user,), stamp = read.users, desk.stamp()
            event = AccountUnlocked(
                at=stamp.at, actor=stamp.actor, school=user.school, user=user.id
            )
            return Decision(desk.guarded(Change(events=[event]), read), user)

        desk.core.attempts.forget(desk.core.settle(decide))
