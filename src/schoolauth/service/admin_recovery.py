"""A lost admin account comes back by a link that an approver on the school's file is mailed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from schoolauth.mail.compose import MailFact, compose
from schoolauth.model.arguments import parse_email
from schoolauth.model.change import Decision
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import parse_name
from schoolauth.model.token import RecoveryClaims, RecoveryRequest
from schoolauth.model.user import User
from schoolauth.rules import admin_recovery as rules
from schoolauth.rules.links import DECOY
from schoolauth.service.attempts import require_source
from schoolauth.service.core import Core, Service
from schoolauth.service.recovery_approval import (
    Recovered,
    account_text,
    admins_of,
    decide_approval,
    finish,
    mail_facts,
    open_request,
)
from schoolauth.service.settings import PURPOSES
from schoolauth.tokens import expiry

_NOWHERE = School(DECOY.school, "Nowhere", DECOY.email)
"""Asked where no school has the code, or none may approve: the same work, and nobody's mail."""


class AdminRecovery(Service):
    """The calls about a lost admin account that need no account; part of `SchoolAuth`."""

    def request_admin_recovery(
        self,
        school: SchoolCode | str,
        *,
        new_email: EmailAddress | str,
        requested_by: str,
        source: str | None = None,
    ) -> None:
        """Ask the approvers on the school's file whether an admin account may have *new_email*.

        The headteacher and the deputy get a link each, which names who asks; every active admin is
        told. The answer is the same for every code, and for a school that has no approver on file.
        Links work for 7 days, and die with any change of the school's file or its admins.

        Args:
            school: whose admin account is lost.
            new_email: the address that it shall have.
            requested_by: who asks, 1 to 100 characters; the approver has to know them.
            source: where the request comes from.

        Raises:
            NameInvalid, EmailInvalid: if what was typed can be nobody's.
            NotConfigured: without a mailer, a school directory, or one of `links.recovery` and
                `links.password`.
            StorageUnavailable: if the store does not answer.
        """
        require_source(source)
        code = school if isinstance(school, SchoolCode) else SchoolCode.parse(school)
        email, asker = parse_email(new_email), parse_name(requested_by, "requested_by")
        core = self._core
        core.need_mail("recovery", "password")
        known = core.need_schools().find([code]).get(code)
        admins = admins_of(core, code)
        counted = core.attempts.count_recovery(code, email, source)
        asked = known if admins and counted.allowed else None
        request = _Request.begin(core, asked or _NOWHERE, admins, email, asker)
        letters = request.letters(core)
        approvers = rules.approvers(asked)
        change = rules.record_request(
            None if known is None else code,
            core.stamp(),
            request=request.id,
            asked=approvers,
            email_digest=core.tokens.digest(f"address:{email.key}"),
            admins=admins if approvers else (),
        )
        if counted.recorded:
            core.users.save(change)
        for letter in letters:
            if approvers:
                core.send(letter)
            else:
                core.pretend(letter)
        if approvers:
            for admin in admins:
                if admin.is_active_admin:
                    core.notify("recovery_requested", admin, admin.email, **request.facts)

    def check_recovery_token(self, token: str) -> RecoveryRequest:
        """Tell an approver what is asked, for the page that approves it; changes nothing.

        Raises:
            TokenRefused: with the reason ``expired``, ``used`` or ``invalid``.
            ApprovalRefused: if the school's file or its admins have changed since.
        """
        claims, school, admins = open_request(self._core, token)
        return RecoveryRequest(
            school=school.code,
            requested_by=claims.requested_by,
            new_email=claims.new_email,
            accounts=tuple(admin.username for admin in admins),
            expires_at=claims.expires_at,
        )

    def approve_admin_recovery(
        self, token: str, *, account: UserId | Username | str | None = None
    ) -> User:
        """Give the admin account the address that was asked for, and mail a link to it.

        Call it on POST, on the page of `check_recovery_token`. Sessions end; whoever reads the new
        address chooses a password by the link. The old address and every other active admin are
        told. A refusal is recorded.

        Args:
            token: what the approver's link carries; it works once.
            account: which one, by id or username, if the school has several admins.

        Raises:
            TokenRefused: with the reason ``expired``, ``used`` or ``invalid``.
            ApprovalRefused: for what stands against it, such as a sign-in to the account since.
            MailNotSent: if the account has its address, and the link could not be handed over.
            NotConfigured: without a mailer, a school directory or `links.password`.
        """
        core = self._core
        core.need_mail("password")
        claims = core.tokens.read_recovery(token)
        named = account_text(account)

        def decide() -> Decision[Recovered]:
            _, school, admins = open_request(core, token)
            return decide_approval(
                core,
                school,
                admins,
                approver=claims.approver,
                new_email=claims.new_email,
                account=named,
                stamp=core.stamp(),
                request=claims,
            )

        return finish(core, core.settle(decide), claims.requested_by)


@dataclass(frozen=True, slots=True)
class _Request:
    id: str
    school: School
    claims: tuple[RecoveryClaims, ...]
    addresses: tuple[EmailAddress, ...]
    facts: dict[str, MailFact]

    @classmethod
    def begin(
        cls, core: Core, school: School, admins: list[User], email: EmailAddress, asker: str
    ) -> _Request:
        now, request = core.clock.now(), secrets.token_hex(8)
        state = core.tokens.digest(rules.state_text(school, admins))
        asked = rules.approvers(school) or rules.approvers(_NOWHERE)
        claims = tuple(
            RecoveryClaims(
                school=school.code,
                approver=approver,
                request=request,
                requested_by=asker,
                new_email=email,
                requested_at=now,
                expires_at=expiry(now, PURPOSES["recovery"].lifetime(core.lifetimes)),
                state=state,
            )
            for approver in asked
        )
        return cls(request, school, claims, tuple(asked.values()), mail_facts(asker, email, admins))

    def letters(self, core: Core) -> list[MailMessage]:
        """Return the mail for each approver."""
        letters = []
        for claims, to in zip(self.claims, self.addresses, strict=True):
            token = core.tokens.issue_recovery(claims)
            letters.append(
                compose(
                    "approve_recovery",
                    to=to,
                    school=self.school.code,
                    school_name=self.school.name,
                    token=token,
                    link=core.links.to("recovery", token),
                    expires_at=claims.expires_at,
                    facts=self.facts,
                )
            )
        return letters
