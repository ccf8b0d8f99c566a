"""Makes `from_type` of Hypothesis know the library's values: ``st.from_type(User)``.

Hypothesis calls `register` at the end of ``import hypothesis`` (entry point ``hypothesis``). Where
`schoolauth.testing.strategies` is what imports Hypothesis, that module is half made then: it is not
touched before a strategy is asked for, which also keeps ``import hypothesis`` cheap.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from schoolauth.model.change import Change
from schoolauth.model.events import EVENT_KINDS, AuditEvent
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.user import StoredPassword, User

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

STRATEGIES: dict[type, str] = {
    AuditEvent: "events",
    Change: "changes",
    EmailAddress: "emails",
    MisId: "mis_ids",
    School: "schools",
    SchoolCode: "school_codes",
    StoredPassword: "stored_passwords",
    User: "users",
    UserId: "user_ids",
    Username: "usernames",
}
"""The function of `schoolauth.testing.strategies` for each type; events also go by their kind."""


@functools.cache  # once: a host that registers another strategy afterwards keeps it
def register() -> None:
    """Register a strategy for every value of the library, once in each process."""
    from hypothesis.strategies import register_type_strategy

    for kind in (*STRATEGIES, *EVENT_KINDS.values()):
        register_type_strategy(kind, _strategy)


def _strategy(kind: type) -> SearchStrategy[Any]:
    from schoolauth.testing import strategies

    if kind in STRATEGIES:
        made: SearchStrategy[Any] = getattr(strategies, STRATEGIES[kind])()
        return made
    return strategies.events_of(kind)
