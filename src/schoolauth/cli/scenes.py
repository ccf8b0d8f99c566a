"""The FAQ, one scene for each question: each shows what is done, and checks that it came out so."""

from __future__ import annotations

from collections.abc import Callable

from schoolauth.cli.stage import Hidden, Stage, promise
from schoolauth.errors import (
    EmailMissing,
    EmailTaken,
    LoginRefused,
    PasswordChangeRequired,
    PasswordRejected,
    SessionEnded,
    TokenRefused,
)
from schoolauth.model.mapping import Link
from schoolauth.model.user import Role, Status

ADMIN = "wg204nx_brackenrigg"
JAMES = "wg204nx_james"
FORMER_NAME = "wg204nx_marlpit"
ALICE, BENEDICT = "wg204nx_smith", "wg204nx_smith.1"
NIAMH, FLORENCE, NO_EMAIL = "wg204nx_ohara", "wg204nx_tansywell", "wg204nx_puddifoot"
FLORENCES_EMAIL = "florence@mail.example.org"


def admin_cannot_log_in(stage: Stage) -> None:
    """A space after the username, then after the password, then neither."""
    auth, admin = stage.auth, stage.user(ADMIN)
    right = stage.password(admin)
    stage.tell("The administrator types a space after the username, then one after the password.")
    error = stage.refused(LoginRefused, auth.log_in, f"{ADMIN} ", right)
    promise(error.hints == ("space_at_end_of_username",), "the space after the username is told")
    spaced = Hidden(f"{right.value} ", "<their password and a space>")
    error = stage.refused(LoginRefused, auth.log_in, ADMIN, spaced)
    promise(error.hints == ("space_at_end_of_password",), "the space after the password is told")
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
    stage.tell(
        "Without access to that mailbox, the written confirmation of the headteacher is needed: "
        "recovery confirmed by the headteacher comes in a later release."
    )


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
    page = stage.run(stage.desk.history, niamh.id, kinds=["password_refused"])
    promise(len(page.items) == 1, "the refused change is in the history")
    stage.tell("A password that keeps the rule is accepted, and from now on it is the one.")
    stage.run(auth.change_password, niamh.id, current=old, new=stage.choose(niamh))
    stage.run(auth.log_in, NIAMH, stage.password(niamh))


def create_password_mail(stage: Stage) -> None:
    """Without a saved address it says so; with one, the mail goes out and its link works."""
    auth, desk = stage.auth, stage.desk
    stage.tell("A new teacher was added without an e-mail address.")
    new = stage.run(desk.add_user, given_name="Wilfred", family_name="Garsdale", role=Role.TEACHER)
    stage.refused(EmailMissing, desk.send_create_password_email, new.id)
    stage.tell("The address is added to the profile, and the mail can be sent.")
    stage.run(desk.set_email, new.id, "w.garsdale@hill.example.org")
    stage.run(desk.send_create_password_email, new.id)
    login = stage.run(auth.reset_password, stage.token(), stage.choose(new))
    promise(login.user.status is Status.ACTIVE, "the invited account is active")


def more_than_one_account(stage: Stage) -> None:
    """The mapping asks before it makes a second account; an old duplicate is made inactive."""
    desk, james = stage.desk, stage.user(JAMES)
    stage.tell(
        f"James Thistlebury had the account {JAMES} before the staff list came. The list has a "
        "James Thistlebury too, so the mapping asks, and makes no second account by itself."
    )
    plan = stage.run(desk.plan_mapping, stage.rows, source="sims")
    asked = plan.of("may_match")
    promise([item.candidates for item in asked] == [(james.id,)], "one row may be James's")
    stage.run(desk.apply_mapping, plan, {asked[0].key: Link(james.id)})
    page = stage.run(desk.search, "james thistlebury")
    promise([user.id for user in page.items] == [james.id], "there is one account for James")
    stage.tell(
        "A second account that somebody made by hand is set to inactive, without its e-mail."
    )
    second = stage.run(
        desk.add_user,
        given_name="James",
        family_name="Thistlebury",
        role=Role.TEACHER,
        email="james@mail.example.org",
        username=f"{JAMES}.1",
    )
    retired = stage.run(desk.deactivate, second.id, release_email=True)
    promise(
        retired.status is Status.INACTIVE and retired.email is None,
        "the second account is inactive, and its address is free",
    )


