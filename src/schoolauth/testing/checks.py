"""The contracts for any runner: each `check_…` runs every behaviour and returns a `Report`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from schoolauth.ports import Mailer, SchoolDirectory, Throttle, UserRepository
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.directory import DIRECTORY
from schoolauth.testing.mailer import MAILER, ReceivedMail
from schoolauth.testing.report import Line, Report, check
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.joined import Join
from schoolauth.testing.throttle import THROTTLE

NO_GAPS: Mapping[str, str] = MappingProxyType({})
AnyMailer = TypeVar("AnyMailer", bound=Mailer)


def check_repository(
    factory: Callable[[], UserRepository],
    *,
    gaps: Mapping[str, str] = NO_GAPS,
    join: Join | None = None,
    leave_thread: Callable[[], object] | None = None,
    contract_version: int | None = None,
    progress: Callable[[Line], object] | None = None,
) -> Report:
    """Run the repository contract on what *factory* makes, and report on every behaviour.

    Args:
        factory: returns a new, empty repository at each call; earlier ones are not used any more.
        gaps: behaviours that are known not to be kept, by id, each with the reason.
        join: begins a transaction of a host on the store of a repository and yields a repository
            joined to it; commits at the end of the block, rolls back if the block raises. With an
            ORM whose session keeps what it has read, it holds all entities meanwhile.
        leave_thread: is called at the end of each thread of the kit, to close the connections that
            belong to it.
        contract_version: the version of the contract to be held to; the newest, if not given.
        progress: is called with each line of the report as soon as it is known.

    Raises:
        ValueError: for a gap of an unknown id or without a reason, and for an unknown version.
        TypeError: if what must be callable is not, or *gaps* is not a mapping.
    """
    maker = Maker(REPOSITORY, factory, {"join": join, "leave_thread": leave_thread})
    return check(REPOSITORY, maker, gaps=gaps, version=contract_version, progress=progress)


def check_directory(
    factory: Callable[[], tuple[SchoolDirectory, UserRepository]],
    *,
    gaps: Mapping[str, str] = NO_GAPS,
    contract_version: int | None = None,
    progress: Callable[[Line], object] | None = None,
) -> Report:
    """Run the directory contract on what *factory* makes, and report on every behaviour.

    Args:
        factory: returns at each call a new, empty directory, and the new, empty repository whose
            history has the events of its schools.
        gaps: as in `check_repository`, and so are *contract_version* and *progress*.
        contract_version: the version of the contract to be held to.
        progress: is called with each line of the report.

    Raises:
        ValueError: for a gap of an unknown id or without a reason, and for an unknown version.
        TypeError: if what must be callable is not, or *gaps* is not a mapping.
    """
    maker = Maker(DIRECTORY, factory)
    return check(DIRECTORY, maker, gaps=gaps, version=contract_version, progress=progress)


def check_throttle(
    factory: Callable[[], Throttle],
    *,
    gaps: Mapping[str, str] = NO_GAPS,
    contract_version: int | None = None,
    progress: Callable[[Line], object] | None = None,
) -> Report:
    """Run the throttle contract on what *factory* makes, and report on every behaviour.

    Args:
        factory: returns a new throttle at each call, which knows no try.
        gaps: as in `check_repository`, and so are *contract_version* and *progress*.
        contract_version: the version of the contract to be held to.
        progress: is called with each line of the report.

    Raises:
        ValueError: for a gap of an unknown id or without a reason, and for an unknown version.
        TypeError: if what must be callable is not, or *gaps* is not a mapping.
    """
    maker = Maker(THROTTLE, factory)
    return check(THROTTLE, maker, gaps=gaps, version=contract_version, progress=progress)


def check_mailer(
    factory: Callable[[], AnyMailer],
    received: Callable[[AnyMailer], Sequence[ReceivedMail]],
    *,
    gaps: Mapping[str, str] = NO_GAPS,
    make_failing_mailer: Callable[[], Mailer] | None = None,
    contract_version: int | None = None,
    progress: Callable[[Line], object] | None = None,
) -> Report:
    """Run the mailer contract on what *factory* makes, and report on every behaviour.

    Args:
        factory: returns a new mailer at each call, from which nothing has arrived.
        received: returns what has arrived from a mailer, when all that it was handed has arrived.
        gaps: as in `check_repository`, and so are *contract_version* and *progress*.
        make_failing_mailer: returns a mailer that cannot hand over what it is given: its server
            refuses or is not there; or, if it sends in the background, its queue is closed.
        contract_version: the version of the contract to be held to.
        progress: is called with each line of the report.

    Raises:
        ValueError: for a gap of an unknown id or without a reason, and for an unknown version.
        TypeError: if what must be callable is not, or *gaps* is not a mapping.
    """
    if received is None:  # an option that is not given would be one that is not needed
        raise TypeError("received must be callable")
    options = {"received": received, "make_failing_mailer": make_failing_mailer}
    maker: Maker[Mailer] = Maker(MAILER, factory, options)
    return check(MAILER, maker, gaps=gaps, version=contract_version, progress=progress)
