//! HTTP of the running server: both carriers of requests, bounds, headers, metrics, TLS.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be done fails it")]

#[cfg(test)]
mod world;

use std::path::Path;

use relais_server::clock::Clock;
use relais_wire::directory::GetServer;
use relais_wire::frame::{Class, Frame, Header, encode_frame};
use relais_wire::limits::RPC_BYTES_MAX;
use relais_wire::{Call as _, ErrorCode, Request, codec, decode_reply};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use world::{PATIENCE, World};

async fn json_rpc(world: &World, body: String) -> (StatusCode, Value) {
    let request = reqwest::Client::new().post(world.url("/api/v1/rpc"));
    let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

async fn frame_rpc(world: &World, bytes: Vec<u8>) -> Response {
    reqwest::Client::new().post(world.url("/api/v1/rpc")).body(bytes).send().await.unwrap()
}

async fn refusal(response: Response) -> (u64, ErrorCode) {
    let bytes = response.bytes().await.unwrap();
    let frame = Frame::parse(&bytes, RPC_BYTES_MAX).unwrap();
    (frame.header.id, decode_reply(&frame).unwrap().unwrap_err().code)
}

#[tokio::test(flavor = "multi_thread")]
async fn json_answers_say_which_request_they_answer() {
    let world = World::start(&[]).await;
    let code = |code: ErrorCode| json!({ "code": code.code() });
    let (status, answer) = json_rpc(&world, "{".to_owned()).await;
    assert_eq!((status.as_u16(), &answer["refusal"]), (400, &code(ErrorCode::Malformed)));
    let (status, answer) = json_rpc(&world, json!({"type": "GetNothing", "id": 4}).to_string()).await;
    assert_eq!(
        (status.as_u16(), answer),
        (400, json!({"type": "", "id": 4, "refusal": code(ErrorCode::UnknownType)}))
    );
    let ask = json!({"type": "GetThread", "id": 5, "body": {"thread": "00".repeat(16)}});
    let (status, answer) = json_rpc(&world, ask.to_string()).await;
    assert_eq!(status, 401);
    assert_eq!(answer, json!({"type": "GetThread", "id": 5, "refusal": code(ErrorCode::Unauthenticated)}));
    let ask = json!({"type": "LoginStart", "id": 6, "body": {"email": 1}});
    let (status, answer) = json_rpc(&world, ask.to_string()).await;
    assert_eq!((status.as_u16(), &answer["refusal"]), (400, &code(ErrorCode::Malformed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_over_http_are_bounded_and_answered_with_frames() {
    let world = World::start(&[]).await;
    let header = Header::new(Class::Request, GetServer::KIND, 9);
    let cut = encode_frame(&header, &[0x80])[..19].to_vec();
    assert_eq!(refusal(frame_rpc(&world, cut).await).await.1, ErrorCode::Malformed);
    let reply = encode_frame(&Header::new(Class::Reply, 1, 1), &[]);
    assert_eq!(refusal(frame_rpc(&world, reply).await).await.1, ErrorCode::Malformed);
    let large = frame_rpc(&world, vec![0; RPC_BYTES_MAX + 1]).await;
    assert_eq!(large.status(), 413);
    assert_eq!(refusal(large).await.1, ErrorCode::TooLarge);
    let private = encode_frame(&Header::new(Class::Request, 0x0302, 9), &codec::encode(&GetServer {}));
    let (id, code) = refusal(frame_rpc(&world, private).await).await;
    assert_eq!((id, code), (9, ErrorCode::Unauthenticated));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_proves_nothing_is_nobody() {
    let world = World::start(&[]).await;
    let now = world.server.app().clock.now_ms();
    for proof in [
        "Bearer abc".to_owned(),
        format!("Relais {}.1.{now}.{}", "00".repeat(16), "00".repeat(32)),
        format!("Relais {}.1.1.{}", "00".repeat(16), "00".repeat(32)),
    ] {
        let url = world.url(&format!("/api/v1/files/{}", "00".repeat(16)));
        let get = reqwest::Client::new().get(&url).header("authorization", &proof).send().await.unwrap();
        assert_eq!(get.status(), 401, "{proof}");
        let put = reqwest::Client::new().put(&url).header("authorization", &proof);
        let put = put.header("relais-sha256", "00".repeat(32)).body("x").send().await.unwrap();
        assert_eq!(put.status(), 401, "{proof}");
    }
    let url = world.url("/api/v1/files/nonsense");
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_protective_headers() {
    let world = World::start(&[]).await;
    for path in
        ["/healthz", "/readyz", "/metrics", "/nowhere", "/ws", "/api/v1/rpc", "/dev/mail", "/dev/cast"]
    {
        let response = reqwest::get(world.url(path)).await.unwrap();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(response.headers()[name], value, "{path}");
        }
        assert!(!response.headers().contains_key("server"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_shows_every_counter_to_those_who_may_see_it() {
    let world = World::start(&[]).await;
    let (_guest, _) = world.guest().await;
    let text = world.metrics().await;
    for name in [
        "relais_connections ",
        "relais_sockets 1",
        "relais_users_online 0",
        "relais_hints_dropped_total 0",
        "relais_frames_in_total 1",
        "relais_frames_out_total 2",
        "relais_connections_refused_total{reason=\"full\"} 0",
        "relais_panics_total{place=\"request\"} 0",
        "relais_mails_total{outcome=\"sent\"} 0",
        "relais_closes_total{code=\"4500\"} 0",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
    for (_, name) in Request::ALL {
        assert!(text.contains(&format!("type=\"{name}\",outcome=\"ok\"")), "{name}");
    }
    let proxied = reqwest::Client::new().get(world.url("/metrics")).header("x-forwarded-for", "127.0.0.1");
    assert_eq!(proxied.send().await.unwrap().status(), 404);
    let closed = World::start(&[("metrics.allow", "[\"192.0.2.1\"]")]).await;
    assert_eq!(reqwest::get(closed.url("/metrics")).await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_connections_are_bounded_and_crowd_nobody_out() {
    let world = World::start(&[("limits.handshakes", "4"), ("limits.handshake_ms", "400")]).await;
    let (mut guest, _) = world.guest().await;
    let mut half_open = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        // One that was turned away may be gone before this arrives.
        drop(stream.write_all(b"GET /healthz HTTP/1.1\r\n").await);
        half_open.push(stream);
    }
    // Sockets do not count among them and go on.
    guest.ask(GetServer::KIND, &codec::encode(&GetServer {})).await;
    drop(guest.reply().await);
    // Every one of them ends: most at once, the others when their time is over.
    for mut stream in half_open {
        let mut answer = Vec::new();
        drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("a half-open connection ends"));
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(reqwest::get(world.url("/healthz")).await.unwrap().status(), 200);
    let turned = world.metrics().await;
    let turned = turned.lines().find(|line| line.contains("reason=\"handshakes\"")).unwrap().to_owned();
    let turned: u32 = turned.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(turned >= 36, "{turned} of 40 were turned away");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_over_the_bound_are_turned_away() {
    let world = World::start(&[("limits.connections", "3")]).await;
    let (_one, _two, _three) = (world.greeted().await, world.greeted().await, world.greeted().await);
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let mut answer = Vec::new();
    drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it ends"));
    assert_eq!(answer, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_given_up() {
    let world = World::start(&[("limits.request_ms", "200")]).await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let head = "POST /api/v1/rpc HTTP/1.1\r\nHost: relais.test\r\nContent-Length: 100\r\n\r\nxx";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer in time").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_come_slowly_take_up_nobody_elses_room() {
    let world = World::start(&[("limits.requests", "1")]).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        let head = "POST /api/v1/rpc HTTP/1.1\r\nHost: relais.test\r\nContent-Length: 100\r\n\r\nx";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let header = Header::new(Class::Request, GetServer::KIND, 9);
    for _ in 0..20 {
        let answer = frame_rpc(&world, encode_frame(&header, &codec::encode(&GetServer {}))).await;
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_takes_up_no_more_than_its_share_of_handshakes() {
    let world = World::start(&[("limits.handshakes", "400"), ("limits.handshake_ms", "60000")]).await;
    let mut open = Vec::new();
    for _ in 0..110 {
        open.push(TcpStream::connect(world.address()).await.unwrap());
    }
    let turned = async {
        let metrics = &world.server.app().metrics;
        while !metrics.render().contains("relais_connections_refused_total{reason=\"handshakes\"} 10\n") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, turned).await.expect("a quarter of them is one address's share");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_and_mail_pages_exist_in_a_demonstration_only() {
    let world = World::start(&[]).await;
    assert_eq!(reqwest::get(world.url("/dev/mail")).await.unwrap().text().await.unwrap(), "[]");
    let clock = |offset: i64| {
        let body = json!({ "offset_ms": offset }).to_string();
        reqwest::Client::new().post(world.url("/dev/clock")).body(body).send()
    };
    let before = world.server.app().clock.now_ms();
    assert_eq!(clock(3_600_000).await.unwrap().status(), 200);
    assert!(world.server.app().clock.now_ms() >= before + 3_600_000);
    assert_eq!(clock(0).await.unwrap().status(), 409);
    let url = world.url("/dev/cast");
    assert_eq!(reqwest::get(&url).await.unwrap().text().await.unwrap(), "[]");
    let what = json!({ "fr": "infirmière", "en": "nurse" });
    let cast = json!([{ "what": what, "name": "A", "email": "a@demo.example", "password": "p" }]).to_string();
    for (body, status) in
        [(cast.clone(), 200), ("[{}]".to_owned(), 400), (format!("[{}]", " ".repeat(20_000)), 400)]
    {
        let put = reqwest::Client::new().put(&url).body(body).send().await.unwrap();
        assert_eq!(put.status(), status);
    }
    let kept: Value = serde_json::from_str(&reqwest::get(&url).await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(kept, serde_json::from_str::<Value>(&cast).unwrap());
    let smtp = [("server.demo", "false"), ("mail.host", "\"localhost\""), ("mail.security", "\"none\"")];
    let world = World::start(&smtp).await;
    for path in ["/dev/mail", "/dev/clock", "/dev/cast"] {
        assert_eq!(reqwest::get(world.url(path)).await.unwrap().status(), 404);
    }
    let before = world.server.app().clock.now_ms();
    let body = json!({ "offset_ms": 3_600_000 }).to_string();
    let moved = reqwest::Client::new().post(world.url("/dev/clock")).body(body).send().await.unwrap();
    assert!(moved.status().is_client_error(), "{}", moved.status());
    assert!(world.server.app().clock.now_ms() < before + 3_600_000, "nobody moves a clock that is in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_starts_in_the_past_until_somebody_has_registered() {
    let behind = |world: &World| Clock::default().now_ms().abs_diff(world.server.app().clock.now_ms());
    let days = 24 * 3_600_000;
    let back = [("server.demo_days_back", "30")];
    let world = World::start(&back).await.restart(&back).await;
    assert!(behind(&world) > 29 * days, "nothing happened yet");
    std::fs::remove_file(world.server.setup_token().unwrap()).unwrap();
    let world = world.restart(&back).await;
    assert!(behind(&world) < days, "what was released to the present stays there");
}

/// A self-signed certificate in two files.
fn certificate(dir: &Path) -> (String, [(&'static str, String); 2]) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("c.pem"), dir.join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let options = [("tls.certificate", format!("{certificate:?}")), ("tls.key", format!("{key:?}"))];
    (made.cert.pem(), options)
}

async fn https(world: &World, pem: &str) -> Result<Response, reqwest::Error> {
    let trusted = [reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()];
    let client = reqwest::Client::builder().tls_certs_only(trusted).timeout(PATIENCE).build().unwrap();
    client.get(format!("https://localhost:{}/healthz", world.address().port())).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_serves_the_same_and_asks_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (pem, [certificate, key]) = certificate(dir.path());
    let options =
        [(certificate.0, certificate.1.as_str()), (key.0, key.1.as_str()), ("limits.handshake_ms", "400")];
    let world = World::start(&options).await;
    let response = https(&world, &pem).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("strict-transport-security"));
    // Plain text and silence both end.
    let mut plain = TcpStream::connect(world.address()).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let silent = TcpStream::connect(world.address()).await.unwrap();
    for mut stream in [plain, silent] {
        let mut answer = Vec::new();
        drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it ends"));
        assert!(!answer.starts_with(b"HTTP"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_over_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (old, [cert, key]) = certificate(dir.path());
    let world = World::start(&[(cert.0, cert.1.as_str()), (key.0, key.1.as_str())]).await;
    let (new, _) = certificate(dir.path());
    assert!(https(&world, &new).await.is_err(), "not read yet");
    world.server.reload().unwrap();
    assert_eq!(https(&world, &new).await.unwrap().status(), 200);
    assert!(https(&world, &old).await.is_err());
    std::fs::write(dir.path().join("c.pem"), "nonsense").unwrap();
    assert!(world.server.reload().is_err());
    assert_eq!(https(&world, &new).await.unwrap().status(), 200);
}
