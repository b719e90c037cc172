//! The relay against somebody else's clients: Debian's coturn tools over UDP, TCP and TLS, with channels and indications,
//! over IPv4 and IPv6, to a peer and from client to client. Every message must come back.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv6Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::process::{self, Ending, run_lines};
use crate::{say, setup};

/// Time for one run of a tool: it sends for about two seconds and lingers.
const RUN: Duration = Duration::from_secs(60);

/// One run of `turnutils_uclient`.
struct Run {
    name: &'static str,
    options: &'static [&'static str],
    v6: bool,
    /// Whether messages go to `turnutils_peer` and back; otherwise from one allocation to another.
    to_peer: bool,
}

const fn run_of(name: &'static str, options: &'static [&'static str]) -> Run {
    Run { name, options, v6: false, to_peer: true }
}

const RUNS: &[Run] = &[
    run_of("UDP, channels", &[]),
    run_of("UDP, indications", &["-s"]),
    run_of("TCP, channels", &["-t"]),
    run_of("TCP, indications", &["-t", "-s"]),
    run_of("TLS, channels", &["-t", "-S"]),
    run_of("TLS, indications", &["-t", "-S", "-s"]),
    run_of("UDP, padding of requests", &["-D"]),
    run_of("UDP, additional requests", &["-G"]),
    Run { v6: true, ..run_of("UDP over IPv6, channels", &["-x"]) },
    Run { v6: true, ..run_of("UDP over IPv6, indications", &["-x", "-s"]) },
    Run { v6: true, ..run_of("TLS over IPv6, channels", &["-x", "-t", "-S"]) },
    Run { to_peer: false, ..run_of("UDP, from client to client", &["-y"]) },
    Run { to_peer: false, ..run_of("TLS, from client to client", &["-y", "-t", "-S"]) },
];

/// A program that is ended when it is not needed any more, whatever happens.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        process::end_with_descendants(&mut self.0);
        drop(self.0.wait());
    }
}

/// The relay under test.
struct Relay {
    child: Ended,
    /// Its pipe: a program whose output nobody holds may fail when it says something.
    _output: BufReader<ChildStdout>,
    port: u16,
}

/// Carries the proof out.
///
/// # Errors
/// Something that it needs is missing or could not be built.
pub fn run() -> Result<ExitCode> {
    setup::ensure_for_turn()?;
    let program = built()?;
    let folder = tempfile::TempDir::new().context("a temporary folder")?;
    let relay = start(&program, folder.path())?;
    let peer_port = free_port()?;
    let mut peer = Command::new("turnutils_peer");
    peer.args(["-L", "127.0.0.1", "-L", "::1", "-p", &peer_port.to_string()]);
    let _peer = Ended(peer.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("turnutils_peer")?);
    let mut bad = 0;
    for run in RUNS {
        let (holds, figures) = carry_out(run, relay.port, peer_port)?;
        bad += u32::from(!holds);
        say::line(&format!("{} {:<28} {figures}", if holds { "ok    " } else { "FAILED" }, run.name));
    }
    let seen = binding(relay.port)?;
    bad += u32::from(!seen);
    say::line(&format!(
        "{} a Binding request is answered with the sender's address",
        if seen { "ok    " } else { "FAILED" }
    ));
    let drained = ends_by_itself(relay)?;
    bad += u32::from(!drained);
    say::line(&format!(
        "{} SIGTERM ends it, in the time it has for that",
        if drained { "ok    " } else { "FAILED" }
    ));
    say::line(if bad == 0 { "turn: holds" } else { "turn: DOES NOT HOLD" });
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn built() -> Result<std::path::PathBuf> {
    let profile = Profile::Release;
    say::progress("building relais-turn …");
    let mut command = cargo::cargo()?;
    command.args(["build", "--locked", profile.option(), "--package", "relais-turn-driver"]);
    if !command.status().context("cargo build")?.success() {
        bail!("the build failed");
    }
    cargo::program(profile, "relais-turn")
}

fn start(program: &Path, folder: &Path) -> Result<Relay> {
    let port = free_port()?;
    let path = |name: &str| folder.join(name);
    certificate(&path("cert.pem"), &path("key.pem"))?;
    fs::write(path("users"), "u:p\n").context("the users")?;
    let config = format!(
        "[listen]\nudp = [\"127.0.0.1:{port}\", \"[::1]:{port}\"]\ntcp = [\"127.0.0.1:{port}\", \"[::1]:{port}\"]\n\
         [relay]\nipv4 = \"127.0.0.1\"\nipv6 = \"::1\"\n\
         [tls]\ncertificate = {:?}\nkey = {:?}\n[auth]\nrealm = \"r\"\nusers_file = {:?}\n\
         [peers]\nallow = [\"127.0.0.1/32\", \"::1/128\"]\n[quota]\nper_user = 1000\n[limits]\ndrain_s = 2\n\
         [compat]\nrfc5766_channels = true\n",
        path("cert.pem"),
        path("key.pem"),
        path("users"),
    );
    fs::write(path("relais-turn.toml"), config).context("the configuration")?;
    let mut command = Command::new(program);
    command.arg("--config").arg(path("relais-turn.toml")).stdout(Stdio::piped());
    let mut child = Ended(command.spawn().context("relais-turn")?);
    let mut output = BufReader::new(child.0.stdout.take().context("its output")?);
    let mut line = String::new();
    output.read_line(&mut line).context("its first line")?;
    if !line.contains("ports are open") {
        bail!("relais-turn did not start");
    }
    Ok(Relay { child, _output: output, port })
}

/// A certificate for this run alone.
fn certificate(cert: &Path, key: &Path) -> Result<()> {
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    command.args(["-subj", "/CN=localhost", "-keyout"]).arg(key).arg("-out").arg(cert);
    let output = command.output().context("openssl")?;
    if !output.status.success() {
        bail!("openssl made no certificate");
    }
    Ok(())
}

/// A port that nobody has on either family, for UDP and TCP.
fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let udp = UdpSocket::bind("127.0.0.1:0").context("a port")?;
        let port = udp.local_addr().context("a port")?.port();
        let others = TcpListener::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok()
            && UdpSocket::bind((Ipv6Addr::LOCALHOST, port)).is_ok();
        // The tools use the port after it, too.
        if others && port < u16::MAX - 8 {
            return Ok(port);
        }
    }
    bail!("no port is free on both families")
}

