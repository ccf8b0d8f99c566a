"""The `recover-admin` command: a lost admin account, on the headteacher's written confirmation."""

from __future__ import annotations

from schoolauth.cli.context import Context
from schoolauth.cli.lines import user_text
from schoolauth.errors import ApprovalRefused
from schoolauth.model.mail import MailMessage

_WHAT_TO_DO = {
    "not_on_file": "write to the address on file yourself, and take the answer from there: the "
    "sender of a mail can be forged",
    "no_approver_on_file": "without one, nobody can confirm that the account is to be recovered",
    "account_needed": "--account NAME says whose, by username",
    "own_address": "the other approver on file has to confirm it, or another address be taken",
}


class KeptMails(list[MailMessage]):
    """A mailer that keeps every mail, so that the command can say whom to inform."""

    def send(self, message: MailMessage) -> None:
        """Keep *message*."""
        self.append(message)


def recover_admin(context: Context) -> None:
    """Give a lost admin account a new address, confirmed in writing by the school's headteacher.

    The confirmation counts from an address on the school's file only. No mail is sent from here.
    """
    args, out, mails = context.args, context.out, KeptMails()
    try:
        user = context.support(mails).confirm_admin_recovery(
            context.school(),
            confirmation_from=args.confirmation_from,
            reference=args.reference,
            new_email=args.email,
            account=args.account,
        )
    except ApprovalRefused as error:
        if error.reason in _WHAT_TO_DO:
            error.add_note(_WHAT_TO_DO[error.reason])
        raise
    out.say(f"Now {user_text(user)}. Its sessions and links have ended.")
    out.say()
    out.say("No mail is sent from here. Please tell:")
    out.say(
        f"{user.email}: that the username is {user.username}, and that they get a link to choose "
        'a password by "forgotten password" on the sign-in page of the application',
        indent=2,
    )
    for mail in mails:
        if mail.to != user.email:  # the mail with the link, which no page would accept
            out.say(
                f"{mail.to}: that the administrator's account {user.username} was recovered on "
                f"the word of {args.confirmation_from}, and has the address {user.email} now",
                indent=2,
            )
