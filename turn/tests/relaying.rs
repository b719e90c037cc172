//! What a well-behaved client gets: RFC 8656 step by step, without sockets and clocks.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests say what they saw"
)]

mod support;

use relais_turn::wire::{
    AttributeType, Class, IntegrityKind, Message, Method, TransactionId, Writer, decode_xor_address,
};
use relais_turn::{
    Action, BindError, CloseReason, Config, Effect, Icmp, Redirect, Refusal, RelayId, Transport,
};
use support::{Caller, Style, World, addr, config, embedded, message, udp};

const PEER: &str = "198.51.100.7:5000";

fn to_peer(action: &Action) -> (RelayId, std::net::SocketAddr, std::ops::Range<usize>) {
    match action {
        Action::ToPeer { relay, peer, payload, .. } => (*relay, *peer, payload.clone()),
        other => panic!("{other:?}"),
    }
}

/// What the client receives: prefix, payload, padding.
fn to_client(action: &Action, payload: &[u8]) -> Vec<u8> {
    match action {
        Action::ToClient { prefix, payload: range, pad, .. } => {
            let mut bytes = prefix.to_vec();
            bytes.extend(&payload[range.clone()]);
            bytes.extend(vec![0; usize::from(*pad)]);
            bytes
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_binding_request_is_answered_with_the_clients_address() {
    let mut world = World::new(config());
    let reply = world.ask(udp("192.0.2.1:40000"), Method::BINDING, |_| {}).expect("an answer");
    let message = reply.message();
    assert_eq!(message.class(), Class::Success);
    let value = message.get(AttributeType::XOR_MAPPED_ADDRESS).expect("has it");
    assert_eq!(decode_xor_address(value, message.transaction()), Some(addr("192.0.2.1:40000")));
    assert!(!message.has_fingerprint(), "only where the question has one");
    let reply = world.ask(udp("192.0.2.1:40000"), Method::BINDING, |w| {
        w.fingerprint();
    });
    assert!(reply.expect("an answer").message().has_fingerprint());
}

#[test]
fn a_client_gets_an_address_a_channel_and_its_data_both_ways() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let relayed = ada.allocate(&mut world);
    assert_eq!(relayed.ip(), addr("203.0.113.5:0").ip());
    assert!(relayed.port() >= 49_152);
    assert!(matches!(world.effects.as_slice(), [Effect::Opened { .. }]));
    assert_eq!(ada.bind(&mut world, 0x4000, PEER), 0);
    let relay = world.relay_of(relayed);

    // Up: channel data, with and without padding.
    let up = [0x40, 0, 0, 5, b'h', b'e', b'l', b'l', b'o', 0, 0, 0];
    for datagram in [&up[..9], &up[..]] {
        let action = world.receive(ada.client, datagram);
        assert_eq!(to_peer(&action), (relay, addr(PEER), 4..9));
    }
    // Down: the channel's header goes first, no padding over UDP.
    let action = world.server.from_peer(world.now, relay, addr(PEER), 5);
    assert_eq!(to_client(&action, b"HELLO"), [&[0x40, 0, 0, 5][..], b"HELLO"].concat());
    assert_eq!((world.server.counters().packets_up, world.server.counters().bytes_down), (2, 5));
}

#[test]
fn indications_carry_data_both_ways_for_a_permitted_peer() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let relayed = ada.allocate(&mut world);
    assert_eq!(ada.permit(&mut world, &[PEER, "198.51.100.8:1"]), 0);
    let action = ada.send(&mut world, PEER, b"hello");
    let (relay, peer, payload) = to_peer(&action);
    assert_eq!((relay, peer, payload.len()), (world.relay_of(relayed), addr(PEER), 5));
    let action = world.server.from_peer(world.now, relay, addr(PEER), 5);
    let bytes = to_client(&action, b"HELLO");
    let data = Message::parse(&bytes).expect("a whole message");
    assert_eq!((data.class(), data.method()), (Class::Indication, Method::DATA));
    assert_eq!(data.get(AttributeType::DATA), Some(b"HELLO".as_slice()));
    let value = data.get(AttributeType::XOR_PEER_ADDRESS).expect("has it");
    assert_eq!(decode_xor_address(value, data.transaction()), Some(addr(PEER)));
}

/// RFC 8656 §12.5: on a stream channel data is padded.
#[test]
fn a_stream_gets_padded_channel_data_and_ends_with_its_connection() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.client.transport = Transport::Tls;
    let relayed = ada.allocate(&mut world);
    assert_eq!(ada.bind(&mut world, 0x4001, PEER), 0);
    let relay = world.relay_of(relayed);
    let action = world.server.from_peer(world.now, relay, addr(PEER), 5);
    assert_eq!(to_client(&action, b"HELLO").len(), 12);
    world.server.client_gone(ada.client);
    world.drain();
    assert!(world.open.is_empty() && world.server.allocations() == 0);
    assert_eq!(world.server.counters().closed(CloseReason::Disconnected), 1);
}