fn carry_out(run: &Run, port: u16, peer_port: u16) -> Result<(bool, String)> {
    let mut command = Command::new("turnutils_uclient");
    // Four sessions of 200 messages, one each 5 ms: a moderate load of about 800 messages a second.
    command.args(["-c", "-m", "4", "-n", "200", "-z", "5", "-l", "170", "-u", "u", "-w", "p"]);
    command.args(["-p", &port.to_string()]).args(run.options);
    let host = if run.v6 { "::1" } else { "127.0.0.1" };
    if run.to_peer {
        command.args(["-e", host, "-r", &peer_port.to_string()]);
    }
    command.args(["-L", host, host]);
    let mut counted = Counted::default();
    let ending = run_lines(command, RUN, |line| counted.read(line))?;
    let holds = ending == Ending::Good && counted.sent > 0 && counted.sent == counted.received;
    let more = if ending == Ending::Good { String::new() } else { format!(", {ending:?}") };
    Ok((holds, format!("sent {}, received {}{more}", counted.sent, counted.received)))
}

/// The tool's own counters, as it last said them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    sent: u64,
    received: u64,
}

impl Counted {
    fn read(&mut self, line: &str) {
        let number = |name: &str| {
            let rest = line.split_once(name)?.1;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        if let Some(sent) = number("tot_send_msgs=") {
            self.sent = sent;
        }
        if let Some(received) = number("tot_recv_msgs=") {
            self.received = received;
        }
    }
}

/// Whether `turnutils_stunclient` learns its address.
fn binding(port: u16) -> Result<bool> {
    let mut command = Command::new("turnutils_stunclient");
    command.args(["-p", &port.to_string(), "127.0.0.1"]);
    let mut seen = false;
    let ending = run_lines(command, RUN, |line| seen |= line.contains("reflexive addr: 127.0.0.1"))?;
    Ok(seen && ending == Ending::Good)
}

fn ends_by_itself(mut relay: Relay) -> Result<bool> {
    let number = relay.child.0.id().to_string();
    Command::new("kill").args(["-TERM", &number]).status().context("kill")?;
    let status = relay.child.0.wait().context("relais-turn")?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::Counted;

    #[test]
    fn the_tools_counters_are_read_as_they_were_said_last() {
        let mut counted = Counted::default();
        counted.read("0: : start_mclient: msz=4, tot_send_msgs=10, tot_recv_msgs=9, tot_send_bytes ~ 0");
        counted.read("5: : start_mclient: tot_send_msgs=800, tot_recv_msgs=800");
        counted.read("5: : Total lost packets 0 (0.000000%)");
        assert_eq!(counted, Counted { sent: 800, received: 800 });
    }
}
