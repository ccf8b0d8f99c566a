"""The contract of a `Throttle`: its behaviours are added by the modules beside this one."""

from __future__ import annotations

from schoolauth.ports import Throttle
from schoolauth.testing.assertions import expect
from schoolauth.testing.behaviour import Contract, Maker, none_of
from schoolauth.testing.throttle.buckets import bucket, passes

Make = Maker[Throttle]

# a throttle cannot be asked what it knows: make.fresh tries it
THROTTLE = Contract[Throttle](
    "throttle",
    "make_throttle",
    lambda _: None,
    none_of("take", "give_back", "wait", "clear"),
)
behaviour = THROTTLE.behaviour


@behaviour("make.fresh")
def _(make: Make) -> None:
    """The factory gives a new throttle each time, which knows nothing of the others' tries."""
    name = bucket("name", (1, 300))
    passes(make.new(), name)
    expect(passes(make.new(), name), "A new throttle knew a try that another one had counted.")
