"""One save, in the order that neither deadlocks nor writes a half.

The gate, then the accounts by their ids, then versions, then the holders of keys: all of this only
looks. What follows writes and cannot be refused: release keys, write accounts, add events.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schoolauth import (
    Change,
    EmailAddress,
    EmailTaken,
    MisId,
    MisIdTaken,
    StaleUser,
    User,
    UserKey,
    Username,
    UsernameTaken,
)
from schoolauth.errors import SchoolAuthError

from .database import Database, batches
from .models import Account, Event
from .records import event_of, look_up, row_of

TAKEN: Mapping[type, Callable[[UserKey], SchoolAuthError]] = {
    Username: UsernameTaken,
    EmailAddress: EmailTaken,
    MisId: MisIdTaken,
}
Stored = Mapping[str, tuple[Any, ...]]  # version and keys, by id


@dataclass(frozen=True)
class Saving:
    """Writes one change in the transaction that *database* has begun."""

    change: Change
    database: Database

    def run(self) -> SchoolAuthError | None:
        """Write the whole change, or write nothing and return why not."""
        if not self.database.locks_rows or self._moved(self._stored()):
            self.database.close_gate()  # a sign-in moves no key, and passes by
        stored = self._stored(lock=True)
        if not self._is_as_read(stored):
            return StaleUser()
        moved = self._moved(stored)
        refusal = self._taken(moved)
        if refusal is None:
            self._write(moved)
        return refusal

    def _stored(self, *, lock: bool = False) -> Stored:
        """Return how the change's accounts stand, locked in the same order by everybody."""
        stored = {}
        users = self.change.users + self.change.unchanged
        for ids in batches(sorted(user.id.key for user in users)):
            rows = self._accounts(ids).order_by("id")
            if lock and self.database.locks_rows:
                rows = rows.select_for_update()
            for row in rows.values_list("id", "version", "username_key", "email_key", "mis_key"):
                stored[row[0]] = row[1:]
        return stored

    def _is_as_read(self, stored: Stored) -> bool:
        versions = {id_: version for id_, (version, *_) in stored.items()}
        return all(
            versions.get(user.id.key, 0) == user.version for user in self.change.users
        ) and all(versions.get(user.id.key) == user.version for user in self.change.unchanged)

    def _moved(self, stored: Stored) -> list[User]:
        """Return the accounts whose keys change, new ones among them."""
        return [user for user in self.change.users if stored.get(user.id.key) != standing(user)]

    def _taken(self, moved: list[User]) -> SchoolAuthError | None:
        """Return the refusal of a key that another account has once the change is written."""
        claims: set[UserKey] = set()
        for user in moved:
            for key in keys_of(user):
                if key in claims:
                    return TAKEN[type(key)](key)
                claims.add(key)
        leaving = {user.id for user in moved}
        for key, holder in look_up(claims, self.database.using).items():
            if holder.id not in leaving:
                return TAKEN[type(key)](key)
        return None

    def _write(self, moved: list[User]) -> None:
        for ids in batches(user.id.key for user in moved):
            self._accounts(ids).update(username_key=None, email_key=None, mis_key=None)
        using = self.database.using
        new = []
        for user in self.change.users:
            if user.version == 0:
                new.append(Account(**row_of(user)))
            else:
                self._accounts([user.id.key]).update(**row_of(user))
        Account.objects.using(using).bulk_create(new)
        events = [event_of(event) for event in reversed(self.change.events)]  # read from its end
        Event.objects.using(using).bulk_create(events)

    def _accounts(self, ids: list[str]) -> Any:
        return Account.objects.using(self.database.using).filter(id__in=ids)


def standing(user: User) -> tuple[Any, ...]:
    """Return version and keys of *user*, as a row has them."""
    keys = (user.username, user.email, user.mis_id)
    return user.version, *(None if key is None else key.key for key in keys)


def keys_of(user: User) -> Iterator[UserKey]:
    """Give the keys that *user* claims."""
    return (key for key in (user.username, user.email, user.mis_id) if key is not None)
