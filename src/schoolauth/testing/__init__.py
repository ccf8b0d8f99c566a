"""What a downstream test suite needs: a clock that stands still, an outbox, a cheap hasher.

Needs no extra beyond the library itself; nothing here belongs into production.
"""

from schoolauth.testing.fakes import (
    FrozenClock,
    Outbox,
    a_school,
    cheap_hasher,
    counted_ids,
)

__all__ = ["FrozenClock", "Outbox", "a_school", "cheap_hasher", "counted_ids"]
