"""The `import` command: what a staff list would do, and doing it."""

from __future__ import annotations

from schoolauth.cli.context import Context, everyone
from schoolauth.cli.terminal import Terminal
from schoolauth.cli.texts import counted, words
from schoolauth.errors import RosterProblem
from schoolauth.mis import Roster, read_csv
from schoolauth.model.mapping import MappingItem, MappingPlan
from schoolauth.model.names import UserId

_NOTES = {
    "may_match": "A row that may match an account is left alone, so that nobody gets a second "
    "one. If it is that person, give the account the address of the list (`user edit USERNAME "
    "--email ADDRESS`) and import again; if not, add a new one by `user add`.",
    "conflict": "A row in conflict is left alone: what it says points to other accounts or people.",
    "left": "A leaver's account is left alone: `user deactivate USERNAME` ends it.",
    "problem": "A row with a problem is left alone until the list is put right.",
}


def import_list(context: Context) -> None:
    """Show what a staff list would do to the school's accounts; do it if ``--apply`` is given."""
    args, out, desk = context.args, context.out, context.desk()
    roster = read_csv(args.file)
    _show_file(out, roster)
    plan = desk.plan_mapping(roster, source=args.source)
    names = {user.id: str(user.username) for user in everyone(desk)}
    _show_plan(out, plan, names)
    if not args.apply:
        out.say("Nothing was changed. With --apply, it will be.")
        return
    report = desk.apply_mapping(plan)
    out.say(
        f"Added {counted(len(report.added), 'account')}, changed {len(report.changed)}, "
        f"and left {counted(len(report.left_alone), 'row')} alone."
    )


def _show_file(out: Terminal, roster: Roster) -> None:
    out.table(["Field", "Column"], [(name, text) for name, text in roster.columns.items()])
    out.say()
    for problem in roster.problems:
        out.say(_problem_text(problem))
    rows, problems = counted(len(roster), "row"), counted(len(roster.problems), "problem")
    out.say(f"{rows} can be used; {problems} in the file.")
    out.say()


def _problem_text(problem: RosterProblem) -> str:
    place = (
        f"Line {problem.line}"
        if problem.column is None
        else (f"Line {problem.line}, {problem.column}")
    )
    value = "" if problem.value is None else f" ({problem.value!r})"
    return f"{place}: {problem.code}: {problem.message}{value}"


def _show_plan(out: Terminal, plan: MappingPlan, names: dict[UserId, str]) -> None:
    shown = [item for item in plan.items if item.kind != "matched"]
    if shown:
        headings = ["Line", "What", "Name", "E-mail", "Account", "Why"]
        out.table(headings, [_row(item, names) for item in shown])
        out.say()
    if len(plan.of("matched")):
        out.say(f"{counted(len(plan.of('matched')), 'row')} with nothing to change.")
    for kind, note in _NOTES.items():
        if any(item.kind == kind for item in shown):
            out.say(note)


def _row(item: MappingItem, names: dict[UserId, str]) -> list[str]:
    ids = item.candidates if item.user_id is None else (item.user_id,)
    accounts = [names[user_id] for user_id in ids]
    new = [item.username] if item.kind == "new" and item.username is not None else []
    reasons = [*map(words, item.reasons)]
    if item.kind == "changed":
        reasons = [
            f"found by {', '.join(reasons)}",
            f"changes {', '.join(map(words, item.fields))}",
        ]
    row = item.row
    return [
        "-" if row is None else str(row.line),
        words(item.kind),
        "-" if row is None else f"{row.given_name} {row.family_name}".strip(),
        "-" if row is None else row.email or "-",
        ", ".join(accounts or new) or "-",
        "; ".join(reasons),
    ]
