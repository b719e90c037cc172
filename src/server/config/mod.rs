//! Configuration: TOML, the environment over it, and nothing that is not understood.
//!
//! [`RawConfig`] holds values by the table in [`options`]; [`Config`] holds what they mean. Past this module
//! nobody checks a value again.
//!
//! Not known here: what the parts do with it.

pub mod options;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::app::Settings;
pub use relais_options::{ConfigError, RawConfig};

/// Everything the server obeys.
#[derive(Clone, Debug)]
pub struct Config {
    /// The listener.
    pub listen: SocketAddr,
    /// What services obey.
    pub settings: Settings,
    /// Milliseconds by which a demonstration's clock starts in the past.
    pub demo_back_ms: i64,
    /// Threads that serve connections.
    pub shards: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Certificate chain and private key.
    pub tls: Option<TlsFiles>,
    /// Folder of the database and files.
    pub data_dir: PathBuf,
    /// Folder of the key files.
    pub keys_dir: PathBuf,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// Bounds of the edge.
    pub limits: EdgeLimits,
    /// Addresses that may read the metrics.
    pub metrics_allow: Vec<IpAddr>,
    /// Logs.
    pub log: LogConfig,
}

/// Files of TLS.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum MailConfig {
    /// Caught and shown at `/dev/mail`.
    Catch,
    /// Sent.
    Smtp(SmtpConfig),
}

/// An SMTP server.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// User name and the file with the password.
    pub login: Option<(String, PathBuf)>,
    /// Sender.
    pub from: String,
    /// Mails per minute at most.
    pub per_minute: u32,
}

/// How a connection to an SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Plain first, then TLS; refused when the server does not offer it.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all.
    None,
}

/// Bounds of the edge.
#[derive(Clone, Copy, Debug)]
pub struct EdgeLimits {
    /// Open connections at most.
    pub connections: usize,
    /// Of those, connections that are not a WebSocket (yet).
    pub handshakes: usize,
    /// Time for a TLS handshake or the head of a request.
    pub handshake: Duration,
    /// Time for a request's body and answer.
    pub request: Duration,
    /// HTTP requests under way at most.
    pub requests: usize,
    /// Milliseconds over which clients are sent away.
    pub drain_ms: u64,
}

/// Logs.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// Least important level that is written.
    pub level: tracing::Level,
    /// One JSON object a line.
    pub json: bool,
}

impl Config {
    /// Reads the text of a configuration file with the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(file: &str, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        Self::parse(&RawConfig::read(&options::TABLE, file, environment)?)
    }

    /// Understands the values.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(raw: &RawConfig) -> Result<Self, ConfigError> {
        let listen = parsed::<SocketAddr>(raw, "server.listen", "must be an address and a port")?;
        let settings = settings(raw, listen)?;
        let shards = small(raw, "server.shards")?;
        let back_days = i64::try_from(raw.number("server.demo_days_back")?).unwrap_or(0);
        if back_days > 0 && !settings.demo {
            return Err(ConfigError::value("server.demo_days_back", "needs server.demo = true"));
        }
        Ok(Self {
            listen,
            mail: mail(raw, settings.demo)?,
            settings,
            demo_back_ms: back_days.saturating_mul(24 * 3_600_000),
            shards: if shards == 0 { cores() } else { shards },
            trusted_proxies: addresses(raw, "server.trusted_proxies")?,
            tls: tls(raw)?,
            data_dir: folder(raw, "data.dir")?,
            keys_dir: folder(raw, "data.keys_dir")?,
            limits: limits(raw)?,
            metrics_allow: addresses(raw, "metrics.allow")?,
            log: log(raw)?,
        })
    }
}

fn settings(raw: &RawConfig, listen: SocketAddr) -> Result<Settings, ConfigError> {
    let demo = raw.flag("server.demo")?;
    if demo && !listen.ip().is_loopback() {
        return Err(ConfigError::value("server.demo", "a demonstration listens on loopback only"));
    }
    let origin = match raw.text("server.origin")? {
        "" if listen.ip().is_loopback() => format!("http://{listen}"),
        "" => {
            return Err(ConfigError::value(
                "server.origin",
                "is needed when the listener is not on loopback",
            ));
        }
        text => origin(text)?,
    };
    Ok(Settings {
        origin,
        open_registration: raw.flag("server.open_registration")?,
        demo,
        session_ttl_ms: raw.number("session.ttl_hours")?.saturating_mul(3_600_000),
        file_bytes_max: raw.number("files.max_bytes")?,
        user_files_bytes_max: raw.number("files.per_user_bytes")?,
        recovery_wait_ms: raw.number("session.recovery_wait_hours")?.saturating_mul(3_600_000),
    })
}

