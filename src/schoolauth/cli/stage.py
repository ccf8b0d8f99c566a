"""Where the tour's scenes play: it makes the calls, and prints them with what really came back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from schoolauth.cli.terminal import Terminal
from schoolauth.cli.texts import counted, event_text, user_text, words
from schoolauth.errors import SchoolAuthError
from schoolauth.mis import Roster
from schoolauth.model.change import PAGE_MAX, Page
from schoolauth.model.events import AuditEvent
from schoolauth.model.mail import MailMessage
from schoolauth.model.mapping import Link, MappingPlan, MappingReport
from schoolauth.model.names import UserId
from schoolauth.model.token import PasswordTokenInfo
from schoolauth.model.user import User
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.sign_in import Login
from schoolauth.service.user_management import UserManagement

Answer = TypeVar("Answer")
Refusal = TypeVar("Refusal", bound=SchoolAuthError)

_RECEIVERS = {SchoolAuth: "auth", UserManagement: "desk"}
_TOKEN_SHOWN = 6
_EVENTS_SHOWN = 4


class Mails(list[MailMessage]):
    """A mailer that sends nothing and keeps every mail."""

    def send(self, message: MailMessage) -> None:
        """Keep *message*."""
        self.append(message)


@dataclass(frozen=True, slots=True)
class Hidden:
    """An argument that is used as *value* and printed as *text*."""

    value: Any
    text: str


def new_password() -> str:
    """Return a password that the default policy accepts, another one each time."""
    return f"{secrets.token_urlsafe(9)}7"


def promise(kept: bool, what: str) -> None:
    """Stop the tour if something did not come out as it says."""
    if not kept:
        raise AssertionError(what)


class Stage:
    """Plays calls on one school: prints each with its answer or refusal, mails and audit events."""

    def __init__(
        self, out: Terminal, auth: SchoolAuth, desk: UserManagement, mails: Mails, roster: Roster
    ) -> None:
        self.out = out
        self.auth = auth
        self.desk = desk
        self.mails = mails
        self.rows = Hidden(roster, "<rows of staff.csv>")
        self.passwords: dict[UserId, str] = {}
        self._names: dict[str, str] = {}
        self._mails_told = len(mails)
        self._events_told = len(self._events())

    # --- what the scenes say and do --------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Print a paragraph of the story."""
        self.out.say()
        self.out.say(text, indent=2)

    def run(self, call: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        """Make a call that is to succeed, and return its answer."""
        self._tell_call(call, args, kwargs)
        answer = call(*map(_used, args), **{name: _used(kwargs[name]) for name in kwargs})
        for number, line in enumerate(self._answer_lines(answer)):
            self.out.labelled("" if number else "answer", line, "green")
        self._tell_traces()
        return answer

    def refused(
        self, expected: type[Refusal], call: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Refusal:
        """Make a call that is to be refused, and return the refusal."""
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
            self._names[user_id] = str(self.desk.get_user(user_id).username)
        return self._names[user_id]

    # --- how it is printed -----------------------------------------------------------------------

    def _tell_call(
        self, call: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        receiver = _RECEIVERS.get(type(getattr(call, "__self__", None)), "")
        shown = [self._shown(arg) for arg in args]
        shown += [f"{name}={self._shown(kwargs[name])}" for name in kwargs]
        name = f"{receiver}.{call.__name__}".removeprefix(".")
        self.out.say()
        self.out.labelled("call", f"{name}({', '.join(shown)})", "bold")

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
            case dict():
                items = (f"{key!r}: {self._shown(item)}" for key, item in value.items())
                return f"{{{', '.join(items)}}}"
            case list():
                return f"[{', '.join(map(self._shown, value))}]"
        return repr(str(value)) if isinstance(value, str) else repr(value)

    def _answer_lines(self, answer: object) -> list[str]:
        match answer:
            case Login():
                return [f"signed in by {answer.how}: {user_text(answer.user)}"]
            case User():
                return [user_text(answer)]
            case PasswordTokenInfo():
                until = f"{answer.expires_at:%Y-%m-%d %H:%M} UTC"
                return [f"{words(answer.purpose)} link of {answer.username}, good until {until}"]
            case MappingPlan():
                kinds = Counter(item.kind for item in answer.items)
                return [", ".join(f"{count} {words(kind)}" for kind, count in kinds.items())]
            case MappingReport():
                added, left = counted(len(answer.added), "account"), len(answer.left_alone)
                return [f"{added} added, {len(answer.changed)} changed, {left} left alone"]
            case Page():
                return [self._item_line(item) for item in answer.items] or ["nothing found"]
        return [str(answer)]

    def _item_line(self, item: User | AuditEvent) -> str:
        return user_text(item) if isinstance(item, User) else event_text(item, self.name_of)

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
