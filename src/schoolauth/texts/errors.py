"""What each error says, by its code and its details."""

from __future__ import annotations

from collections.abc import Iterable

from schoolauth.texts.sentences import Facts, Sentences, all_of, say

SENTENCES: Sentences = {
    "school_auth_error": "The request was not carried out.",
    "refused": "That is not allowed.",
    "login_refused": "That username or password is not right.",
    "password_change_required": "Choose a new password before going on.",
    "throttled": "There have been too many attempts. Please wait a little and try again.",
    "password_rejected": "That password cannot be used, and nothing was changed.",
    "token_refused/expired": "This link has expired. Ask for a new one.",
    "token_refused/used": "This link has been used, or the account has changed since. "
    "Ask for a new one.",
    "token_refused/invalid": "This link is not complete. Copy the whole of it from the mail.",
    "session_ended": "Please sign in again.",
    "email_missing": "No e-mail address is saved on this profile. "
    "Edit the user in User Management and add an address, then send the mail again.",
    "email_taken": "This e-mail address is already used by another account.",
    "email_taken/holder": "This e-mail address is already used by {holder_username} "
    "({holder_status}). Remove it from that account first.",
    "email_invalid": "That is not a complete e-mail address.",
    "username_taken": "This username is already used by another account.",
    "username_invalid/empty": "A username cannot be empty.",
    "username_invalid/too_long": "A username has at most 64 characters.",
    "username_invalid/space_at_start": "There is a space at the start of the username.",
    "username_invalid/space_at_end": "There is a space at the end of the username.",
    "username_invalid/space_inside": "A username has no spaces in it.",
    "username_invalid/forbidden_character": "A username has letters, digits and signs such as "
    ". _ - only.",
    "username_invalid/mixed_scripts": "A username keeps to one alphabet.",
    "name_invalid": "This {field:words} cannot be used ({reason:words}).",
    "mis_id_taken": "Another account is already linked to this person in the MIS.",
    "school_unknown": "There is no school with this code.",
    "school_taken": "There is already a school with this code.",
    "user_not_found": "There is no such user.",
    "transition_forbidden": "This is not possible while the account is {status}.",
    "not_permitted/not_an_active_admin": "Only an active administrator of the school may do this.",
    "not_permitted/own_account": "Change your own password or e-mail address on your own profile.",
    "not_permitted/legal_hold": "This account is under a legal hold and cannot be erased.",
    "not_permitted/admin_exists": "The school has an administrator already, who can add others.",
    "not_permitted/other_school": "This belongs to another school.",
    "last_admin": "This is the school's last active administrator. Add another one first.",
    "approval_refused/not_on_file": "This address is not the headteacher's or the deputy's on the "
    "school's file.",
    "approval_refused/no_approver_on_file": "The school's file has no headteacher's address. "
    "Add it first.",
    "approval_refused/no_admin": "The school has no administrator account that could be recovered.",
    "approval_refused/account_needed": "The school has several administrators: say whose account "
    "is meant.",
    "approval_refused/not_an_admin": "This is not an administrator account of the school.",
    "approval_refused/changed_since": "The school's file or its administrators have changed since "
    "the request.",
    "approval_refused/signed_in_since": "Somebody has signed in to the account since the request: "
    "it is not lost.",
    "approval_refused/own_address": "The new address is the approver's own, so the other approver "
    "has to approve.",
    "approval_refused/email_held": "The new address belongs to another account.",
    "approval_refused/address_too_new": "The approver's address was changed less than three days "
    "ago.",
    "mapping_outdated": "The accounts have changed since this plan was made. Please plan again.",
    "too_many_leavers": "This would make {leavers} accounts inactive; {allowed} are allowed.",
    "roster_unreadable": "The file cannot be read.",
    "import_refused": "Nothing was imported. Problems that stand against it: {count}.",
    "unavailable": "This is not possible right now. Please try again.",
    "stale_user": "The account was changed at the same time. Please look again.",
    "storage_unavailable": "The accounts cannot be reached right now. Please try again.",
    "overloaded": "Many people are signing in right now. Please try again.",
    "mail_not_sent": "The mail could not be sent. Please try again later.",
    "contract_broken": "An adapter does not keep its contract.",
    "not_configured": "SchoolAuth was not given what this call needs.",
}
_PROBLEMS_SAID = 3


def error_text(code: str, details: Facts) -> str:
    """Return what the error with this *code* and these *details* says to a person.

    Raises:
        KeyError: if there is no such code or reason.
    """
    match code:
        case "token_refused" | "username_invalid" | "not_permitted" | "approval_refused":
            return say(SENTENCES, code, {"case": details["reason"]})
        case "login_refused" if details["hints"]:
            spaces = spaces_text(details["hints"])
            more = f"There is a space {spaces}, and a space counts as a character."
            return f"{SENTENCES[code]} {more}"
        case "password_rejected":
            return _with_messages(code, details["violations"])
        case "roster_unreadable":
            return _with_messages(code, details["problems"][:_PROBLEMS_SAID])
        case "import_refused":
            return say(SENTENCES, code, {"count": len(details["problems"])})
        case "email_taken" if details["holder_username"]:
            return say(SENTENCES, code, {**details, "case": "holder"})
    return say(SENTENCES, code, details)


def spaces_text(hints: Iterable[str]) -> str:
    """Return where the spaces are: ``space_at_end_of_password`` is at the end of the password."""
    ends = (hint[6:].replace("at_", "at the ").replace("_of_", " of the ") for hint in hints)
    return all_of(ends)


def _with_messages(code: str, causes: Iterable[Facts]) -> str:
    return " ".join([SENTENCES[code], *(cause["message"] for cause in causes)])
