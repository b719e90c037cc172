//! Configuration of `relais-turn`: TOML, the environment over it, secrets from files, and nothing that is not understood.
//!
//! Not known here: what the parts do with it.

pub mod options;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use relais_options::{ConfigError, RawConfig};
use relais_turn::auth::{Credentials, Realm, RestSecret, SecretHash};
use relais_turn::policy::{Policy, Prefix, Rule};
use relais_turn::{Quotas, RelayAddress, Relays};

use crate::shard::Reload;
use crate::{own, tls};

/// Most shards; a machine with more cores has other bounds first.
const SHARDS_MAX: usize = 64;

/// Everything the program obeys.
#[derive(Clone, Debug)]
pub struct Config {
    /// UDP ports.
    pub udp: Vec<SocketAddr>,
    /// TCP ports.
    pub tcp: Vec<SocketAddr>,
    /// Relayed addresses, for all shards together.
    pub relays: Relays,
    /// The realm.
    pub realm: Realm,
    /// Whether SHA-256 is offered.
    pub sha256: bool,
    /// Whether allocations end with their credential.
    pub end_at_expiry: bool,
    /// Threads.
    pub shards: usize,
    /// Longest lifetime, seconds.
    pub lifetime_s: u32,
    /// Seconds from SIGTERM to the end.
    pub drain_s: u64,
    /// Without batched calls.
    pub portable: bool,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// Least important level that is logged.
    pub level: tracing::Level,
    /// One JSON object a line.
    pub json: bool,
    /// Old channel numbers.
    pub rfc5766_channels: bool,
    /// What a reload may change.
    pub current: Reload,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// An option.
    #[error(transparent)]
    Option(#[from] ConfigError),
    /// A file that an option names.
    #[error("{option}: {path}: {message}")]
    File {
        /// Which option.
        option: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong with it; never shows what is in it.
        message: String,
    },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
}

fn wrong(key: &str, message: &str) -> Refused {
    ConfigError::value(key, message).into()
}

impl Config {
    /// Reads the text of a configuration file with the environment over it, and the files it names.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn read(file: &str, environment: &[(String, String)]) -> Result<Self, Refused> {
        Self::parse(&RawConfig::read(&options::TABLE, file, environment)?)
    }

    fn parse(raw: &RawConfig) -> Result<Self, Refused> {
        let udp = addresses(raw, "listen.udp")?;
        if udp.iter().any(|address| address.ip().is_unspecified()) {
            return Err(wrong(
                "listen.udp",
                "name the addresses; an unspecified one would answer from another",
            ));
        }
        let tcp = addresses(raw, "listen.tcp")?;
        if udp.is_empty() && tcp.is_empty() {
            return Err(wrong("listen.udp", "must not be empty where listen.tcp is"));
        }
        let sha256 = raw.flag("auth.sha256")?;
        let realm = Realm::new(raw.text("auth.realm")?, sha256)
            .map_err(|error| ConfigError::value("auth.realm", error.to_string()))?;
        let relays = relays(raw)?;
        let shards = match small(raw, "limits.shards")? {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(SHARDS_MAX),
            shards => shards,
        };
        let metrics = match raw.text("metrics.listen")? {
            "" => None,
            text => Some(text.parse().map_err(|_| wrong("metrics.listen", "must be an address and a port"))?),
        };
        let level = raw.text("log.level")?.parse();
        let json = match raw.text("log.format")? {
            "text" => false,
            "json" => true,
            _ => return Err(wrong("log.format", "must be text or json")),
        };
        Ok(Self {
            current: reload(raw, &relays, shards)?,
            udp,
            tcp,
            relays,
            realm,
            sha256,
            end_at_expiry: raw.flag("auth.end_at_expiry")?,
            shards,
            lifetime_s: u32::try_from(raw.number("limits.lifetime_s")?).unwrap_or(u32::MAX),
            drain_s: raw.number("limits.drain_s")?,
            portable: raw.flag("limits.portable")?,
            metrics,
            level: level.map_err(|_| wrong("log.level", "must be error, warn, info, debug or trace"))?,
            json,
            rfc5766_channels: raw.flag("compat.rfc5766_channels")?,
        })
    }
}

fn reload(raw: &RawConfig, relays: &Relays, shards: usize) -> Result<Reload, Refused> {
    let tls = match (raw.text("tls.certificate")?, raw.text("tls.key")?) {
        ("", "") => None,
        ("", _) => return Err(wrong("tls.certificate", "is needed with tls.key")),
        (_, "") => return Err(wrong("tls.key", "is needed with tls.certificate")),
        (certificate, key) => Some(tls::load(Path::new(certificate), Path::new(key))?),
    };
    Ok(Reload {
        credentials: credentials(raw)?,
        policy: policy(raw, relays)?,
        quotas: quotas(raw, shards)?,
        tls,
    })
}

