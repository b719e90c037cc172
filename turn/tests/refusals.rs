//! Bad input, one refusal at a time: each scene is an attack that fails and is counted, and that succeeds with its one
//! check off, so that the check and nothing else is what stops it.

mod support;

use relais_turn::auth::{Caps, Credentials, RestSecret, SecretHash};
use relais_turn::policy::{Policy, Rule};
use relais_turn::wire::{AttributeType, Class, Method};
use relais_turn::{Action, Budget, Config, ConfigError, Quotas, Redirect, Refusal, Revocation, Sha256Mode};
use support::{Caller, Style, World, addr, config, embedded, message, open_policy, udp};

const PEER: &str = "198.51.100.7:5000";

/// Runs an attack with all checks on, when it must fail and be counted as `why`, and with that check off, when it must
/// succeed.
fn stopped_by(why: Refusal, config: impl Fn() -> Config, attack: impl Fn(&mut World) -> bool) {
    let mut world = World::new(config());
    assert!(!attack(&mut world), "{why:?}: the attack succeeds");
    assert!(world.server.counters().refused(why) > 0, "{why:?} is counted");
    #[cfg(feature = "mutations")]
    {
        let mut world = World::new(config());
        let won = relais_turn::mutations::without(why, || attack(&mut world));
        assert!(won, "{why:?}: something else stops the attack too");
    }
}

fn allocates(caller: &mut Caller, world: &mut World) -> bool {
    caller.try_allocate(world, |_| {}).is_some_and(|reply| reply.code() == 0)
}

#[test]
fn nobody_allocates_without_credentials() {
    let attack = |world: &mut World| {
        let reply = world.ask(udp("192.0.2.1:1"), Method::ALLOCATE, |w| {
            w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        });
        reply.is_some_and(|reply| reply.code() == 0)
    };
    let mut world = World::new(config());
    assert!(!attack(&mut world));
    assert_eq!(world.server.counters().refused(Refusal::NoCredentials), 1);
    assert_eq!((world.server.allocations(), world.server.next_timeout()), (0, None), "nothing is stored");
}

#[test]
fn the_right_name_with_the_wrong_password_gets_nothing() {
    stopped_by(Refusal::WrongIntegrity, config, |world| {
        let mut eve = Caller::new("192.0.2.66:1", "ada", "wonderland");
        allocates(&mut eve, world)
    });
    let mut world = World::new(config());
    let mut eve = Caller::new("192.0.2.66:1", "ada", "wonderland");
    assert_eq!(eve.try_allocate(&mut world, |_| {}).expect("an answer").code(), 401);
    let mut nobody = Caller::new("192.0.2.66:2", "eve", "wonderland");
    assert_eq!(nobody.try_allocate(&mut world, |_| {}).expect("an answer").code(), 401);
}

#[test]
fn a_nonce_is_worth_nothing_from_another_address_or_too_late() {
    stopped_by(Refusal::StaleNonce, config, |world| {
        let mut ada = Caller::ada();
        ada.greet(world);
        let mut elsewhere = Caller { client: udp("192.0.2.66:40000"), ..ada };
        allocates(&mut elsewhere, world)
    });
    stopped_by(Refusal::StaleNonce, config, |world| {
        let mut ada = Caller::ada();
        ada.greet(world);
        world.pass(3_601);
        allocates(&mut ada, world)
    });
    // An invented one, of our form.
    stopped_by(Refusal::StaleNonce, config, |world| {
        let mut ada = Caller { nonce: b"obMatJos2gAAAAAAAAAAAAAAAAAA".to_vec(), ..Caller::ada() };
        allocates(&mut ada, world)
    });
    // The answer has a new one, with which it goes on.
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.greet(&mut world);
    world.pass(3_601);
    let reply = ada.try_allocate(&mut world, |_| {}).expect("an answer");
    assert_eq!(reply.code(), 438);
    ada.nonce = reply.get(AttributeType::NONCE).expect("a nonce");
    assert!(allocates(&mut ada, &mut world));
}

