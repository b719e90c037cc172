//! Every way to write an address that must not be reached, through every request that could reach it.

mod support;

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use relais_turn::policy::{METADATA_ADDRESSES, Policy, Prefix, Rule, faces};
use relais_turn::{Action, Config, Refusal};
use support::{Caller, World, config, open_policy};

/// 127.0.0.1 and 169.254.169.254 in every form that some network or system turns back into IPv4.
fn disguises(v4: [u8; 4]) -> Vec<String> {
    let [a, b, c, d] = v4;
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("::ffff:{high:x}:{low:x}"),
        format!("::{high:x}:{low:x}"),
        format!("::ffff:0:{high:x}:{low:x}"),
        format!("64:ff9b::{high:x}:{low:x}"),
        format!("64:ff9b:1::{high:x}:{low:x}"),
        // RFC 6052 §2.2 with a /48: the IPv4 address around the u octet.
        format!("64:ff9b:1:{high:x}:{:x}:{:x}::", c, u16::from(d) << 8),
        format!("2002:{high:x}:{low:x}::1"),
        // Teredo: as its server, and as its client.
        format!("2001:0:{high:x}:{low:x}:0:1::1"),
        format!("2001:0:4136:e378:8000:63bf:{:x}:{:x}", !high, !low),
        // ISATAP, under a prefix that may be reached.
        format!("2600::5efe:{high:x}:{low:x}"),
        format!("2600::200:5efe:{high:x}:{low:x}"),
        // Two prefixes of this network's own translators: /96 and /64.
        format!("2600:64::{high:x}:{low:x}"),
        format!("2600:64:0:1:{:x}:{:x}:{:x}:0", a, u16::from_be_bytes([b, c]), u16::from(d) << 8),
    ]
}

fn forbidden() -> Vec<SocketAddr> {
    let mut all: Vec<String> =
        [[127, 0, 0, 1], [169, 254, 169, 254]].into_iter().flat_map(disguises).collect();
    let others = [
        "0.0.0.0",
        "127.255.255.254",
        "10.0.0.1",
        "100.64.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "192.0.0.192",
        "168.63.129.16",
        "100.100.100.200",
        "224.0.0.251",
        "255.255.255.255",
        "240.0.0.1",
        "203.0.113.5",
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "2001:20::1",
        "100::1",
        "2001:db8::5",
        "5f00::1",
        "3fff::1",
    ];
    all.extend(others.map(str::to_owned));
    let addresses = all.iter().map(|ip| ip.parse::<IpAddr>().expect("an address"));
    addresses.map(|ip| SocketAddr::new(ip, 80)).collect()
}

/// The default policy, with what documentation addresses the other tests use taken out, and translators named.
fn strict() -> Config {
    let own = vec!["203.0.113.5".parse().expect("an address"), "2001:db8::5".parse().expect("an address")];
    let prefix = |text: &str| text.parse::<Prefix>().expect("a prefix");
    let policy =
        Policy::public_internet(own).with_nat64(vec![prefix("2600:64::/96"), prefix("2600:64:0:1::/64")]);
    Config { policy, ..config() }
}

#[test]
fn no_disguise_reaches_an_address_that_is_denied() {
    for peer in forbidden() {
        let mut world = World::new(strict());
        let mut ada = Caller::ada();
        let reply = ada.try_allocate(&mut world, |w| {
            let kind = relais_turn::wire::AttributeType::ADDITIONAL_ADDRESS_FAMILY;
            w.attribute(kind, &[2, 0, 0, 0]);
        });
        assert_eq!(reply.expect("an answer").relayed().len(), 2);
        let text = peer.to_string();
        assert_eq!(ada.permit(&mut world, &[&text]), 403, "CreatePermission {peer}");
        assert_eq!(ada.bind(&mut world, 0x4000, &text), 403, "ChannelBind {peer}");
        assert_eq!(ada.send(&mut world, &text, b"x"), Action::Nothing, "Send {peer}");
        assert_eq!(ada.permit(&mut world, &["9.9.9.9:1", &text]), 403, "beside an allowed one {peer}");
        assert_eq!(ada.send(&mut world, "9.9.9.9:1", b"x"), Action::Nothing, "all or none");
        assert_eq!(world.server.counters().refused(Refusal::PeerForbidden), 3, "{peer}");
        #[cfg(feature = "mutations")]
        {
            let code = relais_turn::mutations::without(Refusal::PeerForbidden, || {
                ada.bind(&mut world, 0x4000, &text)
            });
            assert_eq!(code, 0, "only the policy stops {peer}");
        }
    }
}

#[test]
fn ordinary_addresses_are_reached() {
    let policy = strict().policy;
    for peer in [
        "9.9.9.9:1",
        "8.8.8.8:65535",
        "[2606:4700::1111]:443",
        "[64:ff9b::909:909]:53",
        "[2600:64::909:909]:1",
    ] {
        let peer: SocketAddr = peer.parse().expect("an address");
        assert!(policy.judge(peer).is_ok(), "{peer}");
        assert!(policy.judge_ip(peer.ip()).expect("allowed").any_port, "{peer}");
    }
    let zero: SocketAddr = "9.9.9.9:0".parse().expect("an address");
    assert!(policy.judge(zero).is_err(), "port 0 is nobody's");
}

