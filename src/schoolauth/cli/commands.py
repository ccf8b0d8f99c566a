"""The commands, one function each: they find, act through a desk, and print the result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from schoolauth.cli.context import Context, everyone, find_user
from schoolauth.cli.lines import counted, user_text
from schoolauth.cli.terminal import ask_password
from schoolauth.model.change import LISTED
from schoolauth.model.names import Username
from schoolauth.model.school import School
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.usernames import suggest_usernames
from schoolauth.service.user_management import UserManagement


def init(context: Context) -> None:
    """Create the tables that are missing, and check them."""
    from schoolauth.storage.sql import SCHEMA_VERSION, create_tables, verify_schema

    create_tables(context.engine)
    verify_schema(context.engine)
    url = context.engine.url.render_as_string(hide_password=True)
    context.out.say(f"{url} has the tables of schema version {SCHEMA_VERSION}.")


def school_add(context: Context) -> None:
    """Add a school."""
    args = context.args
    school = context.support().add_school(
        School(args.code, args.name, args.headteacher, args.deputy)
    )
    context.out.say(f"Added the school {school.code}, {school.name}.")


def admin_add(context: Context) -> None:
    """Add a school's first administrator, with a password or, if none is typed, without."""
    args, school = context.args, context.school()
    password = ask_password("Password (empty for none)", twice=True)
    user = context.support().add_first_admin(
        school,
        given_name=args.given_name,
        family_name=args.family_name,
        email=args.email,
        username=args.username,
        password=password or None,
    )
    context.out.say(f"Added {user_text(user)}.")


def user_list(context: Context) -> None:
    """List accounts."""
    args, out = context.args, context.out
    users = list(
        everyone(
            context.desk(),
            args.text,
            statuses=args.status or LISTED,
            roles=args.role or frozenset(Role),
        )
    )
    if users or args.csv:
        out.result(
            ["Username", "Name", "Role", "Status", "E-mail", "Last sign-in"],
            [_row(user) for user in users],
        )
    counts = Counter(user.status for user in users)
    parts = [f"{counts[status]} {status}" for status in Status if counts[status]]
    out.say(counted(len(users), "account") + (f": {', '.join(parts)}." if parts else "."))


def _row(user: User) -> list[str]:
    last = user.last_login_at
    return [
        str(user.username),
        user.full_name,
        user.role.value,
        user.status.value + (" (must change)" if user.must_change_password else ""),
        str(user.email or ""),
        "never" if last is None else f"{last:%Y-%m-%d}",
    ]


def user_add(context: Context) -> None:
    """Add an account, and ask about the person when the suggested username is a numbered one."""
    args, desk = context.args, context.desk()
    user = desk.add_user(
        given_name=args.given_name,
        family_name=args.family_name,
        role=args.role,
        email=args.email,
        username=args.username,
    )
    context.out.say(f"Added {user_text(user)}.")
    plain = next(suggest_usernames(user.school, user.family_name, user.given_name))
    if args.username is None and user.username != plain:
        _ask_about(context, desk, user, plain)


def _ask_about(context: Context, desk: UserManagement, user: User, plain: Username) -> None:
    holders = [other for other in everyone(desk, str(plain)) if other.username == plain]
    holder = user_text(holders[0]) if holders else f"{plain}, of another school"
    context.out.say(
        f"The username {plain} belongs to {holder}. Is this the same person? Then keep one "
        f"account: `user deactivate {user.username} --release-email` undoes this one."
    )


def user_edit(context: Context) -> None:
    """Change what is given of an account: all of it, or nothing if something is refused."""
    args = context.args
    wanted: dict[str, Any] = {
        "given_name": args.given_name,
        "family_name": args.family_name,
        "role": args.role,
        "username": args.new_username,
    }
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if not wanted and args.email is None and not args.release_email:
        raise SystemExit("say what to change, such as --email ADDRESS (see `user edit --help`)")
    with context.one_transaction() as desk:
        user = find_user(desk, args.username)
        if wanted:
            user = desk.edit_user(user.id, **wanted)
        if args.email is not None:
            user = desk.set_email(user.id, args.email)
        if args.release_email:
            user = desk.release_email(user.id)
    context.out.say(f"Now {user_text(user)}.")


def user_deactivate(context: Context) -> None:
    """Make a leaver's account inactive."""
    desk = context.desk()
    user = find_user(desk, context.args.username)
    user = desk.deactivate(user.id, release_email=context.args.release_email)
    context.out.say(f"Now {user_text(user)}. Sign-in, sessions and mailed links have ended.")


def user_reactivate(context: Context) -> None:
    """Make an inactive account active again."""
    desk = context.desk()
    user = desk.reactivate(find_user(desk, context.args.username).id)
    context.out.say(f"Now {user_text(user)}.")


def user_set_password(context: Context) -> None:
    """Give somebody a password that they must change at their next sign-in."""
    desk = context.desk()
    user = find_user(desk, context.args.username)
    user = desk.set_password(user.id, ask_password("Temporary password", twice=True))
    context.out.say(f"Now {user_text(user)}. The password is good for 7 days.")


def sign_in(context: Context) -> None:
    """Try whether somebody can sign in, by username or e-mail address."""
    login = context.auth.log_in(context.args.name, ask_password("Password"))
    context.out.say(f"Signed in: {user_text(login.user)}.")
    if login.password_below_policy:
        context.out.say("The password would not be accepted as a new one.")
