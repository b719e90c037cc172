//! How the program ends: by itself and with its own exit code, whatever ends it. A signal here would be the engine's
//! libraries torn down under a thread of the store.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be done fails it")]

#[cfg(test)]
mod world;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};

use relais_wire::Control;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use world::{Client, PATIENCE};

/// The program on a folder.
fn command(dir: &Path, listen: SocketAddr, drain_ms: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
    command
        .arg("serve")
        .env_clear()
        .env("RELAIS_SERVER_LISTEN", listen.to_string())
        .env("RELAIS_SERVER_ORIGIN", "http://relais.test")
        .env("RELAIS_SERVER_DEMO", "true")
        .env("RELAIS_DATA_DIR", dir.join("data"))
        .env("RELAIS_DATA_KEYS_DIR", dir.join("keys"))
        .env("RELAIS_LIMITS_DRAIN_MS", drain_ms.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A running server and where it listens. What else it says is not read, and its pipe is closed.
async fn start(dir: &Path, drain_ms: u32) -> (Child, SocketAddr) {
    let mut child = command(dir, anywhere(), drain_ms).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line =
        timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("it says where it listens");
    let address = line.strip_prefix("relais: listening on ").and_then(|rest| rest.split(',').next());
    let address = address.expect("the line begins like this").parse().unwrap();
    (child, address)
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

async fn ended(child: &mut Child) -> ExitStatus {
    timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap()
}

/// What a program that should not start said.
async fn fails(mut command: Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("it ends").unwrap()
}

/// A client that has been greeted and says nothing.
async fn client(address: SocketAddr) -> Client {
    let mut client = Client::connect(address).await.unwrap();
    assert!(matches!(client.control().await, Control::Greeting(_)));
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_in_order_with_clients_connected() {
    for ends in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let (mut child, address) = start(dir.path(), 0).await;
        let clients = [client(address).await, client(address).await];
        signal(&child, ends);
        assert_eq!(ended(&mut child).await.code(), Some(0), "{ends:?}");
        drop(clients);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait_for_clients_and_still_ends_it_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, address) = start(dir.path(), 600_000).await;
    let stays = client(address).await;
    signal(&child, Signal::TERM);
    // It drains once nobody listens any more.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    signal(&child, Signal::TERM);
    assert_eq!(ended(&mut child).await.code(), Some(0));
    drop(stays);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_ends_it_in_order_and_leaves_the_folder_free() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(anywhere()).unwrap();
    let taken_at = taken.local_addr().unwrap();
    let failed = fails(command(dir.path(), taken_at, 0)).await;
    assert_eq!(failed.status.code(), Some(1), "after the store was opened");
    let (mut first, _) = start(dir.path(), 0).await;
    let second = fails(command(dir.path(), anywhere(), 0)).await;
    assert_eq!(second.status.code(), Some(1), "the folder is in use");
    signal(&first, Signal::TERM);
    assert_eq!(ended(&mut first).await.code(), Some(0));
}
