"""Mail that waits until the host's own transaction has been committed."""

from __future__ import annotations

import logging

from schoolauth.errors import MailNotSent
from schoolauth.model.mail import MailMessage
from schoolauth.ports import Mailer


class HeldMailer:
    """Holds every mail until `release`, so that a transaction rolled back has sent nothing.

    Make one for each transaction of the host, give it to `SchoolAuth.within`, and call `release`
    after the commit has succeeded. Mail that is never released is never sent.

    Args:
        mailer: what the mails are handed to in the end.
    """

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._held: list[MailMessage] = []

    @property
    def messages(self) -> tuple[MailMessage, ...]:
        """The mails that wait, oldest first."""
        return tuple(self._held)

    def send(self, message: MailMessage, /) -> None:
        """Hold *message*."""
        self._held.append(message)

    def release(self) -> None:
        """Hand every mail over, oldest first; call it after the commit.

        A mail that fails does not keep back the others. It stays held: call again to try again.

        Raises:
            MailNotSent: after all were tried, if some failed.
        """
        failed = False
        for message in self.messages:
            try:
                self._mailer.send(message)
            except Exception as error:  # noqa: BLE001 # whatever a mailer raises
                failed = True
                # an error's text may hold an address
                logging.getLogger("schoolauth.mail").warning(
                    "a held mail %s was not sent: %s", message.kind, type(error).__name__
                )
            else:
                self._held.remove(message)
        if failed:
            raise MailNotSent

    def discard(self) -> None:
        """Forget every mail; for a host that reuses the object after a rollback."""
        self._held.clear()
