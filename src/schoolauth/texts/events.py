"""What an event of the history says has happened, by its kind and its own fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schoolauth.texts.errors import SENTENCES as ERRORS
from schoolauth.texts.errors import spaces_text
from schoolauth.texts.passwords import broken_text
from schoolauth.texts.sentences import Facts, Sentences, say, words

SENTENCES: Sentences = {
    "login_succeeded": "Somebody signed in by {how:words}.",
    "login_succeeded/password": "Somebody signed in with the password.",
    "login_succeeded/link": "Somebody signed in by a mailed link.",
    "login_failed": "A sign-in was refused: {reason:words}.",
    "login_failed/unknown": "A sign-in was refused: no account has this name.",
    "login_failed/wrong_password": "A sign-in was refused: the password was wrong.",
    "login_failed/inactive": "A sign-in was refused: the account was inactive.",
    "login_failed/invited": "A sign-in was refused: no password was chosen yet.",
    "login_failed/temporary_password_expired": "A sign-in was refused: the temporary password had "
    "ended.",
    "login_failed/must_change_password": "A sign-in was refused: the temporary password was right, "
    "and another one must be chosen first.",
    "login_failed/space_around_name": "A sign-in was refused: there was a space around the name.",
    "login_failed/throttled": "A sign-in was refused: there were too many attempts.",
    "login_throttled": "There were too many attempts under one name or from one source, and more "
    "were turned away.",
    "account_unlocked": "The count of the account's failed attempts was cleared.",
    "sessions_ended": "Every session of the account was ended.",
    "password_reset_requested": "A link for a new password was asked for, and none was sent.",
    "password_reset_requested/sent": "A link for a new password was asked for, and sent.",
    "create_password_sent": "The create password mail was sent.",
    "password_changed": "The password was changed: {how:words}.",
    "password_changed/change": "The owner changed the password.",
    "password_changed/reset": "A new password was chosen with a forgotten password link.",
    "password_changed/create": "A password was chosen with the link of a create password mail.",
    "password_changed/must_change": "A new password was chosen in place of the temporary one.",
    "password_changed/admin": "An administrator set the password.",
    "password_changed/support": "The support team set the password.",
    "password_refused": "A new password was refused because {broken}. Nothing was changed.",
    "password_rehashed": "The password was stored in a newer form; it is still the same.",
    "stored_password_unreadable": "The stored password cannot be read, so no password matches it.",
    "mail_failed": 'The mail "{mail:words}" could not be sent.',
    "email_change_requested": "The owner asked for another e-mail address, which is not "
    "confirmed yet.",
    "email_changed": "The e-mail address was changed.",
    "email_changed/was_wrong": "The e-mail address was changed: the old one was another person's.",
    "email_released": "The e-mail address was removed, and is free for another account.",
    "status_changed": "The status of the account changed from {old} to {new}.",
    "user_added": "The account was added.",
    "user_added/source": "The account was added from {source}.",
    "user_edited": "The account was edited: {fields:words}.",
    "user_edited/source": "The account was edited from {source}: {fields:words}.",
    "user_moved": "The account moved from school {old} to school {new}.",
    "user_erased": "Everything personal was erased from the account.",
    "legal_hold_set/on": "The account was put under a legal hold: {reason}.",
    "legal_hold_set/off": "The account's legal hold was taken off: {reason}.",
    "duplicate_resolved": "The account, which was {old}, was retired: account {kept} took its "
    "place.",
    "duplicate_resolved/moved": "The account, which was {old}, was retired: account {kept} took "
    "its place, and got: {moved:words}.",
    "duplicate_restored": "The account is no longer retired in favour of account {kept}.",
    "duplicate_restored/moved": "The account is no longer retired in favour of account {kept}, and "
    "got back: {moved:words}.",
    "mapping_applied": "A staff list of {source} was applied. Accounts added: {added}, changed: "
    "{changed}, made inactive: {left}.",
    "met_elsewhere": "Keys of other schools' accounts were asked for: {count}.",
    "met_elsewhere/refused": "Keys of other schools' accounts were asked for, and there was no "
    "answer: the school had asked too much that day.",
    "recovery_requested": "Somebody asked to recover an administrator account. A link to approve "
    "it was sent to: {asked}.",
    "recovery_requested/nobody": "Somebody asked to recover an administrator account, and there "
    "was nobody who could approve it.",
    "recovery_approved/link": "The {approver} approved, by a link, a new address for an "
    "administrator account.",
    "recovery_approved/writing": "The {approver} approved, in writing, a new address for an "
    "administrator account (reference: {reference}).",
    "recovery_refused/link": "The approval of a recovery did not count. {why}",
    "recovery_refused/writing": "The approval of a recovery did not count (reference: "
    "{reference}). {why}",
    "school_added": "The school was added.",
    "school_changed": "The school's file was changed: {fields:words}.",
}


def event_text(kind: str, facts: Facts) -> str:
    """Return what happened, in a sentence: not when, and not who did it.

    A code that another version has written, and this one does not know, is said as it is.

    Raises:
        KeyError: if there is no such kind, or a fact is missing.
    """
    case = _CASES[kind](facts) if kind in _CASES else None
    reason = str(facts.get("reason"))
    said = {
        **facts,
        "case": case if f"{kind}/{case}" in SENTENCES else None,
        "count": len(facts.get("digests", ())),
        "broken": broken_text(facts.get("violations", ())),
        "why": ERRORS.get(f"approval_refused/{reason}", f"{words(reason)}."),
    }
    text = say(SENTENCES, kind, said)
    if facts.get("hints"):
        text = f"{text} There was a space {spaces_text(facts['hints'])}."
    return text


def _how(facts: Facts) -> str:
    return str(facts["how"])


def _source(facts: Facts) -> str | None:
    return "source" if facts["source"] else None


def _moved(facts: Facts) -> str | None:
    return "moved" if facts["moved"] else None


def _approval(facts: Facts) -> str:
    return "link" if facts["reference"] is None else "writing"


_CASES: Mapping[str, Callable[[Facts], str | None]] = {
    "login_succeeded": _how,
    "login_failed": lambda facts: str(facts["reason"]),
    "password_reset_requested": lambda facts: "sent" if facts["sent"] else None,
    "password_changed": _how,
    "email_changed": lambda facts: "was_wrong" if facts["was_wrong"] else None,
    "user_added": _source,
    "user_edited": _source,
    "legal_hold_set": lambda facts: "on" if facts["on"] else "off",
    "duplicate_resolved": _moved,
    "duplicate_restored": _moved,
    "met_elsewhere": lambda facts: None if facts["digests"] else "refused",
    "recovery_requested": lambda facts: None if facts["asked"] else "nobody",
    "recovery_approved": _approval,
    "recovery_refused": _approval,
}
"""Which of the sentences of a kind is meant, where there are several."""
