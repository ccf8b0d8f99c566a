"""Attack 25: every port fails at every call of every operation, on every store.

A call that a fault has hit never signs anybody in, leaves the store as it was or as the call would
have left it, and tells no secret.

In memory and on SQLite every call fails. On the servers a sample does, which takes some seconds;
with ``SCHOOLAUTH_FAULTS=all`` every call fails there too, which takes half a minute for each.
"""

from __future__ import annotations

import os
from zlib import crc32

import pytest

from tests.attacks.faults import LATE
from tests.attacks.operations import NO_OPERATIONS, OPERATIONS, public_calls
from tests.attacks.rewound import Rewound
from tests.attacks.trial import Trial
from tests.databases import Databases

FULL, SERVERS = ("memory", "sqlite"), ("postgresql", "mariadb")
on_request = pytest.mark.skipif(
    os.environ.get("SCHOOLAUTH_FAULTS") != "all",
    reason="SCHOOLAUTH_FAULTS=all runs them, for minutes",
)


def test_every_public_call_is_an_operation() -> None:
    """A new call cannot be forgotten: it is put under faults here, or says why not."""
    called = {name.split(":")[0] for name in OPERATIONS}
    assert called | set(NO_OPERATIONS) == public_calls()
    assert not called & set(NO_OPERATIONS)


def blow_all(rewound: Rewound) -> int:
    """Let every call of every operation fail, one at a time; return how many faults it were."""
    blown = 0
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            trial = Trial(rewound, name)
            for number, call in enumerate(trial.calls, 1):
                blown += trial.blow(number, late=False)
                if call.startswith(LATE):
                    blown += trial.blow(number, late=True)
    return blown


@pytest.mark.parametrize("store", FULL)
def test_a_fault_at_any_call_lets_nobody_in_and_leaves_no_half(
    store: str, databases: Databases
) -> None:
    """All operations, all calls of all ports; in SQLite each statement and commit besides."""
    blown = blow_all(Rewound(databases.backend(store)))
    assert blown > {"memory": 600, "sqlite": 950}[store]  # the loops went round


@on_request
@pytest.mark.parametrize("store", SERVERS)
def test_a_fault_at_any_call_does_no_harm_on_a_server(store: str, databases: Databases) -> None:
    """All operations, all calls of all ports, each statement and each commit of the server."""
    assert blow_all(Rewound(databases.backend(store))) > 980


def test_what_a_port_may_raise_comes_out_or_leaves_no_trace(databases: Databases) -> None:
    """Unavailable, overloaded, not sent, stale: told as it is, or decided again to the same end."""
    rewound = Rewound(databases.backend("memory"))
    declared = throttled = 0
    for name in OPERATIONS:
        trial = Trial(rewound, name)
        for number, call in enumerate(trial.calls, 1):
            errors = trial.declare(number)
            declared += errors
            throttled += errors if call.startswith("throttle.") else 0
    assert declared > 350
    assert throttled > 60


def test_a_fault_in_a_hosts_transaction_leaves_no_half(databases: Databases) -> None:
    """All calls of the desks, joined: a host that commits after any error commits no half."""
    rewound, blown = Rewound(databases.backend("sqlite")), 0
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            if not name.startswith("SchoolAuth."):
                trial = Trial(rewound, name, joined=True)
                for number in range(1, len(trial.calls) + 1):
                    blown += trial.blow(number, late=False)
    assert blown > 350


@pytest.mark.parametrize("store", SERVERS)
def test_a_fault_at_some_calls_does_no_harm_on_a_server(store: str, databases: Databases) -> None:
    """All operations: what writes, its commit, and one call more by the name's checksum."""
    rewound, blown = Rewound(databases.backend(store)), 0
    with rewound.fuse.wired_to(rewound.engine):
        for name in OPERATIONS:
            trial = Trial(rewound, name)
            calls = trial.calls
            chosen = {1 + crc32(name.encode()) % len(calls)} if calls else set()
            chosen |= {calls.index(one) + 1 for one in {"users.save", "driver.commit"} & set(calls)}
            for number in sorted(chosen):
                blown += trial.blow(number, late=calls[number - 1] == "users.save")
    assert blown > 125
