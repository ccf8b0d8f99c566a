"""The `duplicates` command: accounts that may be one person's, and retiring one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schoolauth.cli.context import Context, find_user
from schoolauth.cli.lines import counted, user_text
from schoolauth.model.duplicates import DuplicateGroup, DuplicateReason, DuplicateVerdict
from schoolauth.model.user import User
from schoolauth.service.user_management import UserManagement

_HEADINGS = ["Username", "Name", "Role", "Status", "E-mail", "Last sign-in"]
_OF_THE_GROUP = ["Group", "Probably", "Alike by", "What to do"]
_REASONS: dict[DuplicateReason, str] = {
    "superseded": "one took the other's place",
    "same_mis_id": "the same MIS id, now or once",
    "same_name": "the same name",
    "same_email_name": "the same name before the @",
    "username_suffix": "usernames that differ by .n",
}
_VERDICTS: dict[DuplicateVerdict, tuple[str, str]] = {
    "one_person": ("one person", "keep one, retire the other"),
    "two_people": ("two people", "nothing to do"),
    "admin_and_own": ("an admin and the account they teach with", "nothing to do"),
    "resolved": ("one person, resolved", "nothing to do"),
}


def duplicates(context: Context) -> None:
    """Show accounts that may be one person's; retire one of two, or take that back."""
    args, desk = context.args, context.desk()
    if args.resolve is not None:
        _resolve(context, desk, *args.resolve)
    elif args.undo is not None:
        _undo(context, desk, *args.undo)
    else:
        _show(context, desk.find_duplicates())


def _show(context: Context, groups: Sequence[DuplicateGroup]) -> None:
    out = context.out
    if out.is_csv:
        out.result(
            [*_OF_THE_GROUP, *_HEADINGS],
            [
                [str(number), *_about(group), *_row(user)]
                for number, group in enumerate(groups, start=1)
                for user in group.users
            ],
        )
    else:
        for number, group in enumerate(groups, start=1):
            probably, alike, what_to_do = _about(group)
            out.say(f"{number}. Probably {probably} ({alike}): {what_to_do}.", style="bold")
            out.result(_HEADINGS, [_row(user) for user in group.users])
    counts = Counter(group.verdict for group in groups)
    parts = [f"{_VERDICTS[one][0]}: {counts[one]}" for one in _VERDICTS if counts[one]]
    out.say(counted(len(groups), "group") + (f" ({'; '.join(parts)})." if parts else "."))
    if counts["one_person"]:
        out.say(
            "It is a guess. If it is one person, keep the account with their work in it: "
            "`duplicates --resolve KEEP RETIRE` makes the other inactive, without an address."
        )
    if counts["resolved"]:
        out.say("`duplicates --undo KEEP RETIRE` takes a resolution back.")


def _about(group: DuplicateGroup) -> tuple[str, str, str]:
    probably, what_to_do = _VERDICTS[group.verdict]
    return probably, "; ".join(_REASONS[reason] for reason in group.reasons), what_to_do


def _row(user: User) -> list[str]:
    last = user.last_login_at
    return [
        str(user.username),
        user.full_name,
        user.role.value,
        user.status.value,
        str(user.email or ""),
        "never" if last is None else f"{last:%Y-%m-%d}",
    ]


def _resolve(context: Context, desk: UserManagement, keep: str, retire: str) -> None:
    kept, retired = find_user(desk, keep), find_user(desk, retire)
    _require_two(kept, retired)
    move_email = not context.args.drop_email
    after = desk.resolve_duplicate(keep=kept.id, retire=retired.id, move_email=move_email)
    out = context.out
    out.say(f"Kept {user_text(after)}.")
    out.say(f"Retired {user_text(desk.get_user(retired.id))}. Its sessions and links have ended.")
    out.say(f"`duplicates --undo {after.username} {retired.username}` takes it back.")
    if after.email != kept.email and context.args.key_file is None:
        out.say("The address would not go back with it: that needs the same --key-file both times.")
    out.say("What the application keeps under the retired account is not moved.")


def _undo(context: Context, desk: UserManagement, keep: str, retire: str) -> None:
    kept, retired = find_user(desk, keep), find_user(desk, retire)
    _require_two(kept, retired)
    restored = desk.undo_resolve_duplicate(keep=kept.id, retire=retired.id)
    context.out.say(f"Restored {user_text(restored)}.")
    context.out.say(f"Beside it {user_text(desk.get_user(kept.id))}.")


def _require_two(keep: User, retire: User) -> None:
    if keep.id == retire.id:
        raise SystemExit("KEEP and RETIRE must be two accounts")
