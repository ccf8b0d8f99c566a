"""What the desk is told of somebody who cannot sign in: each finding, by its code and facts."""

from __future__ import annotations

from schoolauth.texts.passwords import broken_text
from schoolauth.texts.sentences import Facts, Sentences, all_of, say, words

SENTENCES: Sentences = {
    "no_such_account": "The school has no account of this name.",
    "no_such_account/nearest": "The school has no account of this name. Perhaps {nearest} was "
    "meant.",
    "inactive": "The account is inactive since {since:day}.",
    "inactive/retired": "The account was retired on {since:day}: another one took its place.",
    "inactive/replaced": "The account was retired on {since:day}: {successor} took its place.",
    "invitation_not_sent": "The create password mail was never sent.",
    "invitation_not_sent/no_email": "The create password mail was never sent, because no e-mail "
    "address is saved.",
    "invited": "No password was chosen yet.",
    "invited/sent": "No password was chosen yet; the mail for it was sent on {sent:day}.",
    "throttled": "There were too many failed attempts: nobody gets in until {until:moment}.",
    "must_change_password": "The password is temporary: until {ends:day} it lets its owner choose "
    "another.",
    "must_change_password/ended": "The password was temporary, and ended on {ends:day}.",
    "space_in_recent_attempts": "Of the last attempts, {attempts} had {spaces}, most recently on "
    "{last:moment}. A space counts as a character.",
    "space_in_recent_attempts/asked": "There is a space around the name: typed like that, the "
    "sign-in fails.",
    "password_change_refused": "A new password was refused on {at:day} because {broken}. The old "
    "one still works.",
    "password_change_refused/no_password": "A new password was refused on {at:day} because "
    "{broken}.",
    "old_password_in_recent_attempts": "The password was changed on {changed:day}. Attempts since "
    "then with another one, probably the old one: {attempts}.",
    "password_set_by_former_address": "The password was chosen on {chosen:day} through a link to "
    "an address that was changed since.",
    "password_set_by_former_address/dropped": "The password was dropped with the wrong address "
    "through which it was chosen, and no other was chosen yet.",
    "duplicate_account": "{username} ({status}) is probably an account of the same person.",
    "email_on_other_account": "The e-mail address is saved on {username}, which is {status}: an "
    "address can be used for one account only.",
    "email_on_other_account/held_here": "This account holds the e-mail address though it is "
    "inactive.",
    "mail_failed": 'The mail "{mail:words}" could not be sent on {at:moment}.',
    "no_email": "No e-mail address is saved on the profile, so no mail can be sent.",
    "nothing_found": "Nothing keeps this account's owner from signing in.",
    "nothing_found/wrong_passwords": "Nothing keeps this account's owner from signing in. "
    "The last {attempts} attempts had a wrong password.",
}


def finding_text(code: str, facts: Facts) -> str:
    """Return what the finding with this *code* and these *facts* says.

    Raises:
        KeyError: if there is no such sentence, or a fact is missing.
    """
    said = {
        **facts,
        "spaces": all_of(f"a {words(hint)}" for hint in facts.get("hints", ())),
        "broken": broken_text(facts.get("violations", ())),
    }
    return say(SENTENCES, code, said)
