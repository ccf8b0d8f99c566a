"""One person of a staff list, as a reader yields it or a host with an MIS API builds it."""

from __future__ import annotations

from dataclasses import dataclass

from schoolauth.model.user import Role


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One line of a staff list, as text: the plan judges it, so nothing is lost on the way.

    `mis_id` is the id as the MIS writes it; `active` is False for somebody whom the list itself
    calls a leaver; `line` is where in the file it stands, from 1.
    """

    mis_id: str | None
    given_name: str
    family_name: str
    email: str | None = None
    username: str | None = None
    role: Role | None = None
    active: bool = True
    line: int | None = None
