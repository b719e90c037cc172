//! Every option of `relais-turn` once.
//!
//! Not known here: what the values do.

use relais_options::{Opt, Table, flag, list, number, text};

/// The table as a whole.
pub const TABLE: Table = Table {
    prefix: "RELAIS_TURN_",
    head: "# relais-turn: every option with its default. Made by `relais-turn --example`; check a file with\n\
           # `relais-turn --check --config FILE`. Each option can also be set in the environment.\n",
    sections: SECTIONS,
    options: OPTIONS,
};

const SECTIONS: &[(&str, &str)] = &[
    ("listen", "Where clients come."),
    ("relay", "Where relayed traffic leaves and arrives."),
    ("tls", "TLS on the TCP ports, told from plain STUN by the first byte. Leave both empty for none."),
    ("auth", "Who may use the relay. Secrets and passwords stand in files of their own."),
    (
        "peers",
        "Which peers may be reached. Special-purpose networks, this machine's own addresses and the\n\
               # metadata services of clouds are denied unless a line here says otherwise.",
    ),
    ("quota", "How much of everything, for the whole process."),
    ("limits", "Bounds. The defaults suit a hospital."),
    ("metrics", "Prometheus metrics at http://ADDRESS/metrics; no label names a user or an address."),
    ("log", "Logs go to the standard error stream. They never hold names, secrets or addresses."),
    ("compat", "For old clients."),
];

const OPTIONS: &[Opt] = &[
    list(
        "listen.udp",
        "[\"127.0.0.1:3478\"]",
        "Addresses and ports for UDP. Name the machine's addresses one by one: an answer must come from the\n\
         address that was asked.",
    ),
    list("listen.tcp", "[\"127.0.0.1:3478\"]", "Addresses and ports for TCP and TLS, such as [\"192.0.2.7:443\"]."),
    text("relay.ipv4", "\"127.0.0.1\"", "This machine's address that relayed IPv4 traffic uses; empty for none."),
    text("relay.ipv4_advertise", "\"\"", "What clients are told instead, behind 1:1 address translation."),
    text("relay.ipv6", "\"\"", "The same for IPv6; empty for none."),
    text("relay.ipv6_advertise", "\"\"", "What clients are told instead."),
    number("relay.port_first", 1_024, 65_535, "49152", "First relayed port; even."),
    number("relay.port_last", 1_024, 65_535, "65535", "Last relayed port; odd."),
    text("tls.certificate", "\"\"", "Certificate chain, PEM.").at_reload(),
    text("tls.key", "\"\"", "Private key, PEM.").at_reload(),
    text(
        "auth.realm",
        "\"relais\"",
        "Realm of the long-term credentials: 1 to 8 characters, or to 20 with auth.sha256 = false. Longer ones would\n\
         make the first answer, which goes to anybody, longer than three times its question.",
    ),
    flag("auth.sha256", "true", "Offer SHA-256 beside SHA-1, which is all that browsers know."),
    list(
        "auth.secret_files",
        "[]",
        "Files with the secrets of ephemeral credentials, one secret a file: the current one first, then those that are\n\
         still taken. User name `expiry:name`, password base64(HMAC-SHA1(secret, user name)).",
    )
    .at_reload(),
    text("auth.users_file", "\"\"", "File with lines `name:password` of lasting users; empty for none.").at_reload(),
    flag("auth.end_at_expiry", "false", "End allocations when the ephemeral credential they were made with expires."),
    list(
        "peers.allow",
        "[]",
        "Networks that may be reached although they are denied by default, such as [\"10.1.2.3/32\"], with a port or a\n\
         range behind a blank if only these: [\"10.1.2.3/32 10000-10999\"]. Checked before peers.deny.",
    )
    .at_reload(),
    list("peers.deny", "[]", "Networks that must not be reached, in the same form.").at_reload(),
    flag("peers.internet", "true", "Whether what is neither allowed nor denied may be reached.").at_reload(),
    number("quota.allocations", 1, 1_000_000, "10000", "Allocations at most.").at_reload(),
    number("quota.per_user", 1, 1_000_000, "64", "Allocations of one user at most.").at_reload(),
    number("quota.per_prefix", 1, 1_000_000, "1024", "Allocations from one /24 or /64 at most.").at_reload(),
    number("quota.permissions", 1, 10_000, "64", "Permissions of one allocation at most.").at_reload(),
    number("quota.channels", 1, 4_096, "64", "Channels of one allocation at most.").at_reload(),
    number(
        "quota.packets_per_s",
        0,
        10_000_000,
        "0",
        "Packets a second through one allocation, both ways together; 0 for no bound.",
    )
    .at_reload(),
    number(
        "quota.bytes_per_s",
        0,
        4_000_000_000,
        "0",
        "Bytes a second through one allocation, both ways together; 0 for no bound.",
    )
    .at_reload(),
    number("limits.shards", 0, 256, "0", "Threads that relay, each with sockets of its own; 0 for one a core."),
    number("limits.lifetime_s", 600, 86_400, "3600", "Longest lifetime of an allocation between refreshes. Unit: seconds."),
    number("limits.drain_s", 0, 86_400, "60", "Time for allocations to end after SIGTERM. Unit: seconds."),
    flag("limits.portable", "false", "Do without batched system calls even where the kernel has them."),
    text("metrics.listen", "\"\"", "Address and port; empty for none. Use loopback or a network of your own."),
    text("log.level", "\"info\"", "error, warn, info, debug or trace. Other crates than ours are never logged."),
    text("log.format", "\"text\"", "text or json."),
    flag(
        "compat.rfc5766_channels",
        "false",
        "Take channel numbers to 0x7FFF as RFC 5766 had them; RFC 8656 ends at 0x4FFF. Some test tools need it.",
    ),
];