fn relays(raw: &RawConfig) -> Result<Relays, Refused> {
    let address = |key: &'static str, advertise: &'static str, v6: bool| -> Result<_, Refused> {
        let parse = |key: &str| -> Result<Option<IpAddr>, Refused> {
            match raw.text(key)? {
                "" => Ok(None),
                text => {
                    let ip: Option<IpAddr> = text.parse().ok();
                    let fits = ip.filter(|ip| ip.is_ipv6() == v6 && !ip.is_unspecified());
                    fits.map(Some)
                        .ok_or_else(|| wrong(key, "must be an address of this machine of that family"))
                }
            }
        };
        let (bind, told) = (parse(key)?, parse(advertise)?);
        match (bind, told) {
            (None, Some(_)) => Err(wrong(key, "is needed with its advertised address")),
            (bind, told) => Ok(bind.map(|bind| RelayAddress { bind, advertise: told.unwrap_or(bind) })),
        }
    };
    let v4 = address("relay.ipv4", "relay.ipv4_advertise", false)?;
    let v6 = address("relay.ipv6", "relay.ipv6_advertise", true)?;
    if v4.is_none() && v6.is_none() {
        return Err(wrong("relay.ipv4", "must not be empty where relay.ipv6 is"));
    }
    let port =
        |key: &str| u16::try_from(raw.number(key)?).map_err(|_| ConfigError::value(key, "is too large"));
    let (first, last) = (port("relay.port_first")?, port("relay.port_last")?);
    if first % 2 == 1 || last % 2 == 0 || first > last {
        return Err(wrong("relay.port_first", "must be even, and relay.port_last odd and above it"));
    }
    Ok(Relays { v4, v6, ports: first..=last, bind: true })
}

fn credentials(raw: &RawConfig) -> Result<Credentials, Refused> {
    let mut all = Credentials::new();
    for path in raw.list("auth.secret_files")? {
        let text = read("auth.secret_files", path)?;
        let secret = RestSecret::new(text.trim().as_bytes(), SecretHash::Sha1);
        all = secret.and_then(|secret| all.secret(secret)).map_err(|error| Refused::File {
            option: "auth.secret_files",
            path: path.into(),
            message: error.to_string(),
        })?;
    }
    let path = raw.text("auth.users_file")?;
    if path.is_empty() {
        return Ok(all);
    }
    for (at, line) in read("auth.users_file", path)?.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |message: String| Refused::File {
            option: "auth.users_file",
            path: path.into(),
            message: format!("line {}: {message}", at + 1),
        };
        let (name, password) = line.split_once(':').ok_or_else(|| wrong("needs name:password".to_owned()))?;
        all = all.user(name, password).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(all)
}

fn policy(raw: &RawConfig, relays: &Relays) -> Result<Policy, Refused> {
    let mut own = own::addresses();
    let named = [relays.v4, relays.v6].into_iter().flatten();
    let advertised: Vec<IpAddr> = named.clone().map(|address| address.advertise).collect();
    own.extend(named.flat_map(|address| [address.bind, address.advertise]));
    let mut rules = Vec::new();
    for (key, allow) in [("peers.allow", true), ("peers.deny", false)] {
        for text in raw.list(key)? {
            let rule = rule(text, allow).ok_or_else(|| {
                wrong(
                    key,
                    "must be networks such as 192.0.2.0/24, with a port or a range behind a blank or not",
                )
            })?;
            rules.push(rule);
        }
    }
    let policy = Policy::public_internet(own).with_relayed(advertised, relays.ports.clone());
    let rules_then = policy.with_rules(rules);
    if raw.flag("peers.internet")? {
        return Ok(rules_then);
    }
    let everything = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
    Ok(rules_then.with_rules(everything.map(|prefix: Prefix| Rule::new(prefix, false)).collect()))
}

/// A rule for the whole of a network, or for one port or a range of them.
fn rule(text: &str, allow: bool) -> Option<Rule> {
    let (network, ports) = match text.trim().split_once(' ') {
        None => (text.trim(), None),
        Some((network, ports)) => (network, Some(range(ports.trim())?)),
    };
    let rule = Rule::new(network.parse().ok()?, allow);
    Some(ports.map_or(rule.clone(), |ports| Rule { ports, ..rule }))
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(first..=last)
}

