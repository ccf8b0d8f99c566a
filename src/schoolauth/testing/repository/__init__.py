"""The contract of a `UserRepository`, by topic, in the order in which an author meets it."""

from schoolauth.testing.repository import (  # noqa: F401, I001 # each adds its behaviours, in order
    find,
    save,
    unique_keys,
    moved_keys,
    search,
    history,
    joined,
    concurrency,
    model_comparison,
)
from schoolauth.testing.repository.contract import REPOSITORY

__all__ = ["REPOSITORY"]