/// RFC 8489 §9.2.4: somebody between has shortened what was offered.
#[test]
fn a_shortened_offer_is_noticed() {
    stopped_by(Refusal::BidDown, config, |world| {
        let mut ada = Caller::ada();
        ada.greet(world);
        let key = relais_turn::auth::Key::derive(
            relais_turn::auth::Algorithm::Md5,
            b"ada",
            "relais",
            b"wonder land",
        );
        let reply = world.ask(ada.client, Method::ALLOCATE, |w| {
            w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
                .attribute(AttributeType::USERNAME, b"ada")
                .attribute(AttributeType::REALM, b"relais")
                .attribute(AttributeType::NONCE, &ada.nonce)
                .attribute(AttributeType::PASSWORD_ALGORITHMS, &[0, 1, 0, 0])
                .attribute(AttributeType::PASSWORD_ALGORITHM, &[0, 1, 0, 0])
                .integrity_sha1(key.as_bytes());
        });
        reply.expect("an answer").code() == 0
    });
}

/// With the offer in the nonce, a right SHA-1 beside a wrong SHA-256 is no way in.
#[test]
fn sha1_beside_sha256_does_not_count() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.greet(&mut world);
    let derive = relais_turn::auth::Key::derive;
    let key = derive(relais_turn::auth::Algorithm::Md5, b"ada", "relais", b"wonder land");
    let reply = world.ask(ada.client, Method::ALLOCATE, |w| {
        w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
            .attribute(AttributeType::USERNAME, b"ada")
            .attribute(AttributeType::REALM, b"relais")
            .attribute(AttributeType::NONCE, &ada.nonce)
            .integrity_sha1(key.as_bytes())
            .integrity_sha256(b"not the key");
    });
    assert_eq!(reply.expect("an answer").code(), 401);
}

#[test]
fn a_server_that_demands_sha256_takes_nothing_less() {
    let strict = || Config { sha256: Sha256Mode::Required, ..config() };
    stopped_by(Refusal::WeakIntegrity, strict, |world| allocates(&mut Caller::ada(), world));
    let mut ada = Caller { style: Style::New, ..Caller::ada() };
    assert!(allocates(&mut ada, &mut World::new(strict())));
}

#[test]
fn ephemeral_names_end_and_carry_their_bounds() {
    let rest =
        || Config { credentials: Credentials::new().secret(support::secret()).expect("one"), ..config() };
    stopped_by(Refusal::CredentialExpired, rest, |world| {
        allocates(&mut Caller::rest("192.0.2.1:1", "1799999999:ada"), world)
    });
    let mut world = World::new(rest());
    assert!(allocates(&mut Caller::rest("192.0.2.1:1", "1800000060:ada"), &mut world));
    for name in ["soon:ada", "1800000060:a:b:unbounded", "1800000060", "1800000060:"] {
        assert!(!allocates(&mut Caller::rest("192.0.2.1:2", name), &mut world), "{name}");
    }
    // Two allocations for the session, one permission each, whatever the caps of the next name say.
    let name = "1800000060:ward:one:a2,n1";
    let mut callers = [3, 4, 5].map(|port| Caller::rest(&format!("192.0.2.1:{port}"), name));
    let outcome: Vec<bool> = callers.iter_mut().map(|caller| allocates(caller, &mut world)).collect();
    assert_eq!(outcome, [true, true, false]);
    assert_eq!(callers[0].permit(&mut world, &[PEER]), 0);
    assert_eq!(callers[0].permit(&mut world, &["198.51.100.8:1"]), 508);
    // A name with wider caps has another password: nobody widens his own.
    let mut wider = Caller { name: "1800000060:ward:one:a9".into(), ..callers[2].clone() };
    assert!(!allocates(&mut wider, &mut world));
    assert_eq!(Caps::parse("b1,p2,a3,n4").expect("well-formed").to_string(), "b1,p2,a3,n4");
}

#[test]
fn a_configuration_that_would_answer_nobody_is_refused() {
    assert_eq!(config().check(), Ok(()));
    let realm = relais_turn::auth::Realm::new("turn.example.org", false).expect("below 20");
    let long = Config { realm: realm.clone(), ..config() };
    assert_eq!(long.check(), Err(ConfigError::Realm(8)));
    assert_eq!(Config { realm, sha256: Sha256Mode::Off, ..config() }.check(), Ok(()));
    let domain = Some("d".repeat(254));
    let redirect = Some(Redirect { server: addr(PEER), domain, before_authentication: false });
    assert_eq!(Config { redirect, ..config() }.check(), Err(ConfigError::Text));
}