fn origin(text: &str) -> Result<String, ConfigError> {
    let wrong =
        || ConfigError::value("server.origin", "must be http:// or https:// and a host, without a path");
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if host.is_empty() || !host.chars().all(fits) { Err(wrong()) } else { Ok(text.to_owned()) }
}

fn tls(raw: &RawConfig) -> Result<Option<TlsFiles>, ConfigError> {
    match (raw.text("tls.certificate")?, raw.text("tls.key")?) {
        ("", "") => Ok(None),
        ("", _) => Err(ConfigError::value("tls.certificate", "is needed with tls.key")),
        (_, "") => Err(ConfigError::value("tls.key", "is needed with tls.certificate")),
        (certificate, key) => Ok(Some(TlsFiles { certificate: certificate.into(), key: key.into() })),
    }
}

fn mail(raw: &RawConfig, demo: bool) -> Result<MailConfig, ConfigError> {
    let host = raw.text("mail.host")?;
    let security = match raw.text("mail.security")? {
        "starttls" => SmtpSecurity::StartTls,
        "tls" => SmtpSecurity::Tls,
        "none" if ["", "localhost", "127.0.0.1", "::1"].contains(&host) => SmtpSecurity::None,
        "none" => return Err(ConfigError::value("mail.security", "none is accepted for loopback only")),
        _ => return Err(ConfigError::value("mail.security", "must be starttls, tls or none")),
    };
    let login = match (raw.text("mail.user")?, raw.text("mail.password_file")?) {
        ("", "") => None,
        ("", _) | (_, "") => {
            return Err(ConfigError::value("mail.user", "needs mail.password_file, and the other way round"));
        }
        (user, file) => Some((user.to_owned(), PathBuf::from(file))),
    };
    let from = raw.text("mail.from")?;
    if from.parse::<lettre::message::Mailbox>().is_err() {
        return Err(ConfigError::value("mail.from", "must be a mail address, with or without a name"));
    }
    let smtp = SmtpConfig {
        host: host.to_owned(),
        port: u16::try_from(raw.number("mail.port")?)
            .map_err(|_| ConfigError::value("mail.port", "is too large"))?,
        security,
        login,
        from: from.to_owned(),
        per_minute: u32::try_from(raw.number("mail.per_minute")?).unwrap_or(u32::MAX),
    };
    match (demo, host.is_empty()) {
        (true, _) => Ok(MailConfig::Catch),
        (false, true) => Err(ConfigError::value("mail.host", "is needed: sign-in codes are sent by mail")),
        (false, false) => Ok(MailConfig::Smtp(smtp)),
    }
}

fn limits(raw: &RawConfig) -> Result<EdgeLimits, ConfigError> {
    Ok(EdgeLimits {
        connections: small(raw, "limits.connections")?,
        handshakes: small(raw, "limits.handshakes")?,
        handshake: Duration::from_millis(raw.number("limits.handshake_ms")?),
        request: Duration::from_millis(raw.number("limits.request_ms")?),
        requests: small(raw, "limits.requests")?,
        drain_ms: raw.number("limits.drain_ms")?,
    })
}

fn log(raw: &RawConfig) -> Result<LogConfig, ConfigError> {
    let level = parsed(raw, "log.level", "must be error, warn, info, debug or trace")?;
    let json = match raw.text("log.format")? {
        "text" => false,
        "json" => true,
        _ => return Err(ConfigError::value("log.format", "must be text or json")),
    };
    Ok(LogConfig { level, json })
}

fn addresses(raw: &RawConfig, key: &str) -> Result<Vec<IpAddr>, ConfigError> {
    let parse =
        |text: &str| text.parse().map_err(|_| ConfigError::value(key, "must be addresses without a port"));
    raw.list(key)?.into_iter().map(parse).collect()
}

