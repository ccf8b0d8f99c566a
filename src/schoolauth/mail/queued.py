"""Mail that is sent by a thread of its own, so that nobody waits for the mail server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from schoolauth.errors import MailNotSent
from schoolauth.model.mail import MailMessage
from schoolauth.ports import Mailer
from schoolauth.workers import Workers


class _Line(Workers):
    """One worker, and a bounded number of waiting mails; a forked child begins with none."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        super().__init__(1, name="schoolauth-mail")

    def renew(self) -> None:
        """Begin with no thread and no waiting mail."""
        super().renew()
        self.slots = threading.Semaphore(self._capacity)


class QueuedMailer:
    """Takes a mail at once and sends it in the background, one after the other, in order.

    So a request for a known address takes no longer than one for an unknown address. What waits is
    in memory: `close`, the ``with`` statement and the interpreter's exit send it first, but a
    process that is killed loses it. A forked child has a queue of its own.

    Args:
        mailer: what sends each mail, one at a time.
        capacity: how many mails may wait, the one that is being sent included.
        on_failure: told of each mail that *mailer* could not send, in the background thread.

    Raises:
        ValueError: if *capacity* is less than 1.
    """

    def __init__(
        self,
        mailer: Mailer,
        *,
        capacity: int = 1000,
        on_failure: Callable[[MailMessage], None] | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self._mailer = mailer
        self._on_failure = on_failure
        self._line = _Line(capacity)
        self._decoys = _Line(capacity)

    def pretend(self, message: MailMessage, /) -> None:  # noqa: ARG002 # nobody gets it
        """Take as long as `send`, and send nothing: for a name without an account.

        It has a queue of its own, so that a flood of unknown names delays no mail.
        """
        slots = self._decoys.slots
        if slots.acquire(blocking=False):
            try:
                self._decoys.submit(slots.release)
            except RuntimeError:
                slots.release()

    def send(self, message: MailMessage, /) -> None:
        """Take *message*; it is sent later.

        Raises:
            MailNotSent: at once, if the queue is full or closed.
        """
        slots = self._line.slots
        if slots.acquire(blocking=False):
            try:
                self._line.submit(lambda: self._deliver(message, slots))
            except RuntimeError:
                slots.release()
            else:
                return
        raise MailNotSent

    def close(self) -> None:
        """Send what waits, then take no more mail."""
        self._line.close()
        self._decoys.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _deliver(self, message: MailMessage, slots: threading.Semaphore) -> None:
        try:
            self._mailer.send(message)
        except BaseException as error:  # noqa: BLE001 # the pool would swallow the rest unseen
            _log("a queued mail %s was not sent: %s", message, error)
            self._tell(message)
        finally:
            slots.release()

    def _tell(self, message: MailMessage) -> None:
        try:
            if self._on_failure is not None:
                self._on_failure(message)
        except Exception as error:  # noqa: BLE001 # the host's own code; the next mail must go
            _log("on_failure failed for a queued mail %s: %s", message, error)


def _log(text: str, message: MailMessage, error: BaseException) -> None:
    # the type only: an error's text may hold an address
    logging.getLogger("schoolauth.mail").warning(text, message.kind, type(error).__name__)
