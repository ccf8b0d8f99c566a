"""What `history` promises: which events it gives, in which order, and in which pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any, Literal, get_args, get_origin, get_type_hints

from schoolauth.errors import StaleUser
from schoolauth.model.change import Change, HistoryQuery, Page
from schoolauth.model.events import EVENT_KINDS, AuditEvent, LoginFailed
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.user import Status
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import equal, expect, refuses
from schoolauth.testing.pagination import no_page, paged, pages, refuses_cursors
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import (
    HILL,
    MILL,
    NOW,
    a_user,
    edited,
    history,
    save,
    signed_in,
)

TICK = timedelta(microseconds=1)
_TEXT = 'text ‑ é 🎓 "quoted" \\ \n'
_SAMPLES: dict[Any, tuple[object, object]] = {  # what says something, and what says little
    str: (_TEXT, ""),
    str | None: (_TEXT, None),
    bool: (True, False),
    int: (7, 0),
    Status: (Status.INACTIVE, Status.INVITED),
    tuple[str, ...]: (("one", "two"), ()),
}


def _asked(users: UserRepository, **query: Any) -> tuple[AuditEvent, ...]:
    return users.history(HistoryQuery(**query)).items


def events_are(found: Sequence[AuditEvent], expected: Sequence[AuditEvent], what: str) -> None:
    """Expect these events; the sentence tells them by kind, school, account and source."""
    equal([_told(event) for event in found], [_told(event) for event in expected], what)
    for one, other in zip(found, expected, strict=True):
        equal(one, other, what)


def _told(event: AuditEvent) -> str:
    school, user = event.school and event.school.key, event.user and event.user.key
    parts = (event.kind, school, user, getattr(event, "source", None))
    return " ".join(part for part in parts if part)


def _sources(page: Page[AuditEvent]) -> Page[str]:
    return Page(tuple(str(getattr(event, "source", "another")) for event in page.items), page.next)


def _add(users: UserRepository, *events: AuditEvent) -> None:
    users.save(Change(events=events))


@behaviour("history.order")
def _(make: Make) -> None:
    """The newest save comes first, whatever its time says, and its events keep their order."""
    users = make.new()
    names = ("one", "two", "three", "four")
    one, two, three, four = (edited(NOW - n * TICK, source=name) for n, name in enumerate(names))
    _add(users, two, one)
    users.save(Change([a_user("ann")], [three]))
    _add(users, three, four)
    events_are(history(users), (three, four, three, two, one), "the history after three saves")


@behaviour("history.same_transaction")
def _(make: Make) -> None:
    """The events of a change are there when `save` returns, and never those of a refused one."""
    users = make.new()
    (ann,) = save(users, a_user("ann"), events=[edited()])
    events_are(history(users), (edited(),), "the history after the first save")
    with refuses(StaleUser, "A save of an account in a version that is not there yet"):
        users.save(Change([dataclasses.replace(ann, version=7)], [signed_in(ann)]))
    events_are(history(users), (edited(),), "the history after a refused save")
    _add(users, signed_in(ann))
    events_are(history(users), (signed_in(ann), edited()), "the history after another save")


@behaviour("history.every_kind")
def _(make: Make) -> None:
    """An event of every kind comes back equal, with all that only its kind has."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    for kind in EVENT_KINDS:
        for which in (0, 1):
            event = _sample(kind, which, ann.id)
            _add(users, event)
            newest = _asked(users, limit=1)
            equal([event.kind for event in newest], [kind], "the kind of the newest event")
            for name in get_type_hints(EVENT_KINDS[kind]):
                found, written = getattr(newest[0], name), getattr(event, name)
                equal(found, written, f"{name} of an event of the kind {kind}")
                same_type = isinstance(found, type(written))  # True is equal to 1
                what = f"{name} of an event of the kind {kind} is of the type"
                expect(same_type, f"{what} {type(found).__name__}.")


def _sample(kind: str, which: int, user: UserId) -> AuditEvent:
    own: dict[str, Any] = {
        name: get_args(hint)[-which] if get_origin(hint) is Literal else _SAMPLES[hint][which]
        for name, hint in _own_hints(kind).items()
    }
    return EVENT_KINDS[kind](at=NOW, actor="support:Zoë", school=HILL, user=user, **own)


def _own_hints(kind: str) -> dict[str, Any]:
    """Return the types of the fields that only this *kind* has, by name."""
    hints, common = get_type_hints(EVENT_KINDS[kind]), get_type_hints(AuditEvent)
    return {name: hint for name, hint in hints.items() if name not in common}


