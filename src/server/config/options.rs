//! Every option once: its name, kind, default and what it means. The parser, the environment, the example file
//! and the reference in the documentation all follow this table.
//!
//! Not known here: what the values do.

use relais_options::{Opt, Table, flag, list, number, text};

/// The table as a whole.
pub const TABLE: Table = Table {
    prefix: "RELAIS_",
    head: "# Relais: every option with its default. Made by `relais config example`; check a file with\n\
           # `relais config check FILE`. Each option can also be set in the environment as RELAIS_SECTION_OPTION.\n",
    sections: SECTIONS,
    options: OPTIONS,
};

/// What stands above each section in the example.
pub const SECTIONS: &[(&str, &str)] = &[
    ("server", "The listener and who may come."),
    ("tls", "TLS by this process. Leave both empty behind a proxy that speaks TLS."),
    ("data", "Where things are kept."),
    ("mail", "Outgoing mail: sign-in codes and invitations."),
    ("session", "Signed-in sessions."),
    ("files", "Exchanged files (ciphertext)."),
    (
        "limits",
        "Bounds of the edge. The defaults suit a hospital; see the documentation before changing them.",
    ),
    ("metrics", "Prometheus metrics at /metrics."),
    ("log", "Logs go to the standard error stream. They never hold names, ids, tokens or addresses."),
];

const HOUR_MS: u64 = 3_600_000;

/// The table, in the order of the example.
pub const OPTIONS: &[Opt] = &[
    text(
        "server.listen",
        "\"127.0.0.1:8080\"",
        "Address and port of the one TCP listener (HTTP and WebSocket).",
    ),
    text(
        "server.origin",
        "\"\"",
        "Address that clients use, without a path, such as https://relais.example.org. It is part of every\n\
         password's registration: changing it later locks everybody out. Empty: http:// and the listener's address,\n\
         which is accepted on loopback only.",
    ),
    flag(
        "server.open_registration",
        "false",
        "Whether anyone may register without an invitation. The first administrator registers with the token in\n\
         the file setup-token of the data folder either way.",
    ),
    flag(
        "server.demo",
        "false",
        "Demonstration with fictitious data: mail is caught and shown at /dev/mail instead of being sent, and the\n\
         clock can be moved at /dev/clock. Refused unless the listener is on loopback.",
    ),
    number(
        "server.demo_days_back",
        0,
        365,
        "0",
        "Days by which a demonstration's clock starts in the past, as long as nobody has registered. Whoever makes\n\
         the data moves it to the present. Unit: days.",
    ),
    number("server.shards", 0, 64, "0", "Threads that serve connections. 0: one per processor core."),
    list(
        "server.trusted_proxies",
        "[]",
        "Addresses of reverse proxies whose X-Forwarded-For names the client. Used for throttling only; client\n\
         addresses are never stored or logged.",
    ),
    text(
        "tls.certificate",
        "\"\"",
        "File with the certificate chain, PEM. The file is read again at SIGHUP.",
    ),
    text("tls.key", "\"\"", "File with the private key, PEM. The file is read again at SIGHUP."),
    text(
        "data.dir",
        "\"relais-data\"",
        "Folder of the database and the files. Made with mode 0700 at first start.",
    ),
    text(
        "data.keys_dir",
        "\"relais-keys\"",
        "Folder of the key files, apart from the data so that a copy of the data alone opens nothing. Back it up\n\
         separately: without opaque-setup nobody can sign in, without store-key the database cannot be opened.",
    ),
    text("mail.host", "\"\"", "Host name of the SMTP server. Needed unless this is a demonstration."),
    number("mail.port", 1, 65_535, "587", "Port of the SMTP server."),
    text(
        "mail.security",
        "\"starttls\"",
        "How the connection is protected: starttls, tls, or none (loopback only).",
    ),
    text("mail.user", "\"\"", "User name at the SMTP server. Empty: no authentication."),
    text("mail.password_file", "\"\"", "File with the password for it."),
    text("mail.from", "\"Relais <no-reply@localhost>\"", "Sender of every mail."),
    number(
        "mail.per_minute",
        1,
        100_000,
        "60",
        "Mails sent per minute at most; further ones wait. Unit: 1/min.",
    ),
    number("session.ttl_hours", 1, 8_760, "168", "How long a sign-in lasts. Unit: hours."),
    number(
        "session.recovery_wait_hours",
        0,
        720,
        "0",
        "Time between the proof of a recovery code and its use, in which the owner can object. Unit: hours.",
    ),
    number(
        "files.max_bytes",
        1_024,
        1 << 40,
        "536870912",
        "Size of one file's ciphertext at most. Unit: bytes.",
    ),
    number(
        "files.per_user_bytes",
        0,
        1 << 50,
        "21474836480",
        "Size of all files one user has uploaded and that are kept, at most: they share a disk with the database.\n\
         0: no bound. Unit: bytes.",
    ),
    number(
        "limits.connections",
        1,
        10_000_000,
        "100000",
        "Open connections at most, sockets and HTTP together.",
    ),
    number(
        "limits.handshakes",
        1,
        1_000_000,
        "2048",
        "Connections that are not a WebSocket (yet) at most: handshakes, HTTP requests, idle keep-alive. Further\n\
         ones are dropped, so that half-open connections cannot crowd out signed-in ones.",
    ),
    number(
        "limits.handshake_ms",
        100,
        60_000,
        "10000",
        "Time for a TLS handshake, and for the head of an HTTP request. Unit: milliseconds.",
    ),
    number(
        "limits.request_ms",
        100,
        600_000,
        "30000",
        "Time for the body of an HTTP request and its answer; a file's bytes may pause that long. Unit:\n\
         milliseconds.",
    ),
    number(
        "limits.requests",
        1,
        100_000,
        "512",
        "HTTP requests under way at most; further ones are told to come back.",
    ),
    number(
        "limits.drain_ms",
        0,
        HOUR_MS,
        "10000",
        "Time over which clients are sent away when the server stops, so that they do not all return at once.\n\
         Unit: milliseconds.",
    ),
    list(
        "metrics.allow",
        "[\"127.0.0.1\", \"::1\"]",
        "Addresses that may read /metrics, directly and not through a proxy.",
    ),
    text(
        "log.level",
        "\"info\"",
        "error, warn, info, debug or trace. Other crates than ours are never logged.",
    ),
    text("log.format", "\"text\"", "text or json."),
];
