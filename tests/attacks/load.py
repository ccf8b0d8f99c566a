"""One person's calls under a database that is killed, and what may be true after them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from schoolauth import (
    ImportedUser,
    LoginRefused,
    PasswordChangeRequired,
    Refused,
    Role,
    Status,
    Unavailable,
    User,
)
from tests.service.world import PASSWORD, World


@dataclass(frozen=True)
class State:
    """What one person's calls change of their account."""

    given_name: str
    email: str | None
    status: Status

    @classmethod
    def of(cls, user: User) -> State:
        """Return the state of *user*."""
        return cls(user.given_name, None if user.email is None else str(user.email), user.status)


def _same(state: State) -> State:
    return state


class Step(NamedTuple):
    """One call, what it does to the state, and the password that it sets, if it does."""

    name: str
    call: Callable[[], Any]
    effect: Callable[[State], State] = _same
    password: str | None = None
    token: Callable[[], str] | None = None


@dataclass
class Load:
    """One thread's calls, and what may be true after them: one state, more where one was lost."""

    world: World
    user: User
    number: int
    acknowledged: Callable[[], None]
    possible: set[State] = field(default_factory=set)
    passwords: set[str] = field(default_factory=lambda: {PASSWORD})
    used: list[str] = field(default_factory=list)
    added: list[User] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        """Make calls until *stop*; only the library's own errors are expected."""
        self.possible = {State.of(self.user)}
        turn = 0
        while not stop.is_set():
            turn += 1
            for step in self._steps(f"{self.number}x{turn}"):
                try:
                    answer = step.call()
                except Refused:
                    continue  # by what was read: nothing was written
                except Unavailable:
                    self.lost[step.name] += 1
                    self.possible |= {step.effect(state) for state in self.possible}
                    if step.password is not None:
                        self.passwords.add(step.password)
                    stop.wait(0.01)
                except BaseException as error:  # noqa: BLE001 # the test shows it
                    self.errors.append(error)
                    return
                else:
                    self.done[step.name] += 1
                    self.possible = {step.effect(state) for state in self.possible}
                    if isinstance(answer, User) and answer.id == self.user.id:
                        self.possible = {State.of(answer)}
                    if step.password is not None:
                        self.passwords = {step.password}
                    if step.token is not None:
                        self.used.append(step.token())
                    self.acknowledged()

    def log_in(self) -> None:
        """Sign in, and so find out which of the passwords it is that may be the account's."""
        for password in sorted(self.passwords):
            try:
                self.world.auth.log_in(str(self.user.username), password)
            except PasswordChangeRequired:
                self.passwords = {password}
                raise
            except LoginRefused:
                continue
            self.passwords = {password}
            return
        raise LoginRefused

    def _sure(self) -> str:
        """Return the password; a `Refused` where two are possible until somebody signs in."""
        if len(self.passwords) > 1:
            raise LoginRefused
        return next(iter(self.passwords))

    def _mailed(self, email: str) -> str:
        """Return the token that was mailed to *email*; a `Refused` if none was."""
        for mail in reversed(list(self.world.outbox)):
            if mail.kind == "password_reset" and str(mail.to) == email and mail.token is not None:
                return mail.token
        raise LoginRefused

    def _steps(self, mark: str) -> list[Step]:
        auth, desk, key = self.world.auth, self.world.desk, self.user.id
        name, email = f"Jess {mark}", f"a{mark}@x.example.org"
        passwords = [f"Chalk{mark}{way}7" for way in ("reset", "change", "given", "chosen")]

        def add() -> None:
            user = desk.add_user(
                given_name="New", family_name=f"N{mark}", role=Role.STAFF, username=f"new{mark}"
            )
            self.added.append(user)

        def pair() -> None:
            both = [ImportedUser(f"pair{mark}{half}", "Pa", "Ir", Role.STAFF) for half in "ab"]
            self.added += auth.support(by="x").import_users("wg204nx", both, source="old")

        def request() -> None:
            if {state.email for state in self.possible} != {email}:
                raise LoginRefused  # whose history has it is not sure
            auth.request_password_reset(email)

        def reset() -> None:
            self._sure()
            auth.reset_password(self._mailed(email), passwords[0])

        def give() -> None:
            self._sure()
            desk.set_password(key, passwords[2])

        chosen: list[str] = []

        def choose() -> None:
            if self._sure() != passwords[2]:
                raise LoginRefused
            try:
                auth.log_in(str(self.user.username), passwords[2])
            except PasswordChangeRequired as required:
                chosen.append(required.password_token)
            auth.reset_password(chosen[-1], passwords[3])

        return [
            Step(
                "edit",
                lambda: desk.edit_user(key, given_name=name),
                lambda state: replace(state, given_name=name),
            ),
            Step(
                "email",
                lambda: desk.set_email(key, email),
                lambda state: replace(state, email=email),
            ),
            Step("add", add),
            Step("log_in", self.log_in),
            Step("request", request),
            Step("reset", reset, _same, passwords[0], lambda: self._mailed(email)),
            Step(
                "change",
                lambda: auth.change_password(key, current=self._sure(), new=passwords[1]),
                _same,
                passwords[1],
            ),
            Step("give", give, _same, passwords[2]),
            Step("choose", choose, _same, passwords[3], lambda: chosen[-1]),
            Step(
                "leave",
                lambda: desk.deactivate(key, release_email=True),
                lambda state: replace(state, email=None, status=Status.INACTIVE),
            ),
            Step("pair", pair),
            Step(
                "return",
                lambda: desk.reactivate(key),
                lambda state: replace(state, status=Status.ACTIVE),
            ),
            Step("end", lambda: auth.end_sessions(key)),
        ]