/// Two secrets and two hashes live side by side, so that one can be replaced by the other while calls go on.
#[test]
fn secrets_are_replaced_without_ending_anything() {
    let new = RestSecret::new(b"another secret, longer still", SecretHash::Sha256).expect("long enough");
    let mut world = World::new(embedded());
    let name = "1800003600:ward:one";
    let mut old_caller = Caller::rest("192.0.2.1:1", name);
    assert!(allocates(&mut old_caller, &mut world));
    let both = Credentials::new().secret(support::secret()).and_then(|both| both.secret(new.clone()));
    world.server.set_credentials(both.expect("two secrets"));
    let mut new_caller = Caller::new("192.0.2.2:1", name, &new.password(name));
    assert!(allocates(&mut new_caller, &mut world));
    assert!(allocates(&mut Caller::rest("192.0.2.3:1", name), &mut world));
    world.server.set_credentials(Credentials::new().secret(new).expect("one secret"));
    assert!(!allocates(&mut Caller::rest("192.0.2.4:1", name), &mut world), "the old secret is gone");
    assert_eq!(old_caller.refresh(&mut world, 600).code(), 0, "what lives goes on");
    assert!(RestSecret::new(b"too short", SecretHash::Sha1).is_err());
}

#[test]
fn an_allocation_outlives_its_credential_where_that_is_switched_on() {
    let mut world = World::new(Config { end_at_expiry: false, ..embedded() });
    let mut ada = Caller::rest("192.0.2.1:1", "1800000060:ward:one");
    assert!(allocates(&mut ada, &mut world));
    world.pass(61);
    assert_eq!(ada.refresh(&mut world, 600).code(), 0);
    assert!(!allocates(&mut Caller { client: udp("192.0.2.1:2"), nonce: Vec::new(), ..ada }, &mut world));
}

/// Spoofed questions use up a prefix's answers; who is on a stream, asks for a Binding, or shows a nonce is answered.
#[test]
fn a_spent_budget_stops_neither_streams_nor_who_has_been_answered() {
    let mut world = World::new(Config { budget: Budget { burst: 5, per_s: 1 }, ..config() });
    let mut ada = Caller::ada();
    ada.greet(&mut world);
    let spoof = |world: &mut World| {
        world.ask(udp("192.0.2.99:9"), Method::ALLOCATE, |w| {
            w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        })
    };
    while spoof(&mut world).is_some() {}
    assert!(world.ask(udp("192.0.2.1:7"), Method::BINDING, |_| {}).is_some());
    let mut wrong = Caller { password: "wrong".into(), ..ada.clone() };
    assert_eq!(wrong.try_allocate(&mut world, |_| {}).expect("an answer").code(), 401);
    assert!(allocates(&mut ada, &mut world));
    let mut stream = Caller::new("192.0.2.5:1", "ben", "pass");
    stream.client.transport = relais_turn::Transport::Tcp;
    assert!(allocates(&mut stream, &mut world));
}

#[test]
fn an_allocation_ends_with_its_credential_in_the_embedded_relay() {
    let mut world = World::new(embedded());
    let mut ada = Caller::rest("192.0.2.1:1", "1800000060:ward:one");
    let reply = ada.try_allocate(&mut world, |_| {}).expect("an answer");
    assert_eq!(reply.get(AttributeType::LIFETIME), Some(60_u32.to_be_bytes().to_vec()));
    assert_eq!(
        ada.refresh(&mut world, 3_600).get(AttributeType::LIFETIME),
        Some(60_u32.to_be_bytes().to_vec())
    );
    world.pass(61);
    assert_eq!(world.server.allocations(), 0);
}

#[test]
fn a_revoked_name_or_session_is_cut_off_at_once_and_stays_out() {
    for what in [Revocation::Username("1800003600:ward:one".into()), Revocation::Session("one".into())] {
        let (mut ada, mut ben) = (
            Caller::rest("192.0.2.1:1", "1800003600:ward:one"),
            Caller::rest("192.0.2.2:1", "1800003600:ward:two"),
        );
        stopped_by(Refusal::Revoked, embedded, |world| {
            let mut ada = ada.clone();
            assert!(allocates(&mut ada, world));
            assert_eq!(world.server.revoke(world.now, &what), 1);
            world.drain();
            assert_eq!(world.receive(ada.client, &[0x40, 0, 0, 0]), Action::Nothing);
            allocates(&mut ada, world)
        });
        let mut world = World::new(embedded());
        assert!(allocates(&mut ada, &mut world) && allocates(&mut ben, &mut world));
        assert_eq!(world.server.revoke(world.now, &what), 1, "the other goes on");
        world.drain();
        assert_eq!(ben.refresh(&mut world, 600).code(), 0);
    }
}

