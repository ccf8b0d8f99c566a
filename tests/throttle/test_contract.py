"""Every throttle keeps the whole contract."""

from __future__ import annotations

import pytest

from schoolauth.ports import Throttle
from schoolauth.testing import ThrottleContract
from tests.throttles import THROTTLES, Throttles


class TestThrottles(ThrottleContract):
    @pytest.fixture(autouse=True, params=THROTTLES)
    def on(self, request: pytest.FixtureRequest, throttles: Throttles) -> None:
        self.kind, self.throttles = str(request.param), throttles

    def make_throttle(self) -> Throttle:
        return self.throttles.make(self.kind)
