//! What the kernel says of the way to a peer, in the words of RFC 8656 §18.13.

use relais_turn::Icmp;
use relais_udp::{Origin, PeerError};

/// Destination unreachable, fragmentation needed and DF set; its last bytes are the MTU (RFC 1191).
const TOO_BIG_4: (u8, u8) = (3, 4);
/// The same of IPv6.
const TOO_BIG_6: (u8, u8) = (2, 0);

/// What the client is told. A limit that this machine knew by itself is told as the router would have said it.
#[must_use]
pub(crate) fn told(error: &PeerError) -> Option<Icmp> {
    let data = error.info.to_be_bytes();
    match error.origin {
        Origin::Icmp4 | Origin::Icmp6 => Some(Icmp { kind: error.kind, code: error.code, data }),
        Origin::Local if error.info > 0 => {
            let (kind, code) = if error.peer.is_ipv6() { TOO_BIG_6 } else { TOO_BIG_4 };
            Some(Icmp { kind, code, data })
        }
        Origin::Local => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use relais_udp::{Origin, PeerError};

    use super::told;

    #[test]
    fn a_limit_known_here_is_told_as_a_router_would() {
        let peer = SocketAddr::from(([192, 0, 2, 1], 9));
        let error = PeerError { peer, origin: Origin::Local, kind: 0, code: 0, info: 1_400 };
        let icmp = told(&error).expect("it has an MTU");
        assert_eq!((icmp.kind, icmp.code, u32::from_be_bytes(icmp.data)), (3, 4, 1_400));
        assert_eq!(told(&PeerError { info: 0, ..error }), None);
        let refused = PeerError { origin: Origin::Icmp4, kind: 3, code: 3, info: 0, ..error };
        assert_eq!(told(&refused).map(|icmp| (icmp.kind, icmp.code)), Some((3, 3)));
    }
}
