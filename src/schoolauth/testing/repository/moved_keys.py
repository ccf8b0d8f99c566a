"""Keys that move: what `save` promises of changes that claim, hand on and release them."""

from __future__ import annotations

import itertools
from dataclasses import replace

from schoolauth.errors import EmailTaken, MisIdTaken
from schoolauth.model.change import Change, UserQuery
from schoolauth.model.names import UserId, Username
from schoolauth.model.user import Role, Status
from schoolauth.testing.assertions import accepts, equal, raises
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import (
    HILL,
    a_user,
    edited,
    erased,
    finds,
    keys_of,
    read,
    save,
    stand,
)
from schoolauth.testing.repository.unique_keys import each_finds, refuse_key, with_keys

KINDS = ("username", "email", "mis_id")


@behaviour("key.claimed_by_change")
def _(make: Make) -> None:
    """An account that is there already cannot take another's key."""
    users = make.new()
    ann, ben = save(users, with_keys("ann"), with_keys("ben"))
    for kind in KINDS:
        key = getattr(ann, kind)
        refuse_key(users, key, "of another account", replace(ben, **{kind: key}))
    stand(users, ann, ben, when="after refused claims")


@behaviour("key.same_change")
def _(make: Make) -> None:
    """Two accounts of one change cannot have the same key."""
    users = make.new()
    (ann,) = save(users, with_keys("ann"))
    new = with_keys("new")
    for kind in KINDS:
        key = getattr(new, kind)
        for other in (replace(with_keys("ben"), **{kind: key}), replace(ann, **{kind: key})):
            for people in ([new, other], [other, new]):
                refuse_key(users, key, "for two of its accounts", *people)
    finds(users, keys_of(new), [], "find by the keys of a refused account")


@behaviour("key.kept_by_unchanged")
def _(make: Make) -> None:
    """An account that must stand unchanged keeps its keys."""
    users = make.new()
    ann, ben = save(users, with_keys("ann"), with_keys("ben"))
    for kind in KINDS:
        key = getattr(ann, kind)
        claiming = replace(ben, **{kind: key})
        refuse_key(users, key, "of an account in `unchanged`", claiming, unchanged=[ann])


@behaviour("save.cross_claims")
def _(make: Make) -> None:
    """A key that an account of the same change keeps is taken, in whatever order they are saved."""
    users = make.new()
    ann, ben = save(users, with_keys("ann"), with_keys("ben"))
    for kind in KINDS:
        key = getattr(ann, kind)
        pair = [replace(ann, role=Role.SLT), replace(ben, **{kind: key})]
        for people in (pair, pair[::-1]):
            refuse_key(users, key, "that another account of the change keeps", *people)
    crossed = [replace(ann, email=ben.email), replace(ben, mis_id=ann.mis_id)]
    for people in (crossed, crossed[::-1]):
        both = "A change in which two accounts claim what the other keeps was not refused."
        with raises((EmailTaken, MisIdTaken), both):  # which of the two is open
            users.save(Change(people, [edited()]))
    stand(users, ann, ben, when="after refused claims")


# --- keys that move ---


@behaviour("save.swap")
def _(make: Make) -> None:
    """One change hands every key of three accounts on, in whatever order they are written."""
    users = make.new()
    people = save(users, with_keys("ann"), with_keys("ben"), with_keys("cat"))
    for order in itertools.permutations(range(3)):
        turned = [
            replace(one, username=two.username, email=two.email, mis_id=two.mis_id)
            for one, two in zip(people, [*people[1:], people[0]], strict=True)
        ]
        with accepts("A change in which the keys of three accounts go round"):
            users.save(Change([turned[index] for index in order], [edited()]))
        people = [user.saved() for user in turned]
        each_finds(users, *people)


@behaviour("save.move_to_new")
def _(make: Make) -> None:
    """One change takes the keys of an account and gives them to a new one, in either order."""
    for new_first in (False, True):
        users = make.new()
        (ann,) = save(users, with_keys("ann"))
        bare = replace(ann, username=Username.parse("ann.2"), email=None, mis_id=None)
        ben = a_user("ben", username=ann.username, email=ann.email, mis_id=ann.mis_id)
        people = [ben, bare] if new_first else [bare, ben]
        with accepts("A change that takes the keys of an account for a new one"):
            users.save(Change(people, [edited()]))
        each_finds(users, bare, ben)


@behaviour("save.release")
def _(make: Make) -> None:
    """What one change releases finds nobody any more, and another change may claim it."""
    users = make.new()
    (ann,) = save(users, with_keys("ann"))
    released = keys_of(ann)[1:]
    bare = replace(ann, username=Username.parse("ann.2"), email=None, mis_id=None)
    (bare,) = save(users, bare)
    finds(users, released, [], "find by released keys")
    with accepts("A claim of keys that were released"):
        (ben,) = save(users, replace(with_keys("ann"), id=UserId.parse("ben")))
    each_finds(users, bare, ben)


# --- erased accounts ---


@behaviour("erased.keeps_id")
def _(make: Make) -> None:
    """An erased account is found by its id only, and its keys are free at once."""
    users = make.new()
    ann, ben = save(users, with_keys("ann"), with_keys("ben"))
    with accepts("A change that erases two accounts"):
        users.save(Change([erased(ann), erased(ben)], [edited()]))
    stand(users, erased(ann).saved(), erased(ben).saved(), when="after it was erased")
    names = [str(user.username) for user in read(users, ann, ben)]
    equal(names, ["", ""], "the usernames of erased accounts as text")
    finds(users, [*keys_of(ann)[1:], *keys_of(ben)[1:]], [], "find by keys of erased accounts")
    with accepts("A claim of keys that erased accounts had"):
        (cat,) = save(users, replace(with_keys("ann"), id=UserId.parse("cat")))
    each_finds(users, cat)
    stand(users, erased(ann).saved(), when="after another took its keys")


@behaviour("erased.hidden")
def _(make: Make) -> None:
    """An erased account is in a search only where its status is asked for."""
    users = make.new()
    ann, ben = save(users, a_user("ann"), a_user("ben"))
    (gone,) = save(users, erased(ann))
    found = users.search(UserQuery(HILL)).items
    equal([user.id.key for user in found], [ben.id.key], "accounts that a search finds")
    found = users.search(UserQuery(HILL, statuses=frozenset(Status))).items
    ids = [gone.id.key, ben.id.key]
    equal([user.id.key for user in found], ids, "accounts that a search in all statuses finds")
