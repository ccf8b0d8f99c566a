"""Whose key is whose: what `save` promises of usernames, e-mail addresses and MIS ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schoolauth.errors import EmailTaken, MisIdTaken, SchoolAuthError, UsernameTaken
from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, MisId, UserKey, Username
from schoolauth.model.user import Status, User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import accepts, equal, refuses
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import (
    HILL,
    MILL,
    a_user,
    edited,
    finds,
    keys_of,
    read,
    save,
)

ONE_MIS = MisId(HILL, "sims", "7")
LIVING = [status for status in Status if status is not Status.ERASED]
REFUSALS: dict[type[UserKey], tuple[type[SchoolAuthError], str]] = {
    Username: (UsernameTaken, "username"),
    EmailAddress: (EmailTaken, "email"),
    MisId: (MisIdTaken, "mis_id"),
}
"""How a taken key of each kind is refused, and the attribute that has the key."""


def refuse_key(
    users: UserRepository, key: UserKey, whose: str, *people: User, unchanged: Iterable[User] = ()
) -> None:
    """Expect that *people* are refused *key*; *whose* goes on with the sentence about it."""
    kind, attribute = REFUSALS[type(key)]
    with refuses(kind, f"A change that claims the {type(key).__name__} {whose}") as refusal:
        users.save(Change(people, [edited()], unchanged))
    equal(getattr(refusal.error, attribute), key, f"the {attribute} of {kind.__name__}")


def with_keys(name: str) -> User:
    """Return an account that has a key of each kind."""
    return a_user(name, f"{name}@x.example", mis_id=MisId(HILL, "sims", name))


def each_finds(users: UserRepository, *people: User) -> None:
    """Expect that *people* have the keys that they have here, and that each finds its own."""
    stored = read(users, *people)
    for one, user in zip(stored, people, strict=True):
        equal(keys_of(one), keys_of(user), f"the keys of {user.id.key!r}")
    finds(users, [key for user in people for key in keys_of(user)], stored, "find by every key")


def _apart(make: Make, what: str, *people: User) -> None:
    """Expect that the keys of *people* are different ones; *what* begins the sentence."""
    users = make.new()
    with accepts(f"A change with {what}, which are different ones,"):
        users.save(Change(people, [edited()]))
    each_finds(users, *people)


# --- e-mail addresses ---


@behaviour("email.unique.case")
def _(make: Make) -> None:
    """An e-mail address is one account's, in whatever case it is typed."""
    users = make.new()
    save(users, a_user("ann", "ann@x.example"))
    for typed in ("ann@x.example", "Ann@x.example", "ann@X.Example"):
        ben = a_user("ben", typed)
        refuse_key(users, EmailAddress.parse(typed), "of another account in other case", ben)
        finds(users, [ben.id], [], "find by the id of a refused account")


@behaviour("email.unique.folding")
def _(make: Make) -> None:
    """An address in an international domain is one in any spelling, and not one without accents."""
    users = make.new()
    save(users, a_user("ann", "ann@bücher.example"))
    for typed in ("Ann@BÜCHER.example", "ann@xn--bcher-kva.example", "ann@Bu\u0308cher.example"):
        ben = a_user("ben", typed)
        refuse_key(users, EmailAddress.parse(typed), "of another account in another spelling", ben)
    domains = ("bücher", "bucher", "faß", "fass")
    what = "addresses whose domains differ by an accent"
    _apart(make, what, *(a_user(f"u{n}", f"a@{name}.example") for n, name in enumerate(domains)))


@behaviour("email.unique.schools")
def _(make: Make) -> None:
    """An e-mail address is one account's over all schools."""
    users = make.new()
    save(users, a_user("ann", "ann@x.example", school=MILL))
    email = EmailAddress.parse("ann@x.example")
    refuse_key(users, email, "of an account of another school", a_user("ben", "ann@x.example"))


@behaviour("email.unique.statuses")
def _(make: Make) -> None:
    """An e-mail address is one account's, whatever the status of who has it or claims it."""
    email = EmailAddress.parse("ann@x.example")
    for holds in LIVING:
        users = make.new()
        save(users, a_user("ann", email=email, status=holds))
        for claims in LIVING:
            ben = a_user("ben", email=email, status=claims)
            refuse_key(users, email, f"of an {holds} account for an {claims} one", ben)