#[test]
fn somebody_else_does_not_touch_an_allocation() {
    stopped_by(Refusal::WrongCredentials, config, |world| {
        let mut ada = Caller::ada();
        ada.allocate(world);
        let ben = Caller { name: "ben".into(), password: "pass".into(), ..ada };
        ben.refresh(world, 0).code() == 0
    });
}

#[test]
fn quotas_hold_for_users_prefixes_and_the_whole() {
    let with = |quotas: Quotas| move || Config { quotas, ..config() };
    let two = |world: &mut World, second: &str, name: &str, password: &str| {
        assert!(allocates(&mut Caller::ada(), world));
        allocates(&mut Caller::new(second, name, password), world)
    };
    let quotas = Quotas { per_user: 1, ..Quotas::default() };
    stopped_by(Refusal::UserQuota, with(quotas), |w| two(w, "198.51.100.1:1", "ada", "wonder land"));
    let quotas = Quotas { per_prefix: 1, ..Quotas::default() };
    stopped_by(Refusal::PrefixQuota, with(quotas), |w| two(w, "192.0.2.250:1", "ben", "pass"));
    let quotas = Quotas { allocations: 1, ..Quotas::default() };
    stopped_by(Refusal::TotalQuota, with(quotas), |w| two(w, "198.51.100.1:1", "ben", "pass"));
    stopped_by(Refusal::Draining, config, |world| {
        world.server.set_draining(true);
        allocates(&mut Caller::ada(), world)
    });
    // What ends is given back.
    let mut world = World::new(Config { quotas: Quotas { per_user: 1, ..Quotas::default() }, ..config() });
    for port in 1..100 {
        let mut ada = Caller::new(&format!("192.0.2.1:{port}"), "ada", "wonder land");
        assert!(allocates(&mut ada, &mut world));
        assert_eq!(ada.refresh(&mut world, 0).code(), 0);
    }
    assert!(world.open.is_empty());
}

#[test]
fn a_permission_to_ten_thousand_peers_is_refused_and_bounded() {
    stopped_by(
        Refusal::PermissionQuota,
        || Config { policy: open_policy(), ..config() },
        |world| {
            let mut ada = Caller::ada();
            ada.allocate(world);
            (0..100_u32).any(|n| {
                let peers: Vec<String> = (0..100).map(|m| format!("51.{}.{m}.1:1", n % 100)).collect();
                let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
                ada.permit(world, &peers) == 0 && n == 1
            })
        },
    );
    // More in one request than a request may be long: silence.
    let mut world = World::new(Config { policy: open_policy(), ..config() });
    let mut ada = Caller::ada();
    ada.allocate(&mut world);
    let reply = ada.request(&mut world, Method::CREATE_PERMISSION, |writer| {
        for n in 0..1_000_u32 {
            let peer = addr(&format!("51.1.{}.{}:1", n / 250, n % 250));
            writer.xor_address(AttributeType::XOR_PEER_ADDRESS, peer);
        }
    });
    assert!(reply.is_none());
    assert_eq!(world.server.counters().refused(Refusal::Oversize), 1);
}

#[test]
fn channels_are_bounded_in_number_and_range_and_bound_once() {
    let few = || Config { quotas: Quotas { channels: 1, ..Quotas::default() }, ..config() };
    stopped_by(Refusal::ChannelQuota, few, |world| {
        let mut ada = Caller::ada();
        ada.allocate(world);
        assert_eq!(ada.bind(world, 0x4000, PEER), 0);
        ada.bind(world, 0x4001, "198.51.100.8:1") == 0
    });
    for number in [0, 0x3FFF, 0x5000, 0x7FFF, 0x8000, 0xFFFF] {
        stopped_by(Refusal::ChannelRange, config, |world| {
            let mut ada = Caller::ada();
            ada.allocate(world);
            ada.bind(world, number, PEER) == 0
        });
    }
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.allocate(&mut world);
    assert_eq!(ada.bind(&mut world, 0x4000, PEER), 0);
    assert_eq!(ada.bind(&mut world, 0x4000, PEER), 0, "again is a refresh");
    assert_eq!(ada.bind(&mut world, 0x4000, "198.51.100.8:1"), 400);
    assert_eq!(ada.bind(&mut world, 0x4001, PEER), 400);
    assert_eq!(world.server.counters().refused(Refusal::ChannelTaken), 2);
}

