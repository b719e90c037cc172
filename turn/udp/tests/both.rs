//! One suite over both engines, on loopback: what goes in comes out, whole and in order, whatever its sizes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a failure here is the failure to report"
)]

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};

use proptest::prelude::*;
use relais_udp::limits::{SLOTS, TRAIN_DATAGRAMS};
use relais_udp::{Engine, Inbox, Mark, Options, Origin, Outbox, Socket};

/// Room for everything one test sends before it is read.
const BUFFER: usize = 8 << 20;

fn engines() -> Vec<Engine> {
    vec![Engine::detect(), Engine::portable()]
}

fn loopback(v6: bool) -> SocketAddr {
    if v6 { SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0)) } else { SocketAddr::from(([127, 0, 0, 1], 0)) }
}

fn options() -> Options {
    Options { receive_buffer: Some(BUFFER), send_buffer: Some(BUFFER), ..Options::default() }
}

fn socket(engine: Engine, v6: bool) -> Socket {
    Socket::bind(engine, loopback(v6), options()).unwrap()
}

/// Reads all that waits; on loopback everything that was sent does.
fn read(socket: &Socket) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut inbox = Inbox::new();
    let mut all = Vec::new();
    loop {
        let drained = socket.receive(&mut inbox).unwrap();
        for arrival in inbox.arrivals() {
            all.extend(arrival.datagrams().map(|range| (arrival.from, inbox.bytes()[range].to_vec())));
        }
        inbox.clear();
        if drained {
            return all;
        }
    }
}

/// Sends whole datagrams without bodies.
fn send(from: &Socket, to: SocketAddr, datagrams: &[Vec<u8>]) -> relais_udp::Sent {
    let mut outbox = Outbox::new();
    for datagram in datagrams {
        outbox.push(to, Mark::default(), datagram, 0..0, &[]).unwrap();
    }
    from.send(&mut outbox, &[])
}

