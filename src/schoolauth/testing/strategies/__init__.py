"""Hypothesis strategies for the library's values; every value drawn is one that it accepts.

`from_type` of Hypothesis knows them too, without this module: ``st.from_type(User)``. Addresses are
in domains that are nobody's.
"""

from __future__ import annotations

from schoolauth.testing.hypothesis_plugin import register
from schoolauth.testing.optional_dependency import needs

with needs("hypothesis"):
    from schoolauth.testing.strategies.changes import changes
    from schoolauth.testing.strategies.events import events, events_of
    from schoolauth.testing.strategies.values import (
        emails,
        mis_ids,
        moments,
        names,
        passwords,
        school_codes,
        schools,
        stored_passwords,
        user_ids,
        usernames,
        users,
    )

__all__ = [
    "changes",
    "emails",
    "events",
    "events_of",
    "mis_ids",
    "moments",
    "names",
    "passwords",
    "school_codes",
    "schools",
    "stored_passwords",
    "user_ids",
    "usernames",
    "users",
]

register()  # where the entry point is not installed, or is switched off
