"""Accounts and their history in Django's ORM."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from schoolauth import AuditEvent, Change, HistoryQuery, Page, User, UserKey, UserQuery

from .database import Database, page_of
from .models import Account, Event
from .records import look_up
from .saving import Saving

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DjangoUserRepository:
    """Keeps the repository contract, in the database *using*.

    With *joined*, it works inside `transaction.atomic()` of a host and never ends that; such a
    repository is for `SchoolAuth.within` only.
    """

    def __init__(self, using: str = "default", *, joined: bool = False) -> None:
        self.using = using
        self.joined = joined
        self._database = Database(using, joined)

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote, by these very keys."""
        return self._database.read(lambda: look_up(keys, self.using))

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return the accounts of one school that fit *query*, by `username.key`."""
        if query.after is not None and not query.after.isprintable():
            raise ValueError("after must be the `next` of a page")
        if not all(is_storable(word) for word in query.words):
            return Page(())
        rows = Account.objects.using(self.using).filter(
            school_key=query.school.key,
            status__in=[status.value for status in query.statuses],
            role__in=[role.value for role in query.roles],
        )
        if query.has_email is not None:
            rows = rows.filter(email_key__isnull=not query.has_email)
        for word in query.words:  # not `contains`: that ignores case on SQLite
            rows = rows.filter(GreaterThan(StrIndex("search_text", Value(word)), 0))
        if query.after is not None:
            rows = rows.filter(username_key__gt=query.after)
        some = rows.order_by("username_key").values()[: query.limit + 1]
        found = self._database.read(lambda: list(some))
        return page_of(found, query.limit, cursor="username_key", build=User.from_record)

    def save(self, change: Change, /) -> None:
        """Write all of *change* in one transaction, or nothing of it and raise why."""
        self._database.write(Saving(change, self._database).run)

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return the events that fit *query*, the newest save first."""
        rows = Event.objects.using(self.using)
        if query.after is not None:
            if not (query.after.isascii() and query.after.isdigit() and len(query.after) < 19):
                raise ValueError("after must be the `next` of a page")
            rows = rows.filter(number__lt=int(query.after))
        if query.school is not None:
            rows = rows.filter(school_key=query.school.key)
        if query.user is not None:
            rows = rows.filter(user_id=query.user.key)
        if query.kinds:
            rows = rows.filter(kind__in=query.kinds)
        if query.since is not None:
            rows = rows.filter(at__gte=(query.since - EPOCH) // timedelta(microseconds=1))
        some = rows.order_by("-number").values()[: query.limit + 1]
        found = self._database.read(lambda: list(some))
        return page_of(found, query.limit, cursor="number", build=AuditEvent.from_record)


def is_storable(text: str) -> bool:
    """Return whether a database can hold *text*: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
