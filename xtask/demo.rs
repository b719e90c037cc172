//! The demonstration: a server on this machine only, filled with a fictitious data set by the client library,
//! and words on how to look at it as two people.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::process::end_with_descendants;
use crate::{clock, say, setup, web};

/// Where the demonstration listens. Loopback only: its people have known passwords.
const ADDRESS: &str = "127.0.0.1:8470";

/// Days by which the server's clock starts in the past, until the data is made.
const DAYS_BACK: u32 = 30;

/// Hours a sign-in lasts: those made on the first day hold for a week from now.
const SESSION_HOURS: u32 = (DAYS_BACK + 7) * 24;

/// Time for the server to say that it may take traffic.
const READY_TIME: Duration = Duration::from_secs(30);

/// Between two looks whether it does.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// `cargo x demo [--seed N]`. Runs until it is interrupted.
///
/// # Errors
/// The build failed, the address is taken, or the server ended.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::ensure()?;
    build()?;
    let data = cargo::target_dir()?.join("demo");
    if data.exists() {
        std::fs::remove_dir_all(&data).context("the last demonstration's data")?;
    }
    let mut server = Command::new(cargo::program(Profile::Release, "relais")?)
        .arg("serve")
        .env("RELAIS_SERVER_LISTEN", ADDRESS)
        .env("RELAIS_SERVER_DEMO", "true")
        .env("RELAIS_SERVER_DEMO_DAYS_BACK", DAYS_BACK.to_string())
        .env("RELAIS_SESSION_TTL_HOURS", SESSION_HOURS.to_string())
        .env("RELAIS_DATA_DIR", data.join("data"))
        .env("RELAIS_DATA_KEYS_DIR", data.join("keys"))
        .env("RELAIS_LOG_LEVEL", "warn")
        .stdin(Stdio::null())
        .spawn()
        .context("the server")?;
    let result = fill(&mut server, &data, arguments).and_then(|()| server.wait().context("the server"));
    end_with_descendants(&mut server);
    Ok(cargo::exit_code(result?))
}

/// Builds the server with the web client in it, and the client library's programs.
///
/// # Errors
/// The build failed.
pub fn build() -> Result<()> {
    web::build()?;
    say::progress("building the server and the client (the first time takes some minutes) …");
    let status = cargo::cargo()?
        .args([
            "build",
            Profile::Release.option(),
            "--package",
            "relais-server",
            "--package",
            "relais-client",
        ])
        .status()
        .context("cargo build")?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

/// Waits for the server and has the client library make the data set, which prints how to look at it.
fn fill(server: &mut Child, data: &Path, arguments: &[String]) -> Result<()> {
    wait_until_ready(server)?;
    let status = Command::new(cargo::program(Profile::Release, "relais-demo")?)
        .args(["--server", &format!("http://{ADDRESS}"), "--setup-token"])
        .arg(data.join("data/setup-token"))
        .arg("--home")
        .arg(data.join("personas"))
        .args(arguments)
        .status()
        .context("relais-demo")?;
    if !status.success() {
        bail!("the data set could not be made");
    }
    let cli = cargo::program(Profile::Release, "relais-cli")?;
    say::progress(&format!("relais-cli is {}", cli.display()));
    say::progress("Ctrl-C ends the demonstration; the next one begins anew.");
    Ok(())
}

fn wait_until_ready(server: &mut Child) -> Result<()> {
    let address: SocketAddr = ADDRESS.parse().context("address")?;
    let deadline = clock::now() + READY_TIME;
    while clock::now() < deadline {
        if let Some(status) = server.try_wait().context("the server")? {
            bail!("the server ended at once ({status})");
        }
        if is_ready(address) {
            return Ok(());
        }
        clock::pause(LOOK_AGAIN);
    }
    bail!("the server was not ready within {}", clock::show(READY_TIME))
}

/// Whether `/readyz` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, LOOK_AGAIN)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::is_ready;

    #[test]
    fn readiness_is_the_answer_and_not_the_open_port() {
        for (answer, ready) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 503 x\r\n\r\n", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("bound");
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("one visitor");
                let mut request = [0_u8; 512];
                let _ = stream.read(&mut request).expect("a request");
                stream.write_all(answer.as_bytes()).expect("an open socket");
            });
            assert_eq!(is_ready(address), ready);
            server.join().expect("no panic");
        }
    }
}
