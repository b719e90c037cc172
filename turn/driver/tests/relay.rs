//! The relay as a whole, on loopback: what goes in by UDP, TCP or TLS comes out at the peer, and the other way round.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: a failure here is the failure to report"
)]

mod kit;

use std::io::{Read as _, Write as _};

use kit::{Client, World, peer, take};
use relais_turn_driver::config::Config;
use relais_turn_driver::limits::QUEUE_BYTES;
use relais_turn_driver::shard::Stats;

/// One peer on loopback may be reached: the relay's own machine is denied by default.
const ALLOW: &str = "[peers]\nallow = [\"127.0.0.1/32\", \"127.0.0.2/32\"]\n";

fn one_shard() -> String {
    format!("{ALLOW}[limits]\nshards = 1\n")
}

/// Both ways over a channel and over indications, with payloads of every padding.
fn relays_both_ways(client: &mut Client) {
    let peer = peer();
    let relayed = client.allocate().unwrap();
    let address = peer.local_addr().unwrap();
    client.permit(address).unwrap();
    for len in [0, 1, 2, 3, 4, 160, 1_200, 9_001] {
        let payload: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
        client.send_indication(address, &payload);
        assert_eq!(take(&peer), (payload.clone(), relayed));
        peer.send_to(&payload, relayed).unwrap();
        assert_eq!(client.receive_indication(), (address, payload));
    }
    client.bind_channel(0x4001, address).unwrap();
    for len in [0, 1, 2, 3, 4, 160, 1_200, 9_001] {
        let payload: Vec<u8> = (0..len).map(|at| u8::try_from(at % 249).unwrap()).collect();
        client.send_channel(0x4001, &payload);
        assert_eq!(take(&peer), (payload.clone(), relayed));
        peer.send_to(&payload, relayed).unwrap();
        assert_eq!(client.receive_channel(0x4001), payload);
    }
    client.end().unwrap();
}

#[test]
fn clients_of_udp_tcp_and_tls_reach_a_peer_and_it_reaches_them() {
    for more in ["", "portable = true\n"] {
        let world = World::start(&format!("{ALLOW}[limits]\nshards = 2\n{more}"));
        relays_both_ways(&mut world.over_udp());
        relays_both_ways(&mut world.over_tcp());
        relays_both_ways(&mut world.over_tls());
        let sum = world.relay.report();
        assert_eq!(sum.allocations, 0);
        assert!(sum.text().contains("relais_turn_allocations_opened_total 3\n"), "{}", sum.text());
        world.relay.stop();
    }
}

#[test]
fn clients_of_different_transports_reach_each_other_through_the_relay() {
    let world = World::start(&one_shard());
    let (mut a, mut b) = (world.over_udp(), world.over_tls());
    let (relayed_a, relayed_b) = (a.allocate().unwrap(), b.allocate().unwrap());
    a.permit(relayed_b).unwrap();
    b.permit(relayed_a).unwrap();
    for _ in 0..3 {
        a.send_indication(relayed_b, b"to b");
        assert_eq!(b.receive_indication(), (relayed_a, b"to b".to_vec()));
        b.send_indication(relayed_a, b"to a!!");
        assert_eq!(a.receive_indication(), (relayed_b, b"to a!!".to_vec()));
    }
}

#[test]
fn without_a_line_that_allows_it_the_own_machine_is_not_reached() {
    let world = World::start("[limits]\nshards = 1\n");
    let mut client = world.over_udp();
    client.allocate().unwrap();
    assert_eq!(client.permit("127.0.0.2:9".parse().unwrap()).unwrap_err(), 403);
    // The relayed address itself is a peer for other clients, but at relayed ports alone.
    assert_eq!(client.bind_channel(0x4000, "127.0.0.1:9".parse().unwrap()).unwrap_err(), 403);
    assert_eq!(client.permit("169.254.169.254:80".parse().unwrap()).unwrap_err(), 403);
}