#[test]
fn lifetimes_are_bounded_refreshed_and_over_in_time() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let asked = [0_u32, 60, 1_200, 1_000_000].map(|seconds| {
        let mut caller = Caller::new(&format!("192.0.2.1:{}", 41_000 + seconds % 999), "ada", "wonder land");
        caller.try_allocate(&mut world, |w| {
            w.attribute(AttributeType::LIFETIME, &seconds.to_be_bytes());
        })
    });
    let given: Vec<Option<Vec<u8>>> =
        asked.into_iter().map(|reply| reply.expect("an answer").get(AttributeType::LIFETIME)).collect();
    let seconds = |n: u32| Some(n.to_be_bytes().to_vec());
    // Asking for less than the default gives the default, for more than the maximum the maximum.
    assert_eq!(given[0], seconds(600));
    assert_eq!(given[1], seconds(600));
    assert_eq!(given[2], seconds(1_200));
    assert_eq!(given[3], seconds(3_600));

    let relayed = ada.allocate(&mut world);
    world.pass(599);
    assert_eq!(ada.refresh(&mut world, 900).get(AttributeType::LIFETIME), seconds(900));
    world.pass(899);
    assert!(world.open.iter().any(|(_, open)| *open == relayed));
    world.pass(2);
    assert!(world.open.iter().all(|(_, open)| *open != relayed));
    world.pass(4_000);
    assert_eq!((world.server.allocations(), world.open.len(), world.server.next_timeout()), (0, 0, None));
}

#[test]
fn a_refresh_with_zero_ends_it_and_the_socket_is_closed() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.allocate(&mut world);
    assert_eq!(ada.refresh(&mut world, 0).code(), 0);
    assert!(world.open.is_empty());
    assert!(matches!(
        world.effects.last(),
        Some(Effect::Closed { reason: CloseReason::Client, user, .. }) if user.as_str() == "ada"
    ));
    assert_eq!(ada.refresh(&mut world, 0).code(), 437);
}

/// The same bytes again: the same answer, and nothing is done twice.
#[test]
fn a_repeated_request_gets_the_same_answer() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.greet(&mut world);
    let id = world.transaction();
    let allocate = message(Class::Request, Method::ALLOCATE, id, |w| {
        w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        ada.sign(w);
    });
    let mut answers = Vec::new();
    for _ in 0..3 {
        assert_eq!(world.receive(ada.client, &allocate), Action::Nothing);
        answers.push(world.reply().expect("an answer").bytes);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((world.server.allocations(), world.open.len(), world.server.counters().repeated), (1, 1, 2));

    // Another transaction on the same 5-tuple is another request: 437.
    assert_eq!(ada.try_allocate(&mut world, |_| {}).expect("an answer").code(), 437);

    // The end of it, told twice: the client that lost the first answer is told the same, not 437.
    let id = world.transaction();
    let end = message(Class::Request, Method::REFRESH, id, |w| {
        w.attribute(AttributeType::LIFETIME, &[0; 4]);
        ada.sign(w);
    });
    for _ in 0..2 {
        assert_eq!(world.receive(ada.client, &end), Action::Nothing);
        assert_eq!(world.reply().expect("an answer").code(), 0);
    }
    assert_eq!(world.server.allocations(), 0);
    world.pass(41);
    assert_eq!(world.receive(ada.client, &end), Action::Nothing);
    assert_eq!(world.reply().expect("an answer").code(), 437);
}