@behaviour("history.nobody")
def _(make: Make) -> None:
    """An event of no school and no account, or of one that is not there, is kept and found."""
    users = make.new()
    unknown = LoginFailed(at=NOW, reason="unknown")
    gone = edited(user=UserId.parse("gone"))
    _add(users, unknown)
    _add(users, gone)
    events_are(history(users), (gone, unknown), "the history")
    events_are(_asked(users, school=HILL), (gone,), "the history of a school")
    events_are(
        _asked(users, user=UserId.parse("gone")), (gone,), "the history of an account not there"
    )


@behaviour("history.school")
def _(make: Make) -> None:
    """With a school, only its events are given."""
    users = make.new()
    here, there = edited(), dataclasses.replace(edited(), school=MILL)
    _add(users, here, there)
    events_are(_asked(users, school=HILL), (here,), "the history of the first school")
    events_are(_asked(users, school=MILL), (there,), "the history of the second school")
    typed = SchoolCode.parse(str(HILL).upper())
    events_are(_asked(users, school=typed), (here,), "the history of a school typed in capitals")
    no_page(users.history(HistoryQuery(SchoolCode.parse("none"))), "the history of no school")


@behaviour("history.user")
def _(make: Make) -> None:
    """With an account, only its events are given."""
    users = make.new()
    ann, ben = save(users, a_user("ann"), a_user("ben"))
    _add(users, signed_in(ann), signed_in(ben))
    events_are(_asked(users, user=ben.id), (signed_in(ben),), "the history of an account")
    events_are(
        _asked(users, user=UserId.parse("be")), (), "the history of an account without events"
    )


@behaviour("history.kinds")
def _(make: Make) -> None:
    """With kinds, only events of one of them are given; with none, all."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    failed = LoginFailed(at=NOW, reason="wrong_password", school=HILL, user=ann.id)
    _add(users, signed_in(ann))
    _add(users, failed)
    for kinds, expected in {
        ("login_failed",): (failed,),
        ("login_failed", "user_edited"): (failed, edited()),
        ("user_erased",): (),
        (): (failed, signed_in(ann), edited()),
    }.items():
        found = _asked(users, kinds=frozenset(kinds))
        events_are(found, expected, f"the history of the kinds {kinds}")


@behaviour("history.since")
def _(make: Make) -> None:
    """With a time, only events at that very moment or later are given, in the order of saves."""
    users = make.new()
    before, at, after = (
        edited(NOW + n * TICK, source=name) for n, name in ((-1, "before"), (0, "at"), (1, "after"))
    )
    _add(users, after)
    _add(users, before)
    _add(users, at)
    for since in (NOW, NOW.astimezone(timezone(timedelta(hours=5.5)))):
        events_are(
            _asked(users, since=since), (at, after), f"the history since {since.isoformat()}"
        )
    events_are(_asked(users, since=NOW + 2 * TICK), (), "the history since a later time")


@behaviour("history.filters_together")
def _(make: Make) -> None:
    """An event must fit all that is asked for: school, account, kinds and time."""
    users = make.new()
    ann, ben = save(users, a_user("ann"), a_user("ben"))
    fits = signed_in(ann)
    _add(
        users,
        fits,
        dataclasses.replace(fits, school=MILL),
        dataclasses.replace(fits, user=ben.id),
        edited(user=ann.id),
        dataclasses.replace(fits, at=NOW - TICK),
    )
    whole = {"school": HILL, "user": ann.id, "kinds": frozenset({fits.kind}), "since": NOW}
    events_are(_asked(users, **whole), (fits,), "the history with every filter")
    for left_out in whole:
        some = {name: value for name, value in whole.items() if name != left_out}
        found = len(_asked(users, **some))
        equal(found, 2, f"events that fit every filter but {left_out}")


@behaviour("history.pages")
def _(make: Make) -> None:
    """Following `next` gives every event once, in pages of any size; it is None at the end."""
    users = make.new()
    events = [edited(source=name) for name in "abcdefg"]
    other = dataclasses.replace(edited(), school=MILL)
    _add(users, *events[4:], other)
    _add(users, other, events[3])
    _add(users, events[0], other, *events[1:3])
    paged(
        lambda after, limit: _sources(users.history(HistoryQuery(HILL, after=after, limit=limit))),
        list("abcdefg"),
        "sources of the events of a school",
    )


@behaviour("history.pages_while_growing")
def _(make: Make) -> None:
    """Events that are added between two pages make no other one missing or repeated."""
    users = make.new()
    for name in reversed("abcdef"):
        _add(users, edited(source=name))
    found: list[str] = []
    for page in pages(
        lambda after, limit: _sources(users.history(HistoryQuery(after=after, limit=limit))), 2
    ):
        found += page.items
        _add(users, edited(source="new"))
    equal(found, list("abcdef"), "sources of events, two at a time, while others are added")


@behaviour("history.bad_cursor")
def _(make: Make) -> None:
    """An `after` that the store cannot have given is a `ValueError`."""
    users = make.new()
    _add(users, edited())
    refuses_cursors(lambda after: users.history(HistoryQuery(after=after)))
