"""Address ranges that are nobody's host on the internet: no relay may reach them for a stranger.

The TURN server refuses them as peers (RFC 8656, section 21.1.6) and the firewall drops them once more
for the relay's ports. Source: IANA's registries of special-purpose addresses (RFC 6890), multicast
addresses and IPv6's global unicast space (RFC 4291).
"""

from ipaddress import IPv4Network, IPv6Network

RESERVED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network" (RFC 791); Linux takes 0.0.0.0 for loopback
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link local; also the metadata services of clouds (RFC 3927)
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # IETF protocol assignments, DS-Lite (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # automatic multicast tunnels (RFC 7450)
        "192.88.99.0/24",  # 6to4 relay anycast (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # future use and broadcast (RFC 1112, RFC 919)
    )
)

RESERVED_V6 = tuple(
    IPv6Network(network)
    for network in (
        # Below 2000::/3: unspecified, loopback, IPv4-mapped ::ffff:0:0/96 and -compatible ::/96, NAT64 64:ff9b::/96
        # and 64:ff9b:1::/48 (both carry an IPv4 address of any kind), discard-only 100::/64
        "::/3",
        "2001::/23",  # IETF protocol assignments: Teredo (carries IPv4), ORCHID, benchmarks (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4: carries an IPv4 address of any kind (RFC 3056)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
        "4000::/2",  # not handed out; segment routing 5f00::/16
        "8000::/1",  # not handed out; unique local fc00::/7, link local fe80::/10, multicast ff00::/8
    )
)