#[test]
fn a_peer_without_permission_neither_sends_nor_receives() {
    stopped_by(Refusal::NoPermission, config, |world| {
        let mut ada = Caller::ada();
        ada.allocate(world);
        matches!(ada.send(world, PEER, b"x"), Action::ToPeer { .. })
    });
    stopped_by(Refusal::NoPermission, config, |world| {
        let mut ada = Caller::ada();
        let relayed = ada.allocate(world);
        let relay = world.relay_of(relayed);
        matches!(world.server.from_peer(world.now, relay, addr(PEER), 1), Action::ToClient { .. })
    });
}

/// A permission opens every port of an address; the policy's ports are looked at for each packet.
#[test]
fn a_denied_port_of_a_permitted_address_is_not_reached() {
    let ports = || {
        let prefix = "198.51.100.0/24".parse().expect("a prefix");
        let allow = Rule { prefix, ports: 10_000..=20_000, allow: true };
        Config { policy: Policy::sinks_only(Vec::new()).with_rules(vec![allow]), ..config() }
    };
    let open = |world: &mut World| {
        let mut ada = Caller::ada();
        let relayed = ada.allocate(world);
        assert_eq!(ada.permit(world, &["198.51.100.7:15000"]), 0);
        (ada, world.relay_of(relayed))
    };
    stopped_by(Refusal::PeerDenied, ports, |world| {
        let (ada, _) = open(world);
        assert_ne!(ada.send(world, "198.51.100.7:15000", b"x"), Action::Nothing);
        ada.send(world, "198.51.100.7:22", b"x") != Action::Nothing
    });
    stopped_by(Refusal::PeerDenied, ports, |world| {
        let (_, relay) = open(world);
        world.server.from_peer(world.now, relay, addr("198.51.100.7:22"), 1) != Action::Nothing
    });
    stopped_by(Refusal::PeerForbidden, ports, |world| {
        let (ada, _) = open(world);
        ada.bind(world, 0x4000, "198.51.100.7:22") == 0
    });
}

#[test]
fn another_policy_ends_what_it_forbids() {
    let mut world = World::new(config());
    let mut ada = Caller::ada();
    ada.allocate(&mut world);
    assert_eq!(ada.bind(&mut world, 0x4000, PEER), 0);
    assert_ne!(world.receive(ada.client, &[0x40, 0, 0, 0]), Action::Nothing);
    world.server.set_policy(Policy::public_internet(Vec::new()));
    assert_eq!(world.receive(ada.client, &[0x40, 0, 0, 0]), Action::Nothing);
    assert_eq!(ada.send(&mut world, PEER, b"x"), Action::Nothing);
}

#[test]
fn an_allocation_relays_no_more_than_its_rate() {
    let slow = || Config { quotas: Quotas { packets_per_s: Some(10), ..Quotas::default() }, ..config() };
    stopped_by(Refusal::OverRate, slow, |world| {
        let mut ada = Caller::ada();
        ada.allocate(world);
        ada.bind(world, 0x4000, PEER);
        (0..11).all(|_| world.receive(ada.client, &[0x40, 0, 0, 0]) != Action::Nothing)
    });
}

