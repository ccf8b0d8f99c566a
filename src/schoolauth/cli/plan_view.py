"""A mapping plan as a table that a person reads, and decides upon row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schoolauth.cli.lines import counted, named
from schoolauth.cli.terminal import Terminal
from schoolauth.model.mapping import (
    Create,
    Link,
    MappingDecision,
    MappingItem,
    MappingKind,
    MappingPlan,
    Skip,
)
from schoolauth.model.names import UserId
from schoolauth.model.user import User
from schoolauth.texts.mapping import FIELDS, field_text, reason_text
from schoolauth.texts.sentences import words

_HEADINGS = ["Row", "What", "Name", "E-mail", "Account", "Why"]
_NOTES: dict[MappingKind, str] = {
    "new": "an account is made, which is invited and gets no mail from here.",
    "changed": "the account gets what the list says; a blank cell changes nothing.",
    "may_match": "nothing is done, so that nobody gets a second account, until you decide: "
    "`--decide ROW=USERNAME` if it is that person, `--decide ROW=create` if it is another.",
    "conflict": "nothing is done: the row points to several accounts, or several rows to one.",
    "left": "the account is made inactive, and keeps its address; `--decide ROW=skip` spares it.",
    "problem": "nothing is done until the list, or the account, is put right.",
}
_ASLEEP = frozenset({"inactive", "superseded"})


@dataclass(frozen=True)
class PlanView:
    """A plan with the school's accounts, by id.

    A row is named by its line in the file, an account in no row by ``left:`` and the username.
    """

    plan: MappingPlan
    accounts: Mapping[UserId, User]

    def labels(self) -> dict[str, str]:
        """Return what each item is called, by item key."""
        return {item.key: self._label(item) for item in self.plan.items}

    def _label(self, item: MappingItem) -> str:
        if item.row is not None:
            return str(item.row.line)
        return f"left:{', '.join(self._usernames(item))}"

    def _usernames(self, item: MappingItem) -> list[str]:
        ids = item.candidates if item.user_id is None else (item.user_id,)
        return [str(self.accounts[user_id].username) for user_id in ids]

    # --- what is decided -------------------------------------------------------------------------

    def decisions(self, texts: Sequence[str]) -> dict[str, MappingDecision]:
        """Return what ``ROW=skip``, ``ROW=create`` and ``ROW=USERNAME`` decide, by item key.

        Raises:
            SystemExit: for a text that fits no row of the plan.
        """
        items = {self._label(item): item for item in self.plan.items}
        decided: dict[str, MappingDecision] = {}
        for text in texts:
            absent = text.startswith("left:")  # a username may have the sign in it
            row, equals, what = text.rpartition("=") if absent else text.partition("=")
            if not equals:
                raise SystemExit(f"--decide {text}: say ROW=skip, ROW=create or ROW=USERNAME")
            if row not in items:
                raise SystemExit(f"--decide {text}: the plan has no row {row}")
            if items[row].key in decided:
                raise SystemExit(f"--decide {text}: row {row} is decided twice")
            decided[items[row].key] = self._decision(items[row], text, what)
        links = Counter(one.user_id for one in decided.values() if isinstance(one, Link))
        for user_id, count in links.items():
            if count > 1:
                name = self.accounts[user_id].username
                raise SystemExit(f"--decide: {name} cannot be the account of {count} rows")
        return decided

    def _decision(self, item: MappingItem, text: str, what: str) -> MappingDecision:
        if what == "skip":
            return Skip()
        if item.kind != "may_match":
            kind = words(item.kind)
            raise SystemExit(f"--decide {text}: the row is {kind!r}, and can only be skipped")
        if what == "create":
            return Create()
        for user_id in item.candidates:
            if str(self.accounts[user_id].username).casefold() == what.casefold():
                return Link(user_id)
        proposed = named(self._usernames(item))
        raise SystemExit(f"--decide {text}: the row may match {proposed}, and no other account")

    # --- what is shown ---------------------------------------------------------------------------

    def show(self, out: Terminal, decisions: Mapping[str, MappingDecision]) -> None:
        """Print the plan's table, how much of it there is to do, and what each kind means.

        Rows with nothing to change are only counted, except those of an inactive account.
        """
        shown = [item for item in self.plan.items if out.is_csv or _is_telling(item)]
        if shown or out.is_csv:
            out.result(_HEADINGS, [self._row(item, decisions.get(item.key)) for item in shown])
        matched = len(self.plan.of("matched"))
        if matched:
            out.say(f"{counted(matched, 'row')} with nothing to change.")
        for kind, note in _NOTES.items():
            number = len([item for item in self.plan.of(kind) if _is_to_do(item)])
            if number:
                out.say(f"{number} {words(kind)}: {note}")
        if any("inactive" in item.reasons for item in self.plan.items):
            out.say("`user reactivate USERNAME` wakes an account, if the person is back.")
        out.say()

    def _row(self, item: MappingItem, decision: MappingDecision | None) -> list[str]:
        if item.row is not None:
            name = f"{item.row.given_name} {item.row.family_name}".strip()
            email = item.row.email or ""
        else:
            person = self.accounts[item.user_id or item.candidates[0]]
            name, email = person.full_name, str(person.email or "")
        accounts = self._usernames(item)
        if item.kind == "new" and item.username is not None:
            accounts = [item.username]
        return [
            self._label(item),
            words(item.kind),
            name,
            email,
            ", ".join(accounts),
            "; ".join(self._why(item, decision)),
        ]

    def _why(self, item: MappingItem, decision: MappingDecision | None) -> list[str]:
        found = [field_text(reason) for reason in item.reasons if reason in FIELDS]
        why = []
        if found:
            points = "points there by" if item.kind == "conflict" else "found by"
            why.append(f"{points} {', '.join(found)}")
        holders = [str(self.accounts[one].username) for one in item.candidates]
        why += [
            reason_text(reason, {"holders": holders})
            for reason in item.reasons
            if reason not in FIELDS
        ]
        if item.kind == "left" and item.user_id is None:
            why.append("has no account")
        if item.fields:
            why.append(f"changes {', '.join(map(field_text, item.fields))}")
        if isinstance(decision, Link):
            why.append(f"decided: is {self.accounts[decision.user_id].username}")
        elif decision is not None:
            why.append("decided: skip" if isinstance(decision, Skip) else "decided: create")
        return why


def _is_telling(item: MappingItem) -> bool:
    return item.kind != "matched" or not _ASLEEP.isdisjoint(item.reasons)


def _is_to_do(item: MappingItem) -> bool:
    return item.kind != "left" or item.user_id is not None  # a leaver may have no account
