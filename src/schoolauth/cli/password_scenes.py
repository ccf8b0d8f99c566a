"""The FAQ's questions about passwords: each scene shows what is done, and checks what came out."""

from __future__ import annotations

from schoolauth.cli.cast import ADMIN, ALICE, HEAD, NIAMH, NO_EMAIL
from schoolauth.cli.stage import Hidden, Stage, promise
from schoolauth.errors import (
    ApprovalRefused,
    EmailMissing,
    LoginRefused,
    PasswordChangeRequired,
    PasswordRejected,
    TokenRefused,
)
from schoolauth.model.user import Role, Status


def admin_cannot_log_in(stage: Stage) -> None:
    """A space after the username, then after the password; the desk is told of both."""
    auth, admin = stage.auth, stage.user(ADMIN)
    right = stage.password(admin)
    stage.tell("The administrator types a space after the username, then one after the password.")
    error = stage.refused(LoginRefused, auth.log_in, f"{ADMIN} ", right)
    promise(error.hints == ("space_at_end_of_username",), "the space after the username is told")
    spaced = Hidden(f"{right.value} ", "<their password and a space>")
    error = stage.refused(LoginRefused, auth.log_in, ADMIN, spaced)
    promise(error.hints == ("space_at_end_of_password",), "the space after the password is told")
    stage.tell("Whoever is called for help need not guess:")
    found = stage.run(stage.support_desk.diagnose, ADMIN)
    promise(found.findings[0].code == "space_in_recent_attempts", "the diagnosis names the spaces")
    login = stage.run(auth.log_in, ADMIN, right)
    promise(login.user.id == admin.id, "the administrator is in without the space")


def admin_forgot_password(stage: Stage) -> None:
    """A mailed link, used once, and the old password no more."""
    auth, admin = stage.auth, stage.user(ADMIN)
    old = stage.password(admin)
    stage.tell("The administrator asks for a link by e-mail. Any other name gets the same answer.")
    stage.run(auth.request_password_reset, "office@hill.example.org")
    link = stage.token()
    info = stage.run(auth.check_password_token, link)
    promise(info.username == admin.username, "the link is the administrator's")
    login = stage.run(auth.reset_password, link, stage.choose(admin))
    promise(login.user.id == admin.id and login.how == "link", "the link lets the owner in")
    stage.tell("The link works once, and the old password has ended.")
    stage.refused(TokenRefused, auth.reset_password, link, stage.password(admin))
    stage.refused(LoginRefused, auth.log_in, ADMIN, Hidden(old.value, "<the old password>"))
    _recovered_by_link(stage)
    _recovered_in_writing(stage)


def _recovered_by_link(stage: Stage) -> None:
    auth, admin = stage.auth, stage.user(ADMIN)
    stage.tell(
        "Then the mailbox is lost too. A request asks the headteacher, whose address is on the "
        "school's file; the administrator is told, and the answer is the same for every school."
    )
    asked = {"new_email": "ottoline@mail.example.org", "requested_by": "Ottoline Brackenrigg"}
    stage.run(auth.request_admin_recovery, "wg204nx", **asked)
    letter = next(mail for mail in reversed(stage.mails) if mail.kind == "approve_recovery")
    promise(str(letter.to) == HEAD, "the headteacher is asked")
    link = Hidden(letter.token, "<token of the headteacher's link>")
    request = stage.run(auth.check_recovery_token, link)
    promise(request.accounts == (admin.username,), "the headteacher sees whose account it is")
    recovered = stage.run(auth.approve_admin_recovery, link)
    promise(str(recovered.email) == asked["new_email"], "the account has the new address")
    login = stage.run(auth.reset_password, stage.token(), stage.choose(admin))
    promise(login.user.id == admin.id, "the administrator is in again")
    stage.refused(TokenRefused, auth.approve_admin_recovery, link)