@behaviour("email.none_is_no_key")
def _(make: Make) -> None:
    """Any number of accounts have no e-mail address and no MIS id."""
    users = make.new()
    with accepts("A second account without e-mail address and MIS id"):
        ann, ben, cat = save(users, a_user("ann"), a_user("ben"), with_keys("cat"))
    with accepts("A third account without e-mail address and MIS id"):
        people = save(users, ann, ben, replace(cat, email=None, mis_id=None))
    equal([user.email for user in people], [None] * 3, "three accounts' e-mail addresses")
    equal([user.mis_id for user in people], [None] * 3, "three accounts' MIS ids")


# --- usernames ---


@behaviour("username.unique.case")
def _(make: Make) -> None:
    """A username is one account's, in whatever case it is typed."""
    users = make.new()
    save(users, a_user("ann"))
    for typed in ("ann", "ANN"):
        ben = a_user("ben", username=Username.parse(typed))
        refuse_key(users, ben.username, "of another account in other case", ben)
        finds(users, [ben.id], [], "find by the id of a refused account")


@behaviour("username.unique.folding")
def _(make: Make) -> None:
    """Capitals beyond ASCII are the same letters, as the library folds them."""
    users = make.new()
    pairs = {"Émile": "ÉMILE", "Zoë": "ZOE\u0308", "Straße": "STRASSE", "ΟΔΟΣ": "οδος"}
    names = [Username.parse(name) for name in pairs]
    save(users, *(a_user(f"u{n}", username=name) for n, name in enumerate(names)))
    for name, other in pairs.items():
        ben = a_user("ben", username=Username.parse(other))
        refuse_key(users, ben.username, f"{other!r}, where {name!r} is another account's", ben)


@behaviour("username.unique.accent")
def _(make: Make) -> None:
    """Usernames that differ by an accent are two."""
    names = ("emile", "émile", "soren", "søren", "łuk", "luk")
    people = [a_user(f"u{n}", username=Username.parse(name)) for n, name in enumerate(names)]
    _apart(make, "usernames that differ by an accent", *people)


@behaviour("username.unique.schools")
def _(make: Make) -> None:
    """A username is one account's over all schools."""
    users = make.new()
    (ann,) = save(users, a_user("ann", school=MILL))
    ben = a_user("ben", username=ann.username)
    refuse_key(users, ann.username, "of an account of another school", ben)


@behaviour("username.unique.statuses")
def _(make: Make) -> None:
    """A username is one account's, whatever the status of who has it or claims it."""
    for holds in LIVING:
        users = make.new()
        (ann,) = save(users, a_user("ann", status=holds))
        for claims in LIVING:
            ben = a_user("ben", username=ann.username, status=claims)
            refuse_key(users, ann.username, f"of an {holds} account for an {claims} one", ben)


# --- MIS ids and ids ---


@behaviour("mis_id.unique")
def _(make: Make) -> None:
    """An MIS id is one account's."""
    users = make.new()
    save(users, a_user("ann", mis_id=ONE_MIS))
    ben = a_user("ben", mis_id=ONE_MIS)
    refuse_key(users, ONE_MIS, "of another account", ben)
    finds(users, [ben.id], [], "find by the id of a refused account")


@behaviour("mis_id.per_school_and_source")
def _(make: Make) -> None:
    """An MIS id is another one in another school, and in another MIS of the same school."""
    ids = (
        ONE_MIS,
        MisId(HILL, "bromcom", "7"),
        MisId(MILL, "sims", "7"),
        MisId(HILL, "sims", "70"),
    )
    what = "MIS ids of other schools and sources"
    _apart(make, what, *(a_user(f"u{n}", mis_id=mis_id) for n, mis_id in enumerate(ids)))


@behaviour("mis_id.case")
def _(make: Make) -> None:
    """MIS ids that differ in case are two, as the MIS writes them."""
    ids = (MisId(HILL, "sims", "ab"), MisId(HILL, "sims", "aB"))
    what = "MIS ids that differ in case"
    _apart(make, what, *(a_user(f"u{n}", mis_id=mis_id) for n, mis_id in enumerate(ids)))


@behaviour("user_id.case")
def _(make: Make) -> None:
    """Accounts' ids that differ in case are two."""
    people = a_user("id", username=Username.parse("ann")), a_user("iD")
    _apart(make, "accounts' ids that differ in case", *people)