#[test]
fn what_is_asked_for_must_be_there_and_make_sense() {
    type Fill = fn(&mut relais_turn::wire::Writer<'_>);
    let table: &[(&str, Fill, u16)] = &[
        ("no transport", |_| {}, 400),
        (
            "TCP",
            |w| {
                w.attribute(AttributeType::REQUESTED_TRANSPORT, &[6, 0, 0, 0]);
            },
            442,
        ),
        (
            "a short transport",
            |w| {
                w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17]);
            },
            400,
        ),
        ("an unknown family", |w| udp_and(w, AttributeType::REQUESTED_ADDRESS_FAMILY, &[3, 0, 0, 0]), 440),
        ("additional IPv4", |w| udp_and(w, AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[1, 0, 0, 0]), 400),
        ("a long lifetime", |w| udp_and(w, AttributeType::LIFETIME, &[0; 5]), 400),
        ("an unknown token", |w| udp_and(w, AttributeType::RESERVATION_TOKEN, &[1; 8]), 508),
        ("a short token", |w| udp_and(w, AttributeType::RESERVATION_TOKEN, &[1; 7]), 400),
        ("a long even-port", |w| udp_and(w, AttributeType::EVEN_PORT, &[0x80, 0]), 400),
        ("something unknown", |w| udp_and(w, AttributeType(0x7777), &[1]), 420),
        ("something optional", |w| udp_and(w, AttributeType(0xC777), &[1]), 0),
    ];
    for (name, fill, code) in table {
        let mut world = World::new(config());
        let mut ada = Caller::ada();
        ada.greet(&mut world);
        let reply = ada.request(&mut world, Method::ALLOCATE, *fill).expect("an answer");
        assert_eq!(reply.code(), *code, "{name}");
        assert_eq!(world.server.allocations(), usize::from(*code == 0), "{name}");
    }
    let both: &[(AttributeType, &[u8])] = &[
        (AttributeType::EVEN_PORT, &[0x80]),
        (AttributeType::RESERVATION_TOKEN, &[1; 8]),
        (AttributeType::REQUESTED_ADDRESS_FAMILY, &[1, 0, 0, 0]),
    ];
    for (kind, value) in both {
        let mut world = World::new(config());
        let reply = Caller::ada().try_allocate(&mut world, |w| {
            w.attribute(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]).attribute(*kind, value);
        });
        assert_eq!(reply.expect("an answer").code(), 400, "{kind:?} and a second family");
    }
}

fn udp_and(writer: &mut relais_turn::wire::Writer<'_>, kind: AttributeType, value: &[u8]) {
    writer.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]).attribute(kind, value);
}

/// RFC 8489 §14.5, seen from the relay: a peer added behind the integrity of somebody's request.
#[test]
fn a_peer_appended_after_integrity_is_not_permitted() {
    stopped_by_parse(|world| {
        let mut ada = Caller::ada();
        ada.allocate(world);
        let reply = ada_with_late_peer(world, &ada);
        assert_eq!(reply, 400, "the request itself names no peer");
        matches!(ada.send(world, PEER, b"x"), Action::ToPeer { .. })
    });
}

fn ada_with_late_peer(world: &mut World, ada: &Caller) -> u16 {
    let reply = world.ask(ada.client, Method::CREATE_PERMISSION, |writer| {
        ada.sign(writer);
        writer.xor_address(AttributeType::XOR_PEER_ADDRESS, addr(PEER));
    });
    reply.expect("an answer").code()
}

/// Not counted by the relay: the codec does not show the attribute at all.
fn stopped_by_parse(attack: impl Fn(&mut World) -> bool) {
    assert!(!attack(&mut World::new(config())));
    #[cfg(feature = "mutations")]
    relais_turn::mutations::without(Refusal::AfterIntegrity, || {
        let mut world = World::new(config());
        let mut ada = Caller::ada();
        ada.allocate(&mut world);
        assert_eq!(ada_with_late_peer(&mut world, &ada), 0);
    });
}

/// No answer to a stranger is longer than three times the question, whatever the question.
#[test]
fn nobody_is_worth_reflecting_from() {
    let mut world = World::new(config());
    let mut answered = 0;
    for method in
        [Method::BINDING, Method::ALLOCATE, Method::REFRESH, Method::CREATE_PERMISSION, Method::CHANNEL_BIND]
    {
        for length in 0..12_usize {
            for remote in ["192.0.2.1:1", "[2001:db8:2::1]:1"] {
                let id = world.transaction();
                let question = message(Class::Request, method, id, |w| {
                    for n in 0..length {
                        let kind = u16::try_from(0x7000 + n).expect("small");
                        w.attribute(AttributeType(kind), &[]);
                    }
                });
                world.now.ms += 100;
                assert_eq!(world.receive(udp(remote), &question), Action::Nothing);
                if let Some(reply) = world.reply() {
                    answered += 1;
                    assert!(reply.bytes.len() <= 3 * question.len(), "{method:?} {length}");
                }
            }
        }
    }
    assert!(answered > 40);
    // The smallest question a browser asks is answered; a smaller one of the kind is met with silence.
    stopped_by(Refusal::Amplification, config, |world| {
        world.ask(udp("192.0.2.1:1"), Method::ALLOCATE, |_| {}).is_some()
    });
}

