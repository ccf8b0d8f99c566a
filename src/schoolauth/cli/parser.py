"""The command line's grammar."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from schoolauth.cli import commands
from schoolauth.cli.context import Context
from schoolauth.cli.diagnosis import diagnose
from schoolauth.cli.duplicates import duplicates
from schoolauth.cli.mapping import map_list
from schoolauth.cli.recovery import recover_admin
from schoolauth.mis.headings import KNOWN_HEADINGS
from schoolauth.model.user import Role, Status

_DESCRIPTION = """
Accounts of a school system. `tour` answers the help page's questions on its own database; the
other commands act on the database behind --db and sign what they do in its history. Passwords are
asked for, or read as a line of stdin, and never given as an argument. No mail is sent from here.
"""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments, with the command's function as `run`, None for the tour.

    Raises:
        SystemExit: with code 2 on a usage error, and 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(prog="python -m schoolauth", description=_DESCRIPTION)
    parser.add_argument("--db", metavar="URL", help="SQLAlchemy URL, such as sqlite:///school.db")
    parser.add_argument("--by", metavar="NAME", help="who acts (default: who is logged in here)")
    parser.add_argument("--school", metavar="CODE", help="which school, if there are several")
    parser.add_argument(
        "--key-file",
        metavar="FILE",
        help="the application's secret key: digests in the history and in counts are made with it",
    )
    parser.set_defaults(csv=False)
    top = parser.add_subparsers(metavar="COMMAND", required=True)
    top.add_parser("tour", help="see every question of the FAQ answered").set_defaults(run=None)

    _command(top, "init", commands.init, "create the tables")
    schools = _group(top, "school", "schools")
    school = _command(schools, "add", commands.school_add, "add a school")
    school.add_argument("code", metavar="CODE")
    school.add_argument("name", metavar="NAME")
    school.add_argument("--headteacher", metavar="EMAIL", help="may approve an admin's recovery")
    school.add_argument("--deputy", metavar="EMAIL", help="may approve it too")
    admins = _group(top, "admin", "the first administrator")
    _person(_command(admins, "add", commands.admin_add, "add a school's first administrator"))
    _add_user_commands(_group(top, "user", "accounts"))

    sign_in = _command(top, "sign-in", commands.sign_in, "try to sign in")
    sign_in.add_argument("name", metavar="NAME", help="username or e-mail address")
    _add_map_command(top)
    _add_help_commands(top)

    args = parser.parse_args(argv)
    if args.run is not None and args.db is None:
        parser.error("this command needs --db URL, such as --db sqlite:///school.db")
    return args


def _add_user_commands(users: Any) -> None:
    found = _command(users, "list", commands.user_list, "list accounts, inactive ones too")
    found.add_argument("text", metavar="TEXT", nargs="?", default="", help="words to look for")
    found.add_argument("--status", action="append", choices=[*map(str, Status)])
    found.add_argument("--role", action="append", choices=[*map(str, Role)])
    _csv(found)

    added = _command(users, "add", commands.user_add, "add an account")
    _person(added)
    added.add_argument("--role", required=True, choices=[*map(str, Role)])

    edited = _one(users, "edit", commands.user_edit, "change an account")
    edited.add_argument("--given-name", metavar="NAME")
    edited.add_argument("--family-name", metavar="NAME")
    edited.add_argument("--role", choices=[*map(str, Role)])
    edited.add_argument("--new-username", metavar="NAME")
    email = edited.add_mutually_exclusive_group()
    email.add_argument("--email", metavar="ADDRESS")
    email.add_argument("--release-email", action="store_true", help="free the address for another")

    left = _one(users, "deactivate", commands.user_deactivate, "end a leaver's account")
    left.add_argument("--release-email", action="store_true", help="free the address for another")
    _one(users, "reactivate", commands.user_reactivate, "make an inactive account active again")
    _one(users, "set-password", commands.user_set_password, "give a temporary password")


def _add_map_command(top: Any) -> None:
    mapped = _command(top, "map", map_list, "map a staff list: CSV, or OneRoster folder or zip")
    mapped.add_argument("file", metavar="FILE")
    mapped.add_argument(
        "--source", metavar="NAME", default="mis", help="whose ids it has, such as sims"
    )
    mapped.add_argument(
        "--column",
        metavar="FIELD=HEADING",
        action="append",
        type=_column,
        default=[],
        help=f"where a heading is unusual; fields are {', '.join(KNOWN_HEADINGS)}",
    )
    mapped.add_argument("--org", metavar="ID", help="which school of a OneRoster set")
    mapped.add_argument("--strict", action="store_true", help="refuse what OneRoster forbids")
    mapped.add_argument(
        "--complete", action="store_true", help="the list is whole: who is not in it has left"
    )
    mapped.add_argument(
        "--rekey", action="store_true", help="the MIS has changed, and with it everybody's id"
    )
    mapped.add_argument("--apply", action="store_true", help="do it; without, it is only shown")
    mapped.add_argument(
        "--decide",
        metavar="ROW=WHAT",
        action="append",
        default=[],
        help="of a row of the table: skip, create, or the username of the account it is",
    )
    mapped.add_argument(
        "--leavers-at-most", metavar="N", type=_count, help="how many may become inactive"
    )
    _csv(mapped)


def _add_help_commands(top: Any) -> None:
    alike = _command(top, "duplicates", duplicates, "find second accounts, and retire them")
    which = alike.add_mutually_exclusive_group()
    pair = ("KEEP", "RETIRE")
    which.add_argument("--resolve", nargs=2, metavar=pair, help="retire one for the other")
    which.add_argument("--undo", nargs=2, metavar=pair, help="take that back")
    alike.add_argument(
        "--drop-email", action="store_true", help="the kept account does not get the other's"
    )
    _csv(alike)

    why = _command(top, "diagnose", diagnose, "say why somebody cannot sign in")
    why.add_argument("name", metavar="NAME", help="username or e-mail address")

    lost = _command(top, "recover-admin", recover_admin, "give a lost admin account a new address")
    lost.add_argument(
        "--from",
        dest="confirmation_from",
        metavar="ADDRESS",
        required=True,
        help="which address on the school's file has confirmed it",
    )
    lost.add_argument(
        "--reference", metavar="TEXT", required=True, help="where the letter is kept; no names"
    )
    lost.add_argument("--email", metavar="ADDRESS", required=True, help="the account's new one")
    lost.add_argument("--account", metavar="NAME", help="whose, if there are several admins")


def _column(text: str) -> tuple[str, str]:
    field, equals, heading = text.partition("=")
    if field not in KNOWN_HEADINGS or not equals:
        raise argparse.ArgumentTypeError("say FIELD=HEADING, such as mis_id=Payroll")
    return field, heading


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return int(text)


def _csv(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", action="store_true", help="the table as CSV, the rest on stderr")


def _group(commands: Any, name: str, text: str) -> Any:
    return commands.add_parser(name, help=text).add_subparsers(metavar="COMMAND", required=True)


def _command(
    group: Any, name: str, run: Callable[[Context], None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(name, help=text, description=run.__doc__)
    parser.set_defaults(run=run)
    return parser


def _one(
    group: Any, name: str, run: Callable[[Context], None], text: str
) -> argparse.ArgumentParser:
    parser = _command(group, name, run, text)
    parser.add_argument("username", metavar="USERNAME")
    return parser


def _person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--given-name", metavar="NAME", required=True)
    parser.add_argument("--family-name", metavar="NAME", required=True)
    parser.add_argument("--email", metavar="ADDRESS")
    parser.add_argument("--username", metavar="NAME", help="suggested if not given")
