"""Mapping a staff list to a school's accounts: plan, review, apply (FAQ: duplicate accounts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from schoolauth.errors import (
    EmailTaken,
    MappingOutdated,
    MisIdTaken,
    RosterProblem,
    RosterUnreadable,
    UsernameTaken,
)
from schoolauth.model.change import Decision
from schoolauth.model.mapping import (
    Create,
    Link,
    MappingDecision,
    MappingItem,
    MappingPlan,
    MappingReport,
    Skip,
)
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts
from schoolauth.rules.mapping import leavers, match
from schoolauth.rules.mapping.apply import MappedChanges
from schoolauth.rules.mapping.row import ReadRow, read_row
from schoolauth.service.desk import Desk, require_flag
from schoolauth.service.enrolment import new_user_id

_NO_LOSS = frozenset({"not_staff"})
"""Problems of rows whose person can have no account, so that a list with them may be complete."""


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: MappingPlan
    rows: list[ReadRow]
    everyone: dict[UserId, User]


class RosterMapping(Desk):
    """The desk's calls about staff lists; part of `UserManagement`."""

    def plan_mapping(
        self,
        rows: Iterable[RosterRow],
        *,
        source: str,
        complete: bool = False,
        rekey: bool = False,
    ) -> MappingPlan:
        """Return what the rows of a staff list would do to the accounts; changes none of them.

        Rows are matched by MIS id, then e-mail, then username. A name alone is a proposal
        (``may_match``), never a match, and never silently a second account. A key that another
        school's account has is a ``problem`` that does not say whose; that it was met is recorded.

        Args:
            rows: the list, as `schoolauth.mis` reads it or a host builds it.
            source: the MIS that the ids are of, such as ``sims``; lower case.
            complete: whether everybody who works at the school is in the list: then accounts with
                an id of *source* that are not in it are ``left``. Never say so of a part of a list.
            rekey: whether the MIS has given everybody new ids, as a change of MIS does: stored ids
                are replaced, and count as a match only together with the name.

        Raises:
            NameInvalid: if *source* cannot be used.
            NotPermitted: if the desk's admin is none any more.
            RosterUnreadable: if *complete* is said of no rows, or of a roster that has problem rows
                or only what has changed.
            Throttled: if the school's lists met too many keys of other schools within a day.
        """
        require_flag(complete, "complete")
        require_flag(rekey, "rekey")
        if complete:
            _refuse_incomplete(rows)
        self._read()
        return self._plan(tuple(rows), source, complete=complete, rekey=rekey).plan

    def _plan(
        self, rows: Sequence[RosterRow], source: str, *, complete: bool, rekey: bool
    ) -> _Planned:
        MisId(self._school, source, "1")  # an unusable source is refused before any work
        for row in rows:
            if not isinstance(row, RosterRow):
                raise TypeError("rows must be RosterRow")
        if complete and not rows:
            raise RosterUnreadable([RosterProblem.of("no_rows", case="list")])
        everyone = {user.id: user for user in self._everyone()}
        addresses = {str(user.email): user.email for user in everyone.values() if user.email}
        read = [read_row(row, self._school, source, addresses) for row in rows]
        known = self._known(read, everyone.values())
        self._count_elsewhere(
            key for row in read for key in row.keys if key in known and self._is_foreign(known[key])
        )
        taken = {user.username for user in everyone.values()}
        while True:
            items = match.plan(read, known, everyone.values(), taken, self._school, rekey=rekey)
            proposed = {Username.parse(item.username) for item in items if item.username}
            found = {user.username for user in self._core.users.find(proposed - taken).values()}
            if found <= taken:
                break
            taken |= found  # names of this school's form that other schools' accounts have
        if complete:
            whose = None if rekey else source
            items += tuple(leavers.absent(items, read, known, everyone.values(), whose))
        items = leavers.spare_last_admins(items, everyone.values())
        return _Planned(MappingPlan(source, items, complete, rekey), read, everyone)

    def _known(self, rows: Iterable[ReadRow], everyone: Iterable[User]) -> dict[UserKey, User]:
        """Return the accounts, of any school, that the rows' keys denote."""
        ours: dict[UserKey, User] = {}
        for user in everyone:
            for key in (user.mis_id, user.email, user.username):
                if key is not None:
                    ours[key] = user
        wanted = {key for row in rows for key in row.keys}
        known = {key: ours[key] for key in wanted if key in ours}
        return known | dict(self._core.users.find(wanted - known.keys()))

    def apply_mapping(
        self,
        plan: MappingPlan,
        decisions: Mapping[str, MappingDecision] | None = None,
        *,
        leavers_at_most: int | None = None,
    ) -> MappingReport:
        """Apply a reviewed plan in one transaction: the new, the changed, and the leavers.

        Only the plan's rows, source and flags are trusted: it is planned again on the accounts as
        they are. Conflicts, problems and undecided ``may_match`` items are left alone. An address
        that is replaced is told. A leaver's account keeps its address, and can be reactivated.

        Args:
            plan: what `plan_mapping` returned, perhaps by way of its JSON.
            decisions: by item key: `Link` or `Create` for a ``may_match``, `Skip` for any.
            leavers_at_most: how many accounts may become inactive; a tenth of the school's, at
                least 3 and at most 50, if not given.

        Raises:
            MappingOutdated: if the accounts, as far as the plan read them, are not as they were.
            TooManyLeavers: if more would become inactive; nothing was applied.
            ValueError: for a decision that does not fit its item.
            NotPermitted: if the desk's admin is none any more.
        """
        if not isinstance(plan, MappingPlan):
            raise TypeError("plan must be a MappingPlan")
        _require_count(leavers_at_most)
        chosen = dict(decisions or {})
        replaced: list[tuple[User, EmailAddress | None]] = []

        def decide() -> Decision[MappingReport]:
            admin, _ = self._read()
            fresh = self._plan(plan.rows, plan.source, complete=plan.complete, rekey=plan.rekey)
            if fresh.plan != plan:
                return Decision(None, MappingOutdated())
            _check_decisions(chosen, plan.items)
            wanted = [item for item in plan.items if not isinstance(chosen.get(item.key), Skip)]
            leavers.brake(wanted, fresh.everyone.values(), leavers_at_most)
            work = self._work(fresh, chosen)
            replaced[:] = work.replaced
            if not work.users:
                return Decision(None, work.report())
            stands = admin
            if stands is None or stands.id in work.users:
                stands = leavers.guard(work.users.values(), fresh.everyone.values())
            unchanged = [] if stands is None else [stands]
            return Decision(work.change(self._school, unchanged), work.report())

        report = None
        with suppress(EmailTaken, UsernameTaken, MisIdTaken):  # between planning and saving
            report = self._core.settle(decide)
        if report is None:
            raise MappingOutdated
        for user, old in replaced:
            self._core.notify("email_changed", user, old)
        return report

    def _work(self, fresh: _Planned, chosen: Mapping[str, MappingDecision]) -> MappedChanges:
        stamp = self._core.stamp(self._actor)
        work = MappedChanges(stamp, fresh.plan.source, fresh.everyone, self._core.mis_digest)
        rows = {str(number): row for number, row in enumerate(fresh.rows, start=1)}
        for item in fresh.plan.items:
            self._apply(item, rows.get(item.key), chosen.get(item.key), work)
        if fresh.plan.rekey:
            work.settle_mis_ids()
        return work

    def _apply(
        self,
        item: MappingItem,
        row: ReadRow | None,
        decision: MappingDecision | None,
        work: MappedChanges,
    ) -> None:
        if isinstance(decision, Link) and row is not None:
            work.edit(decision.user_id, row)
        elif isinstance(decision, Create) and row is not None:
            work.add(self._new_user(item, row))
        elif decision is not None or item.kind not in {"changed", "new", "left"}:
            work.left_alone.append(item.key)
        elif item.kind == "new" and row is not None:
            work.add(self._new_user(item, row))
        elif item.user_id is None:  # a leaver who has no account
            work.left_alone.append(item.key)
        elif item.kind == "changed" and row is not None:
            work.edit(item.user_id, row)
        else:
            work.deactivate(item.user_id)

    def _new_user(self, item: MappingItem, row: ReadRow) -> accounts.NewUser:
        return accounts.NewUser(
            id=new_user_id(self._core),
            school=self._school,
            username=Username.parse(item.username or ""),
            given_name=row.given_name,
            family_name=row.family_name,
            role=row.row.role or Role.TEACHER,
            email=row.email,
            mis_id=row.mis_id,
        )