fn folder(raw: &RawConfig, key: &str) -> Result<PathBuf, ConfigError> {
    let text = raw.text(key)?;
    if text.is_empty() { Err(ConfigError::value(key, "must not be empty")) } else { Ok(text.into()) }
}

fn parsed<T: core::str::FromStr>(raw: &RawConfig, key: &str, message: &str) -> Result<T, ConfigError> {
    raw.text(key)?.parse().map_err(|_| ConfigError::value(key, message))
}

fn small(raw: &RawConfig, key: &str) -> Result<usize, ConfigError> {
    usize::try_from(raw.number(key)?).map_err(|_| ConfigError::value(key, "is too large"))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(crate::directory::SHARDS_MAX)
}

/// The example file: every option with its meaning and default.
#[must_use]
pub fn example() -> String {
    options::TABLE.example()
}

#[cfg(test)]
mod tests {
    use super::{Config, ConfigError, MailConfig, RawConfig, example, options};

    fn refused(file: &str) -> String {
        Config::read(file, &[]).unwrap_err().to_string()
    }

    fn env(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn the_committed_example_is_the_generated_one() {
        let committed = include_str!("../../../config/relais.toml");
        assert!(committed == example(), "run: relais config example > config/relais.toml");
    }

    #[test]
    fn every_option_of_the_table_is_used_and_the_example_parses() {
        let raw = RawConfig::read(&options::TABLE, &example(), &env("RELAIS_MAIL_HOST", "mail.example.org"))
            .unwrap();
        let config = Config::parse(&raw).unwrap();
        assert_eq!(raw.unread(), Vec::<&str>::new());
        assert_eq!(config.settings.origin, "http://127.0.0.1:8080");
        assert!(matches!(config.mail, MailConfig::Smtp(_)));
    }

    #[test]
    fn unknown_options_are_refused_with_the_nearest_name() {
        assert_eq!(
            refused("[server]\nlisen = \"x\""),
            "unknown option server.lisen; did you mean server.listen?"
        );
        let error = Config::read("", &env("RELAIS_SERVER_LISEN", "x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown option RELAIS_SERVER_LISEN; did you mean RELAIS_SERVER_LISTEN?"
        );
        assert!(refused("demo = true").starts_with("unknown option demo;"));
        assert!(refused("[server.listen]\na = 1").contains("must be text"));
    }

    #[test]
    fn a_demonstration_never_leaves_loopback() {
        let file = "[server]\ndemo = true\nlisten = \"0.0.0.0:80\"";
        assert_eq!(refused(file), "server.demo: a demonstration listens on loopback only");
        assert!(matches!(Config::read("[server]\ndemo = true", &[]).unwrap().mail, MailConfig::Catch));
    }

    #[test]
    fn values_are_refused_by_name_and_bound() {
        let line = Config::read("[server]\nlisten = ", &[]).unwrap_err();
        assert!(matches!(line, ConfigError::Syntax { line: 2, .. }));
        assert!(refused("[limits]\nhandshake_ms = 1").contains("from 100 to 60000"));
        assert!(refused("[server]\nopen_registration = \"yes\"").contains("must be true or false"));
        assert!(refused("").contains("mail.host"));
        assert!(refused("[server]\nlisten = \"0.0.0.0:80\"").contains("server.origin"));
        assert!(refused("[server]\norigin = \"https://a.example/path\"").contains("without a path"));
        assert!(refused("[server]\ndemo = true\n[tls]\nkey = \"k.pem\"").contains("tls.certificate"));
        assert!(refused("[mail]\nhost = \"mail.example\"\nsecurity = \"none\"").contains("loopback"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = "[server]\ndemo = true\nlisten = \"127.0.0.1:1\"";
        let config = Config::read(file, &env("RELAIS_SERVER_LISTEN", "127.0.0.1:2")).unwrap();
        assert_eq!(config.listen.port(), 2);
        let config = Config::read(file, &env("RELAIS_METRICS_ALLOW", "10.0.0.1, 10.0.0.2")).unwrap();
        assert_eq!(config.metrics_allow.len(), 2);
    }
}
