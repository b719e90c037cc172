//! The canonicalising function: every IPv4 address that an address leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::prefix::Prefix;

/// An address and the IPv4 addresses hidden in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faces {
    itself: IpAddr,
    hidden: Vec<Ipv4Addr>,
    disguise: bool,
}

impl Faces {
    /// The address itself, then what is hidden in it.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.itself).chain(self.hidden.iter().copied().map(IpAddr::V4))
    }

    /// Whether it is IPv4 written as IPv6 (mapped, compatible, translated): no peer of an IPv6 relay has such an
    /// address, and some systems send to the IPv4 one.
    #[must_use]
    pub const fn is_disguise(&self) -> bool {
        self.disguise
    }
}

/// What an address leads to: v4-mapped and v4-compatible (RFC 4291), IPv4-translated (RFC 2765), NAT64 (RFC 6052 and
/// RFC 8215, and the given prefixes), 6to4 (RFC 3056), Teredo (RFC 4380, its server and its client), ISATAP (RFC 5214).
#[must_use]
pub fn faces(ip: IpAddr, nat64: &[Prefix]) -> Faces {
    let IpAddr::V6(v6) = ip else { return Faces { itself: ip, hidden: Vec::new(), disguise: false } };
    let [s0, s1, s2, s3, s4, s5, s6, s7] = v6.segments();
    let low = v4(s6, s7);
    let (structural, disguise) = match [s0, s1, s2, s3, s4, s5] {
        // Not IPv4: the unspecified address and loopback.
        [0, 0, 0, 0, 0, 0] if s6 == 0 && s7 <= 1 => (vec![], false),
        [0, 0, 0, 0, 0, 0] | [0, 0, 0, 0, 0, 0xFFFF] | [0, 0, 0, 0, 0xFFFF, 0] => (vec![low], true),
        [0x64, 0xFF9B, 0, 0, 0, 0] => (vec![low], false),
        // Inside 64:ff9b:1::/48 the length of the translator's prefix is the network's choice.
        [0x64, 0xFF9B, 1, ..] => {
            ([48, 56, 64, 96].into_iter().filter_map(|len| translated(v6, len)).collect(), false)
        }
        [0x2002, ..] => (vec![v4(s1, s2)], false),
        [0x2001, 0, ..] => (vec![v4(s2, s3), v4(!s6, !s7)], false),
        [_, _, _, _, 0 | 0x0200, 0x5EFE] => (vec![low], false),
        _ => (vec![], false),
    };
    // What a translator of this network makes of it counts beside whatever else it looks like.
    let prefixes = nat64.iter().filter(|prefix| prefix.contains(ip));
    let mut hidden: Vec<Ipv4Addr> = structural;
    hidden.extend(prefixes.filter_map(|prefix| translated(v6, prefix.bit_len())));
    Faces { itself: ip, hidden, disguise }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

/// The IPv4 address under a translation prefix of that length: RFC 6052 §2.2 leaves bits 64 to 71 out.
fn translated(ip: Ipv6Addr, len: u8) -> Option<Ipv4Addr> {
    let octets = ip.octets();
    let first = usize::from(len / 8);
    let mut found = [0; 4];
    let after = octets.iter().enumerate().skip(first).filter(|(at, _)| *at != 8 || first == 12);
    let mut count = 0;
    for (place, (_, octet)) in found.iter_mut().zip(after) {
        *place = *octet;
        count += 1;
    }
    (count == 4).then(|| Ipv4Addr::from(found))
}