def remove_email(stage: Stage) -> None:
    """The refusal names who has the address, be it an inactive account; then it is moved."""
    desk, florence = stage.desk, stage.user(FLORENCE)
    stage.tell("Florence Tansywell wants another address, which an account already has.")
    error = stage.refused(EmailTaken, desk.set_email, florence.id, FLORENCES_EMAIL)
    promise(error.holder_username == FORMER_NAME, "the administrator is told who has the address")
    stage.tell("It is her own, from before she married. A search finds inactive accounts too.")
    page = stage.run(desk.search, "florence", statuses=[Status.INACTIVE])
    holders = [user.id for user in page.items if str(user.username) == error.holder_username]
    promise(len(holders) == 1, "the search finds the inactive holder")
    stage.run(desk.release_email, holders[0])
    changed = stage.run(desk.set_email, florence.id, FLORENCES_EMAIL)
    promise(str(changed.email) == FLORENCES_EMAIL, "Florence has the address")


def teacher_has_left(stage: Stage) -> None:
    """The session, the password and a mailed link end at once."""
    auth, benedict = stage.auth, stage.user(BENEDICT)
    stage.tell("Benedict Smith is signed in, and has a link in his mailbox that he has not used.")
    login = stage.run(auth.log_in, BENEDICT, stage.password(benedict))
    session = Hidden(login.session, "<his session>")
    stage.run(auth.request_password_reset, BENEDICT)
    link = stage.token()
    stage.run(auth.resume, session)
    stage.tell("The administrator sets the account to inactive.")
    left = stage.run(stage.desk.deactivate, benedict.id)
    promise(left.status is Status.INACTIVE, "the account is inactive")
    stage.tell("From this moment nothing works any more:")
    stage.refused(SessionEnded, auth.resume, session)
    stage.refused(LoginRefused, auth.log_in, BENEDICT, stage.password(benedict))
    stage.refused(TokenRefused, auth.reset_password, link, Hidden("Chalk-2026", "<a new password>"))


def not_listed(stage: Stage) -> None:
    """Where to look: the school's history, an account's, and the documentation."""
    stage.tell("Everything that happened is in the school's history, newest first:")
    page = stage.run(stage.desk.history, limit=6)
    promise(page.next is not None, "there is more to read than one page")
    stage.tell(
        "Every account has its own: desk.history(user_id). Each error has a code that never "
        "changes, told with what to do in docs/reference/errors.md; the events are in "
        "docs/reference/events.md, and what can be called in docs/reference/api.md."
    )


SCENES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    (
        "I Think My Admin User Name And Password Is Correct, But I Can't Log In. What Can I Do?",
        admin_cannot_log_in,
    ),
    ("I Have Forgotten The Admin Password. What Do I Do?", admin_forgot_password),
    (
        "What Do I Do If a Teacher/SLT User Has Forgotten Their Password?",
        teacher_forgot_password,
    ),
    (
        (
            "A User Has Changed Their Password, But When They Try And Log In Again It Is Saying "
            "Incorrect Password, What Do We Do?"
        ),
        changed_password_is_incorrect,
    ),
    ("Why Can't I Send My Teachers The Create New Password Email?", create_password_mail),
    ("Why Does A Particular Teacher Have More Than One User Account?", more_than_one_account),
    ("How Do I Remove An Email Address From a User Account?", remove_email),
    (
        "A Teacher Has Left. How Do I Remove Their User Account So They Can't Login Anymore?",
        teacher_has_left,
    ),
    ("My Question Isn't Listed Here. What Should I Do?", not_listed),
)
"""The FAQ's questions, in its order and its own words."""
