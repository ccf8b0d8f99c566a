"""What counts as one source: nobody has one address of IPv6 only."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network


def network(source: str) -> str:
    """Return the IPv4 address, the /64 of an IPv6 one, or any other text as it is."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False))
