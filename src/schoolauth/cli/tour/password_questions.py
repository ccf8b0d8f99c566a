"""The help page's questions about passwords: what is done, and a check of the result."""

from __future__ import annotations

from schoolauth.cli.tour.people import ADMIN, ALICE, HEAD, NIAMH, NO_EMAIL
from schoolauth.cli.tour.transcript import Hidden, Transcript, promise
from schoolauth.errors import (
    ApprovalRefused,
    EmailMissing,
    LoginRefused,
    PasswordChangeRequired,
    PasswordRejected,
    TokenRefused,
)
from schoolauth.model.user import Role, Status


def admin_cannot_log_in(tour: Transcript) -> None:
    """A space after the username, then after the password; the desk is told of both."""
    auth, admin = tour.auth, tour.user(ADMIN)
    right = tour.password(admin)
    tour.tell("The administrator types a space after the username, then one after the password.")
    error = tour.refused(LoginRefused, auth.log_in, f"{ADMIN} ", right)
    promise(error.hints == ("space_at_end_of_username",), "the space after the username is told")
    spaced = Hidden(f"{right.value} ", "<their password and a space>")
    error = tour.refused(LoginRefused, auth.log_in, ADMIN, spaced)
    promise(error.hints == ("space_at_end_of_password",), "the space after the password is told")
    tour.tell("Whoever is called for help need not guess:")
    found = tour.run(tour.support_desk.diagnose, ADMIN)
    promise(found.findings[0].code == "space_in_recent_attempts", "the diagnosis names the spaces")
    login = tour.run(auth.log_in, ADMIN, right)
    promise(login.user.id == admin.id, "the administrator is in without the space")


def admin_forgot_password(tour: Transcript) -> None:
    """A mailed link works once, and the old password no longer works."""
    auth, admin = tour.auth, tour.user(ADMIN)
    old = tour.password(admin)
    tour.tell("The administrator asks for a link by e-mail. Any other name gets the same answer.")
    tour.run(auth.request_password_reset, "office@hill.example.org")
    link = tour.token()
    info = tour.run(auth.check_password_token, link)
    promise(info.username == admin.username, "the link is the administrator's")
    login = tour.run(auth.reset_password, link, tour.choose(admin))
    promise(login.user.id == admin.id and login.how == "link", "the link lets the owner in")
    tour.tell("The link works once, and the old password has ended.")
    tour.refused(TokenRefused, auth.reset_password, link, tour.password(admin))
    tour.refused(LoginRefused, auth.log_in, ADMIN, Hidden(old.value, "<the old password>"))
    _recovered_by_link(tour)
    _recovered_in_writing(tour)


def _recovered_by_link(tour: Transcript) -> None:
    auth, admin = tour.auth, tour.user(ADMIN)
    tour.tell(
        "Then the mailbox is lost too. A request asks the headteacher, whose address is on the "
        "school's file; the administrator is told, and the answer is the same for every school."
    )
    asked = {"new_email": "ottoline@mail.example.org", "requested_by": "Ottoline Brackenrigg"}
    tour.run(auth.request_admin_recovery, "wg204nx", **asked)
    letter = next(mail for mail in reversed(tour.mails) if mail.kind == "approve_recovery")
    promise(str(letter.to) == HEAD, "the headteacher is asked")
    link = Hidden(letter.token, "<token of the headteacher's link>")
    request = tour.run(auth.check_recovery_token, link)
    promise(request.accounts == (admin.username,), "the headteacher sees whose account it is")
    recovered = tour.run(auth.approve_admin_recovery, link)
    promise(str(recovered.email) == asked["new_email"], "the account has the new address")
    login = tour.run(auth.reset_password, tour.token(), tour.choose(admin))
    promise(login.user.id == admin.id, "the administrator is in again")
    tour.refused(TokenRefused, auth.approve_admin_recovery, link)


