"""Random sequences of calls to a repository and to the one in memory; needs Hypothesis.

Each rule is one line of what is printed when the two differ, so rules take plain texts and numbers.
Hypothesis prints the arguments of a step by their names, from a to z.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from schoolauth.model.change import LISTED, Change, HistoryQuery, UserQuery
from schoolauth.model.events import LoginSucceeded
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing.repository.contract import Make
from schoolauth.testing.repository.model_comparison import ComparedRepositories
from schoolauth.testing.repository.sample_accounts import HILL, MILL, NOW, a_user, edited, erased

STEPS = 30
"""With three events each, this makes fewer pages than `pages` allows."""
SCHOOLS = {"hill": HILL, "mill": MILL}
STATUSES = {"all": frozenset(Status), "listed": LISTED, "inactive": frozenset({Status.INACTIVE})}
ROLES = {"any": frozenset(Role), "slt": frozenset({Role.SLT})}
KINDS = {"any": frozenset[str](), "sign-ins": frozenset({LoginSucceeded.kind})}

# few values, so that keys collide, move and come back
IDS = ("ann", "ben", "cat", "Ann")
USERNAMES = ("ann", "ben", "cat", "dän")
EMAILS = ("a@x.example", "b@x.example", "c@x.example")
MIS_IDS = ("1", "a", "A")
KEYS: list[UserKey] = [
    *map(UserId.parse, IDS),
    *map(Username.parse, USERNAMES),
    *map(EmailAddress.parse, EMAILS),
    *(MisId(HILL, "sims", text) for text in MIS_IDS),
]
accounts = st.sampled_from(IDS)
usernames = st.sampled_from(USERNAMES)
emails = st.sampled_from((None, *EMAILS))
mis_ids = st.sampled_from((None, *MIS_IDS))
schools = st.sampled_from(["hill", "hill", "hill", "mill"])
offs = st.sampled_from([0, 0, 0, -1, 1])


def run(make: Make) -> None:
    """Run as many random sequences as the host's Hypothesis profile has examples.

    Raises:
        Unkept: if an answer differs from the reference's; its notes are the shortest such sequence.
    """

    class Repository(_Repository):
        def __init__(self) -> None:
            super().__init__(make.new())

    host = settings()
    run_state_machine_as_test(
        Repository,
        settings=settings(
            host,
            stateful_step_count=STEPS,
            deadline=None,  # a busy machine is not a defect
            suppress_health_check=list(HealthCheck),  # a host's `@given` around it does no harm
            # the sequence alone, without lines of ours that it ran through
            report_multiple_bugs=False,
            print_blob=False,
            phases={Phase.generate, *host.phases} - {Phase.explain},
        ),
    )


class _Repository(RuleBasedStateMachine):
    """The same calls on *users* and on the reference."""

    def __init__(self, users: UserRepository) -> None:
        super().__init__()
        self.model = MemoryUserRepository()
        self.compared = ComparedRepositories(users, self.model)
        self.changes = 0

    # --- changes ---

    @initialize(accounts=st.sampled_from([0, 1, 2, 3, 3]))
    def settle(self, accounts: int) -> None:
        """Begin with so many of ann, ben and cat, who have an address and a MIS id each."""
        new = (
            replace(a_user(name, email), mis_id=_mis_id(mis_id))
            for name, email, mis_id in zip(USERNAMES, EMAILS, MIS_IDS, strict=False)
        )
        self._change(*itertools.islice(new, accounts))

    @rule(account=accounts, email=emails, mis_id=mis_ids, username=usernames)
    def rename(self, account: str, email: str | None, mis_id: str | None, username: str) -> None:
        """Give an account, which may be new, these keys, which may be taken."""
        for user in self._stored(account) or [a_user(account)]:
            renamed = replace(
                user,
                username=Username.parse(username),
                email=_email(email),
                mis_id=_mis_id(mis_id),
            )
            self._change(renamed)

    @rule(
        account=accounts,
        name=st.sampled_from(["Given", "Zoë"]),
        off=offs,
        role=st.sampled_from([Role.TEACHER, Role.SLT]).map(str),
        school=schools,
        status=st.sampled_from([Status.INVITED, Status.INACTIVE]).map(str),
    )
    def edit(self, account: str, name: str, off: int, role: str, school: str, status: str) -> None:
        """Write fields that are not keys, in a version that may not be the stored one."""
        for user in self._stored(account) or [a_user(account)]:
            written = replace(
                _off(user, off),
                given_name=name,
                role=Role(role),
                school=SCHOOLS[school],
                status=Status(status),
            )
            self._change(written)

    @rule(account=accounts, other=accounts, usernames=st.booleans())
    def swap(self, account: str, other: str, usernames: bool) -> None:
        """Let two accounts change their keys, in one change."""
        if account != other:
            self._turn(self._stored(account, other), usernames)

    @rule(usernames=st.booleans())
    def turn(self, usernames: bool) -> None:
        """Hand the keys of all accounts round, in one change."""
        self._turn(self._stored("Ann", "ann", "ben", "cat"), usernames)

    @rule(account=accounts, heir=accounts, heir_first=st.booleans())
    def inherit(self, account: str, heir: str, heir_first: bool) -> None:
        """Erase an account whose keys go to another, which may be new, in one change."""
        for user in self._stored(account):
            heirs = self._stored(heir) or [a_user(heir)]
            pair = [erased(user), *(_keys_from(user, each, usernames=True) for each in heirs)]
            if account != heir:
                self._change(*(pair[::-1] if heir_first else pair))

    @rule(account=accounts, claims=emails, other=accounts)
    def both(self, account: str, claims: str | None, other: str) -> None:
        """Write an account and another one, which claims an address, in one change."""
        first = [replace(user, given_name="Both") for user in self._stored(account)]
        second = self._stored(other) or [a_user(other)]
        if account != other:
            self._change(*first, *(replace(user, email=_email(claims)) for user in second))

    @rule(account=accounts, off=offs, rests_on=accounts)
    def guarded(self, account: str, off: int, rests_on: str) -> None:
        """Write an account, if another, which may have moved on, still stands."""
        written = [] if account == rests_on else self._stored(account)
        still = [_off(user, off) for user in self._stored(rests_on) or [a_user(rests_on)]]
        self._change(*(replace(user, given_name="Guarded") for user in written), unchanged=still)

    @rule(account=accounts)
    def erase(self, account: str) -> None:
        """Let go of all keys of an account."""
        for user in self._stored(account):
            self._change(erased(user))

    @rule(account=accounts, hour=st.integers(0, 3), times=st.integers(1, 3))
    def sign_in(self, account: str, hour: int, times: int) -> None:
        """Write events alone; their times are in no order."""
        at, user = NOW + timedelta(hours=hour), UserId.parse(account)
        signed_in = [
            LoginSucceeded(at=at, school=HILL, user=user, how="password"),
            LoginSucceeded(at=at, school=HILL, user=user, how="link"),
            LoginSucceeded(at=at, school=MILL, user=user),
        ]
        self._save(Change(events=signed_in[:times]))

    # --- questions ---

    @rule(limit=st.sampled_from([250, 1, 2]))
    def browse(self, limit: int) -> None:
        """Turn all pages of both schools and of the history."""
        for school in SCHOOLS.values():
            self.compared.search(UserQuery(school, statuses=frozenset(Status), limit=limit))
        self.compared.history(HistoryQuery(limit=2 * limit))

    @rule(
        has_email=st.sampled_from([None, None, True, False]),
        limit=st.sampled_from([500, 1, 2]),
        roles=st.sampled_from(list(ROLES)),
        school=schools,
        statuses=st.sampled_from(list(STATUSES)),
        words=st.sampled_from(["", "n", "zoe", "x.example", "a n", "n%n"]),
    )
    def search(
        self, has_email: bool | None, limit: int, roles: str, school: str, statuses: str, words: str
    ) -> None:
        """Search, page by page."""
        asked = (SCHOOLS[school], tuple(words.split()), STATUSES[statuses], ROLES[roles], has_email)
        self.compared.search(UserQuery(*asked, limit=limit))

    @rule(
        account=st.none() | accounts,
        kinds=st.sampled_from(list(KINDS)),
        limit=st.sampled_from([500, 2, 3]),
        school=st.none() | schools,
        since=st.none() | st.integers(0, 3),
    )
    def history(
        self, account: str | None, kinds: str, limit: int, school: str | None, since: int | None
    ) -> None:
        """Read the history, page by page."""
        asked = (
            None if school is None else SCHOOLS[school],
            None if account is None else UserId.parse(account),
            KINDS[kinds],
            None if since is None else NOW + timedelta(hours=since),
        )
        self.compared.history(HistoryQuery(*asked, limit=limit))

    # --- the steps' tools ---

    def _stored(self, *names: str) -> list[User]:
        """Return those of the accounts that are there, in this order."""
        ids = [UserId.parse(name) for name in names]
        found = self.model.find(ids)
        return [found[key] for key in ids if key in found]

    def _turn(self, people: list[User], usernames: bool) -> None:
        after = people[1:] + people[:1]
        turned = (
            _keys_from(giver, taker, usernames=usernames)
            for taker, giver in zip(people, after, strict=True)
        )
        self._change(*turned)

    def _change(self, *people: User, unchanged: Iterable[User] = ()) -> None:
        """Save *people* with two events, the first of which is about the first of them."""
        self.changes += 1
        about = people[0].id if people else None
        events = [edited(user=about, source=str(self.changes)), edited()]
        self._save(Change(people, events, unchanged))

    def _save(self, change: Change) -> None:
        self.compared.save(change)
        self.compared.find(KEYS)


def _email(text: str | None) -> EmailAddress | None:
    return None if text is None else EmailAddress.parse(text)


def _mis_id(text: str | None) -> MisId | None:
    return None if text is None else MisId(HILL, "sims", text)


def _keys_from(giver: User, taker: User, *, usernames: bool) -> User:
    username = (giver if usernames else taker).username
    return replace(taker, username=username, email=giver.email, mis_id=giver.mis_id)


def _off(user: User, off: int) -> User:
    return replace(user, version=max(0, user.version + off))