/// A rule about ports of an IPv4 network holds for its translated addresses too.
#[test]
fn port_rules_hold_behind_a_translator() {
    let rule = Rule { prefix: "8.8.8.0/24".parse().expect("a prefix"), ports: 0..=1_023, allow: false };
    let policy = strict().policy.with_rules(vec![rule]);
    for ip in ["8.8.8.8", "64:ff9b::808:808", "2600:64::808:808"] {
        let ip: IpAddr = ip.parse().expect("an address");
        assert!(!policy.judge_ip(ip).expect("some ports").any_port, "{ip}");
        assert!(policy.judge(SocketAddr::new(ip, 22)).is_err(), "{ip}");
        assert!(policy.judge(SocketAddr::new(ip, 5_000)).is_ok(), "{ip}");
    }
}

/// RFC 6052 §2.2 at every length, whatever else the address looks like.
#[test]
fn a_translators_address_is_judged_at_every_length() {
    let table = [
        ("2600:64::/32", "2600:64:a9fe:a9fe:0:5efe:808:808"),
        ("2600:64::/40", "2600:64:a9:fea9:fe:5efe:808:808"),
        ("2600:64::/48", "2600:64:0:a9fe:a9:fe00::"),
        ("2600:64::/56", "2600:64:0:a9:fe:a9fe::"),
        ("2600:64::/64", "2600:64::a9:fea9:fe00:0"),
        ("2600:64::/96", "2600:64::a9fe:a9fe"),
    ];
    for (prefix, ip) in table {
        let ip: IpAddr = ip.parse().expect("an address");
        let plain = Policy::public_internet(Vec::new());
        assert!(plain.judge_ip(ip).is_ok(), "{ip} is somebody's");
        let policy = plain.with_nat64(vec![prefix.parse().expect("a prefix")]);
        assert!(policy.judge_ip(ip).is_err(), "{ip} under {prefix}");
    }
}

#[test]
fn metadata_services_are_denied() {
    let policy = strict().policy;
    for ip in METADATA_ADDRESSES {
        assert!(policy.judge_ip(*ip).is_err(), "{ip}");
    }
}

/// A rule for a private network opens neither this machine nor the same network in disguise.
#[test]
fn a_rule_opens_what_it_names_and_no_more() {
    let own = vec!["10.0.0.5".parse().expect("an address"), "127.0.0.1".parse().expect("an address")];
    let rule = |prefix: &str, allow| Rule::new(prefix.parse().expect("a prefix"), allow);
    let policy = Policy::public_internet(own.clone())
        .with_rules(vec![rule("10.9.0.0/16", false), rule("10.0.0.0/8", true)]);
    let ok = |policy: &Policy, ip: &str| policy.judge_ip(ip.parse().expect("an address")).is_ok();
    assert!(ok(&policy, "10.1.2.3") && !ok(&policy, "10.9.0.1") && !ok(&policy, "10.0.0.5"));
    for disguise in ["::ffff:10.1.2.3", "2002:a01:203::1"] {
        assert!(!ok(&policy, disguise), "{disguise}");
    }
    assert!(ok(&policy, "64:ff9b::10.1.2.3"), "a translator's address of an allowed one");
    // An own address only by its own rule: for a test on one machine.
    let policy = Policy::public_internet(own).with_rules(vec![rule("127.0.0.0/8", true)]);
    assert!(!ok(&policy, "127.0.0.1") && ok(&policy, "127.0.0.2"));
    let policy = policy.with_rules(vec![]);
    assert!(!ok(&policy, "127.0.0.1"));
    let own = vec!["127.0.0.1".parse().expect("an address")];
    let policy =
        Policy::public_internet(own).with_rules(vec![rule("127.0.0.1", true), rule("::1/128", true)]);
    assert!(ok(&policy, "127.0.0.1") && ok(&policy, "::1") && !ok(&policy, "::ffff:127.0.0.1"));
}

proptest! {
    /// Whatever IPv6 address hides a denied IPv4 one is denied.
    #[test]
    fn a_hidden_denied_address_denies_the_whole(ip in any::<std::net::Ipv6Addr>()) {
        let policy = strict().policy;
        let found = faces(ip.into(), &[]);
        let hidden_denied = found.iter().skip(1).any(|face| policy.judge_ip(face).is_err());
        if hidden_denied || found.is_disguise() {
            prop_assert!(policy.judge_ip(ip.into()).is_err());
        }
    }

    /// With everything allowed, what is judged is what a permission was given for.
    #[test]
    fn an_address_and_its_ports_are_judged_alike(ip in any::<IpAddr>(), port in 1_u16..) {
        for policy in [open_policy(), strict().policy] {
            let grant = policy.judge_ip(ip);
            let route = policy.judge(SocketAddr::new(ip, port));
            prop_assert_eq!(grant.is_ok(), route.is_ok());
        }
    }

    #[test]
    fn a_prefix_holds_what_starts_with_its_bits(ip in any::<IpAddr>(), other in any::<IpAddr>(), len in 0_u8..=128) {
        let len = if ip.is_ipv4() { len.min(32) } else { len };
        let prefix = Prefix::new(ip, len).expect("not longer than the address");
        prop_assert!(prefix.contains(ip));
        let same = match (ip, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= u32::from(len),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= u32::from(len),
            _ => false,
        };
        prop_assert_eq!(prefix.contains(other), same);
        prop_assert!(Prefix::new(ip, 129).is_err());
    }
}
