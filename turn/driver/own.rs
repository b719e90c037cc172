//! The addresses of this machine, which no peer may have: a relay must not lead to what listens beside it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Every address of every interface, as Linux lists them. Read again at each reload; elsewhere there are only the
/// addresses that the configuration names.
#[must_use]
pub fn addresses() -> Vec<IpAddr> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let v4 = local4(&read("/proc/net/fib_trie")).into_iter().map(IpAddr::V4);
    let v6 = local6(&read("/proc/net/if_inet6")).into_iter().map(IpAddr::V6);
    v4.chain(v6).collect()
}

/// In the kernel's tree of routes a leaf `|-- a.b.c.d` is followed by what it is; `/32 host LOCAL` is an own address.
fn local4(trie: &str) -> BTreeSet<Ipv4Addr> {
    let mut found = BTreeSet::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in trie.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(leaf);
        }
    }
    found
}

/// A line begins with the address in 32 hexadecimal digits.
fn local6(table: &str) -> BTreeSet<Ipv6Addr> {
    let address = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok();
    table.lines().filter_map(address).map(Ipv6Addr::from_bits).collect()
}

#[cfg(test)]
mod tests {
    use super::{local4, local6};

    #[test]
    fn own_addresses_are_told_from_networks() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 192.0.2.7\n        \
                    /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n";
        assert_eq!(local4(trie).into_iter().map(|a| a.to_string()).collect::<Vec<_>>(), ["192.0.2.7"]);
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n";
        assert_eq!(local6(table).into_iter().map(|a| a.to_string()).collect::<Vec<_>>(), ["::1"]);
        assert!(local4("nonsense").is_empty() && local6("nonsense\n\n").is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_a_loopback_address() {
        assert!(super::addresses().iter().any(std::net::IpAddr::is_loopback));
    }
}