#[test]
fn a_stream_of_another_protocol_is_closed_at_its_first_byte() {
    let world = World::start(&one_shard());
    for first in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x40\x01\x00\x00", b"SSH-2.0-x\r\n"] {
        let mut stream = world.stream();
        stream.write_all(first).unwrap();
        let mut rest = Vec::new();
        // A reset is as good an end as any.
        drop(stream.read_to_end(&mut rest));
        assert_eq!(rest, b"");
    }
    // A stream that begins well and then loses its framing, too.
    let mut client = world.over_tcp();
    client.allocate().unwrap();
    client.send(&[0xFF; 64]);
    let sum = wait_for(&world, |stats, allocations| stats.streams == 0 && allocations == 0);
    assert_eq!(sum.streams_faulty, 4);
}

#[test]
fn an_allocation_ends_with_its_stream() {
    let world = World::start(&one_shard());
    let mut client = world.over_tls();
    client.allocate().unwrap();
    assert_eq!(world.relay.report().allocations, 1);
    drop(client);
    wait_for(&world, |stats, allocations| stats.streams == 0 && allocations == 0);
}

#[test]
fn a_stream_that_reads_nothing_loses_what_is_late_and_not_its_framing() {
    let world = World::start(&one_shard());
    let mut client = world.over_tcp();
    let peer = peer();
    let relayed = client.allocate().unwrap();
    client.bind_channel(0x4000, peer.local_addr().unwrap()).unwrap();
    // More than both kernels and the queue hold together, in datagrams that say which they are.
    let mut number = 0_u32;
    let late = |world: &World| world.relay.report().stats.frames_late;
    while late(&world) == 0 {
        for _ in 0..200 {
            let payload = [&number.to_be_bytes()[..], &[7; 8_000]].concat();
            peer.send_to(&payload, relayed).unwrap();
            number += 1;
        }
        assert!(number < 200_000, "{QUEUE_BYTES} bytes should have been too much by now");
    }
    let mut last = None;
    for _ in 0..20 {
        let payload = client.receive_channel(0x4000);
        let number = u32::from_be_bytes(payload[..4].try_into().unwrap());
        assert!(payload.len() == 8_004 && last < Some(number));
        last = Some(number);
    }
}

#[test]
fn a_reload_ends_what_it_forbids_and_takes_new_secrets() {
    let world = World::start(&one_shard());
    let mut client = world.over_udp();
    client.allocate().unwrap();
    client.permit("127.0.0.2:9".parse().unwrap()).unwrap();
    let users = world.folder.path().join("users");
    std::fs::write(&users, "u:p\n").unwrap();
    let text = format!("[auth]\nusers_file = {users:?}\n[limits]\nshards = 1\n");
    world.relay.reload(&Config::read(&text, &[]).unwrap().current);
    assert_eq!(client.permit("127.0.0.2:9".parse().unwrap()).unwrap_err(), 403);
    world.relay.drain();
    assert_eq!(world.over_udp().allocate().unwrap_err(), 508);
}

#[test]
fn clients_that_come_relay_and_vanish_leave_nothing_behind() {
    let world = World::start(&one_shard());
    let peer = peer();
    let churn = |rounds: usize| {
        for round in 0..rounds {
            for (way, mut client) in
                [world.over_udp(), world.over_tcp(), world.over_tls()].into_iter().enumerate()
            {
                let relayed = client.allocate().unwrap();
                client.permit(peer.local_addr().unwrap()).unwrap();
                client.send_indication(peer.local_addr().unwrap(), b"here");
                assert_eq!(take(&peer).1, relayed);
                // A datagram's client says that it goes; a stream's vanishes.
                if way == 0 || round % 2 == 0 {
                    client.end().unwrap();
                }
            }
        }
        wait_for(&world, |stats, allocations| stats.streams == 0 && allocations == 0);
    };
    churn(2);
    let before = descriptors();
    churn(20);
    // Other tests of this process open and close theirs at the same time: a leak would be sixty.
    assert!(descriptors() < before + 40, "{before} and now {}", descriptors());
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Looks until it is so; a shard acts at once, this only waits for the kernel to bring it about.
fn wait_for(world: &World, holds: impl Fn(&Stats, usize) -> bool) -> Stats {
    for _ in 0..100_000 {
        let sum = world.relay.report();
        if holds(&sum.stats, sum.allocations) {
            return sum.stats;
        }
        std::thread::yield_now();
    }
    panic!("{:?}", world.relay.report().stats);
}