/// Datagrams of these sizes, each with content of its own.
fn contents(sizes: &[usize]) -> Vec<Vec<u8>> {
    let byte = |at: usize, index: usize| u8::try_from((at * 31 + index) % 251).unwrap();
    sizes.iter().enumerate().map(|(at, size)| (0..*size).map(|index| byte(at, index)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_sent_is_received_whole_and_in_order(
        sizes in prop::collection::vec(prop_oneof![Just(160_usize), Just(1_200), Just(0), 0_usize..2_000], 1..80),
        v6: bool,
    ) {
        let datagrams = contents(&sizes);
        for sender in engines() {
            for receiver in engines() {
                let (from, to) = (socket(sender, v6), socket(receiver, v6));
                let sent = send(&from, to.local(), &datagrams);
                prop_assert_eq!((sent.datagrams, sent.refused), (datagrams.len() as u64, 0));
                let expected: Vec<_> = datagrams.iter().map(|d| (from.local(), d.clone())).collect();
                prop_assert_eq!(read(&to), expected);
            }
        }
    }

    #[test]
    fn heads_and_tails_go_around_bodies_that_stay_where_they_are(
        sizes in prop::collection::vec(0_usize..1_400, 1..70), pad in 0_usize..4,
    ) {
        let datagrams = contents(&sizes);
        let bytes: Vec<u8> = datagrams.concat();
        for engine in engines() {
            let (from, to) = (socket(engine, false), socket(engine, false));
            let mut outbox = Outbox::new();
            let mut start = 0;
            for datagram in &datagrams {
                let body = start..start + datagram.len();
                outbox.push(to.local(), Mark::default(), &[0x40, 0, 1, 2], body.clone(), &[0, 0, 0][..pad]).unwrap();
                start = body.end;
            }
            prop_assert_eq!(from.send(&mut outbox, &bytes).refused, 0);
            prop_assert!(outbox.is_empty());
            let wrapped = |d: &Vec<u8>| [&[0x40, 0, 1, 2][..], d, &[0, 0, 0][..pad]].concat();
            let expected: Vec<_> = datagrams.iter().map(|d| (from.local(), wrapped(d))).collect();
            prop_assert_eq!(read(&to), expected);
        }
    }
}

#[test]
fn equal_datagrams_go_and_come_as_trains_where_the_kernel_can() {
    let engine = Engine::detect();
    let (from, to) = (socket(engine, false), socket(engine, false));
    let sent = send(&from, to.local(), &contents(&[160; 3 * TRAIN_DATAGRAMS]));
    let messages = if engine.name() == "gro+gso" { 3 } else { 192 };
    assert_eq!((sent.datagrams, sent.messages), (192, messages));
    let mut inbox = Inbox::new();
    to.receive(&mut inbox).unwrap();
    if engine.name() == "gro+gso" {
        assert_eq!(inbox.arrivals().len(), 3);
    }
    assert!(inbox.arrivals().iter().all(|arrival| arrival.datagrams().all(|range| range.len() == 160)));
}

#[test]
fn datagrams_for_many_places_go_in_one_call_each_to_its_own() {
    for engine in engines() {
        let from = socket(engine, false);
        let places: Vec<Socket> = (0..20).map(|_| socket(engine, false)).collect();
        let mut outbox = Outbox::new();
        for (at, place) in places.iter().enumerate() {
            let head = [u8::try_from(at).unwrap()];
            outbox.push(place.local(), Mark::default(), &head, 0..0, &[]).unwrap();
        }
        let sent = from.send(&mut outbox, &[]);
        assert_eq!((sent.datagrams, sent.refused), (20, 0));
        assert!(sent.calls == 1 || engine == Engine::portable(), "{sent:?}");
        for (at, place) in places.iter().enumerate() {
            assert_eq!(read(place), [(from.local(), vec![u8::try_from(at).unwrap()])]);
        }
    }
}

#[test]
fn the_longest_datagram_passes_and_a_longer_one_is_refused() {
    for engine in engines() {
        let (from, to) = (socket(engine, false), socket(engine, false));
        let sent = send(&from, to.local(), &contents(&[65_507, 65_508, 3]));
        assert_eq!((sent.datagrams, sent.refused), (2, 1), "{}", engine.name());
        let sizes: Vec<usize> = read(&to).iter().map(|(_, datagram)| datagram.len()).collect();
        assert_eq!(sizes, [65_507, 3]);
    }
}

#[test]
fn a_full_inbox_keeps_the_rest_for_the_next_turn() {
    for engine in engines() {
        let (from, to) = (socket(engine, false), socket(engine, false));
        // Of different sizes, so that no train forms.
        let sizes: Vec<usize> = (0..SLOTS + 5).map(|at| 100 + at).collect();
        send(&from, to.local(), &contents(&sizes));
        let mut inbox = Inbox::new();
        assert!(!to.receive(&mut inbox).unwrap());
        assert_eq!((inbox.arrivals().len(), inbox.free()), (SLOTS, 0));
        inbox.clear();
        assert!(to.receive(&mut inbox).unwrap());
        assert_eq!(inbox.arrivals().len(), 5);
    }
}

#[test]
fn several_sockets_fill_one_inbox() {
    for engine in engines() {
        let (a, b, from) = (socket(engine, false), socket(engine, false), socket(engine, false));
        send(&from, a.local(), &contents(&[10]));
        send(&from, b.local(), &contents(&[20]));
        let mut inbox = Inbox::new();
        assert!(a.receive(&mut inbox).unwrap() && b.receive(&mut inbox).unwrap());
        let sizes: Vec<usize> =
            inbox.arrivals().iter().flat_map(relais_udp::Arrival::datagrams).map(|r| r.len()).collect();
        assert_eq!(sizes, [10, 20]);
    }
}

#[test]
fn sockets_that_share_an_address_divide_the_senders_among_them() {
    for engine in engines() {
        let shared = Options { shared: true, ..options() };
        let first = Socket::bind(engine, loopback(false), shared).unwrap();
        let second = Socket::bind(engine, first.local(), shared).unwrap();
        assert!(Socket::bind(engine, first.local(), options()).is_err());
        // All open at once: the port of one that is closed may be given to the next.
        let sources: Vec<_> = (0..64).map(|_| socket(engine, false)).collect();
        let mut senders = BTreeMap::new();
        for from in &sources {
            send(from, first.local(), &contents(&[4]));
            send(from, first.local(), &contents(&[4]));
            senders.insert(from.local(), 0);
        }
        let (at_first, at_second) = (read(&first), read(&second));
        assert!(!at_first.is_empty() && !at_second.is_empty());
        for (from, _) in at_first {
            *senders.get_mut(&from).unwrap() += 1;
        }
        // A sender stays with one of them.
        assert!(senders.values().all(|count| *count == 0 || *count == 2));
    }
}

#[test]
fn marks_arrive_and_do_not_stay() {
    for v6 in [false, true] {
        for engine in engines() {
            let told = Options { marks: true, ..options() };
            let to = Socket::bind(Engine::detect(), loopback(v6), told).unwrap();
            let from = socket(engine, v6);
            let mut outbox = Outbox::new();
            for mark in [Mark { tos: Some(0xb8), ttl: Some(63), dont_fragment: false }, Mark::default()] {
                outbox.push(to.local(), mark, b"x", 0..0, &[]).unwrap();
            }
            assert_eq!(from.send(&mut outbox, &[]).datagrams, 2);
            let mut inbox = Inbox::new();
            to.receive(&mut inbox).unwrap();
            let marks: Vec<_> = inbox.arrivals().iter().map(|arrival| (arrival.tos, arrival.ttl)).collect();
            if Engine::detect() != Engine::portable() {
                assert_eq!(marks.first(), Some(&(Some(0xb8), Some(63))), "{} v6 {v6}", engine.name());
                assert_eq!(marks.get(1), Some(&(Some(0), Some(64))), "{} v6 {v6}", engine.name());
            }
        }
    }
}

#[test]
fn fragments_can_be_forbidden_for_one_datagram_alone() {
    let engine = Engine::detect();
    let (from, to) = (socket(engine, true), socket(engine, true));
    // Longer than loopback's MTU of 65 536 with its headers, and still a datagram of IPv6.
    let long = vec![7; 65_520];
    let mut outbox = Outbox::new();
    for dont_fragment in [false, true, false] {
        let mark = Mark { dont_fragment, ..Mark::default() };
        outbox.push(to.local(), mark, &[], 0..long.len(), &[]).unwrap();
    }
    let sent = from.send(&mut outbox, &long);
    let forbidden = u64::from(engine.can_forbid_fragments());
    assert_eq!((sent.datagrams, sent.refused, sent.too_long), (3 - forbidden, forbidden, forbidden));
    let expected = usize::try_from(3 - forbidden).unwrap();
    assert_eq!(read(&to), vec![(from.local(), long); expected]);
}

#[cfg(all(feature = "batched", target_os = "linux"))]
#[test]
fn the_two_engines_under_test_are_two() {
    assert_eq!(Engine::detect().name(), "gro+gso");
    assert_eq!(Engine::portable().name(), "portable");
}

#[test]
fn an_unreachable_peer_is_told_with_its_address_and_does_not_spoil_the_next_datagram() {
    let engine = Engine::detect();
    for v6 in [false, true] {
        let closed = UdpSocket::bind(loopback(v6)).unwrap().local_addr().unwrap();
        let from = Socket::bind(engine, loopback(v6), Options { errors: true, ..options() }).unwrap();
        let to = socket(engine, v6);
        for _ in 0..3 {
            assert_eq!(send(&from, closed, &contents(&[40])).datagrams, 1);
            // The error of the first waits on the socket by now; it is not this datagram's.
            let sent = send(&from, to.local(), &contents(&[40]));
            assert_eq!((sent.datagrams, sent.refused), (1, 0));
        }
        assert_eq!(read(&to).len(), 3);
        assert!(read(&from).is_empty());
        if engine.can_tell_errors() {
            let error = from.error().unwrap().expect("the kernel's own answer on loopback is at once");
            let unreachable = if v6 { (Origin::Icmp6, 1, 4) } else { (Origin::Icmp4, 3, 3) };
            assert_eq!(error.peer, closed);
            assert_eq!((error.origin, error.kind, error.code), unreachable);
        }
        while from.error().unwrap().is_some() {}
    }
}
