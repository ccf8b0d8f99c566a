"""What counts a try: the buckets of names, sources, accounts and browsers, by keyed digests."""

from __future__ import annotations

from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.token import DeviceClaims
from schoolauth.model.user import User
from schoolauth.ports import Bucket
from schoolauth.throttle import policy
from schoolauth.throttle.network import network
from schoolauth.throttle.policy import Kind
from schoolauth.tokens import Tokens


def names_of(user: User) -> list[str]:
    """Return what people type to sign in to the account."""
    return [user.username.key] + ([user.email.key] if user.email else [])


class Buckets:
    """Makes the buckets of one `SchoolAuth`.

    Args:
        tokens: makes the keyed digests, so that no store of counts holds a name or an address.
        lock_after: how many failures in a row lock an account; None for no lock.
    """

    def __init__(self, tokens: Tokens, lock_after: int | None = None) -> None:
        self._tokens = tokens
        row = () if lock_after is None else (policy.failures_in_a_row(lock_after),)
        self._row: tuple[Kind, ...] = row

    def name_digest(self, text: str) -> str:
        """Return the digest that stands for a typed name in events and buckets."""
        return self._tokens.digest(f"name:{text}")

    def name(self, text: str) -> Bucket:
        """Return what counts tries under a typed name."""
        return policy.NAME.bucket(self.name_digest(text))

    def source(self, source: str | None, kind: Kind = policy.SOURCE) -> list[Bucket]:
        """Return what counts a source, if it is known: its failed sign-ins, or another *kind*."""
        if source is None:
            return []
        return [kind.bucket(self._tokens.digest(f"source:{network(source)}"))]

    def account(self, user: User | None, name: str) -> list[Bucket]:
        """Return what counts tries at an account; decoys where no account has the *name*."""
        kinds = (policy.ACCOUNT, *self._row)
        return [self._of_account(kind, user, name) for kind in kinds]

    def row(self, user: User) -> list[Bucket]:
        """Return what counts an account's failures in a row, if they lock it."""
        return [self._of_account(kind, user, "") for kind in self._row]

    def everything(self, user: User) -> list[Bucket]:
        """Return what counts tries at the account, by any of its names."""
        account = self._of_account(policy.ACCOUNT, user, "")
        return [account, *map(self.name, names_of(user))]

    def lock(self, user: User) -> Bucket:
        """Return what failures in a row have locked, also if only another process is set to lock.

        Only for clearing it.
        """
        return self._of_account(policy.failures_in_a_row(1), user, "")

    def browser(self, device: DeviceClaims) -> list[Bucket]:
        """Return what counts tries from a known browser, and from all of its account's."""
        return [
            policy.BROWSER.bucket(self._tokens.digest(f"browser:{device.nonce}")),
            policy.BROWSERS.bucket(self._tokens.digest(f"browsers:{device.user.key}")),
        ]

    def knows(self, device: DeviceClaims, name: str) -> bool:
        """Tell whether the browser was remembered for an account of this typed name."""
        return any(self._tokens.stands_for(digest, f"name:{name}") for digest in device.names)

    def mails_of_name(self, name: str, source: str | None) -> list[Bucket]:
        """Return what counts mails that were asked for by name and from a source."""
        bucket = policy.MAIL_NAME.bucket(self.name_digest(name))
        return [bucket, *self.source(source, policy.RESET_SOURCE)]

    def mails_of_account(self, user: User | None, name: str) -> list[Bucket]:
        """Return what counts mails to an account; a decoy where no account has the *name*."""
        return [self._of_account(policy.MAIL_ACCOUNT, user, name)]

    def mails_of_browser(self, device: DeviceClaims) -> list[Bucket]:
        """Return what counts mails that were asked for from a known browser."""
        return [policy.MAIL_BROWSER.bucket(self._tokens.digest(f"browser:{device.nonce}"))]

    def confirmation(self, user: User, email: EmailAddress) -> list[Bucket]:
        """Return what counts mails that an account has sent to an address not yet its own."""
        account = self._of_account(policy.CHANGE_ACCOUNT, user, "")
        return [account, policy.CHANGE_ADDRESS.bucket(self._address(email))]

    def invitation(self, email: EmailAddress) -> list[Bucket]:
        """Return what counts mails of desks to an address."""
        return [policy.DESK_ADDRESS.bucket(self._address(email))]

    def recovery(self, school: SchoolCode, email: EmailAddress, source: str | None) -> list[Bucket]:
        """Return what counts requests for an admin account.

        By school and source, and by school and address: else one stranger could use up all that a
        school may ask.
        """
        by, to = f"{school.key}:{network(source or '')}", f"{school.key}:{email.key}"
        return [
            policy.RECOVERY_FROM.bucket(self._tokens.digest(f"recovery-from:{by}")),
            policy.RECOVERY_TO.bucket(self._tokens.digest(f"recovery-to:{to}")),
            *self.source(source, policy.RECOVERY_SOURCE),
        ]

    def elsewhere(self, school: SchoolCode) -> list[Bucket]:
        """Return what counts keys of other schools' accounts that a school has met."""
        return [policy.ELSEWHERE.bucket(self._tokens.digest(f"elsewhere:{school.key}"))]

    def _of_account(self, kind: Kind, user: User | None, name: str) -> Bucket:
        if user is None:
            return kind.decoy(self._tokens.digest(f"nobody:{name}"))
        return kind.bucket(self._tokens.digest(f"account:{user.id.key}"))

    def _address(self, email: EmailAddress) -> str:
        return self._tokens.digest(f"address:{email.key}")