def _recovered_in_writing(stage: Stage) -> None:
    auth, support, admin = stage.auth, stage.support, stage.user(ADMIN)
    stage.tell(
        "Or the support desk writes to the headteacher, and has the answer in its files. It counts "
        "only from an address on the school's file."
    )
    said = {"reference": "ticket 4711", "new_email": "office@hill.example.org"}
    recover = support.confirm_admin_recovery
    wrong = "m.fenwick-stubbs@mail.example.org"
    error = stage.refused(ApprovalRefused, recover, "wg204nx", confirmation_from=wrong, **said)
    promise(error.reason == "not_on_file", "an address that looks like the headteacher's is none")
    recovered = stage.run(recover, "wg204nx", confirmation_from=HEAD, **said)
    promise(str(recovered.email) == said["new_email"], "the account has the address")
    login = stage.run(auth.reset_password, stage.token(), stage.choose(admin))
    promise(login.user.id == admin.id, "the administrator is in once more")


def teacher_forgot_password(stage: Stage) -> None:
    """By mail; without an address, a temporary password that must be changed."""
    auth, alice, gwen = stage.auth, stage.user(ALICE), stage.user(NO_EMAIL)
    stage.tell("Alice Smith, a teacher, does it alone, by username.")
    stage.run(auth.request_password_reset, ALICE)
    login = stage.run(auth.reset_password, stage.token(), stage.choose(alice))
    promise(login.user.id == alice.id, "Alice is in")
    stage.tell(
        "Gwen Puddifoot has no e-mail address: the answer is the same, but no mail goes out."
    )
    mails = len(stage.mails)
    stage.run(auth.request_password_reset, NO_EMAIL)
    promise(len(stage.mails) == mails, "no mail went out")
    stage.tell("So the administrator gives Gwen a password, which only lets her choose her own.")
    temporary = Hidden(stage.choose(gwen).value, "<a temporary password>")
    stage.run(stage.desk.set_password, gwen.id, temporary)
    error = stage.refused(PasswordChangeRequired, auth.log_in, NO_EMAIL, temporary)
    token = Hidden(error.password_token, "<token of the refusal>")
    login = stage.run(auth.reset_password, token, stage.choose(gwen))
    promise(not login.user.must_change_password, "Gwen has a password of her own")


def changed_password_is_incorrect(stage: Stage) -> None:
    """A refused change says why, and leaves the old password working."""
    auth, niamh = stage.auth, stage.user(NIAMH)
    old, short = stage.password(niamh), Hidden("owls", "<4 letters>")
    rules = ", ".join(auth.policy.describe())
    stage.tell(f"Niamh O'Hara chooses a password of 4 letters. The rules are: {rules}.")
    error = stage.refused(PasswordRejected, auth.change_password, niamh.id, current=old, new=short)
    codes = [violation.code for violation in error.violations]
    promise(codes == ["too_short", "no_number"], "every broken rule is told")
    stage.tell("So the new one is incorrect, and the old one still works.")
    stage.refused(LoginRefused, auth.log_in, NIAMH, short)
    stage.run(auth.log_in, NIAMH, old)
    stage.tell("The administrator need not guess what happened:")
    found = stage.run(stage.desk.diagnose, NIAMH)
    promise(found.findings[0].code == "password_change_refused", "the refused change is named")
    stage.tell("A password that keeps the rule is accepted, and from now on it is the one.")
    stage.run(auth.change_password, niamh.id, current=old, new=stage.choose(niamh))
    stage.run(auth.log_in, NIAMH, stage.password(niamh))


def create_password_mail(stage: Stage) -> None:
    """Without a saved address it says so; with one, the mail goes out and its link works."""
    auth, desk = stage.auth, stage.desk
    stage.tell("A new teacher was added without an e-mail address.")
    new = stage.run(desk.add_user, given_name="Wilfred", family_name="Garsdale", role=Role.TEACHER)
    stage.refused(EmailMissing, desk.send_create_password_email, new.id)
    found = stage.run(desk.diagnose, str(new.username))
    codes = [finding.code for finding in found.findings]
    promise(codes == ["invitation_not_sent", "invited", "no_email"], "the diagnosis says the same")
    stage.tell("The address is added to the profile, and the mail can be sent.")
    stage.run(desk.set_email, new.id, "w.garsdale@hill.example.org")
    stage.run(desk.send_create_password_email, new.id)
    login = stage.run(auth.reset_password, stage.token(), stage.choose(new))
    promise(login.user.status is Status.ACTIVE, "the invited account is active")
