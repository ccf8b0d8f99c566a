"""Ports that fail at one chosen call, and the snapshot that shows whether anything was left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schoolauth import HistoryQuery, SchoolAuth, User, UserId
from schoolauth.model.events import AuditEvent
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import FrozenClock, Outbox, counted_ids
from schoolauth.throttle import MemoryThrottle
from tests.service.world import HASHER, KEY, LINKS, World, make_world

Call = Callable[[], object]
Snapshot = tuple[dict[UserId, User], tuple[AuditEvent, ...]]


class PortDown(Exception):
    """What a port raises that nobody has thought of."""


class Fuse:
    """Counts the calls of all ports, and blows at a chosen one."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._blow_at: int | None = None

    def wire(self, port: Any, name: str) -> Any:
        """Return *port* with every call of its methods counted."""
        return _Wired(port, name, self)

    def count(self, call: str) -> None:
        """Count *call*, and blow if it is the one."""
        self._calls.append(call)
        if len(self._calls) == self._blow_at:
            raise PortDown

    def blow(self, call: Call, number: int) -> tuple[str | None, object]:
        """Blow at the port call *number* of *call*; return which it was, and what came of *call*.

        It is None if there were fewer; an exception that *call* raises is returned, not raised.
        """
        self._calls.clear()
        self._blow_at = number
        try:
            answer = call()
        except Exception as error:  # noqa: BLE001 # the test judges all of them
            answer = error
        self._blow_at = None
        return (self._calls[number - 1] if len(self._calls) >= number else None), answer


class _Wired:
    def __init__(self, port: Any, name: str, fuse: Fuse) -> None:
        self._port, self._name, self._fuse = port, name, fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def call(*args: Any, **more: Any) -> Any:
            self._fuse.count(f"{self._name}.{name}")
            return value(*args, **more)

        return call


def wired_world() -> tuple[World, Fuse]:
    """Return a world in memory whose every port hangs on one fuse."""
    users, clock, outbox, fuse = MemoryUserRepository(), FrozenClock(), Outbox(), Fuse()
    schools = MemorySchoolDirectory(users)
    world = make_world(users, schools, clock=clock, mailer=outbox, new_id=counted_ids())
    world.clock, world.outbox = clock, outbox
    world.auth = SchoolAuth(
        fuse.wire(users, "users"),
        secret_key=KEY,
        schools=fuse.wire(schools, "schools"),
        mailer=fuse.wire(outbox, "mailer"),
        hasher=fuse.wire(HASHER, "hasher"),
        throttle=fuse.wire(MemoryThrottle(), "throttle"),
        clock=fuse.wire(clock, "clock"),
        links=LINKS,
    )
    world.desk = world.auth.manage(by=world.admin.id)
    return world, fuse


def snapshot(world: World) -> Snapshot:
    """Return every account and event that the store holds."""
    events = world.users.history(HistoryQuery(limit=500)).items
    ids = {event.user for event in events if event.user is not None}
    return dict(world.users.find(ids)), events  # type: ignore[arg-type] # only ids were asked for
