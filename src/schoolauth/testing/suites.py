"""The contracts as pytest classes: subclass one, write the one method that it names, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from schoolauth.errors import ContractBroken
from schoolauth.ports import Mailer, SchoolDirectory, Throttle, UserRepository
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.behaviour import Behaviour, Contract, Maker, show
from schoolauth.testing.directory import DIRECTORY, Pair
from schoolauth.testing.mailer import MAILER, ReceivedMail
from schoolauth.testing.optional_dependency import needs
from schoolauth.testing.report import CLOSED, reason_not_to_run
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.throttle import THROTTLE

with needs("pytest"):
    import pytest


class _Suite:
    """What the suites share: known gaps, and a pinned version."""

    contract: ClassVar[Contract[Any]]
    gaps: ClassVar[Mapping[str, str]] = {}
    """Behaviours that the adapter is known not to keep, each with the reason."""
    contract_version: ClassVar[int | None] = None
    """The version to be held to; behaviours that are newer are skipped. None: the newest."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.contract.check_gaps(cls.gaps, cls.contract_version)

    def _run(self, behaviour: Behaviour[Any], maker: Maker[Any]) -> None:
        __tracebackhide__ = True
        reason = reason_not_to_run(behaviour, maker, self.contract_version)
        if reason is not None:
            pytest.skip(reason)
        gap = self.gaps.get(behaviour.id)
        if gap is None:
            show(behaviour, maker)
            return
        try:
            show(behaviour, maker)
        except Unusable:
            raise
        except (Unkept, ContractBroken):
            pytest.xfail(gap)
        pytest.fail(CLOSED)


def _each(contract: Contract[Any]) -> pytest.MarkDecorator:
    behaviours = contract.behaviours
    return pytest.mark.parametrize("behaviour", behaviours, ids=[each.id for each in behaviours])


class UserRepositoryContract(_Suite):
    """Shows that a `UserRepository` keeps every behaviour of the repository contract.

    A subclass writes `make_repository`, and `join` if the adapter can work inside a host's
    transaction. Source: docs/reference/repository-contract.md.
    """

    contract = REPOSITORY

    def make_repository(self) -> UserRepository:
        """Return a new, empty repository; the ones returned before are not used any more."""
        raise Unusable("Write make_repository(self), which returns an empty repository.")

    def join(self, users: UserRepository) -> AbstractContextManager[UserRepository]:
        """Begin a host's transaction on the store of *users*, and yield a repository joined to it.

        Optional: write it if the adapter can work inside a host's transaction, to have that tested.
        The transaction is committed at the end of the block, and rolled back if the block raises.
        With an ORM whose session keeps what it has read, hold all entities there meanwhile.
        """
        raise NotImplementedError

    def leave_thread(self) -> None:
        """Close the connections that belong to a thread of the kit, which ends; nothing by default.

        Optional: write it if your connections belong to threads, as Django's do.
        """

    @_each(REPOSITORY)
    def test_behaviour(self, behaviour: Behaviour[UserRepository]) -> None:
        """The behaviour is kept."""
        joins = type(self).join is not UserRepositoryContract.join
        options = {"join": self.join if joins else None, "leave_thread": self.leave_thread}
        self._run(behaviour, Maker(REPOSITORY, self.make_repository, options))


class SchoolDirectoryContract(_Suite):
    """Shows that a `SchoolDirectory` keeps every behaviour of the directory contract.

    A subclass writes `make_directory`. Source: docs/reference/repository-contract.md.
    """

    contract = DIRECTORY

    def make_directory(self) -> tuple[SchoolDirectory, UserRepository]:
        """Return a new, empty directory, and the repository whose history has its events."""
        raise Unusable(
            "Write make_directory(self), which returns an empty directory and its repository."
        )

    @_each(DIRECTORY)
    def test_behaviour(self, behaviour: Behaviour[Pair]) -> None:
        """The behaviour is kept."""
        self._run(behaviour, Maker(DIRECTORY, self.make_directory))


class ThrottleContract(_Suite):
    """Shows that a `Throttle` keeps every behaviour of the throttle contract.

    A subclass writes `make_throttle`.
    """

    contract = THROTTLE

    def make_throttle(self) -> Throttle:
        """Return a new throttle, which knows no try; a new prefix of its keys will do."""
        raise Unusable("Write make_throttle(self), which returns a new throttle.")

    @_each(THROTTLE)
    def test_behaviour(self, behaviour: Behaviour[Throttle]) -> None:
        """The behaviour is kept."""
        self._run(behaviour, Maker(THROTTLE, self.make_throttle))


class MailerContract(_Suite):
    """Shows that a `Mailer` keeps every behaviour of the mailer contract.

    A subclass writes `make_mailer` and `received`, and `make_failing_mailer` if it can.
    """

    contract = MAILER

    def make_mailer(self) -> Mailer:
        """Return a new mailer, from which nothing has arrived."""
        raise Unusable("Write make_mailer(self), which returns a new mailer.")

    def received(self, mailer: Any) -> Sequence[ReceivedMail]:  # noqa: ARG002 # the author's does
        """Return what has arrived from *mailer*, when all that it was handed has arrived."""
        raise Unusable("Write received(self, mailer), which returns what has arrived.")

    def make_failing_mailer(self) -> Mailer:
        """Return a mailer that cannot hand over what it is given.

        Optional: write it to have that tested. Its server refuses or is not there; or, if it sends
        in the background, its queue is closed.
        """
        raise NotImplementedError

    @_each(MAILER)
    def test_behaviour(self, behaviour: Behaviour[Mailer]) -> None:
        """The behaviour is kept."""
        fails = type(self).make_failing_mailer is not MailerContract.make_failing_mailer
        options = {
            "received": self.received,
            "make_failing_mailer": self.make_failing_mailer if fails else None,
        }
        self._run(behaviour, Maker(MAILER, self.make_mailer, options))
