"""What `search` promises: which accounts it finds, in which order, and in which pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schoolauth.model.change import Page, UserQuery
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import equal
from schoolauth.testing.pagination import no_page, paged, pages, refuses_cursors
from schoolauth.testing.repository.contract import Make, behaviour
from schoolauth.testing.repository.sample_accounts import HILL, MILL, a_user, erased, save

SIGNS = (*"%_/\\'\"`*?.,:;|^$()[]{}<>+-~&!#@=", "%%", "//", "\\\\", "\\%", ".*", "--")
"""What means something in the patterns, the quotes or the comments of some store."""


def _ask(users: UserRepository, **query: Any) -> Page[User]:
    return users.search(UserQuery(**{"school": HILL, **query}))


def _names(users: UserRepository, **query: Any) -> list[str]:
    return [user.username.key for user in _ask(users, **query).items]


@behaviour("search.words")
def _(make: Make) -> None:
    """Every word must be in the names, the username or the e-mail address, as they are folded."""
    users = make.new()
    save(
        users,
        a_user("ann", "lee@x.example", given_name="Ánn", family_name="O’Hara"),
        a_user("ben", given_name="Ben", family_name="Ohara"),
    )
    for words, expected in {
        ("ohara",): ["ann", "ben"],
        ("har",): ["ann", "ben"],
        ("ben",): ["ben"],
        ("lee@x",): ["ann"],
        ("ohara", "ann", "lee@x"): ["ann"],
        ("ohara", "nobody"): [],
        ("ann", "ben"): [],
        (): ["ann", "ben"],
        ("",): ["ann", "ben"],
    }.items():
        equal(_names(users, words=words), expected, f"search for the words {words}")


@behaviour("search.literal_signs")
def _(make: Make) -> None:
    """No sign in a word is a wildcard, an escape, a quote or a comment."""
    users = make.new()
    people = [a_user(f"s{n:02}", family_name=f"x{sign}y") for n, sign in enumerate(SIGNS)]
    save(users, a_user("plain", family_name="xzy"), *people)
    for sign in SIGNS:
        for word in (f"x{sign}y", f"{sign}y", sign):
            expected = [user.username.key for user in people if word in user.search_text]
            equal(_names(users, words=(word,)), expected, f"search for the word {word!r}")


@behaviour("search.unstorable_words")
def _(make: Make) -> None:
    """A word that no store can hold, with a NUL or half a surrogate pair, finds nothing."""
    users = make.new()
    save(users, a_user("ann"))
    for word in ("a\0", "\0", "\ud800"):
        for words in ((word,), ("ann", word)):
            equal(_names(users, words=words), [], f"search for the words {words}")


@behaviour("search.folding_is_done")
def _(make: Make) -> None:
    """Words are compared as they are: the library has folded them, and the store folds no more."""
    users = make.new()
    people = ("Søren", "Łuk", "Đorđe", "Ilıca")
    save(users, *(a_user(f"u{n}", given_name=name) for n, name in enumerate(people)))
    for n, name in enumerate(people):
        word = name.casefold()
        equal(_names(users, words=(word,)), [f"u{n}"], f"search for the word {word!r}")
    for word in ("soren", "luk", "dorde", "ilica", "SØREN", "UK"):  # LIKE ignores ASCII case
        equal(_names(users, words=(word,)), [], f"search for the word {word!r}")


@behaviour("search.own_school")
def _(make: Make) -> None:
    """A search finds accounts of its own school only."""
    users = make.new()
    save(users, a_user("ann"), a_user("ben", school=MILL))
    equal(_names(users), ["ann"], "search of the first school")
    equal(_names(users, school=MILL), ["ben"], "search of the second school")
    typed = SchoolCode.parse(str(HILL).upper())
    equal(_names(users, school=typed), ["ann"], "search of the first school, typed in capitals")
    equal(_names(users, school=SchoolCode.parse("none")), [], "search of a school without accounts")


@behaviour("search.statuses")
def _(make: Make) -> None:
    """A search finds accounts in one of the given statuses only."""
    users = make.new()
    people = {status: a_user(f"u-{status}", status=status) for status in Status}
    people[Status.ERASED] = erased(people[Status.ERASED])
    save(users, *people.values())
    names = {status: user.username.key for status, user in people.items()}
    for asked in (
        *([status] for status in Status),
        [Status.ACTIVE, Status.INVITED],
        [],
        list(Status),
    ):
        found = _names(users, statuses=frozenset(asked))
        expected = sorted(names[status] for status in asked)
        equal(sorted(found), expected, f"search for the statuses {list(map(str, asked))}")
    del names[Status.ERASED]
    equal(_names(users), sorted(names.values()), "search for every status but erased")


@behaviour("search.roles")
def _(make: Make) -> None:
    """A search finds accounts with one of the given roles only."""
    users = make.new()
    save(users, *(a_user(role.value, role=role) for role in Role))
    for asked in (*([role] for role in Role), [Role.ADMIN, Role.STAFF], [], list(Role)):
        found = _names(users, roles=frozenset(asked))
        expected = sorted(role.value for role in asked)
        equal(found, expected, f"search for the roles {list(map(str, asked))}")


@behaviour("search.has_email")
def _(make: Make) -> None:
    """A search finds accounts with an e-mail address, those without one, or both."""
    users = make.new()
    save(users, a_user("ann", "ann@x.example"), a_user("ben"))
    for has_email, expected in {True: ["ann"], False: ["ben"], None: ["ann", "ben"]}.items():
        found = _names(users, has_email=has_email)
        equal(found, expected, f"search with has_email={has_email}")


@behaviour("search.filters_together")
def _(make: Make) -> None:
    """An account must fit all that is asked for: school, words, status, role and address."""
    users = make.new()
    fits = a_user("ann", "lee@x.example", role=Role.ADMIN, status=Status.ACTIVE)
    other = replace(fits, email=None)
    save(
        users,
        fits,
        _named(other, "ben"),
        _named(other, "cat", email=EmailAddress.parse("cat@x.example")),
        _named(other, "dan", email=EmailAddress.parse("lee@d.example"), role=Role.STAFF),
        _named(other, "eve", email=EmailAddress.parse("lee@e.example"), status=Status.INVITED),
        _named(other, "fay", email=EmailAddress.parse("lee@f.example"), school=MILL),
    )
    whole: dict[str, Any] = {
        "words": ("lee@",),
        "statuses": frozenset({Status.ACTIVE}),
        "roles": frozenset({Role.ADMIN}),
        "has_email": True,
    }
    equal(_names(users, **whole), ["ann"], "search with every filter")
    for left_out, also in {"words": "cat", "statuses": "eve", "roles": "dan"}.items():
        some = {name: value for name, value in whole.items() if name != left_out}
        equal(_names(users, **some), ["ann", also], f"search with every filter but {left_out}")
    equal(_names(users, **{**whole, "has_email": False}), [], "search with has_email=False too")


def _named(user: User, name: str, **fields: Any) -> User:
    return replace(user, id=UserId.parse(name), username=Username.parse(name), **fields)


@behaviour("search.order")
def _(make: Make) -> None:
    """Accounts come by the code points of `username.key`, whatever a collation says."""
    ordered = ["a", "a-b", "a.b", "a1", "a_b", "ab", "b", "z", "ä", "я", "\ufa0e", "\U00020000"]
    users = make.new()
    names = [Username.parse(name) for name in ordered]
    people = [a_user(f"u{n}", username=name) for n, name in enumerate(names)]
    save(users, *people[::2], *people[::-2])
    equal(_names(users), ordered, "usernames in the order of a search")


@behaviour("search.pages")
def _(make: Make) -> None:
    """Following `next` gives every account once, in pages of any size; it is None at the end."""
    users = make.new()
    names = [f"u{n}" for n in range(6)]
    save(
        users,
        *(a_user(name) for name in names),
        *(a_user(f"{name}-other", school=MILL) for name in names),
        *(a_user(f"{name}-staff", role=Role.STAFF) for name in names),
    )
    teachers = frozenset({Role.TEACHER})

    def ask(after: str | None, limit: int) -> Page[str]:
        page = _ask(users, roles=teachers, after=after, limit=limit)
        return Page(tuple(user.username.key for user in page.items), page.next)

    paged(ask, names, "usernames of a search")


@behaviour("search.pages_while_changing")
def _(make: Make) -> None:
    """Accounts that come or go between two pages make no other one missing or repeated."""
    users = make.new()
    stored = save(users, *(a_user(f"u{n}") for n in range(8)))
    whole = [user.username.key for user in stored]
    changes = iter(
        [
            [a_user("a-new"), a_user("b-new")],  # before the next page
            [replace(user, school=MILL) for user in stored[:2]],  # of the first page
            [replace(stored[5], school=MILL)],  # at which the last page ended
        ]
    )
    found: list[str] = []
    for page in pages(lambda after, limit: _ask(users, after=after, limit=limit), 2):
        found += [user.username.key for user in page.items]
        save(users, *next(changes, []))
    equal(found, whole, "usernames of a search, two at a time, while other accounts come and go")


@behaviour("search.empty")
def _(make: Make) -> None:
    """Where no account fits, the page is empty and the last."""
    users = make.new()
    no_page(_ask(users), "a search without any account")
    save(users, a_user("ann"))
    no_page(_ask(users, words=("nobody",)), "a search that no account fits")


@behaviour("search.bad_cursor")
def _(make: Make) -> None:
    """An `after` that the store cannot have given is a `ValueError`."""
    users = make.new()
    save(users, a_user("ann"))
    refuses_cursors(lambda after: _ask(users, after=after))