#[test]
fn strangers_are_answered_within_their_prefixs_budget() {
    let tight = || Config { budget: Budget { burst: 5, per_s: 1 }, ..config() };
    stopped_by(Refusal::BudgetSpent, tight, |world| {
        (1..=6).all(|port| world.ask(udp(&format!("192.0.2.{port}:1")), Method::BINDING, |_| {}).is_some())
    });
    let mut world = World::new(tight());
    let ask = |from: &str, world: &mut World| world.ask(udp(from), Method::BINDING, |_| {}).is_some();
    assert!((0..5).all(|_| ask("192.0.2.1:1", &mut world)) && !ask("192.0.2.2:2", &mut world));
    assert!(ask("198.51.100.1:1", &mut world), "another prefix is not concerned");
    world.pass(1);
    assert!(ask("192.0.2.1:1", &mut world));
}

/// Noise of every kind: silence, and nothing is kept.
#[test]
fn noise_is_met_with_silence_and_leaves_nothing() {
    let mut world = World::new(config());
    let id = world.transaction();
    let good = message(Class::Request, Method::BINDING, id, |w| {
        w.fingerprint();
    });
    let mut noise: Vec<Vec<u8>> =
        vec![vec![], vec![0], vec![0x16; 100], vec![0x80; 100], vec![0x50, 0, 0, 0]];
    noise.extend((1..good.len()).map(|len| good[..len].to_vec()));
    noise.push([good.as_slice(), &[0; 4]].concat());
    noise.push(
        good.iter().enumerate().map(|(at, byte)| if at == good.len() - 1 { !byte } else { *byte }).collect(),
    );
    noise.push(vec![0; 70_000]);
    for (class, method) in [
        (Class::Success, Method::BINDING),
        (Class::Error, Method::ALLOCATE),
        (Class::Indication, Method::DATA),
        (Class::Indication, Method::ALLOCATE),
        (Class::Request, Method::SEND),
        (Class::Request, Method(0xFFF)),
        (Class::Indication, Method::SEND),
    ] {
        noise.push(message(class, method, id, |_| {}));
    }
    noise.push(vec![0x40, 0, 0xFF, 0xFF, 1, 2, 3]);
    noise.push(vec![0x40, 0, 0, 1, 1]);
    for datagram in &noise {
        assert_eq!(world.receive(udp("192.0.2.1:1"), datagram), Action::Nothing);
        assert!(world.reply().is_none(), "{} bytes", datagram.len());
    }
    let refused: u64 = Refusal::ALL.iter().map(|why| world.server.counters().refused(*why)).sum();
    assert_eq!(refused, noise.len() as u64, "each is counted once");
    assert_eq!((world.server.allocations(), world.server.next_timeout()), (0, None));
}

#[test]
fn half_credentials_are_a_bad_request_and_keep_nothing() {
    for missing in 0..3 {
        let mut world = World::new(config());
        let mut ada = Caller::ada();
        ada.greet(&mut world);
        let reply = world.ask(ada.client, Method::ALLOCATE, |w| {
            let parts: [(AttributeType, &[u8]); 3] = [
                (AttributeType::USERNAME, b"ada"),
                (AttributeType::REALM, b"relais"),
                (AttributeType::NONCE, &ada.nonce),
            ];
            for (place, (kind, value)) in parts.iter().enumerate() {
                if place != missing {
                    w.attribute(*kind, value);
                }
            }
            w.integrity_sha1(b"key");
        });
        assert_eq!(reply.expect("an answer").code(), 400);
    }
    let redirect = Redirect { server: addr(PEER), domain: None, before_authentication: false };
    let mut world = World::new(Config { redirect: Some(redirect), ..config() });
    assert_eq!(Caller::ada().try_allocate(&mut world, |_| {}).expect("an answer").code(), 300);
}