#[test]
fn permissions_last_five_minutes_and_channels_ten() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let relayed = ada.allocate(&mut world);
    ada.refresh(&mut world, 3_600);
    assert_eq!(ada.bind(&mut world, 0x4000, PEER), 0);
    let relay = world.relay_of(relayed);
    world.pass(299);
    assert_ne!(world.server.from_peer(world.now, relay, addr(PEER), 1), Action::Nothing);
    world.pass(2);
    // The channel still carries data to the peer, but the peer may no longer send (RFC 8656 §12).
    assert_eq!(world.server.from_peer(world.now, relay, addr(PEER), 1), Action::Nothing);
    assert_ne!(world.receive(ada.client, &[0x40, 0, 0, 0]), Action::Nothing);
    assert_eq!(ada.permit(&mut world, &[PEER]), 0);
    let action = world.server.from_peer(world.now, relay, addr(PEER), 1);
    assert_eq!(to_client(&action, b"x")[..2], [0x40, 0]);
    world.pass(298);
    ada.permit(&mut world, &[PEER]);
    world.pass(2);
    assert_eq!(world.receive(ada.client, &[0x40, 0, 0, 0]), Action::Nothing);
    let action = world.server.from_peer(world.now, relay, addr(PEER), 1);
    assert_eq!(to_client(&action, b"x")[..2], [0, 0x17], "without its channel it comes as an indication");
    // Its number is free for another peer now.
    assert_eq!(ada.bind(&mut world, 0x4000, "198.51.100.9:1"), 0);
}

#[test]
fn a_client_may_have_both_families() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let reply = ada.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    let relayed = reply.expect("an answer").relayed();
    assert!(matches!(relayed.as_slice(), [v4, v6] if v4.is_ipv4() && v6.is_ipv6()));
    assert_eq!(ada.permit(&mut world, &[PEER, "[2001:db8:1::7]:1"]), 0);
    let action = ada.send(&mut world, "[2001:db8:1::7]:5000", b"x");
    assert_eq!(to_peer(&action).0, world.relay_of(relayed[1]));
    // One of them ends, the other lives on.
    let reply = ada.request(&mut world, Method::REFRESH, |w| {
        w.attribute(AttributeType::LIFETIME, &[0; 4]);
        w.attribute(AttributeType::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    assert_eq!(reply.expect("an answer").code(), 0);
    assert_eq!((world.open.len(), ada.permit(&mut world, &["[2001:db8:1::7]:1"])), (1, 443));
    assert_eq!(ada.send(&mut world, "[2001:db8:1::7]:5000", b"x"), Action::Nothing);
}

#[test]
fn a_missing_second_family_is_named_and_the_first_is_given() {
    let mut config = config();
    config.relays.v6 = None;
    let mut world = World::new(config);
    let mut ada = Caller::ada();
    let reply = ada.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    let reply = reply.expect("an answer");
    assert_eq!((reply.code(), reply.relayed().len()), (0, 1));
    assert_eq!(reply.get(AttributeType::ADDRESS_ERROR_CODE), Some(vec![2, 0, 4, 40]));
    let reply = Caller::new("192.0.2.9:1", "ben", "pass").try_allocate(&mut world, |w| {
        w.attribute(AttributeType::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    assert_eq!(reply.expect("an answer").code(), 440);
}

#[test]
fn an_even_port_and_the_one_beside_it() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let reply = ada.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::EVEN_PORT, &[0x80]);
    });
    let reply = reply.expect("an answer");
    let token = reply.get(AttributeType::RESERVATION_TOKEN).expect("a token");
    let even = reply.relayed()[0];
    assert!(even.port().is_multiple_of(2));
    assert_eq!(world.open.len(), 2);

    // Nobody else may have it.
    let mut ben = Caller::new("192.0.2.2:1", "ben", "pass");
    let with = |w: &mut Writer<'_>| {
        w.attribute(AttributeType::RESERVATION_TOKEN, &token);
    };
    assert_eq!(ben.try_allocate(&mut world, with).expect("an answer").code(), 508);
    let mut other = Caller::new("192.0.2.1:40001", "ada", "wonder land");
    let reply = other.try_allocate(&mut world, with).expect("an answer");
    assert_eq!(reply.relayed(), [std::net::SocketAddr::new(even.ip(), even.port() + 1)]);
    assert_eq!(world.open.len(), 2);
    let mut third = Caller::new("192.0.2.1:40002", "ada", "wonder land");
    assert_eq!(third.try_allocate(&mut world, with).expect("an answer").code(), 508, "once only");
    // One that nobody asks for is given back.
    let reply = third.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::EVEN_PORT, &[0x80]);
    });
    assert_eq!((reply.expect("an answer").code(), world.open.len()), (0, 4));
    world.pass(31);
    assert_eq!((world.open.len(), world.server.relays()), (3, 3));
    let reply = ben.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::EVEN_PORT, &[0]);
    });
    assert!(reply.expect("an answer").relayed()[0].port().is_multiple_of(2));
}

