"""The addresses that a configured URL may lead to: a DNS name must not give access to machines of the own network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address inside an IPv6 address; a gateway unwraps it, also if it is private."""

_OWN_NAT64 = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: the same with local rules, so the IPv4 address cannot be known here."""


def is_public(address: str) -> bool:
    """True for an address of the public internet.

    >>> is_public("192.0.43.8"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    >>> is_public("2606:4700::1111"), is_public("::127.0.0.1"), is_public("fec0::1"), is_public("64:ff9b:1::a00:1")
    (True, False, False, False)
    """
    ip = _unwrapped(ip_address(address))
    if isinstance(ip, IPv6Address) and (ip in _OWN_NAT64 or ip.is_site_local):
        return False  # `is_global` is True for them
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that a packet to an IPv6 address reaches."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or ip
