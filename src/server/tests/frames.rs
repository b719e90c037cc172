//! What the server does with bytes it does not like, on a socket.

#[cfg(test)]
mod world;

use futures_util::SinkExt as _;
use relais_wire::control::{Hello, HelloSession, Pong};
use relais_wire::directory::GetServer;
use relais_wire::frame::{Class, Header, encode_frame};
use relais_wire::limits::{AUTH_TIMEOUT_MS, FRAME_BYTES_BEFORE_AUTH, FRAME_BYTES_MAX};
use relais_wire::threads::GetThread;
use relais_wire::{Bin, Call as _, CloseCode, Control, ErrorCode, Seq, SessionId, ThreadId, codec};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use world::{Client, End, World, bent_header};

fn closed(code: CloseCode) -> End {
    End::Closed(code, String::new())
}

fn request() -> Header {
    Header::new(Class::Request, GetServer::KIND, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_speaks_first_and_no_two_greetings_are_alike() {
    let world = World::start(&[]).await;
    let (_one, first) = world.greeted().await;
    let (_two, second) = world.greeted().await;
    assert_eq!(first.nonce.len(), 32);
    assert_ne!(first.nonce, second.nonce);
    let (_guest, welcome) = world.guest().await;
    assert_eq!((welcome.ticket, welcome.personal_head), (None, None));
    assert_eq!(usize::try_from(welcome.limits.frame_bytes).unwrap(), FRAME_BYTES_BEFORE_AUTH);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_frame_close_the_connection_with_the_documented_code() {
    let world = World::start(&[]).await;
    let cases: Vec<(&str, Vec<u8>, CloseCode)> = vec![
        ("nothing", Vec::new(), CloseCode::Malformed),
        ("half a header", encode_frame(&request(), &[])[..11].to_vec(), CloseCode::Malformed),
        ("a body cut short", encode_frame(&request(), &[0x80; 9])[..25].to_vec(), CloseCode::Malformed),
        ("a byte too many", [encode_frame(&request(), &[]), vec![0]].concat(), CloseCode::Malformed),
        ("another version", bent_header(&request(), 0, 2), CloseCode::UnsupportedVersion),
        ("no such class", bent_header(&request(), 1, 9), CloseCode::Malformed),
        ("a reserved flag", bent_header(&request(), 4, 4), CloseCode::Malformed),
        ("a reserved byte", bent_header(&request(), 7, 1), CloseCode::Malformed),
        ("an id over 2^53", bent_header(&request(), 8, 0xff), CloseCode::Malformed),
        ("a length of 16 MiB", bent_header(&request(), 17, 0xff), CloseCode::TooLarge),
        ("over 16 KiB before a session", vec![1; FRAME_BYTES_BEFORE_AUTH + 1], CloseCode::Malformed),
        ("over 64 KiB", vec![1; FRAME_BYTES_MAX + 1], CloseCode::TooLarge),
        ("far over 64 KiB", vec![1; 1 << 20], CloseCode::TooLarge),
        ("a reply", encode_frame(&Header::new(Class::Reply, 1, 1), &[]), CloseCode::Malformed),
        ("an event", encode_frame(&Header::new(Class::Event, 1, 1), &[]), CloseCode::Malformed),
        ("a request before the hello", encode_frame(&request(), &[0x80]), CloseCode::Malformed),
        (
            "a pong before the hello",
            Control::from(Pong { org: None, personal: Seq::ZERO }).encode(),
            CloseCode::Malformed,
        ),
        (
            "a hello of nonsense",
            encode_frame(&Header::new(Class::Control, 2, 0), &[0xc1]),
            CloseCode::Malformed,
        ),
    ];
    for (what, bytes, code) in cases {
        let (mut client, _) = world.greeted().await;
        // A peer that has been refused already may find the pipe closed; the close frame is there to read.
        drop(client.ws.send(Message::Binary(bytes.into())).await);
        assert_eq!(client.end().await, closed(code), "{what}");
    }
    let (mut client, _) = world.greeted().await;
    client.ws.send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(client.end().await, closed(CloseCode::Malformed), "text");
    let (mut client, _) = world.greeted().await;
    client.ws.get_mut().write_all(&[0x82, 0x01, 0x00]).await.unwrap();
    assert_eq!(client.end().await, closed(CloseCode::Malformed), "a frame without a mask");
    // The server has taken no harm.
    world.guest().await;
    assert!(world.metrics().await.contains("relais_panics_total{place=\"shard\"} 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hello_is_malformed() {
    let world = World::start(&[]).await;
    let (mut client, _) = world.guest().await;
    client.say(&Hello { session: None }.into()).await;
    assert_eq!(client.end().await, closed(CloseCode::Malformed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_does_not_fit_ends_the_connection_for_good() {
    let world = World::start(&[]).await;
    let (mut client, _) = world.greeted().await;
    let session = HelloSession {
        session: SessionId::from_bytes([7; 16]),
        kid: 1,
        proof: Bin(vec![0; 32]),
        ticket: None,
        org: None,
        personal: None,
    };
    client.say(&Hello { session: Some(session) }.into()).await;
    assert_eq!(client.end().await, closed(CloseCode::AuthFailed));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_before_the_hello_ends_after_ten_seconds_of_server_time() {
    let world = World::start(&[]).await;
    let (silent, _) = world.greeted().await;
    let (mut guest, _) = world.guest().await;
    world.pass(i64::try_from(AUTH_TIMEOUT_MS).unwrap() + 1);
    let End::Closed(code, delay) = silent.end().await else { panic!("it ends with a code") };
    assert_eq!(code, CloseCode::PingTimeout);
    assert!(delay.parse::<u64>().is_ok(), "it says when to come back");
    guest.ask(GetServer::KIND, &codec::encode(&GetServer {})).await;
    drop(guest.reply().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_ask_public_requests_only() {
    let world = World::start(&[]).await;
    let (mut guest, _) = world.guest().await;
    let private = codec::encode(&GetThread { thread: ThreadId::from_bytes([1; 16]) });
    for (kind, body, code) in [
        (GetThread::KIND, private.as_slice(), ErrorCode::Unauthenticated),
        (0xfffe, &[0x80], ErrorCode::Unauthenticated),
        (0x0110, &[0xc1], ErrorCode::Malformed),
    ] {
        let id = guest.ask(kind, body).await;
        let (answered, refusal) = guest.reply().await;
        assert_eq!((answered, refusal.unwrap_err().code), (id, code));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_without_reading_is_ended_and_others_are_served() {
    let world = World::start(&[("server.shards", "1")]).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut greedy = Client::on(socket.connect(world.address()).await.unwrap()).await.unwrap();
    greedy.say(&Hello { session: None }.into()).await;
    let (mut other, _) = world.guest().await;
    // The answers fill the pipes, then the bounded queue of replies, then it is over.
    for n in 0..100_000 {
        let frame = encode_frame(&Header::new(Class::Request, GetThread::KIND, n), &[]);
        let sent = tokio::time::timeout(world::PATIENCE, greedy.ws.send(Message::Binary(frame.into()))).await;
        if sent.expect("the server goes on reading or ends the connection").is_err() {
            break;
        }
    }
    other.ask(GetServer::KIND, &codec::encode(&GetServer {})).await;
    drop(other.reply().await);
    assert!(world.metrics().await.contains("relais_closes_total{code=\"4002\"} 1"));
    assert!(matches!(greedy.end().await, End::Cut | End::Closed(CloseCode::Overloaded, _)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_must_ask_for_the_subprotocol() {
    let world = World::start(&[]).await;
    for subprotocol in [None, Some("chat")] {
        let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
        assert!(Client::upgrade(stream, subprotocol).await.is_err());
    }
    let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let (_, response) = Client::upgrade(stream, Some("relais.v1")).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "relais.v1");
    let plain = reqwest::get(world.url("/ws")).await.unwrap();
    assert_eq!(plain.status(), 400);
}
