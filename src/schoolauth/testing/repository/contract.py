"""The contract of a `UserRepository`: its behaviours are added by the modules beside this one."""

from __future__ import annotations

from contextlib import suppress

from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.user import Status
from schoolauth.ports import UserRepository
from schoolauth.testing.behaviour import Contract, Maker, none_of
from schoolauth.testing.repository.sample_accounts import HILL, a_user, edited

Make = Maker[UserRepository]


def _used(users: UserRepository) -> str | None:
    if users.search(UserQuery(HILL, statuses=frozenset(Status), limit=1)).items:
        return "an account"
    if users.history(HistoryQuery(limit=1)).items:
        return "an event"
    return None


no_repository = none_of("find", "search", "save", "history")
REPOSITORY = Contract[UserRepository]("repository", "make_repository", _used, no_repository)
behaviour = REPOSITORY.behaviour


@behaviour("make.fresh")
def _(make: Make) -> None:
    """The factory gives a new, empty repository each time."""
    with suppress(Exception):  # what cannot be saved yet has behaviours of its own
        make.new().save(Change([a_user("ann")], [edited()]))
    make.new()
