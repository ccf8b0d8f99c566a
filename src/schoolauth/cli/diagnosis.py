"""The `diagnose` command: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from schoolauth.cli.context import Context
from schoolauth.cli.lines import user_text

_REMEDIES: dict[str | None, str] = {
    None: "Only the person who types can mend it.",
    "search": "`user list TEXT` finds accounts by parts of a name or an address.",
    "reactivate": "`user reactivate {}` makes it active again.",
    "undo_resolve_duplicate": "`duplicates --undo KEEP {}` takes that back.",
    "send_create_password_email": "Send the create password mail from the application.",
    "set_password": "`user set-password {}` gives a temporary password.",
    "set_email": "`user edit {} --email ADDRESS` saves an address.",
    "unlock": "An administrator unlocks the account in the application.",
    "resolve_duplicate": "`duplicates` shows both, and `duplicates --resolve KEEP RETIRE` keeps "
    "one.",
    "release_email": "`user edit {} --release-email` frees the address.",
    "history": "The account's history in the application has every attempt.",
}


def diagnose(context: Context) -> None:
    """Say what keeps somebody from signing in or getting mail, the likeliest first."""
    out, found = context.out, context.desk().diagnose(context.args.name)
    name = "" if found.user is None else str(found.user.username)
    if found.user is not None:
        out.say(f"{user_text(found.user)}:")
    for number, finding in enumerate(found.findings, start=1):
        out.numbered(number, f"{finding.code}: {finding.message}")
        out.say(_REMEDIES[finding.remedy].format(name), indent=4)
    if found.user is not None:
        out.say()
        out.say(
            "Whether attempts are turned away just now shows only with --key-file, and only if "
            "the application counts them in this database."
        )
