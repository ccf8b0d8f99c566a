"""The `map` command: what a staff list would do to the school's accounts, and doing it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from schoolauth.cli.context import Context, everyone
from schoolauth.cli.lines import counted, named, problem_text
from schoolauth.cli.plan_view import PlanView
from schoolauth.cli.terminal import Terminal
from schoolauth.errors import RosterUnreadable, TooManyLeavers
from schoolauth.mis import Roster, read_csv, read_oneroster
from schoolauth.model.mapping import MappingDecision, MappingReport, Skip
from schoolauth.rules.mapping import brake

_LIFT = (
    "check that the list is the whole one; then `--leavers-at-most N` allows N, and "
    "`--decide ROW=skip` spares somebody, such as a teacher on leave"
)


def map_list(context: Context) -> None:
    """Show what a staff list would do to the school's accounts; do it if ``--apply`` is given."""
    args, out, desk = context.args, context.out, context.desk()
    roster = _read(args, out)
    _show_file(out, roster)
    _say_how_complete(out, args, roster)
    try:
        plan = desk.plan_mapping(
            roster, source=args.source, complete=args.complete, rekey=args.rekey
        )
    except RosterUnreadable as error:
        error.add_note("--complete needs a list without a problem: put it right, or leave that out")
        raise
    accounts = {user.id: user for user in everyone(desk)}
    view = PlanView(plan, accounts)
    decisions = view.decisions(args.decide)
    view.show(out, decisions)
    if args.apply:
        sys.stdout.flush()  # the plan must be shown before it is applied
        try:
            report = desk.apply_mapping(plan, decisions, leavers_at_most=args.leavers_at_most)
        except TooManyLeavers as error:
            error.add_note(_LIFT)
            raise
        _say_what_was_done(out, view, report)
        return
    _warn_of_the_brake(out, args, view, decisions)
    out.say("Nothing was changed. With --apply, it will be.")


def _read(args: Namespace, out: Terminal) -> Roster:
    path = Path(args.file)
    columns = dict(args.column)
    # not `path.is_dir()`, which raises where the reader says what is wrong
    is_set = os.path.isdir(path) or path.suffix.casefold() == ".zip"  # noqa: PTH112
    if is_set and columns:
        raise SystemExit("--column is for a CSV: the columns of OneRoster are known")
    if not is_set and (args.strict or args.org is not None):
        raise SystemExit("--strict and --org are for OneRoster, a folder or a .zip")
    with out.progress("rows read") as progress:
        if not is_set:
            return read_csv(path, columns, progress=progress)
        try:
            return read_oneroster(path, org=args.org, strict=args.strict, progress=progress)
        except RosterUnreadable as error:
            if {problem.code for problem in error.problems} & {"several_schools", "org_unknown"}:
                error.add_note("`--org ID` says which school is meant")
            raise


def _show_file(out: Terminal, roster: Roster) -> None:
    out.table(["Field", "Column"], [(name, text) for name, text in roster.columns.items()])
    out.say()
    for problem in roster.problems:
        out.say(problem_text(problem))
    for warning in roster.warnings:
        out.say(f"Warning: {problem_text(warning)}")
    rows, problems = counted(len(roster), "row"), counted(len(roster.problems), "problem")
    warnings = f" and {counted(len(roster.warnings), 'warning')}" if roster.warnings else ""
    out.say(f"{rows} can be used; {problems}{warnings} in the file.")
    out.say()


def _say_how_complete(out: Terminal, args: Namespace, roster: Roster) -> None:
    if roster.complete and not args.complete:
        out.say("The set says that it is whole: with --complete, who is not in it has left.")
    elif args.complete and roster.version is not None and not roster.complete:
        out.say("Beware: the set does not say that it is whole, and --complete takes it for that.")


def _warn_of_the_brake(
    out: Terminal, args: Namespace, view: PlanView, decisions: Mapping[str, MappingDecision]
) -> None:
    wanted = [item for item in view.plan.items if not isinstance(decisions.get(item.key), Skip)]
    try:
        brake.brake(wanted, view.accounts.values(), args.leavers_at_most)
    except TooManyLeavers as error:
        out.say(f"As it stands, --apply would be refused. {error.message} So {_LIFT}.")


def _say_what_was_done(out: Terminal, view: PlanView, report: MappingReport) -> None:
    matched = {item.key for item in view.plan.of("matched")}
    labels = view.labels()
    alone = [labels[key] for key in report.left_alone if key not in matched]
    out.say(
        f"Added {counted(len(report.added), 'account')}, changed {len(report.changed)}, "
        f"made {len(report.left)} inactive, and left {counted(len(alone), 'row')} alone"
        + (f": {named(alone)}." if alone else ".")
    )
    if report.added:
        out.say("Who is new is invited: the application sends them the create password mail.")
