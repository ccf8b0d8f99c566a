"""What a repository promises that works inside a host's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import cast

from schoolauth.errors import EmailTaken, MisIdTaken, SchoolAuthError, StaleUser, UsernameTaken
from schoolauth.model.change import Change, UserQuery
from schoolauth.model.names import EmailAddress, MisId, UserId, Username
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import accepts, equal, expect, holds_no_data, refuses
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.history import events_are
from schoolauth.testing.repository.sample_accounts import (
    HILL,
    a_user,
    edited,
    history,
    save,
    signed_in,
    stand,
)
from schoolauth.testing.repository.save import refused_changes
from schoolauth.testing.repository.unique_keys import each_finds, with_keys

Join = Callable[[UserRepository], AbstractContextManager[UserRepository]]


class _HostFailed(RuntimeError):
    """What a host raises in its transaction, to have it rolled back."""


@contextmanager
def _joined(
    make: Make, users: UserRepository, *, rolled_back: bool = False
) -> Iterator[UserRepository]:
    """Begin a host's transaction on the store of *users*, by the author's own `join`."""
    join = cast(Join, make.options["join"])
    ended = False
    try:
        with join(users) as joined:
            yield joined
            if rolled_back:
                raise _HostFailed
            ended = True
    except _HostFailed:
        ended = True
    expect(ended, "`join` swallowed what its block raised; it must roll back and let it out.")


@behaviour("joined.says_so", needs="join")
def _(make: Make) -> None:
    """A joined repository has a true attribute `joined`, and one that stands alone has none."""
    users = make.new()
    expect(not getattr(users, "joined", False), "The repository that stands alone says `joined`.")
    with _joined(make, users) as joined:
        expect(getattr(joined, "joined", False), "The joined repository has no true `joined`.")


@behaviour("joined.commit", needs="join")
def _(make: Make) -> None:
    """What is saved in a host's transaction is read in it at once, and stays once it commits."""
    users = make.new()
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    with _joined(make, users) as joined:
        ann, ben = save(joined, replace(ann, email=None), a_user("ben", "ann@x.example"))
        joined.save(Change(events=[signed_in(ben)]))
        expected = (signed_in(ben), edited(), edited())
        events_are(history(joined), expected, "the history inside the transaction")
        found = [user.username.key for user in joined.search(UserQuery(HILL)).items]
        equal(found, ["ann", "ben"], "a search inside the transaction")
    stand(users, ann, ben, when="after the host's commit")
    events_are(history(users), expected, "the history after the host's commit")


@behaviour("joined.reads_anew", needs="join")
def _(make: Make) -> None:
    """What a host's transaction has read is read as it stands after each save, refused or not."""
    users = make.new()
    ann, ben, cat = save(users, with_keys("ann"), with_keys("ben"), with_keys("cat"))
    with _joined(make, users) as joined:
        each_finds(joined, ann, ben, cat)
        joined.search(UserQuery(HILL))
        with refuses(EmailTaken, "A claim of an address in a host's transaction"):
            joined.save(Change([replace(ann, given_name="No", email=cat.email)], [edited()]))
        stand(joined, ann, when="after a refused save in the same transaction")
        for name in ("Once", "Twice"):
            changed = [
                replace(ann, given_name=name, email=ben.email),
                replace(ben, email=ann.email),
            ]
            joined.save(Change(changed, [edited()]))
            ann, ben = (user.saved() for user in changed)
            stand(joined, ann, ben, when="after a save in the same transaction")
            each_finds(joined, ann, ben, cat)
            names = [user.given_name for user in joined.search(UserQuery(HILL)).items]
            equal(names[:1], [name], "a search after a save in the same transaction")


@behaviour("joined.rollback", needs="join")
def _(make: Make) -> None:
    """What is saved in a transaction that the host rolls back was never there."""
    users = make.new()
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    with _joined(make, users, rolled_back=True) as joined:
        save(joined, replace(ann, email=None), a_user("ben", "ann@x.example"))
    _as_before(users, ann)


@behaviour("joined.never_commits", needs="join")
def _(make: Make) -> None:
    """However often a host's transaction saves, the rollback takes back everything."""
    users = make.new()
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    with _joined(make, users, rolled_back=True) as joined:
        (newer,) = save(joined, replace(ann, email=None))
        save(joined, a_user("ben", "ann@x.example"))
        joined.save(Change(events=[signed_in(newer)]))
        save(joined, newer)
    _as_before(users, ann)


def _as_before(users: UserRepository, ann: User) -> None:
    """Expect that *ann*, who has the address, is all that there is, in one version."""
    address, ben = EmailAddress.parse("ann@x.example"), UserId.parse("ben")
    stand(users, ann, when="after the host's rollback")
    found = {key: user.id for key, user in users.find([address, ben]).items()}
    equal(found, {address: ann.id}, "what is found after the host's rollback")
    events_are(history(users), (edited(),), "the history after the host's rollback")


@behaviour("joined.refused_leaves_nothing", needs="join")
def _(make: Make) -> None:
    """A refused save leaves a host's transaction usable, and no trace of the change in it."""
    users = make.new()
    mis_id = MisId(HILL, "sims", "7")
    ann, ben = save(users, a_user("ann", "ann@x.example", mis_id=mis_id), a_user("ben"))
    refusals: list[tuple[type[SchoolAuthError], User, list[User]]] = [
        (EmailTaken, replace(ben, email=ann.email), []),
        (UsernameTaken, a_user("cat", username=ann.username), []),
        (MisIdTaken, a_user("cat", mis_id=mis_id), []),
        (StaleUser, replace(ben, version=3), []),
        (StaleUser, a_user("ben", username=Username.parse("other")), []),
        (StaleUser, a_user("cat"), [replace(ben, version=3)]),
    ]
    kept: list[User] = []
    for n, (kind, refused, unchanged) in enumerate(refusals):
        with _joined(make, users) as joined:
            kept += save(joined, a_user(f"before{n}"))
            new = a_user("new", f"new{n}@x.example")
            with refuses(kind, f"A change whose refusal is {kind.__name__}"):
                save(joined, new, refused, unchanged=unchanged, events=[signed_in(ann)])
            with accepts(f"What a change refused as {kind.__name__} had claimed"):
                kept += save(joined, a_user(f"after{n}", f"new{n}@x.example"))
        gone = users.find([new.id, UserId.parse("cat")])
        equal(gone, {}, f"accounts of the refused change after {kind.__name__} and a commit")
        stand(users, ann, ben, *kept, when=f"after {kind.__name__} and a commit")
        trail = (edited(),) * (len(kept) + 1)
        events_are(history(users), trail, f"the history after {kind.__name__} and a commit")


@behaviour("joined.error_holds_no_data", needs="join")
def _(make: Make) -> None:
    """A refusal in a host's transaction holds no data, and no driver's error hangs on it."""
    users = make.new()
    ann, ben = save(users, with_keys("quince"), a_user("ben"))
    with _joined(make, users) as joined:
        for n, (kind, refused) in enumerate(refused_changes(ann, ben).items()):
            with refuses(kind, f"A change whose refusal is {kind.__name__}") as refusal:
                save(joined, a_user(f"new{n}"), refused)
            holds_no_data(refusal.error, "quince")
