"""What counts as one source."""

from __future__ import annotations

import pytest

from schoolauth.throttle.network import network


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("school gate", "school gate"),
        ("", ""),
    ],
)
def test_a_source(source: str, expected: str) -> None:
    """An address of IPv4 counts by itself, one of IPv6 with its /64, and any text as it is."""
    assert network(source) == expected