fn quotas(raw: &RawConfig, shards: usize) -> Result<Quotas, Refused> {
    let number = |key: &str| raw.number(key).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let bound = |key: &str| number(key).map(|number| (number > 0).then_some(number));
    let share = number("quota.allocations")?.div_ceil(u32::try_from(shards).unwrap_or(1).max(1));
    Ok(Quotas {
        // Each shard counts for itself; the kernel spreads clients evenly.
        allocations: share,
        per_user: number("quota.per_user")?,
        per_prefix: number("quota.per_prefix")?,
        permissions: number("quota.permissions")?,
        channels: number("quota.channels")?,
        packets_per_s: bound("quota.packets_per_s")?,
        bytes_per_s: bound("quota.bytes_per_s")?,
    })
}

fn read(option: &'static str, path: &str) -> Result<String, Refused> {
    std::fs::read_to_string(path).map_err(|error| Refused::File {
        option,
        path: path.into(),
        message: error.kind().to_string(),
    })
}

fn addresses(raw: &RawConfig, key: &str) -> Result<Vec<SocketAddr>, Refused> {
    let parse = |text: &str| text.parse().map_err(|_| wrong(key, "must be addresses with ports"));
    raw.list(key)?.into_iter().map(parse).collect()
}

fn small(raw: &RawConfig, key: &str) -> Result<usize, Refused> {
    usize::try_from(raw.number(key)?).map_err(|_| wrong(key, "is too large"))
}

/// What a shard's core is made from: its share of the ports, the rest as for all.
#[must_use]
pub fn ports_of(ports: &RangeInclusive<u16>, shard: usize, shards: usize) -> RangeInclusive<u16> {
    let pairs = (usize::from(*ports.end()) + 1 - usize::from(*ports.start())) / 2;
    let place = |shard: usize| usize::from(*ports.start()) + 2 * (pairs * shard / shards);
    let port = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    port(place(shard))..=port(place(shard + 1).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use relais_options::RawConfig;

    use super::{Config, options, ports_of};

    fn refused(file: &str) -> String {
        Config::read(file, &[]).expect_err("refused").to_string()
    }

    #[test]
    fn the_committed_example_is_the_generated_one() {
        let committed = include_str!("../../../config/relais-turn.toml");
        assert!(
            committed == options::TABLE.example(),
            "run: relais-turn --example > config/relais-turn.toml"
        );
    }

    #[test]
    fn every_option_of_the_table_is_used_and_the_example_parses() {
        let raw = RawConfig::read(&options::TABLE, &options::TABLE.example(), &[]).unwrap();
        Config::parse(&raw).unwrap();
        assert_eq!(raw.unread(), Vec::<&str>::new());
    }

    #[test]
    fn unknown_options_are_refused_with_the_nearest_name() {
        let words = refused("[listen]\nupd = []");
        assert_eq!(words, "unknown option listen.upd; did you mean listen.udp?");
        let environment = [("RELAIS_TURN_LISTEN_UPD".to_owned(), String::new())];
        let error = Config::read("", &environment).expect_err("refused").to_string();
        assert_eq!(error, "unknown option RELAIS_TURN_LISTEN_UPD; did you mean RELAIS_TURN_LISTEN_UDP?");
    }

    #[test]
    fn values_are_refused_by_name() {
        assert!(refused("[listen]\nudp = [\"0.0.0.0:3478\"]").starts_with("listen.udp: name the addresses"));
        assert!(refused("[auth]\nrealm = \"a realm that is too long\"").starts_with("auth.realm: "));
        assert!(refused("[relay]\nport_first = 50001").starts_with("relay.port_first: "));
        assert!(refused("[relay]\nipv4 = \"::1\"").starts_with("relay.ipv4: "));
        assert!(refused("[tls]\nkey = \"k.pem\"").starts_with("tls.certificate: "));
        assert!(refused("[peers]\nallow = [\"10.0.0.0/8 9-1\"]").starts_with("peers.allow: "));
        assert!(refused("[auth]\nusers_file = \"/nowhere/at/all\"").starts_with("auth.users_file: "));
    }

    #[test]
    fn what_is_in_a_file_of_secrets_is_never_shown() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "ward-7-without-colon").unwrap();
        let words = refused(&format!("[auth]\nusers_file = {:?}", file.path()));
        assert!(words.contains("line 1") && !words.contains("ward-7"), "{words}");
    }

    #[test]
    fn shards_share_the_ports_in_whole_pairs() {
        for (first, last, shards) in [(49_152, 65_535, 3), (50_000, 50_007, 4), (1_024, 1_031, 1)] {
            let mut next = first;
            for shard in 0..shards {
                let ports = ports_of(&(first..=last), shard, shards);
                assert_eq!((*ports.start(), ports.start() % 2, ports.end() % 2), (next, 0, 1));
                next = ports.end().wrapping_add(1);
            }
            assert_eq!(next, last.wrapping_add(1));
        }
    }
}
