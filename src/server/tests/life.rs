//! Start, drain, restart.

#[cfg(test)]
mod world;

use std::collections::HashSet;

use relais_server::config::Config;
use relais_server::health;
use relais_server::serve::{Server, StartError};
use relais_wire::CloseCode;
use tokio::net::TcpStream;
use world::{End, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_sends_everybody_away_with_a_time_to_come_back() {
    let world = World::start(&[("limits.drain_ms", "300")]).await;
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(world.guest().await.0);
    }
    let address = world.address();
    let idle = TcpStream::connect(address).await.unwrap();
    let leaving = async {
        let mut delays = HashSet::new();
        for client in clients {
            let End::Closed(CloseCode::Draining, delay) = client.end().await else { panic!("not drained") };
            delays.insert(delay.parse::<u64>().expect("the reason is a delay in milliseconds"));
        }
        delays
    };
    let (all_gone, delays) = tokio::join!(world.server.stop(), leaving);
    assert!(all_gone, "everybody had gone in time");
    assert!(delays.len() > 5, "the delays differ: {delays:?}");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_follows_readiness() {
    let world = World::start(&[]).await;
    let url = format!("http://{}", world.address());
    let ask = {
        let url = url.clone();
        move || health::check(&url)
    };
    assert!(tokio::task::spawn_blocking(ask.clone()).await.expect("it does not panic").is_ok());
    assert!(world.server.stop().await);
    assert!(tokio::task::spawn_blocking(ask).await.expect("it does not panic").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_history() {
    let world = World::start(&[]).await;
    let (guest, before) = world.guest().await;
    drop(guest);
    let world = world.restart(&[]).await;
    let (_guest, after) = world.guest().await;
    assert_eq!(before.epoch, after.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_writes_a_setup_token_that_others_cannot_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::start(&[]).await;
    let file = world.server.setup_token().expect("nobody has registered");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = hex::decode(std::fs::read_to_string(file).unwrap().trim()).unwrap();
    assert!(world.server.app().keys.is_setup_token(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_share_a_folder() {
    let world = World::start(&[]).await;
    let dir = world.dir.path();
    let text = format!(
        "server.listen = \"127.0.0.1:0\"\nserver.demo = true\ndata.dir = {:?}\ndata.keys_dir = {:?}",
        dir.join("data"),
        dir.join("keys")
    );
    let second = Server::start(Config::read(&text, &[]).unwrap()).await;
    assert!(matches!(second, Err(StartError::Store(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said_by_its_address() {
    let world = World::start(&[]).await;
    let other = tempfile::tempdir().unwrap();
    let text = format!(
        "server.listen = \"{}\"\nserver.demo = true\ndata.dir = {:?}\ndata.keys_dir = {:?}",
        world.address(),
        other.path().join("data"),
        other.path().join("keys")
    );
    let second = Server::start(Config::read(&text, &[]).unwrap()).await;
    assert!(matches!(second, Err(StartError::Listen(..))));
}
