"""The throttle contract notices every way of being wrong that we know."""

from __future__ import annotations

import pytest

from schoolauth.errors import ContractBroken
from schoolauth.testing import ThrottleContract, check_throttle
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.behaviour import Maker, show
from schoolauth.testing.throttle import THROTTLE
from tests.testing.broken.throttle import ALL, BrokenThrottle
from tests.testing.broken.throttle.taking import RoundsDown

BEHAVIOURS = {behaviour.id: behaviour for behaviour in THROTTLE.behaviours}
CASES = [(broken, name) for broken in ALL for name in broken.caught_by]


@pytest.mark.parametrize(("broken", "name"), CASES, ids=[f"{b.__name__}-{n}" for b, n in CASES])
def test_a_broken_throttle_is_caught(broken: type[BrokenThrottle], name: str) -> None:
    """Each of the behaviours that should notice it does."""
    with pytest.raises((Unkept, ContractBroken)):
        show(BEHAVIOURS[name], Maker(THROTTLE, broken))


def test_every_behaviour_of_a_throttle_catches_something() -> None:
    """None is there that nothing can break, and none is there twice."""
    assert {name for _, name in CASES} == BEHAVIOURS.keys()
    assert len(BEHAVIOURS) == len(THROTTLE.behaviours)


def test_a_throttle_is_checked_without_pytest() -> None:
    """`check_throttle` reports what is not kept, and nothing else."""
    report = check_throttle(RoundsDown)
    assert tuple(report.failures) == RoundsDown.caught_by
    assert len(report.lines) == len(BEHAVIOURS)


def test_a_suite_without_its_method_says_which() -> None:
    """An author who forgets it is told what to write."""
    with pytest.raises(Unusable, match=r"Write make_throttle\(self\)"):
        ThrottleContract().make_throttle()