#[test]
fn a_port_in_use_is_replaced_and_a_hopeless_one_refused() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.greet(&mut world);
    world.binds = vec![Err(BindError::InUse), Err(BindError::InUse), Ok(())];
    ada.allocate(&mut world);
    assert_eq!((world.open.len(), world.server.relays()), (1, 1));

    let mut ben = Caller::new("192.0.2.2:1", "ben", "pass");
    ben.greet(&mut world);
    for binds in [vec![Err(BindError::InUse); 16], vec![Err(BindError::Unavailable)]] {
        world.binds = binds;
        assert_eq!(ben.try_allocate(&mut world, |_| {}).expect("an answer").code(), 508);
        assert_eq!((world.open.len(), world.server.relays(), world.server.allocations()), (1, 1, 1));
    }
    // A pair whose odd half fails is given back whole; of two families one may fail.
    world.binds = vec![Ok(()), Err(BindError::InUse), Ok(()), Ok(())];
    let reply = ben.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::EVEN_PORT, &[0x80]);
    });
    assert_eq!((reply.expect("an answer").code(), world.open.len()), (0, 3));
    let mut eve = Caller::new("192.0.2.3:1", "ben", "pass");
    eve.greet(&mut world);
    world.binds = vec![Ok(()), Err(BindError::Unavailable)];
    let reply = eve.try_allocate(&mut world, |w| {
        w.attribute(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    let reply = reply.expect("an answer");
    assert_eq!(reply.get(AttributeType::ADDRESS_ERROR_CODE), Some(vec![2, 0, 5, 8]));
    assert_eq!(reply.relayed().len(), 1);
}

#[test]
fn dont_fragment_is_carried_where_it_can_be_and_refused_where_not() {
    for able in [true, false] {
        let mut config = config();
        config.dont_fragment = able;
        let mut world = World::new(config);
        let mut ada = Caller::ada();
        let reply = ada.try_allocate(&mut world, |w| {
            w.attribute(AttributeType::DONT_FRAGMENT, &[]);
        });
        let reply = reply.expect("an answer");
        if !able {
            assert_eq!(reply.code(), 420);
            assert_eq!(reply.get(AttributeType::UNKNOWN_ATTRIBUTES), Some(vec![0, 0x1A]));
            continue;
        }
        ada.permit(&mut world, &[PEER]);
        let id = world.transaction();
        let bytes = message(Class::Indication, Method::SEND, id, |w| {
            w.attribute(AttributeType::DONT_FRAGMENT, &[]);
            w.xor_address(AttributeType::XOR_PEER_ADDRESS, addr(PEER));
            w.attribute(AttributeType::DATA, b"x");
        });
        let action = world.receive(ada.client, &bytes);
        assert!(matches!(action, Action::ToPeer { dont_fragment: true, .. }));
    }
}

/// RFC 8656 §11.5 and §18.13.
#[test]
fn an_icmp_error_reaches_the_client_that_may_hear_of_the_peer() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    let relayed = ada.allocate(&mut world);
    ada.permit(&mut world, &[PEER]);
    let relay = world.relay_of(relayed);
    let icmp = Icmp { kind: 3, code: 4, data: [0, 0, 5, 0xDC] };
    world.server.from_icmp(world.now, relay, addr(PEER), icmp);
    world.drain();
    let reply = world.reply().expect("an indication");
    assert_eq!(reply.message().class(), Class::Indication);
    assert_eq!(reply.get(AttributeType::ICMP), Some(vec![0, 0, 3, 4, 0, 0, 5, 0xDC]));
    world.server.from_icmp(world.now, relay, addr("198.51.100.99:1"), icmp);
    world.drain();
    assert!(world.reply().is_none());
    assert_eq!(world.server.counters().refused(Refusal::NoPermission), 1);
}

#[test]
fn two_clients_of_one_server_reach_one_another_without_a_socket() {
    let mut world = World::new(config());
    let (mut ada, mut ben) = (Caller::ada(), Caller::new("192.0.2.2:1", "ben", "pass"));
    let (at_ada, at_ben) = (ada.allocate(&mut world), ben.allocate(&mut world));
    assert_eq!(ada.permit(&mut world, &[&at_ben.to_string()]), 0);
    assert_eq!(ada.send(&mut world, &at_ben.to_string(), b"hello"), Action::Nothing, "he has not allowed it");
    assert_eq!(ben.bind(&mut world, 0x4000, &at_ada.to_string()), 0);
    let id = TransactionId([1; 12]);
    let bytes = message(Class::Indication, Method::SEND, id, |w| {
        w.xor_address(AttributeType::XOR_PEER_ADDRESS, at_ben);
        w.attribute(AttributeType::DATA, b"hello");
    });
    let action = world.receive(ada.client, &bytes);
    assert!(matches!(&action, Action::ToClient { client, .. } if *client == ben.client));
    assert_eq!(to_client(&action, &bytes), [&[0x40, 0, 0, 5][..], b"hello"].concat());
    assert_eq!(world.server.counters().hairpins, 1);
}

/// RFC 8489 §9.2 with the offer taken: SHA-256 in both directions, and a name that is not shown.
#[test]
fn a_client_that_knows_rfc_8489_uses_sha256_and_hides_its_name() {
    for style in [Style::New, Style::Hidden] {
        let mut world = World::new(config());
        let mut ada = Caller { style, ..Caller::ada() };
        let reply = ada.try_allocate(&mut world, |_| {}).expect("an answer");
        assert_eq!(reply.code(), 0);
        let message = reply.message();
        assert!(message.integrity(IntegrityKind::Sha1).is_none());
        let key = relais_turn::auth::Key::derive(
            relais_turn::auth::Algorithm::Sha256,
            b"ada",
            "relais",
            b"wonder land",
        );
        assert!(message.integrity(IntegrityKind::Sha256).expect("has it").is_by(key.as_bytes()));
        assert_eq!(ada.permit(&mut world, &[PEER]), 0);
    }
}

#[test]
fn the_only_peer_of_an_embedded_relay_is_in_the_process() {
    let mut world = World::new(embedded());
    let mut ada = Caller::rest("192.0.2.1:40000", "1800003600:ward:session-1");
    let relayed = ada.allocate(&mut world);
    assert!(world.open.is_empty(), "no socket");
    assert_eq!(relayed.ip(), addr("203.0.113.9:0").ip());
    assert_eq!(ada.bind(&mut world, 0x4000, "203.0.113.9:3478"), 0);
    let action = world.receive(ada.client, &[0x40, 0, 0, 2, 1, 2]);
    assert!(
        matches!(&action, Action::ToSink { relayed: from, sink, payload, .. }
            if *from == relayed && *sink == addr("203.0.113.9:3478") && *payload == (4..6)),
        "{action:?}"
    );
    let action = world.server.from_sink(world.now, relayed, addr("203.0.113.9:3478"), 3);
    assert_eq!(to_client(&action, b"abc"), [0x40, 0, 0, 3, b'a', b'b', b'c']);
    // Nobody else: not another port there, not another address.
    for peer in ["203.0.113.9:3479", "198.51.100.7:1", "127.0.0.1:3478"] {
        assert_eq!(ada.bind(&mut world, 0x4001, peer), 403, "{peer}");
        assert_eq!(ada.send(&mut world, peer, b"x"), Action::Nothing, "{peer}");
    }
    assert_eq!(world.server.from_sink(world.now, relayed, addr("203.0.113.9:9"), 3), Action::Nothing);
}

#[test]
fn a_redirect_names_another_server_before_or_after_the_proof() {
    for before_authentication in [true, false] {
        let mut config = config();
        config.redirect = Some(Redirect {
            server: addr("198.51.100.3:3478"),
            domain: Some("turn.example.org".to_owned()),
            before_authentication,
        });
        let mut world = World::new(config);
        let reply = if before_authentication {
            world.ask(udp("192.0.2.1:1"), Method::ALLOCATE, |w| {
                w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
            })
        } else {
            Caller::ada().try_allocate(&mut world, |_| {})
        };
        let reply = reply.expect("an answer");
        assert_eq!(reply.code(), 300);
        assert_eq!(reply.get(AttributeType::ALTERNATE_SERVER), Some(vec![0, 1, 0x0D, 0x96, 198, 51, 100, 3]));
        assert_eq!(reply.get(AttributeType::ALTERNATE_DOMAIN).is_some(), !before_authentication);
    }
}

#[test]
fn a_draining_server_keeps_what_it_has_and_takes_nothing_new() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.allocate(&mut world);
    world.server.set_draining(true);
    let mut ben = Caller::new("192.0.2.2:1", "ben", "pass");
    assert_eq!(ben.try_allocate(&mut world, |_| {}).expect("an answer").code(), 508);
    assert_eq!((ada.refresh(&mut world, 600).code(), ada.permit(&mut world, &[PEER])), (0, 0));
}

#[test]
fn old_channel_numbers_are_a_switch() {
    for old in [false, true] {
        let mut world = World::new(Config { rfc5766_channels: old, ..config() });
        let mut ada = Caller::ada();
        ada.allocate(&mut world);
        assert_eq!(ada.bind(&mut world, 0x5000, PEER), if old { 0 } else { 400 });
        let action = world.receive(ada.client, &[0x50, 0, 0, 0]);
        assert_eq!(matches!(action, Action::ToPeer { .. }), old);
    }
}
