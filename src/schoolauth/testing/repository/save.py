"""What `save` promises: what it writes, which versions it takes, and that it writes all or nothing.

Whose key is whose is in `keys`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from schoolauth.errors import (
    EmailTaken,
    MisIdTaken,
    SchoolAuthError,
    StaleUser,
    UsernameTaken,
)
from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.user import User
from schoolauth.testing.assertions import equal, expect, holds_no_data, refuses
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import (
    FIELDS,
    HILL,
    NOW,
    a_full_user,
    a_user,
    edited,
    finds,
    history,
    keys_of,
    read,
    same,
    save,
    signed_in,
    stand,
)

TIMES = ("status_since", "created_at", "last_login_at")

# --- what is written ---


def _same_in_full(found: User, expected: User) -> None:
    """Tell True from 1, a role from its text, and keys of other display forms, which are equal."""
    same(found, expected, "of the saved account")
    for name in FIELDS:
        one, other = getattr(found, name), getattr(expected, name)
        expect(isinstance(one, type(other)), f"{name} is of the type {type(one).__name__}.")
        equal(str(one), str(other), f"{name} as text")


@behaviour("save.every_field")
def _(make: Make) -> None:
    """Every field of an account comes back, in its type and in the form that is shown."""
    (stored,) = save(make.new(), a_full_user())
    _same_in_full(stored, replace(a_full_user(), version=1))


@behaviour("save.clears_fields")
def _(make: Make) -> None:
    """A save replaces the whole account: what became None, empty, False or 0 is so when read."""
    users = make.new()
    (full,) = save(users, a_full_user())
    bare = replace(
        a_user("full", username=Username.parse("bare"), given_name="", family_name=""),
        status_since=full.status_since,
        created_at=full.created_at,
        version=1,
    )
    (stored,) = save(users, bare)
    _same_in_full(stored, replace(bare, version=2))


@behaviour("save.events_alone")
def _(make: Make) -> None:
    """A change of events only adds them to the history and touches no account."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    users.save(Change(events=[signed_in(ann)]))
    equal(history(users), (signed_in(ann), edited()), "the history, newest first")
    stand(users, ann, when="after a change of an event only")


def _at(moment: datetime) -> User:
    times: dict[str, Any] = dict.fromkeys(TIMES, moment)
    return a_user("ann", **times)


@behaviour("time.aware_and_equal")
def _(make: Make) -> None:
    """A time comes back as the same moment, aware, and in UTC."""
    moments: dict[str, Any] = {name: NOW + timedelta(hours=hour) for hour, name in enumerate(TIMES)}
    (ann,) = save(make.new(), a_user("ann", **moments))
    for name, moment in moments.items():
        found: datetime = getattr(ann, name)
        expect(found.tzinfo is not None, f"{name} comes back without a time zone.")
        equal(found, moment, name)
        equal(found.utcoffset(), timedelta(0), f"the offset of {name} from UTC")


@behaviour("time.other_zone")
def _(make: Make) -> None:
    """A time that is given in another zone is the same moment."""
    for hours in (5.5, -9):
        there = NOW.astimezone(timezone(timedelta(hours=hours)))
        (ann,) = save(make.new(), _at(there))
        for name in TIMES:
            equal(getattr(ann, name), NOW, f"{name}, given as {there.isoformat()}")


@behaviour("time.microseconds")
def _(make: Make) -> None:
    """A time keeps its microseconds, before 1970 and in the year 9999 too."""
    for moment in (
        NOW.replace(microsecond=1),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ):
        (ann,) = save(make.new(), _at(moment))
        for name in TIMES:
            equal(getattr(ann, name), moment, name)


# --- versions ---


@behaviour("save.version_counts")
def _(make: Make) -> None:
    """An account is stored at version 1, and each save adds one."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    equal(ann.version, 1, "the version of a new account")
    (ann,) = save(users, ann)
    equal(ann.version, 2, "the version after a second save")


@behaviour("save.stale")
def _(make: Make) -> None:
    """What was read before somebody else's save cannot be written any more."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    (newer,) = save(users, replace(ann, given_name="Newer"))
    with refuses(StaleUser, "A save of an account in an older version"):
        save(users, replace(ann, given_name="Older"))
    stand(users, newer, when="after a stale save")


@behaviour("save.stale_ahead")
def _(make: Make) -> None:
    """A version that the store has not given yet is refused as stale."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    with refuses(StaleUser, "A save of an account in a version that is not there yet"):
        save(users, replace(ann, version=2))


@behaviour("save.new_is_new")
def _(make: Make) -> None:
    """Version 0 means not there yet: an id that is there is refused as stale."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    with refuses(StaleUser, "A new account with an id that is there"):
        save(users, a_user("ann", username=Username.parse("other")))
    stand(users, ann, when="after another was refused its id")


@behaviour("save.gone_is_stale")
def _(make: Make) -> None:
    """A change of an account that the store does not have is refused as stale."""
    users = make.new()
    with refuses(StaleUser, "A save of an account in version 1 that is not there"):
        save(users, a_user("ann", version=1))
    finds(users, [UserId.parse("ann")], [], "find by the refused id")
    equal(history(users), (), "the history after the refusal")


