"""What every error of a store must be: of one kind, and free of what drivers write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schoolauth.errors import (
    SchoolAuthError,
)
from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.testing.repository.sample_accounts import NOW

SECRET = "secret.person@x.example"
HILL_SCHOOL = School("hill", "Hill", "head@x.example")
HILL_ADDED = SchoolAdded(at=NOW, school=HILL_SCHOOL.code)


def assert_clean(error: SchoolAuthError) -> None:
    """Nothing of the driver is left in *error*, neither its text nor the error itself."""
    assert error.__cause__ is None
    assert error.__context__ is None
    told = f"{error!r} {error.args} {error.message} {error.details()} {vars(error)}"
    assert SECRET.split("@", maxsplit=1)[0] not in told.lower()
    assert "INSERT" not in told


@contextmanager
def refuses(kind: type[SchoolAuthError], match: str | None = None) -> Iterator[None]:
    """Expect a clean error of exactly *kind*."""
    with pytest.raises(kind, match=match) as refused:
        yield
    assert type(refused.value) is kind
    assert_clean(refused.value)
