//! Addresses that are no peers on the public internet: the IANA registries of special-purpose addresses (IPv4 and
//! IPv6, RFC 6890, as of 2026), multicast, and metadata services of hosting providers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, d: u8, len: u8) -> (IpAddr, u8) {
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), len)
}

const fn v6(head: [u16; 4], len: u8) -> (IpAddr, u8) {
    let [a, b, c, d] = head;
    (IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), len)
}

/// Denied unless a rule says otherwise.
pub const DENIED_BY_DEFAULT: &[(IpAddr, u8)] = &[
    v4(0, 0, 0, 0, 8),                 // this network
    v4(10, 0, 0, 0, 8),                // private
    v4(100, 64, 0, 0, 10),             // shared by carriers
    v4(127, 0, 0, 0, 8),               // loopback
    v4(169, 254, 0, 0, 16),            // link-local, metadata services
    v4(172, 16, 0, 0, 12),             // private
    v4(192, 0, 0, 0, 24),              // protocol assignments
    v4(192, 0, 2, 0, 24),              // documentation
    v4(192, 31, 196, 0, 24),           // AS112
    v4(192, 52, 193, 0, 24),           // AMT
    v4(192, 88, 99, 0, 24),            // 6to4 relays
    v4(192, 168, 0, 0, 16),            // private
    v4(192, 175, 48, 0, 24),           // AS112
    v4(198, 18, 0, 0, 15),             // benchmarks
    v4(198, 51, 100, 0, 24),           // documentation
    v4(203, 0, 113, 0, 24),            // documentation
    v4(224, 0, 0, 0, 4),               // multicast
    v4(240, 0, 0, 0, 4),               // reserved, broadcast
    v4(168, 63, 129, 16, 32),          // metadata, Azure
    v4(100, 100, 100, 200, 32),        // metadata, Alibaba
    v6([0, 0, 0, 0], 64),              // unspecified, loopback, mapped, compatible, translated
    v6([0x64, 0xFF9B, 1, 0], 48),      // translation inside a network
    v6([0x100, 0, 0, 0], 64),          // discard
    v6([0x100, 0, 0, 1], 64),          // dummy
    v6([0x2001, 0, 0, 0], 23),         // protocol assignments, Teredo, benchmarks, ORCHID
    v6([0x2001, 0xDB8, 0, 0], 32),     // documentation
    v6([0x2002, 0, 0, 0], 16),         // 6to4
    v6([0x2620, 0x4F, 0x8000, 0], 48), // AS112
    v6([0x3FFF, 0, 0, 0], 20),         // documentation
    v6([0x5F00, 0, 0, 0], 16),         // segment routing
    v6([0xFC00, 0, 0, 0], 7),          // unique local, metadata (fd00:ec2::254)
    v6([0xFE80, 0, 0, 0], 10),         // link-local
    v6([0xFEC0, 0, 0, 0], 10),         // site-local
    v6([0xFF00, 0, 0, 0], 8),          // multicast
];

/// Metadata services, in no prefix that an operator would think of allowing: each is in [`DENIED_BY_DEFAULT`].
pub const METADATA_ADDRESSES: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254)),
];
