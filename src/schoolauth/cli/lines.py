"""How accounts and events read in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schoolauth.errors import RosterProblem
from schoolauth.model.events import AuditEvent, describe_event
from schoolauth.model.user import User


def counted(number: int, what: str) -> str:
    """Return a count with its noun, such as ``1 account`` or ``2 accounts``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def named(names: Iterable[str], most: int = 20) -> str:
    """Return names in one line, at most *most* of them, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def problem_text(problem: RosterProblem) -> str:
    """Return where in a file something is wrong, and what, in one line."""
    parts = [] if problem.line is None else [f"line {problem.line}"]
    parts += [] if problem.column is None else [problem.column]
    where = ", ".join(parts) or "the file"
    value = "" if problem.value is None else f" ({problem.value!r})"
    return f"{where[0].upper()}{where[1:]}: {problem.code}: {problem.message}{value}"


def user_text(user: User) -> str:
    """Return an account in one line: who, role, status, and its address."""
    must_change = ", must change the password" if user.must_change_password else ""
    email = user.email or "no e-mail"
    return f"{user.username} ({user.full_name}, {user.role}, {user.status}{must_change}, {email})"


def event_text(event: AuditEvent, name_of: Callable[[str], str]) -> str:
    """Return an event in one line: time, kind, who did it, to whom, and what happened.

    *name_of* turns the id of an account into its name: events keep ids only.
    """
    sort, _, who = event.actor.partition(":")
    actor = name_of(who) if sort == "user" else event.actor
    about = None if event.user is None else name_of(event.user.key)
    told = "" if about in {None, actor} else f" about {about}"
    return f"{event.at:%H:%M:%S} {event.kind} by {actor}{told}: {describe_event(event)}"
