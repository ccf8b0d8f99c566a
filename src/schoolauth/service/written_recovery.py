"""A lost admin account comes back by the headteacher's written confirmation, through support."""

from __future__ import annotations

from schoolauth.errors import ApprovalReason, ApprovalRefused
from schoolauth.model.arguments import parse_email
from schoolauth.model.change import Decision
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import User
from schoolauth.rules import admin_recovery as rules
from schoolauth.service.desk import SupportService
from schoolauth.service.recovery_approval import (
    Recovered,
    account_text,
    admins_of,
    decide_approval,
    finish,
)


class WrittenRecovery(SupportService):
    """The call about a letter from the headteacher; part of `SupportDesk`."""

    def confirm_admin_recovery(
        self,
        school: SchoolCode | str,
        *,
        confirmation_from: EmailAddress | str,
        reference: str,
        new_email: EmailAddress | str,
        account: UserId | Username | str | None = None,
    ) -> User:
        """Give a lost admin account a new address, on the headteacher's written confirmation.

        It counts only from an address on the school's file. Write to that address yourself and
        use the answer, because a sender's address can be forged. Sessions end, the new address
        is mailed a link that chooses a password; the old one and the other admins are told.

        Args:
            school: whose admin account is lost.
            confirmation_from: the address that has confirmed it, the headteacher's or the deputy's.
            reference: where the letter is kept, such as a ticket's number, 1 to 100 characters; it
                stays in the history, so no names.
            new_email: the address that the account gets.
            account: which one, by id or username, if the school has several admins.

        Raises:
            ApprovalRefused: if the confirmation does not count; the refusal is recorded.
            SchoolUnknown: if there is no such school.
            NameInvalid, EmailInvalid: if a value cannot be used.
            MailNotSent: if the account has its address, and the link could not be handed over.
            NotConfigured: without a mailer, a school directory or `links.password`.
        """
        core, file = self._core, self._school(school)
        by, email = parse_email(confirmation_from), parse_email(new_email)
        letter = parse_name(reference, "reference")
        core.need_mail("password")
        named = account_text(account)
        found = [who for who, address in rules.approvers(file).items() if address == by]

        def decide() -> Decision[Recovered]:
            stamp = core.stamp(self._actor)
            if not found:
                reason: ApprovalReason = (
                    "not_on_file" if rules.approvers(file) else "no_approver_on_file"
                )
                refusal = rules.record_refusal(file.code, reason, stamp, reference=letter)
                return Decision(refusal, ApprovalRefused(reason))
            return decide_approval(
                core,
                file,
                admins_of(core, file.code),
                approver=found[0],
                new_email=email,
                account=named,
                stamp=stamp,
                reference=letter,
            )

        return finish(core, core.settle(decide), None)