def _refuse_incomplete(rows: object) -> None:
    """Raise `RosterUnreadable` if a roster itself says that somebody may be missing in it."""
    problems = [p for p in getattr(rows, "problems", ()) if p.code not in _NO_LOSS]
    if getattr(rows, "delta", False):
        problems.append(RosterProblem.of("delta"))
    if problems:
        raise RosterUnreadable(problems)


def _require_count(value: int | None) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError("leavers_at_most must be int")
    if value is not None and value < 0:
        raise ValueError("leavers_at_most must be 0 or more")


def _check_decisions(
    decisions: Mapping[str, MappingDecision], items: Iterable[MappingItem]
) -> None:
    by_key = {item.key: item for item in items}
    linked = [decision.user_id for decision in decisions.values() if isinstance(decision, Link)]
    if len(set(linked)) != len(linked):
        raise ValueError("two items cannot be linked to one account")
    for key, decision in decisions.items():
        item = by_key.get(key)
        if item is None:
            raise ValueError(f"the plan has no item {key!r}")
        if isinstance(decision, Skip):
            continue
        if item.kind != "may_match":
            raise ValueError(f"item {key} is {item.kind}: only may_match can be linked or created")
        if isinstance(decision, Link):
            if decision.user_id not in item.candidates:
                raise ValueError(f"item {key} cannot be linked to an account it has not proposed")
        elif not isinstance(decision, Create):
            raise TypeError("a decision must be Link, Create or Skip")
