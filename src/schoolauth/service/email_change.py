"""Changing one's own address: it takes effect when the new address confirms."""

from __future__ import annotations

from schoolauth.errors import TokenRefused
from schoolauth.model.arguments import parse_email
from schoolauth.model.change import Decision
from schoolauth.model.events import actor_user
from schoolauth.model.names import EmailAddress, UserId
from schoolauth.model.text import require_text
from schoolauth.model.user import User
from schoolauth.rules import accounts
from schoolauth.rules.links import record_email_request, token_refusal
from schoolauth.service.core import Service
from schoolauth.service.verification import reauthenticate


class EmailChange(Service):
    """The calls about one's own address; part of `SchoolAuth`."""

    def request_email_change(
        self, user_id: UserId | str, *, password: str, new_email: EmailAddress | str
    ) -> None:
        """Mail a confirmation link to *new_email*; until it confirms, nothing changes.

        The old address is told. An address of another account gets a note instead of a link, and
        the answer is the same (ASVS 6.3.8).

        Raises:
            LoginRefused: if *password* is wrong; it counts as an attempt.
            EmailInvalid: if *new_email* is not an address.
            NotConfigured: without a mailer or `links.email`.
            Throttled: after three within an hour, by this account or to this address.
            UserNotFound: if there is no such account.
        """
        require_text(password, "password")
        core = self._core
        email = parse_email(new_email)
        core.need_mail("email")
        user = reauthenticate(core, user_id, password)
        core.attempts.count_confirmation(user, email)
        holder = core.find(email)
        core.users.save(record_email_request(user, core.stamp(actor_user(user.id))))
        other = holder if holder is not None and holder.id != user.id else None
        # both are written, so that a held address takes as long as a free one
        link = core.link_mail("confirm_email", user, email, new_email=email)
        note = core.note("email_in_use", other or user, email)
        core.send(link if other is None else note)
        core.notify("email_change_requested", user, user.email)

    def confirm_email_change(self, token: str) -> User:
        """Give the account the address that *token* was mailed to, and end its sessions.

        Call it on POST: scanners open links. It gives no session, and the old address is told.

        Raises:
            TokenRefused: with the reason ``expired``, ``used`` or ``invalid``.
            EmailTaken: if another account got the address in the meantime.
        """
        require_text(token, "token")
        core = self._core

        def decide() -> Decision[tuple[User, User]]:
            claims = core.tokens.read(token, "confirm_email")
            user = core.find(claims.user)
            reason = token_refusal(claims, user, core.clock.now(), None)
            if reason is not None or user is None or claims.new_email is None:
                return Decision(None, TokenRefused(reason or "invalid"))
            stamp = core.stamp(actor_user(user.id))
            change = accounts.set_email(user, EmailAddress.parse(claims.new_email), stamp)
            if change is None:
                return Decision(None, TokenRefused("used"))
            return Decision(change, (user, change.users[0].saved()))

        before, after = core.settle(decide)
        core.notify("email_changed", after, before.email)
        return after
