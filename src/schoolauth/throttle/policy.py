"""The one table of limits: what is counted, and how much of it there may be. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta

from schoolauth.ports import Bucket, Limit

_MINUTES = Limit(8, timedelta(seconds=150))  # at most 10 in any 5 minutes
_DAY = Limit(50, timedelta(minutes=28.8))  # at most 50 at once, and 100 in any day
_SOURCE = Limit(50, timedelta(seconds=6))  # at most 100 in any 5 minutes
_MAILS = Limit(2, timedelta(hours=1))  # at most 3 in any hour
_DECOYS = 4096


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the table.

    Args:
        name: what the keys of its buckets begin with.
        limits: all of them hold.
        invented: whether strangers can make up what is counted, and as much of it as they like.
    """

    name: str
    limits: tuple[Limit, ...]
    invented: bool = False

    def bucket(self, digest: str) -> Bucket:
        """Return the bucket of what the keyed *digest* stands for."""
        return Bucket(f"{self.name}:{digest}", self.limits, self.invented)

    def decoy(self, digest: str) -> Bucket:
        """Return a bucket for an account that does not exist, so that a try costs the same.

        Unknown names share a fixed number of decoys: take it with ``even_if_full=True``.
        """
        return Bucket(f"{self.name}:decoy-{zlib.crc32(digest.encode()) % _DECOYS}", self.limits)


NAME = Kind("name", (_MINUTES,), invented=True)  # a typed name, known or not
ACCOUNT = Kind("account", (_MINUTES, _DAY))  # by all its names; `decoy` for an unknown one
SOURCE = Kind("source", (_SOURCE,), invented=True)  # failed sign-ins from one `network`
RESET_SOURCE = Kind("reset-source", (_SOURCE,), invented=True)  # anonymous requests for a link
RECOVERY_SOURCE = Kind("recovery-source", (_SOURCE,), invented=True)  # and for a recovery
BROWSER = Kind("browser", (_MINUTES,))  # one token of a known browser
BROWSERS = Kind("browsers", (_DAY,))  # all known browsers of an account
MAIL_NAME = Kind("mail-name", (_MAILS,), invented=True)  # asked for anonymously, by typed name
MAIL_ACCOUNT = Kind("mail-account", (_MAILS,))  # and by account; `decoy` for an unknown name
MAIL_BROWSER = Kind("mail-browser", (_MAILS,))  # and from a known browser, in their stead
CHANGE_ACCOUNT = Kind("change-account", (_MAILS,))  # mails to a new address, by account
CHANGE_ADDRESS = Kind("change-address", (_MAILS,))  # and by the new address
DESK_ADDRESS = Kind("desk-address", (_MAILS,))  # mails of a desk, by address
RECOVERY_FROM = Kind("recovery-from", (_MAILS,), invented=True)  # by school and `network`
RECOVERY_TO = Kind("recovery-to", (_MAILS,), invented=True)  # by school and new address
ELSEWHERE = Kind("elsewhere", (_DAY,))  # keys of other schools' accounts, by school


def failures_in_a_row(after: int) -> Kind:
    """Return what shuts an account after so many failures since the last success."""
    return Kind("failures-in-a-row", (Limit(after, None),))
