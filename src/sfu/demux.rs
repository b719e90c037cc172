//! Whose a datagram is: by the name that ICE gave a peer for its first packets, by address afterwards.
//!
//! An address belongs to a peer from the moment that the peer answered it: so after its check was verified, and never
//! because of a packet alone. Names and addresses are kept in step here.
//!
//! Not known here: what is in a datagram.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use crate::io::PeerNo;
use crate::limits::PEER_ADDRESSES_MAX;

/// The two maps.
#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_name: HashMap<String, PeerNo>,
    by_address: HashMap<SocketAddr, PeerNo>,
    of_peer: HashMap<PeerNo, Of>,
}

#[derive(Debug, Default)]
struct Of {
    name: String,
    /// The oldest first.
    addresses: VecDeque<SocketAddr>,
}

impl Demux {
    /// A peer is named so from now on: its local ICE user name fragment. An earlier name is forgotten.
    pub(crate) fn name(&mut self, peer: PeerNo, name: &str) {
        let of = self.of_peer.entry(peer).or_default();
        self.by_name.remove(&of.name);
        name.clone_into(&mut of.name);
        self.by_name.insert(name.to_owned(), peer);
    }

    /// A peer has answered this address. Another peer that had it loses it: the path is this one's now.
    pub(crate) fn answered(&mut self, peer: PeerNo, address: SocketAddr) {
        let Some(of) = self.of_peer.get_mut(&peer) else { return };
        let before = self.by_address.insert(address, peer);
        if before == Some(peer) {
            return;
        }
        of.addresses.push_back(address);
        let oldest = (of.addresses.len() > PEER_ADDRESSES_MAX).then(|| of.addresses.pop_front()).flatten();
        if let Some(oldest) = oldest {
            self.by_address.remove(&oldest);
        }
        if let Some(other) = before.and_then(|other| self.of_peer.get_mut(&other)) {
            other.addresses.retain(|held| *held != address);
        }
    }

    /// The peer of a name.
    #[must_use]
    pub(crate) fn named(&self, name: &str) -> Option<PeerNo> {
        self.by_name.get(name).copied()
    }

    /// The peer of an address.
    #[must_use]
    pub(crate) fn at(&self, address: SocketAddr) -> Option<PeerNo> {
        self.by_address.get(&address).copied()
    }

    /// A peer is gone.
    pub(crate) fn forget(&mut self, peer: PeerNo) {
        let Some(of) = self.of_peer.remove(&peer) else { return };
        self.by_name.remove(&of.name);
        for address in of.addresses {
            self.by_address.remove(&address);
        }
    }

    /// Whether everything is in step.
    pub(crate) fn check(&self) {
        let held: usize = self.of_peer.values().map(|of| of.addresses.len()).sum();
        debug_assert_eq!(held, self.by_address.len(), "an address without a peer, or with two");
        debug_assert_eq!(self.of_peer.len(), self.by_name.len(), "a name without a peer, or with two");
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::Demux;
    use crate::io::PeerNo;
    use crate::limits::PEER_ADDRESSES_MAX;

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    #[test]
    fn an_address_moves_with_whom_it_was_answered_by() {
        let mut demux = Demux::default();
        demux.name(PeerNo(1), "one");
        demux.name(PeerNo(2), "two");
        demux.answered(PeerNo(1), address(1));
        demux.answered(PeerNo(2), address(1));
        assert_eq!(demux.at(address(1)), Some(PeerNo(2)));
        demux.forget(PeerNo(1));
        assert_eq!(demux.at(address(1)), Some(PeerNo(2)), "it was no longer the other's");
        demux.name(PeerNo(2), "new");
        assert_eq!((demux.named("two"), demux.named("new")), (None, Some(PeerNo(2))), "ICE was restarted");
        demux.check();
    }

    proptest! {
        #[test]
        fn the_maps_stay_in_step_and_bounded(steps in proptest::collection::vec((0..4_u64, 0..30_u16, 0..10_u8), 0..200)) {
            let mut demux = Demux::default();
            for (peer, port, what) in steps {
                match what {
                    0 => demux.forget(PeerNo(peer)),
                    1 | 2 => demux.name(PeerNo(peer), &format!("{peer}-{port}")),
                    _ => demux.answered(PeerNo(peer), address(port)),
                }
                demux.check();
                for peer in 0..4 {
                    let held = (0..30).filter(|port| demux.at(address(*port)) == Some(PeerNo(peer))).count();
                    prop_assert!(held <= PEER_ADDRESSES_MAX);
                }
            }
        }
    }
}