def _recovered_in_writing(tour: Transcript) -> None:
    auth, support, admin = tour.auth, tour.support, tour.user(ADMIN)
    tour.tell(
        "Or the support desk writes to the headteacher, and has the answer in its files. It counts "
        "only from an address on the school's file."
    )
    said = {"reference": "ticket 4711", "new_email": "office@hill.example.org"}
    recover = support.confirm_admin_recovery
    wrong = "m.fenwick-stubbs@mail.example.org"
    error = tour.refused(ApprovalRefused, recover, "wg204nx", confirmation_from=wrong, **said)
    promise(error.reason == "not_on_file", "an address that looks like the headteacher's is none")
    recovered = tour.run(recover, "wg204nx", confirmation_from=HEAD, **said)
    promise(str(recovered.email) == said["new_email"], "the account has the address")
    login = tour.run(auth.reset_password, tour.token(), tour.choose(admin))
    promise(login.user.id == admin.id, "the administrator is in once more")


def teacher_forgot_password(tour: Transcript) -> None:
    """By mail; without an address, a temporary password that must be changed."""
    auth, alice, gwen = tour.auth, tour.user(ALICE), tour.user(NO_EMAIL)
    tour.tell("Alice Smith, a teacher, does it alone, by username.")
    tour.run(auth.request_password_reset, ALICE)
    login = tour.run(auth.reset_password, tour.token(), tour.choose(alice))
    promise(login.user.id == alice.id, "Alice is in")
    tour.tell("Gwen Puddifoot has no e-mail address: the answer is the same, but no mail goes out.")
    mails = len(tour.mails)
    tour.run(auth.request_password_reset, NO_EMAIL)
    promise(len(tour.mails) == mails, "no mail went out")
    tour.tell("So the administrator gives Gwen a password, which only lets her choose her own.")
    temporary = Hidden(tour.choose(gwen).value, "<a temporary password>")
    tour.run(tour.desk.set_password, gwen.id, temporary)
    error = tour.refused(PasswordChangeRequired, auth.log_in, NO_EMAIL, temporary)
    token = Hidden(error.password_token, "<token of the refusal>")
    login = tour.run(auth.reset_password, token, tour.choose(gwen))
    promise(not login.user.must_change_password, "Gwen has a password of her own")


def changed_password_is_incorrect(tour: Transcript) -> None:
    """A refused change says why, and leaves the old password working."""
    auth, niamh = tour.auth, tour.user(NIAMH)
    old, short = tour.password(niamh), Hidden("owls", "<4 letters>")
    rules = ", ".join(auth.policy.describe())
    tour.tell(f"Niamh O'Hara chooses a password of 4 letters. The rules are: {rules}.")
    error = tour.refused(PasswordRejected, auth.change_password, niamh.id, current=old, new=short)
    codes = [violation.code for violation in error.violations]
    promise(codes == ["too_short", "no_number"], "every broken rule is told")
    tour.tell("So the new one is incorrect, and the old one still works.")
    tour.refused(LoginRefused, auth.log_in, NIAMH, short)
    tour.run(auth.log_in, NIAMH, old)
    tour.tell("The administrator need not guess what happened:")
    found = tour.run(tour.desk.diagnose, NIAMH)
    promise(found.findings[0].code == "password_change_refused", "the refused change is named")
    tour.tell("A password that keeps the rule is accepted, and from now on it is the one.")
    tour.run(auth.change_password, niamh.id, current=old, new=tour.choose(niamh))
    tour.run(auth.log_in, NIAMH, tour.password(niamh))


def create_password_mail(tour: Transcript) -> None:
    """Without a saved address it says so; with one, the mail goes out and its link works."""
    auth, desk = tour.auth, tour.desk
    tour.tell("A new teacher was added without an e-mail address.")
    new = tour.run(desk.add_user, given_name="Wilfred", family_name="Garsdale", role=Role.TEACHER)
    tour.refused(EmailMissing, desk.send_create_password_email, new.id)
    found = tour.run(desk.diagnose, str(new.username))
    codes = [finding.code for finding in found.findings]
    promise(codes == ["invitation_not_sent", "invited", "no_email"], "the diagnosis says the same")
    tour.tell("The address is added to the profile, and the mail can be sent.")
    tour.run(desk.set_email, new.id, "w.garsdale@hill.example.org")
    tour.run(desk.send_create_password_email, new.id)
    login = tour.run(auth.reset_password, tour.token(), tour.choose(new))
    promise(login.user.status is Status.ACTIVE, "the invited account is active")
