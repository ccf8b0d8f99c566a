"""The help page's questions about accounts: what is done, and a check of the result."""

from __future__ import annotations

from datetime import timedelta

from schoolauth.cli.tour.people import (
    ALICE,
    BENEDICT,
    CALLUM,
    FLORENCE,
    FLORENCES_EMAIL,
    FORMER_NAME,
    JAMES,
    PRIYA,
    WILFRED,
)
from schoolauth.cli.tour.transcript import Hidden, Transcript, promise
from schoolauth.errors import (
    EmailTaken,
    LoginRefused,
    SessionEnded,
    TokenRefused,
    TooManyLeavers,
)
from schoolauth.model.mapping import Link, Skip
from schoolauth.model.user import Role, Status


def more_than_one_account(tour: Transcript) -> None:
    """The mapping asks before it makes a second account; one that is there is retired."""
    desk, james = tour.desk, tour.user(JAMES)
    tour.tell(
        f"James Thistlebury had the account {JAMES} before the staff list came. The list has a "
        "James Thistlebury too, so the mapping asks, and makes no second account by itself."
    )
    plan = tour.run(desk.plan_mapping, tour.rows, source="sims")
    asked = plan.of("may_match")
    promise([item.candidates for item in asked] == [(james.id,)], "one row may be James's")
    tour.run(desk.apply_mapping, plan, {asked[0].key: Link(james.id)})
    page = tour.run(desk.search, "james thistlebury")
    promise([user.id for user in page.items] == [james.id], "there is one account for James")
    tour.tell("But somebody made a second account by hand. The report finds it.")
    second = tour.run(
        desk.add_user,
        given_name="James",
        family_name="Thistlebury",
        role=Role.TEACHER,
        email="james@mail.example.org",
        username=f"{JAMES}.1",
    )
    groups = tour.run(desk.find_duplicates)
    found = {tuple(str(user.username) for user in group.users): group.verdict for group in groups}
    promise(found[JAMES, f"{JAMES}.1"] == "one_person", "the two are probably one person's")
    promise(found[ALICE, BENEDICT] == "two_people", "the two Smiths are probably two people")
    tour.tell("One call does the FAQ's five steps, and another takes them back.")
    pair = {"keep": james.id, "retire": second.id}
    tour.run(desk.resolve_duplicate, **pair)
    retired = desk.get_user(second.id)
    promise(retired.status is Status.INACTIVE and retired.email is None, "the second is retired")
    restored = tour.run(desk.undo_resolve_duplicate, **pair)
    promise(restored.status is Status.INVITED, "the second is back")
    kept = tour.run(desk.resolve_duplicate, **pair)
    promise(kept.id == james.id, "James has one account")


def remove_email(tour: Transcript) -> None:
    """The refusal names who has the address, also if the account is inactive; then it is moved."""
    desk, florence = tour.desk, tour.user(FLORENCE)
    tour.tell("Florence Tansywell wants another address, which an account already has.")
    error = tour.refused(EmailTaken, desk.set_email, florence.id, FLORENCES_EMAIL)
    promise(error.holder_username == FORMER_NAME, "the administrator is told who has the address")
    tour.tell("It is her own, from before she married. A search finds inactive accounts too.")
    page = tour.run(desk.search, "florence", statuses=[Status.INACTIVE])
    holders = [user.id for user in page.items if str(user.username) == error.holder_username]
    promise(len(holders) == 1, "the search finds the inactive holder")
    tour.run(desk.release_email, holders[0])
    changed = tour.run(desk.set_email, florence.id, FLORENCES_EMAIL)
    promise(str(changed.email) == FLORENCES_EMAIL, "Florence has the address")


def teacher_has_left(tour: Transcript) -> None:
    """The session, the password and a mailed link end at once."""
    auth, benedict = tour.auth, tour.user(BENEDICT)
    tour.tell("Benedict Smith is signed in, and has a link in his mailbox that he has not used.")
    login = tour.run(auth.log_in, BENEDICT, tour.password(benedict))
    session = Hidden(login.session, "<his session>")
    tour.run(auth.request_password_reset, BENEDICT)
    link = tour.token()
    tour.run(auth.resume, session)
    tour.tell("The administrator sets the account to inactive.")
    left = tour.run(tour.desk.deactivate, benedict.id)
    promise(left.status is Status.INACTIVE, "the account is inactive")
    tour.tell("From this moment nothing works any more:")
    tour.refused(SessionEnded, auth.resume, session)
    tour.refused(LoginRefused, auth.log_in, BENEDICT, tour.password(benedict))
    tour.refused(TokenRefused, auth.reset_password, link, Hidden("Chalk-2026", "<a new password>"))
    _several_have_left(tour)
    _erased_in_time(tour)


def _several_have_left(tour: Transcript) -> None:
    desk, export = tour.desk, tour.export
    tour.tell(
        "A new year: the MIS exports a OneRoster set. Who is not in a complete list has left. But "
        "this one was cut short, and a brake holds it."
    )
    short = Hidden(export[:5], "<the first five rows>")
    plan = tour.run(desk.plan_mapping, short, source="sims", complete=True)
    tour.refused(TooManyLeavers, desk.apply_mapping, plan)
    tour.tell(
        "The whole list lacks two people. One has left, the other is on leave: she is skipped. "
        f"{WILFRED} was made by hand, has no MIS id, and is left alone."
    )
    whole = Hidden(export, "<rows of the OneRoster set>")
    plan = tour.run(desk.plan_mapping, whole, source="sims", complete=True)
    leavers = {item.user_id: item.key for item in plan.of("left")}
    callum, priya = tour.user(CALLUM), tour.user(PRIYA)
    promise(leavers.keys() == {callum.id, priya.id}, "two accounts are not in the list any more")
    report = tour.run(desk.apply_mapping, plan, {leavers[priya.id]: Skip()})
    promise(report.left == (callum.id,), "only the leaver's account is inactive")
    promise(desk.get_user(priya.id).status is Status.INVITED, "who is on leave has her account")


def _erased_in_time(tour: Transcript) -> None:
    support, benedict = tour.support, tour.user(BENEDICT)
    tour.tell(
        "Once the school's time for keeping them is over, leavers are erased, except under a legal "
        "hold. A year is long for a tour: here the time is none at all."
    )
    tour.run(support.set_legal_hold, benedict.id, True, reason="case 2026-114")
    now = timedelta(0)
    planned = tour.run(support.erase_leavers, now)
    promise(planned.held == (benedict.id,) and not planned.erased, "nothing is erased unasked")
    done = tour.run(support.erase_leavers, now, apply=True)
    promise(done.erased == planned.due, "who was due is erased")
    erased = tour.desk.get_user(done.erased[0])
    promise((erased.full_name, erased.email) == ("", None), "nothing personal is left")


def not_listed(tour: Transcript) -> None:
    """Where to look: the school's history, an account's, and the documentation."""
    tour.tell("Everything that happened is in the school's history, newest first:")
    page = tour.run(tour.desk.history, limit=6)
    promise(page.next is not None, "there is more to read than one page")
    tour.tell(
        "Every account has its own: desk.history(user_id). Each error has a code that never "
        "changes, told with what to do in docs/reference/errors.md; the events are in "
        "docs/reference/events.md, and what can be called in docs/reference/api.md."
    )
