"""What `find` promises."""

from __future__ import annotations

from collections.abc import Callable

from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import HILL, a_user, finds, keys_of, save


@behaviour("find.each_key")
def _(make: Make) -> None:
    """An account is found by its id, its username, its e-mail address and its MIS id."""
    users = make.new()
    mis_id = MisId(HILL, "sims", "7")
    (ann,) = save(users, a_user("ann", "ann@x.example", mis_id=mis_id))
    keys: list[UserKey] = [ann.id, ann.username, EmailAddress.parse("ann@x.example"), mis_id]
    for key in keys:
        finds(users, [key], [ann], f"find by {type(key).__name__}")
    finds(users, keys, [ann], "find by four keys at once")


@behaviour("find.absent")
def _(make: Make) -> None:
    """Keys of nobody are not in the answer, beside keys of somebody."""
    users = make.new()
    (ann,) = save(users, a_user("ann"))
    nobody = UserId.parse("nobody")
    keys: list[UserKey] = [nobody, ann.id, Username.parse("ben")]
    finds(users, keys, [ann], "find by one key that is there and two that are not")
    finds(users, [nobody], [], "find by a key of nobody")
    finds(users, [], [], "find by no key")


@behaviour("find.typed_otherwise")
def _(make: Make) -> None:
    """An account is found by the canonical text of a key, however the key was typed."""
    users = make.new()
    typed = Username.parse("Straße"), EmailAddress.parse("Ann.Lee@Bücher.example")
    (ann,) = save(users, a_user("ann", username=typed[0], email=typed[1]))
    keys: list[UserKey] = [
        Username.parse("STRASSE"),
        EmailAddress.parse("ann.lee@xn--bcher-kva.example"),
    ]
    for key in keys:
        finds(users, [key], [ann], f"find by {key!r}, whose key is {key.key!r},")


@behaviour("find.any_collection")
def _(make: Make) -> None:
    """The keys come as any collection, such as a set or the keys of a dict."""
    users = make.new()
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    keys = dict.fromkeys(keys_of(ann))
    finds(users, frozenset(keys), [ann], "find by a set of keys")
    finds(users, keys.keys(), [ann], "find by the keys of a dict")
    finds(users, tuple(keys), [ann], "find by a tuple of keys")


@behaviour("find.many")
def _(make: Make) -> None:
    """One call answers 10,000 keys of three kinds, most of which are nobody's."""
    users = make.new()
    there = save(users, *(a_user(f"u{n}", f"u{n}@x.example") for n in range(1500)))
    keys: list[UserKey] = [UserId.parse(f"u{n}") for n in range(4000)]
    keys += [EmailAddress.parse(f"u{n}@x.example") for n in range(1000, 3000)]
    keys += [Username.parse(f"u{n}") for n in range(1000, 5000)]
    finds(users, keys, there, "find by 10,000 keys")


def _exact(make: Make, other: Callable[[str], str]) -> None:
    """Find nothing by a text that differs from a key's: no collation, trimming or folding."""
    users = make.new()
    (james,) = save(users, a_user("james", "james@x.example", mis_id=MisId(HILL, "sims", "james")))
    texts = {key: other(key.key) for key in keys_of(james)}
    keys: list[UserKey] = [type(key).stored(text, text) for key, text in texts.items()]
    for key in keys:
        finds(users, [key], [], f"find by the {type(key).__name__} {key.key!r} of nobody")
    finds(users, keys, [], "find by four keys of nobody at once")


@behaviour("lookup.exact.trailing_space")
def _(make: Make) -> None:
    """A key with a space behind it is another key."""
    _exact(make, lambda text: f"{text} ")


@behaviour("lookup.exact.leading_space")
def _(make: Make) -> None:
    """A key with a space before it is another key."""
    _exact(make, lambda text: f" {text}")


@behaviour("lookup.exact.no_break_space")
def _(make: Make) -> None:
    """A key with a no-break space behind it is another key."""
    _exact(make, lambda text: f"{text}\u00a0")


@behaviour("lookup.exact.case")
def _(make: Make) -> None:
    """A key in other case is another key: what is to be folded has been folded before."""
    _exact(make, lambda text: text.replace("james", "James"))


@behaviour("lookup.exact.accent")
def _(make: Make) -> None:
    """A key with an accent is another key."""
    _exact(make, lambda text: text.replace("james", "jämes"))


@behaviour("lookup.exact.prefix")
def _(make: Make) -> None:
    """The beginning of a key is another key, and so is one with a wildcard."""
    _exact(make, lambda text: text[:-1])
    _exact(make, lambda text: f"{text[:-1]}%")
    _exact(make, lambda text: f"{text[:-1]}_")


@behaviour("lookup.kinds_apart")
def _(make: Make) -> None:
    """A text that is a key of one kind finds nobody as a key of another kind."""
    users = make.new()
    mis_id = MisId(HILL, "sims", "7")
    ann, ben = save(
        users,
        a_user("ann", username=Username.parse("ben"), mis_id=mis_id),
        a_user("ben", username=Username.parse("cat")),
    )
    nobody: list[UserKey] = [Username.parse("ann"), UserId.parse("cat"), Username.parse(mis_id.key)]
    finds(users, nobody, [], "find by texts that are keys of another kind")
    finds(users, [ann.username, ben.id], [ann, ben], "find by a text that is a username and an id")
