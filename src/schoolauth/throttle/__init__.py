"""Throttles: in this process's memory here, by Redis or Memcached in `schoolauth.throttle.limits`.

The one in a SQL database is in `schoolauth.storage.sql`.
"""

from schoolauth.throttle.memory import MemoryThrottle

__all__ = ["MemoryThrottle"]
