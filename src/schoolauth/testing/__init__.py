"""What adapters and downstream test suites need: contracts, strategies and fakes.

The fakes need nothing beyond the library; the suites, the strategies and `check_repository` need
pytest and Hypothesis (extra ``testing``). Nothing here belongs into production.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from schoolauth.testing.fakes import (
    FrozenClock,
    Outbox,
    UserFactory,
    a_school,
    cheap_hasher,
    counted_ids,
)

if TYPE_CHECKING:
    from schoolauth.testing.checks import (
        check_directory,
        check_mailer,
        check_repository,
        check_throttle,
    )
    from schoolauth.testing.mailer import ReceivedMail
    from schoolauth.testing.report import Report
    from schoolauth.testing.suites import (
        MailerContract,
        SchoolDirectoryContract,
        ThrottleContract,
        UserRepositoryContract,
    )

_LATER = {  # what the fakes do without, or needs the extra, is loaded when it is asked for
    "MailerContract": "suites",
    "ReceivedMail": "mailer",
    "Report": "report",
    "SchoolDirectoryContract": "suites",
    "ThrottleContract": "suites",
    "UserRepositoryContract": "suites",
    "check_directory": "checks",
    "check_mailer": "checks",
    "check_repository": "checks",
    "check_throttle": "checks",
}

__all__ = [
    "FrozenClock",
    "MailerContract",
    "Outbox",
    "ReceivedMail",
    "Report",
    "SchoolDirectoryContract",
    "ThrottleContract",
    "UserFactory",
    "UserRepositoryContract",
    "a_school",
    "cheap_hasher",
    "check_directory",
    "check_mailer",
    "check_repository",
    "check_throttle",
    "counted_ids",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
