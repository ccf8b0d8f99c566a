"""How the tour prints the answer of a call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from schoolauth.cli.lines import counted, event_text, user_text
from schoolauth.model.change import Page
from schoolauth.model.diagnosis import Diagnosis
from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.events import AuditEvent
from schoolauth.model.login import Login
from schoolauth.model.mapping import MappingPlan, MappingReport
from schoolauth.model.token import PasswordTokenInfo, RecoveryRequest
from schoolauth.model.user import User
from schoolauth.service.retention import LeaversErasure
from schoolauth.texts.sentences import words


def answer_lines(answer: object, name_of: Callable[[str], str]) -> list[str]:
    """Return an answer in a few lines; *name_of* turns the id of an account into its name."""
    match answer:
        case Login():
            return [f"signed in by {answer.how}: {user_text(answer.user)}"]
        case PasswordTokenInfo():
            until = f"{answer.expires_at:%Y-%m-%d %H:%M} UTC"
            return [f"{words(answer.purpose)} link of {answer.username}, good until {until}"]
        case RecoveryRequest():
            accounts = ", ".join(map(str, answer.accounts))
            return [f"{answer.requested_by} asks for {accounts}, with {answer.new_email}"]
        case MappingPlan():
            kinds = Counter(item.kind for item in answer.items)
            return [", ".join(f"{count} {words(kind)}" for kind, count in kinds.items())]
        case MappingReport():
            done = f"{counted(len(answer.added), 'account')} added, {len(answer.changed)} changed"
            return [f"{done}, {len(answer.left)} inactive, {len(answer.left_alone)} left alone"]
        case Diagnosis():
            return [f"{one.code}: {one.message}" for one in answer.findings]
        case LeaversErasure():
            numbers = (len(answer.due), len(answer.held), len(answer.erased))
            return ["{} due, {} under a legal hold, {} erased".format(*numbers)]
        case tuple():
            return [_item_line(item, name_of) for item in answer]
        case Page():
            return [_item_line(item, name_of) for item in answer.items] or ["nothing found"]
    return [user_text(answer) if isinstance(answer, User) else str(answer)]


def _item_line(item: User | AuditEvent | DuplicateGroup, name_of: Callable[[str], str]) -> str:
    if isinstance(item, DuplicateGroup):
        names = ", ".join(str(user.username) for user in item.users)
        reasons = ", ".join(map(words, item.reasons))
        return f"{names}: {words(item.verdict)} ({reasons})"
    return user_text(item) if isinstance(item, User) else event_text(item, name_of)
