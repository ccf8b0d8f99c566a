"""The command line's grammar."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from schoolauth.cli import commands
from schoolauth.cli.context import Context
from schoolauth.cli.staff_list import import_list
from schoolauth.model.user import Role, Status

_DESCRIPTION = """
Accounts of a school system. `tour` plays every question of the FAQ on a database of its own; the
other commands act on the database behind --db and sign what they do in its history. Passwords are
asked for, or read as a line of stdin, and never given as an argument. No mail is sent from here.
"""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments, with the command's function as `run`, None for the tour.

    Raises:
        SystemExit: with code 2 for a command line that is none, and 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(prog="python -m schoolauth", description=_DESCRIPTION)
    parser.add_argument("--db", metavar="URL", help="SQLAlchemy URL, such as sqlite:///school.db")
    parser.add_argument("--by", metavar="NAME", help="who acts (default: who is logged in here)")
    parser.add_argument("--school", metavar="CODE", help="which school, if there are several")
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
    roster = _command(top, "import", import_list, "import a staff list (CSV)")
    roster.add_argument("file", metavar="FILE")
    roster.add_argument(
        "--source", metavar="NAME", default="mis", help="whose ids it has, such as sims"
    )
    roster.add_argument("--apply", action="store_true", help="do it; without, it is only shown")

    args = parser.parse_args(argv)
    if args.run is not None and args.db is None:
        parser.error("this command needs --db URL, such as --db sqlite:///school.db")
    return args


def _add_user_commands(users: Any) -> None:
    found = _command(users, "list", commands.user_list, "list accounts, inactive ones too")
    found.add_argument("text", metavar="TEXT", nargs="?", default="", help="words to look for")
    found.add_argument("--status", action="append", choices=[*map(str, Status)])
    found.add_argument("--role", action="append", choices=[*map(str, Role)])

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
