"""Ports that fail at one chosen call, and the snapshot that shows whether anything was left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from schoolauth import HistoryQuery, User, UserId
from schoolauth.model.events import AuditEvent
from schoolauth.ports import UserRepository

Call = Callable[[], object]
Snapshot = tuple[dict[UserId, User], tuple[AuditEvent, ...]]
LATE = ("users.save", "schools.save", "throttle.", "mailer.", "driver.commit")
"""Calls that leave something behind: they also fail when they have been carried out."""


class PortDown(Exception):
    """What a port raises that nobody has thought of."""


class Fuse:
    """Counts the calls of all ports, and blows at a chosen one."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._under_way: list[str] = []
        self._blow_at: int | None = None
        self._late = False
        self._error: Exception | None = None
        self.blew = False
        self.watches = False
        """Whether it is wired to a database, and so would see what is written there."""
        self.written = True
        """Whether more than SELECT was sent since this was set to False."""

    def wire(self, port: Any, name: str) -> Any:
        """Return *port* with every call of its methods counted."""
        return _Wired(port, name, self)

    def through(
        self, name: str, call: Call, carried: object = "", kind: type[Exception] = PortDown
    ) -> Any:
        """Count a call, and blow if it is the one: instead of *call*, or when it is done.

        What the driver does for the throttle is named so: some of that must not be heard.
        """
        if self._blow_at is None:
            return call()
        if self._under_way and self._under_way[-1].startswith("throttle."):
            name = f"{name} in {self._under_way[-1]}"
        self._calls.append(name)
        hit = len(self._calls) == self._blow_at
        answer = None
        if self._late or not hit:
            self._under_way.append(name)
            try:
                answer = call()
            finally:
                self._under_way.pop()
        if hit:
            self.blew = True
            raise self._error or kind(f"{name} {carried}")
        return answer

    def blow(
        self, call: Call, number: int, *, late: bool = False, error: Exception | None = None
    ) -> tuple[str | None, object]:
        """Blow at the port call *number* of *call*; return which it was, and what came of *call*.

        It is None if there were fewer; an exception that *call* raises is returned, not raised.
        With *late* that port call is carried out before it fails. It raises *error*, if given.
        """
        self._calls.clear()
        self._error = error
        self._blow_at, self._late, self.blew = number, late, False
        try:
            answer = call()
        except Exception as raised:  # noqa: BLE001 # the test judges all of them
            answer = raised
        finally:
            self._blow_at = None
        return (self._calls[number - 1] if 0 < number <= len(self._calls) else None), answer

    def names(self, call: Call) -> tuple[list[str], object]:
        """Return every port call that *call* makes, and its answer."""
        _, answer = self.blow(call, 0)
        return list(self._calls), answer

    @contextmanager
    def wired_to(self, engine: Engine | None) -> Iterator[None]:
        """Count the statements and commits of *engine* too.

        What the driver raises has the statement and its values in it.
        """
        if engine is None:
            yield
            return
        dialect: Any = engine.dialect
        failure, commit = dialect.loaded_dbapi.OperationalError, dialect.do_commit

        def execute(_cursor: Any, statement: str, parameters: Any, _context: Any) -> None:
            name = f"driver.{statement.split(maxsplit=1)[0].lower()}"
            self.written |= name != "driver.select"
            self.through(name, lambda: None, (statement, parameters), failure)

        for name in ("do_execute", "do_executemany"):
            event.listen(engine, name, execute)
        dialect.do_commit = lambda connection: self.through(
            "driver.commit", lambda: commit(connection), kind=failure
        )
        self.watches = True
        try:
            yield
        finally:
            self.watches, self.written = False, True
            del dialect.do_commit
            for name in ("do_execute", "do_executemany"):
                event.remove(engine, name, execute)


class _Wired:
    def __init__(self, port: Any, name: str, fuse: Fuse) -> None:
        self._port, self._name, self._fuse = port, name, fuse
        for each in dir(port):
            if not each.startswith("_"):  # for isinstance(), which asks no __getattr__ since 3.12
                setattr(self, each, self._wired(each))

    def __getattr__(self, name: str) -> Any:
        return self._wired(name)

    def _wired(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def call(*args: Any, **more: Any) -> Any:
            # a mailer's error has the whole mail in it; what other ports say is theirs
            told = [getattr(one, "text", "") for one in args]
            return self._fuse.through(f"{self._name}.{name}", lambda: value(*args, **more), told)

        return call


def snapshot(users: UserRepository) -> Snapshot:
    """Return every account and event that the store holds, newest event first."""
    events = users.history(HistoryQuery(limit=500)).items
    ids = {event.user for event in events if event.user is not None}
    return dict(users.find(ids)), events  # type: ignore[arg-type] # only ids were asked for
