"""What each error says, by its code and its details."""

from __future__ import annotations

from collections.abc import Mapping

from schoolauth.texts.words import Facts, all_of, fill, words

_SENTENCES: Mapping[str, str] = {
    "school_auth_error": "The request was not carried out.",
    "refused": "That is not allowed.",
    "login_refused": "That username or password is not right.",
    "password_change_required": "Choose a new password before going on.",
    "throttled": "There have been too many attempts. Please wait a little and try again.",
    "password_rejected": "That password cannot be used, and nothing was changed.",
    "session_ended": "Please sign in again.",
    "email_missing": "No e-mail address is saved on this profile. "
    "Edit the user in User Management and add an address, then send the mail again.",
    "email_taken": "This e-mail address is already used by another account.",
    "email_invalid": "That is not a complete e-mail address.",
    "username_taken": "This username is already used by another account.",
    "mis_id_taken": "Another account is already linked to this person in the MIS.",
    "school_unknown": "There is no school with this code.",
    "school_taken": "There is already a school with this code.",
    "user_not_found": "There is no such user.",
    "transition_forbidden": "This is not possible while the account is {status}.",
    "last_admin": "This is the school's last active administrator. Add another one first.",
    "mapping_outdated": "The accounts have changed since this plan was made. Please plan again.",
    "too_many_leavers": "This would make {leavers} accounts inactive; {allowed} are allowed.",
    "roster_unreadable": "The file cannot be read.",
    "unavailable": "This is not possible right now. Please try again.",
    "stale_user": "The account was changed at the same time. Please look again.",
    "storage_unavailable": "The accounts cannot be reached right now. Please try again.",
    "overloaded": "Many people are signing in right now. Please try again.",
    "mail_not_sent": "The mail could not be sent. Please try again later.",
    "contract_broken": "An adapter does not keep its contract.",
    "not_configured": "SchoolAuth was not given what this call needs.",
}
_BY_REASON: Mapping[str, Mapping[str, str]] = {
    "token_refused": {
        "expired": "This link has expired. Ask for a new one.",
        "used": "This link has been used, or the account has changed since. Ask for a new one.",
        "invalid": "This link is not complete. Copy the whole of it from the mail.",
    },
    "username_invalid": {
        "empty": "A username cannot be empty.",
        "too_long": "A username has at most 64 characters.",
        "space_at_start": "There is a space at the start of the username.",
        "space_at_end": "There is a space at the end of the username.",
        "space_inside": "A username has no spaces in it.",
        "forbidden_character": "A username has letters, digits and signs such as . _ - only.",
        "mixed_scripts": "A username keeps to one alphabet.",
    },
    "not_permitted": {
        "not_an_active_admin": "Only an active administrator of the school may do this.",
        "own_account": "Change your own password or e-mail address on your own profile.",
        "legal_hold": "This account is under a legal hold and cannot be erased.",
        "admin_exists": "The school has an administrator already, who can add others.",
        "other_school": "This belongs to another school.",
    },
    "approval_refused": {
        "not_on_file": "This address is not the headteacher's or the deputy's on the school's "
        "file.",
        "no_approver_on_file": "The school's file has no headteacher's address. Add it first.",
        "no_admin": "The school has no administrator account that could be recovered.",
        "account_needed": "The school has several administrators: say whose account is meant.",
        "not_an_admin": "This is not an administrator account of the school.",
        "changed_since": "The school's file or its administrators have changed since the request.",
        "signed_in_since": "Somebody has signed in to the account since the request: it is not "
        "lost.",
        "own_address": "The new address is the approver's own, so the other approver has to "
        "approve.",
        "email_held": "The new address belongs to another account.",
        "address_too_new": "The approver's address was changed less than three days ago.",
    },
}
_SHOWN_AT_MOST = 3
"""Problems of a file that the error itself says."""


def error_text(code: str, details: Facts) -> str:
    """Return what the error with this *code* and these *details* says to a person.

    Raises:
        KeyError: if there is no such code or reason.
    """
    if code in _BY_REASON:
        return _BY_REASON[code][details["reason"]]
    match code:
        case "login_refused" if details["hints"]:
            # "space_at_end_of_password" reads "at the end of the password"
            ends = (hint[6:].replace("at_", "at the ") for hint in details["hints"])
            typed = all_of(end.replace("_of_", " of the ") for end in ends)
            more = f"There is a space {typed}, and a space counts as a character."
            return f"{_SENTENCES[code]} {more}"
        case "password_rejected":
            return _with_messages(code, details["violations"])
        case "roster_unreadable":
            return _with_messages(code, details["problems"][:_SHOWN_AT_MOST])
        case "import_refused":
            count = len(details["problems"])
            return f"Nothing was imported. Problems that stand against it: {count}."
        case "email_taken" if details["holder_username"]:
            holder = f"{details['holder_username']} ({details['holder_status']})"
            return (
                f"This e-mail address is already used by {holder}. "
                "Remove it from that account first."
            )
        case "name_invalid":
            field, reason = words(details["field"]), words(details["reason"])
            return f"This {field} cannot be used ({reason})."
    return fill(_SENTENCES[code], details)


def _with_messages(code: str, causes: list[Facts]) -> str:
    return " ".join([_SENTENCES[code], *(cause["message"] for cause in causes)])
