"""Throttles: in this process's memory here, in Redis in `schoolauth.throttle.redis`.

The one in a SQL database is in `schoolauth.storage.sql`.
"""

from schoolauth.throttle.memory import MemoryThrottle

__all__ = ["MemoryThrottle"]
