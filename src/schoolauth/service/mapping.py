"""Mapping a staff list to a school's accounts: plan, review, apply."""

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
from schoolauth.model.arguments import require_flag
from schoolauth.model.change import Decision
from schoolauth.model.mapping import MappingDecision, MappingPlan, MappingReport
from schoolauth.model.names import MisId, UserId, UserKey, Username
from schoolauth.model.roster import Roster, RosterRow
from schoolauth.model.user import User
from schoolauth.rules.mapping import brake, leavers, match
from schoolauth.rules.mapping.apply import (
    Add,
    Applied,
    apply,
    check_decisions,
    effect,
)
from schoolauth.rules.mapping.row import ReadRow, read_row
from schoolauth.service.desk import DeskService, Read
from schoolauth.service.enrolment import new_user_id


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: MappingPlan
    rows: list[ReadRow]
    everyone: dict[UserId, User]


class RosterMapping(DeskService):
    """The calls about staff lists; part of `UserManagement`."""

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
        (``may_match``), never a match, and never silently a second account. A key of another
        school's account is a ``problem`` that does not say whose; the match is recorded.

        Args:
            rows: the list, as `schoolauth.mis` reads it or a host builds it.
            source: the MIS that the ids are of, such as ``sims``; lower case.
            complete: whether everybody who works at the school is in the list: then accounts with
                an id of *source* that are not in it are ``left``. Never True for a partial list.
            rekey: whether the MIS has given everybody new ids, as a change of MIS does: stored ids
                are replaced, and count as a match only together with the name.

        Raises:
            NameInvalid: if *source* cannot be used.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
            RosterUnreadable: if *complete* is True for a list without rows, or for a roster that
                has problem rows or only what has changed.
            Throttled: if the school's lists had too many keys of other schools within a day.
        """
        require_flag(complete, "complete")
        require_flag(rekey, "rekey")
        if complete and isinstance(rows, Roster):
            leavers.refuse_incomplete(rows)
        self._desk.read()
        return self._plan(tuple(rows), source, complete=complete, rekey=rekey).plan

    def _plan(
        self, rows: Sequence[RosterRow], source: str, *, complete: bool, rekey: bool
    ) -> _Planned:
        desk = self._desk
        MisId(desk.school, source, "1")  # an unusable source is refused before any work
        for row in rows:
            if not isinstance(row, RosterRow):
                raise TypeError("rows must be RosterRow")
        if complete and not rows:
            raise RosterUnreadable([RosterProblem.of("no_rows", case="list")])
        everyone = {user.id: user for user in desk.everyone()}
        addresses = {str(user.email): user.email for user in everyone.values() if user.email}
        read = [read_row(row, desk.school, source, addresses) for row in rows]
        known = self._known(read, everyone.values())
        desk.count_elsewhere(
            key for row in read for key in row.keys if key in known and not desk.owns(known[key])
        )
        taken = {user.username for user in everyone.values()}
        while True:
            items = match.plan(read, known, everyone.values(), taken, desk.school, rekey=rekey)
            proposed = {Username.parse(item.username) for item in items if item.username}
            found = {user.username for user in desk.core.users.find(proposed - taken).values()}
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
        return known | dict(self._desk.core.users.find(wanted - known.keys()))

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
            MappingOutdated: if the accounts that the plan was made from have changed.
            TooManyLeavers: if more would become inactive; nothing was applied.
            ValueError: for a decision that does not fit its item.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        if not isinstance(plan, MappingPlan):
            raise TypeError("plan must be a MappingPlan")
        _require_count(leavers_at_most)
        chosen = dict(decisions or {})
        desk, core = self._desk, self._desk.core

        def decide() -> Decision[Applied]:
            read = desk.read()
            fresh = self._plan(plan.rows, plan.source, complete=plan.complete, rekey=plan.rekey)
            if fresh.plan != plan:
                return Decision(None, MappingOutdated())
            check_decisions(chosen, plan.items)
            rows = {str(number): row for number, row in enumerate(fresh.rows, start=1)}
            effects = {
                item.key: effect(item, rows.get(item.key), chosen.get(item.key))
                for item in plan.items
            }
            done = [item for item in plan.items if effects[item.key] is not None]
            brake.brake(done, fresh.everyone.values(), leavers_at_most)
            applied = apply(
                plan,
                effects,
                fresh.everyone,
                desk.school,
                desk.stamp(),
                ids={
                    key: new_user_id(core) for key, what in effects.items() if isinstance(what, Add)
                },
                digest=core.mis_digest,
            )
            if applied.change is None:
                return Decision(None, applied)
            ids = [user.id for user in applied.change.users]
            before = tuple(fresh.everyone[user_id] for user_id in ids if user_id in fresh.everyone)
            return Decision(desk.guarded(applied.change, Read(read.admin, before)), applied)

        applied = None
        with suppress(EmailTaken, UsernameTaken, MisIdTaken):  # between planning and saving
            applied = core.settle(decide)
        if applied is None:
            raise MappingOutdated
        for before, after in applied.replaced:
            core.notify("email_changed", after, before.email)
        return applied.report


def _require_count(value: int | None) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError("leavers_at_most must be int")
    if value is not None and value < 0:
        raise ValueError("leavers_at_most must be 0 or more")
