"""The contract of a `Throttle`, by topic, in the order in which an author meets them."""

from schoolauth.testing.throttle import taking  # noqa: F401, I001 # each adds its behaviours
from schoolauth.testing.throttle import freeing, clocks, crowds  # noqa: F401
from schoolauth.testing.throttle.contract import THROTTLE

__all__ = ["THROTTLE"]
