"""The tour: a made-up school on a database of its own, and each question of the help page."""

from __future__ import annotations

import secrets
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from schoolauth.cli.context import NEEDS_SQLALCHEMY
from schoolauth.cli.lines import user_text
from schoolauth.cli.recovery import KeptMails
from schoolauth.cli.terminal import Terminal
from schoolauth.cli.tour.people import (
    ADMIN,
    ALICE,
    BENEDICT,
    FLORENCES_EMAIL,
    FORMER_NAME,
    HEAD,
    JAMES,
    NIAMH,
)
from schoolauth.cli.tour.questions import QUESTIONS
from schoolauth.cli.tour.transcript import Transcript, new_password, promise
from schoolauth.mis import Roster, read_csv, read_oneroster
from schoolauth.model.school import School
from schoolauth.model.user import Role
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.settings import Links

if TYPE_CHECKING:
    from sqlalchemy import Engine

_LINKS = Links(
    password="https://hill.example.org/password/{token}",  # noqa: S106 # the address of a page
    email="https://hill.example.org/email/{token}",
    recovery="https://hill.example.org/recovery/{token}",
)
_INTRODUCTION = """
Every question of the help page, on a made-up school. The library does it all for real: a SQLite
database in a temporary directory, argon2id hashes, signed links. Mails are kept in a list, so that
nobody gets one. Passwords are not shown, links are shortened, and the ids of accounts are shown as
usernames. Times are UTC. `auth` is the front desk that a host calls, `desk` the administrator's,
`support` that of the vendor's own staff.
"""


def run_tour(out: Terminal) -> None:
    """Play every question of the help page, and check that each ends as promised.

    Raises:
        AssertionError: if one does not.
    """
    try:
        import sqlalchemy
    except ModuleNotFoundError:
        raise SystemExit(NEEDS_SQLALCHEMY) from None
    with TemporaryDirectory(prefix="schoolauth-tour-") as directory:
        engine = sqlalchemy.create_engine(f"sqlite:///{Path(directory) / 'school.db'}")
        try:
            _run(out, engine)
        finally:
            engine.dispose()  # a file that is open could not be removed everywhere
    out.say()
    out.say(
        "Every question came out as promised, and the temporary database is gone.", style="bold"
    )


def staff_list() -> Roster:
    """Return the staff list that comes with the library."""
    source = resources.files("schoolauth.cli") / "sample" / "staff.csv"
    with resources.as_file(source) as path:
        return read_csv(path)


def oneroster_set() -> Roster:
    """Return the OneRoster set that comes with the library: the same school, a year later."""
    source = resources.files("schoolauth.cli") / "sample" / "oneroster"
    with TemporaryDirectory(prefix="schoolauth-tour-") as directory:
        for file in source.iterdir():  # a folder inside a zipped library has no path
            (Path(directory) / file.name).write_bytes(file.read_bytes())
        return read_oneroster(directory)


def _run(out: Terminal, engine: Engine) -> None:
    from schoolauth.storage.sql import SqlStore, create_tables

    create_tables(engine)
    mails = KeptMails()
    auth = SchoolAuth(
        SqlStore(engine),
        secret_key=secrets.token_bytes(32),
        mailer=mails,
        links=_LINKS,
    )
    out.heading("A Tour Through The FAQ")
    out.say(" ".join(_INTRODUCTION.split()))
    tour = _open_school(out, auth, mails)
    for number, (question, answer) in enumerate(QUESTIONS, start=1):
        out.heading(f"{number}. {question}")
        answer(tour)


def _open_school(out: Terminal, auth: SchoolAuth, mails: KeptMails) -> Transcript:
    """Set the school up as it is before the first question."""
    out.heading("Before The First Question: Hill Primary Is Set Up")
    support = auth.support(by="tour")
    support.add_school(School("wg204nx", "Hill Primary", headteacher_email=HEAD))
    password = new_password()
    admin = support.add_first_admin(
        "wg204nx",
        given_name="Ottoline",
        family_name="Brackenrigg",
        email="office@hill.example.org",
        password=password,
    )
    promise(str(admin.username) == ADMIN, "the username is the school's code and the family name")
    desk = auth.manage(by=admin.id)
    tour = Transcript(out, auth, desk, mails, staff_list(), oneroster_set())
    tour.passwords[admin.id] = password
    desk.add_user(given_name="James", family_name="Thistlebury", role=Role.TEACHER, username=JAMES)
    former = desk.add_user(
        given_name="Florence",
        family_name="Marlpit",
        role=Role.STAFF,
        email=FLORENCES_EMAIL,
        username=FORMER_NAME,
    )
    desk.deactivate(former.id)
    tour.quietly()
    tour.tell(
        f"The administrator is {user_text(admin)}. Two accounts are there from earlier years, "
        f"{JAMES} and {FORMER_NAME}, which is inactive. Now the staff list of the MIS is mapped."
    )
    plan = tour.run(desk.plan_mapping, tour.rows, source="sims")
    rows = [item.row for item in plan.of("left") if item.row is not None]
    leavers = [f"{row.given_name} {row.family_name}" for row in rows]
    numbered = [item.username for item in plan.of("new") if "name_numbered" in item.reasons]
    promise(numbered == [BENEDICT], "a second Smith is numbered, and the plan says so")
    tour.tell(
        f"Left, and without an account: {', '.join(leavers)}. Numbered, to be looked at: "
        f"{', '.join(map(str, numbered))}, for {ALICE} is another Smith."
    )
    report = tour.run(desk.apply_mapping, plan)
    promise(len(report.added) == len(plan.of("new")), "everybody who is new has an account")
    invited = [tour.user(username) for username in (ALICE, BENEDICT, NIAMH)]
    outcomes = desk.send_create_password_emails([user.id for user in invited])
    promise(all(outcome.sent for outcome in outcomes), "the mails were sent")
    for user, mail in zip(invited, mails[-len(invited) :], strict=True):
        auth.reset_password(str(mail.token), tour.choose(user).value)
    tour.quietly()
    names = ", ".join(user.full_name for user in invited)
    tour.tell(f"{names} have got their create password mail, and chosen a password.")
    return tour
