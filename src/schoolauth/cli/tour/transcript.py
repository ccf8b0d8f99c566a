"""Makes the tour's calls, and prints them with what really came back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from schoolauth.cli.lines import event_text
from schoolauth.cli.recovery import KeptMails
from schoolauth.cli.terminal import Terminal
from schoolauth.cli.tour.answers import answer_lines
from schoolauth.errors import SchoolAuthError
from schoolauth.mis import Roster
from schoolauth.model.change import PAGE_MAX
from schoolauth.model.events import AuditEvent
from schoolauth.model.mapping import Link, MappingPlan
from schoolauth.model.names import UserId
from schoolauth.model.user import User
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.user_management import UserManagement

Answer = TypeVar("Answer")
Refusal = TypeVar("Refusal", bound=SchoolAuthError)

_TOKEN_SHOWN = 6
_EVENTS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Hidden:
    """An argument that is used as *value* and printed as *text*."""

    value: Any
    text: str


def new_password() -> str:
    """Return a password that the default policy accepts, another one each time."""
    return f"{secrets.token_urlsafe(9)}7"


def promise(kept: bool, what: str) -> None:
    """Stop the tour if *what* it says is not true."""
    if not kept:
        raise AssertionError(what)


class Transcript:
    """Plays calls on one school: prints each with its answer or refusal, mails and audit events."""

    def __init__(
        self,
        out: Terminal,
        auth: SchoolAuth,
        desk: UserManagement,
        mails: KeptMails,
        roster: Roster,
        export: Roster,
    ) -> None:
        self.out = out
        self.auth = auth
        self.desk = desk
        self.support = auth.support(by="tour")
        self.support_desk = self.support.manage(desk.school)
        self._receivers: list[tuple[str, object]] = [
            ("auth.", auth),
            ("desk.", desk),
            ("support.", self.support),
            (f"support.manage('{desk.school}').", self.support_desk),
        ]
        self.mails = mails
        self.rows = Hidden(roster, "<rows of staff.csv>")
        self.export = export
        self.passwords: dict[UserId, str] = {}
        self._names: dict[str, str] = {}
        self._mails_told = len(mails)
        self._events_told = len(self._events())

    # --- what the answers say and do -------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Print a paragraph of the story."""
        self.out.say()
        self.out.say(text, indent=2)

    def run(self, call: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        """Make a call that must succeed, and return its answer."""
        self._tell_call(call, args, kwargs)
        answer = call(*map(_used, args), **{name: _used(kwargs[name]) for name in kwargs})
        for number, line in enumerate(answer_lines(answer, self.name_of)):
            self.out.labelled("" if number else "answer", line, "green")
        self._tell_traces()
        return answer

    def refused(
        self, expected: type[Refusal], call: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Refusal:
        """Make a call that must be refused, and return the refusal."""
        self._tell_call(call, args, kwargs)
        try:
            call(*map(_used, args), **{name: _used(kwargs[name]) for name in kwargs})
        except expected as error:
            refusal = error
        else:
            raise AssertionError(f"{expected.code} was to be the answer, and nothing was refused")
        self.out.labelled("refused", f"{refusal.code}: {refusal.message}", "red")
        for name, value in refusal.details().items():
            if value and name in {"hints", "reason"}:
                shown = value if isinstance(value, str) else ", ".join(value)
                self.out.labelled("", f"{name}: {shown}")
        self._tell_traces()
        return refusal

    def quietly(self) -> None:
        """Leave out the mails and events so far: a paragraph has said what was done."""
        self._mails_told = len(self.mails)
        self._events_told = len(self._events())

    # --- who and what there is -------------------------------------------------------------------

    def user(self, username: str) -> User:
        """Return the account with this username as it is now."""
        found = [
            user for user in self.desk.search(username).items if str(user.username) == username
        ]
        promise(len(found) == 1, f"there is an account {username}")
        return found[0]

    def password(self, user: User) -> Hidden:
        """Return the password that *user* has chosen."""
        return Hidden(self.passwords[user.id], "<their password>")

    def choose(self, user: User) -> Hidden:
        """Return a new password, and keep it as the one that *user* has chosen."""
        self.passwords[user.id] = new_password()
        return Hidden(self.passwords[user.id], "<a new password>")

    def token(self) -> Hidden:
        """Return the token of the newest mail that has one."""
        tokens = [mail.token for mail in self.mails if mail.token is not None]
        promise(bool(tokens), "a mail with a link was sent")
        return Hidden(tokens[-1], "<token of the link>")

    def name_of(self, user_id: str) -> str:
        """Return the username of the account with this id."""
        if user_id not in self._names:
            self._names[user_id] = str(self.desk.get_user(user_id).username) or "<erased>"
        return self._names[user_id]

    # --- how it is printed -----------------------------------------------------------------------

    def _tell_call(
        self, call: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        owner = getattr(call, "__self__", None)
        receiver = next(name for name, desk in self._receivers if desk is owner)
        shown = [self._shown(arg) for arg in args]
        shown += [f"{name}={self._shown(kwargs[name])}" for name in kwargs]
        self.out.say()
        self.out.labelled("call", f"{receiver}{call.__name__}({', '.join(shown)})", "bold")

    def _shown(self, value: Any) -> str:
        match value:
            case Hidden():
                return value.text
            case UserId():
                return f"<id of {self.name_of(value.key)}>"
            case Link():
                return f"Link({self._shown(value.user_id)})"
            case MappingPlan():
                return "<the plan>"
            case timedelta():
                return f"timedelta(days={value.days})"
            case dict():
                items = (f"{key!r}: {self._shown(item)}" for key, item in value.items())
                return f"{{{', '.join(items)}}}"
            case list():
                return f"[{', '.join(map(self._shown, value))}]"
        return repr(str(value)) if isinstance(value, str) else repr(value)

    def _tell_traces(self) -> None:
        for mail in self.mails[self._mails_told :]:
            self.out.labelled("mail", f"{mail.kind} to {mail.to}: {mail.subject}", "cyan")
            if mail.link is not None and mail.token is not None:
                shown = mail.link.replace(mail.token, f"{mail.token[:_TOKEN_SHOWN]}...")
                self.out.labelled("", f"with the link {shown}")
        events = self._events()
        new = events[self._events_told :]
        for event in new[:_EVENTS_SHOWN]:
            self.out.labelled("audit", event_text(event, self.name_of), "dim")
        if new[_EVENTS_SHOWN:]:
            self.out.labelled("", f"and {len(new[_EVENTS_SHOWN:])} more")
        self._mails_told, self._events_told = len(self.mails), len(events)

    def _events(self) -> list[AuditEvent]:
        """Return the school's whole history, oldest first; the tour's is shorter than a page."""
        newest_first = self.desk.history(limit=PAGE_MAX).items
        # the events of one save share its time, and are in their order already
        saves = [list(save) for _, save in groupby(newest_first, key=lambda event: event.at)]
        return [event for save in reversed(saves) for event in save]


def _used(argument: Any) -> Any:
    return argument.value if isinstance(argument, Hidden) else argument
