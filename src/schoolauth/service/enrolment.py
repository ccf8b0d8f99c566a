"""How a person gets an account: their details are parsed once, and a username is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from schoolauth.errors import UsernameTaken
from schoolauth.model.arguments import parse_email, parse_role, parse_username
from schoolauth.model.change import Stamp
from schoolauth.model.events import UserAdded
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts
from schoolauth.rules.usernames import suggest_usernames
from schoolauth.service.core import TRIES, Core

_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is to get an account; without a *username*, one is suggested."""

    given_name: str
    family_name: str
    role: Role
    email: EmailAddress | None
    username: Username | None
    mis_id: MisId | None = None

    @classmethod
    def parse(
        cls,
        given_name: str,
        family_name: str,
        role: Role,
        email: EmailAddress | str | None,
        username: Username | str | None,
        mis_id: MisId | None = None,
    ) -> Person:
        """Return the person, with every value parsed."""
        if mis_id is not None and not isinstance(mis_id, MisId):
            raise TypeError("mis_id must be a MisId")
        return cls(
            given_name=parse_name(given_name, "given_name"),
            family_name=parse_name(family_name, "family_name"),
            role=parse_role(role),
            email=None if email is None else parse_email(email),
            username=None if username is None else parse_username(username),
            mis_id=mis_id,
        )


def new_user_id(core: Core) -> UserId:
    """Return an id for a new account."""
    made = core.new_id()
    return made if isinstance(made, UserId) else UserId.parse(made)


def new_account(
    core: Core, user_id: UserId, school: SchoolCode, person: Person, stamp: Stamp
) -> tuple[User, UserAdded]:
    """Return a new account for *person*, under their username or the first free suggestion."""
    new = accounts.NewUser(
        id=user_id,
        school=school,
        username=person.username
        or free_username(core, school, person.family_name, person.given_name),
        given_name=person.given_name,
        family_name=person.family_name,
        role=person.role,
        email=person.email,
        mis_id=person.mis_id,
    )
    digest = None if person.mis_id is None else core.mis_digest(person.mis_id)
    return accounts.add_user(new, stamp, mis_digest=digest)


def free_username(core: Core, school: SchoolCode, family_name: str, given_name: str) -> Username:
    """Return the first suggestion that no account of any school has."""
    suggestions = suggest_usernames(school, family_name, given_name)
    while names := list(islice(suggestions, _AT_ONCE)):
        taken = core.users.find(names)
        for name in names:
            if name not in taken:
                return name
    raise UsernameTaken(next(suggest_usernames(school, family_name, given_name)))


def with_suggestion(add: Callable[[], User], *, suggested: bool) -> User:
    """Return what *add* returns; call it again if a suggested name was taken meanwhile."""
    for _ in range(TRIES if suggested else 0):
        try:
            return add()
        except UsernameTaken:
            continue
    return add()
