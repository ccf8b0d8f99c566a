"""How an adapter fails to keep one behaviour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.behaviour import Contract, Maker, show
from schoolauth.testing.repository import REPOSITORY
from tests.testing.broken.joined import join


def failure(contract: Contract[Any], name: str, maker: Maker[Any]) -> str | None:
    """Return the sentence by which the behaviour *name* fails, or None if it is kept."""
    (behaviour,) = (each for each in contract.behaviours if each.id == name)
    try:
        show(behaviour, maker)
    except (Unkept, ContractBroken) as error:
        return str(error)
    return None


def fails(contract: Contract[Any], name: str, maker: Maker[Any]) -> str:
    """Return the sentence by which *name* fails, with no exception of the adapter's own."""
    (behaviour,) = (each for each in contract.behaviours if each.id == name)
    with pytest.raises(Unkept) as unkept:
        show(behaviour, maker)
    return str(unkept.value)


def repository_fails(name: str, make: Callable[[], UserRepository]) -> str:
    """Return the sentence by which a repository fails to keep the behaviour *name*."""
    return fails(REPOSITORY, name, Maker(REPOSITORY, make, {"join": join}))