@behaviour("save.still_stands")
def _(make: Make) -> None:
    """What a decision rests on must stand as it was read, and is not written."""
    users = make.new()
    ann, ben = save(users, a_user("ann"), a_user("ben"))
    save(users, replace(ann, given_name="Once"), unchanged=[ben])
    stand(users, ben, when="after it was in `unchanged`")
    save(users, replace(ben, given_name="Moved on"))
    (ann,) = read(users, ann)
    with refuses(StaleUser, "A change with `unchanged` in an older version"):
        save(users, replace(ann, given_name="Twice"), unchanged=[ben])
    stand(users, ann, when="after a refused change")


@behaviour("save.still_stands_alone")
def _(make: Make) -> None:
    """A change may write only events, if an account still stands as it was read."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    save(users, unchanged=[ann])
    equal(len(history(users)), 2, "events after two saves")
    for version in (0, 2):
        with refuses(StaleUser, f"`unchanged` in version {version} of an account in version 1"):
            save(users, unchanged=[replace(ann, version=version)])
    for version in (0, 1):
        with refuses(StaleUser, f"`unchanged` in version {version} of an account not there"):
            save(users, unchanged=[a_user("ben", version=version)])
    stand(users, ann, when="after it was in `unchanged`")


@behaviour("save.stale_before_taken")
def _(make: Make) -> None:
    """An outdated decision is refused as stale before anybody hears of a taken key."""
    users = make.new()
    ann, ben = save(users, a_user("ann"), a_user("ben", "ben@x.example"))
    save(users, ann)
    what = "A stale account that claims a taken e-mail address"
    with refuses(StaleUser, what):
        save(users, replace(ann, email=ben.email))
    what = "A change of a new account with a taken e-mail address and a stale one"
    with refuses(StaleUser, what):
        save(users, a_user("cat", "ben@x.example"), ann)


# --- all or nothing ---


def refused_changes(ann: User, ben: User) -> dict[type[SchoolAuthError], User]:
    """Return for each kind of refusal an account that meets it; *ann* has all keys, *ben* none."""
    return {
        EmailTaken: a_user("cat", ann.email),
        UsernameTaken: a_user("cat", username=ann.username),
        MisIdTaken: a_user("cat", mis_id=ann.mis_id),
        StaleUser: replace(ben, version=7),
    }


@behaviour("save.atomic")
def _(make: Make) -> None:
    """Of a refused change no account is there or changed, however many it has."""
    users = make.new()
    ann, ben, eve = save(
        users,
        a_user("ann", "ann@x.example", mis_id=MisId(HILL, "sims", "7")),
        a_user("ben"),
        a_user("eve", "eve@x.example"),
    )
    moved = replace(eve, given_name="Changed", email=EmailAddress.parse("new@x.example"))
    new = [a_user(f"u{n}", f"u{n}@x.example") for n in range(1200)]
    keys: list[UserKey] = [key for user in (ann, ben, eve) for key in keys_of(user)]
    absent: list[UserKey] = [user.id for user in (a_user("cat"), *new)]
    absent.append(EmailAddress.parse("new@x.example"))
    for kind, refused in refused_changes(ann, ben).items():
        for people in ([moved, *new, refused], [refused, moved]):
            with refuses(kind, f"A change whose refusal is {kind.__name__}"):
                users.save(Change(people, [edited()]))
            finds(users, keys, [ann, ben, eve], f"find after {kind.__name__}")
            finds(users, absent, [], f"find by new keys after {kind.__name__}")


@behaviour("save.refused_leaves_nothing")
def _(make: Make) -> None:
    """A refused change adds no event, whichever refusal it is."""
    users = make.new()
    mis_id = MisId(HILL, "sims", "7")
    ann, ben = save(users, a_user("ann", "ann@x.example", mis_id=mis_id), a_user("ben"))
    trail = history(users)
    for kind, refused in refused_changes(ann, ben).items():
        with refuses(kind, f"A change whose refusal is {kind.__name__}"):
            users.save(Change([refused], [edited(), signed_in(ann)]))
        equal(history(users), trail, f"the history after {kind.__name__}")
    with refuses(StaleUser, "A change of events with a stale account in `unchanged`"):
        save(users, events=[signed_in(ben)], unchanged=[replace(ben, version=7)])
    equal(history(users), trail, "the history after a stale account in `unchanged`")


@behaviour("error.holds_no_data")
def _(make: Make) -> None:
    """A refusal names nobody in its text, and no driver's error hangs on it."""
    users = make.new()
    quince = a_user("quince", "quince@x.example", mis_id=MisId(HILL, "sims", "quince"))
    ann, ben = save(users, quince, a_user("ben"))
    for kind, refused in refused_changes(ann, ben).items():
        with refuses(kind, f"A change whose refusal is {kind.__name__}") as refusal:
            save(users, replace(refused, given_name="Quince"))
        holds_no_data(refusal.error, "quince")
