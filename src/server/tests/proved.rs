//! Requests and files of a session over HTTP: each is proved by the session's key over what exactly is asked.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be done fails it")]

#[cfg(test)]
mod world;

use relais_wire::account::ListSessions;
use relais_wire::files::GetBlob;
use relais_wire::frame::{Class, Frame, Header, encode_frame};
use relais_wire::limits::{HTTP_CLOCK_SKEW_MS, RPC_BYTES_MAX};
use relais_wire::{BlobId, Call as _, ErrorCode, Refusal, Reply, codec, decode_reply};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use world::World;
use world::person::{Person, USER, person};

const PATH: &str = "/api/v1/rpc";

async fn send(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, String)],
    body: Vec<u8>,
) -> Response {
    let mut request = reqwest::Client::new().request(method, world.url(path)).body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.send().await.unwrap()
}

async fn reply(response: Response) -> Result<Reply, Refusal> {
    let bytes = response.bytes().await.unwrap();
    decode_reply(&Frame::parse(&bytes, RPC_BYTES_MAX).unwrap()).unwrap()
}

/// Puts a file with an announced hash.
async fn put(
    world: &World,
    ada: Person,
    blob: BlobId,
    announced: &[u8],
    bytes: &[u8],
) -> Result<Reply, Refusal> {
    let app = world.server.app();
    let path = format!("/api/v1/files/{}", blob.to_hex());
    let proof = ada.proof(app, ("PUT", &path), app.clock.now_ms(), announced).await;
    let hash = hex::encode(Sha256::digest(announced));
    let headers = [("authorization", proof), ("relais-sha256", hash)];
    reply(send(world, Method::PUT, &path, &headers, bytes.to_vec()).await).await
}

async fn get(world: &World, ada: Person, blob: BlobId) -> Response {
    let app = world.server.app();
    let path = format!("/api/v1/files/{}", blob.to_hex());
    let proof = ada.proof(app, ("GET", &path), app.clock.now_ms(), &[]).await;
    send(world, Method::GET, &path, &[("authorization", proof)], Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_down_as_it_went_up_and_half_a_file_does_not_exist() {
    let world = World::start(&[("files.max_bytes", "300000")]).await;
    let ada = person(world.server.app(), USER).await;
    let bytes: Vec<u8> = (0..250_000_u32).map(|n| n.to_le_bytes()[1] ^ 0x5a).collect();
    let blob = BlobId::from_bytes([1; 16]);
    let Ok(Reply::BlobCard(card)) = put(&world, ada, blob, &bytes, &bytes).await else {
        panic!("not stored")
    };
    assert!(card.complete && card.bytes.get() == 250_000);
    let file = get(&world, ada, blob).await;
    assert_eq!(file.headers()["relais-sha256"], hex::encode(Sha256::digest(&bytes)));
    assert_eq!(file.headers()["content-length"], "250000");
    assert_eq!(file.bytes().await.unwrap(), bytes);
    let other = BlobId::from_bytes([2; 16]);
    let refused = put(&world, ada, other, &bytes, &bytes[..1_000]).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ContentMismatch);
    assert_eq!(get(&world, ada, other).await.status(), 404);
    let large = vec![0; 300_001];
    let refused = put(&world, ada, BlobId::from_bytes([3; 16]), &large, &large).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_holds_for_its_method_path_body_and_minutes_only() {
    let world = World::start(&[]).await;
    let app = world.server.app();
    let ada = person(app, USER).await;
    let body =
        encode_frame(&Header::new(Class::Request, ListSessions::KIND, 1), &codec::encode(&ListSessions {}));
    let now = app.clock.now_ms();
    let good = ada.proof(app, ("POST", PATH), now, &body).await;
    let answer =
        reply(send(&world, Method::POST, PATH, &[("authorization", good)], body.clone()).await).await;
    assert!(matches!(answer, Ok(Reply::Sessions(sessions)) if sessions.sessions.len() == 1));
    for (what, proof) in [
        ("another method", ada.proof(app, ("PUT", PATH), now, &body).await),
        ("another path", ada.proof(app, ("POST", "/api/v1/rpc?a"), now, &body).await),
        ("another body", ada.proof(app, ("POST", PATH), now, b"other").await),
        ("long ago", ada.proof(app, ("POST", PATH), now - HTTP_CLOCK_SKEW_MS - 5_000, &body).await),
        ("in the future", ada.proof(app, ("POST", PATH), now + HTTP_CLOCK_SKEW_MS + 5_000, &body).await),
    ] {
        let response = send(&world, Method::POST, PATH, &[("authorization", proof)], body.clone()).await;
        assert_eq!(response.status(), 401, "{what}");
        assert_eq!(reply(response).await.unwrap_err().code, ErrorCode::Unauthenticated, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_says_the_same_as_frames() {
    let world = World::start(&[]).await;
    let app = world.server.app();
    let ada = person(app, USER).await;
    let body = json!({"type": "GetBlob", "id": 3, "body": {"blob": "07".repeat(16)}}).to_string();
    let proof = ada.proof(app, ("POST", PATH), app.clock.now_ms(), body.as_bytes()).await;
    let headers = [("authorization", proof), ("content-type", "application/json".to_owned())];
    let response = send(&world, Method::POST, PATH, &headers, body.into_bytes()).await;
    assert_eq!(response.status(), 404);
    let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let refusal = json!({"code": ErrorCode::NotFound.code()});
    assert_eq!(answer, json!({"type": "GetBlob", "id": 3, "refusal": refusal}));
    let frame = codec::encode(&GetBlob { blob: BlobId::from_bytes([7; 16]) });
    let frame = encode_frame(&Header::new(Class::Request, GetBlob::KIND, 3), &frame);
    let proof = ada.proof(app, ("POST", PATH), app.clock.now_ms(), &frame).await;
    let refused = reply(send(&world, Method::POST, PATH, &[("authorization", proof)], frame).await).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    let ask = json!({"type": "GetServer", "id": 1, "body": {}}).to_string();
    let headers = [("content-type", "application/json".to_owned())];
    let response = send(&world, Method::POST, PATH, &headers, ask.into_bytes()).await;
    let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&answer["body"]["demo"], &answer["body"]["origin"]),
        (&json!(true), &json!("http://relais.test"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_file_is_sent_alone_and_one_beyond_its_end_is_refused() {
    // RFC 9110 §14, §13.1.5
    let world = World::start(&[]).await;
    let ada = person(world.server.app(), USER).await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    let blob = BlobId::from_bytes([1; 16]);
    put(&world, ada, blob, &bytes, &bytes).await.unwrap();
    let tag = get(&world, ada, blob).await.headers()["etag"].to_str().unwrap().to_owned();
    let path = format!("/api/v1/files/{}", blob.to_hex());
    let ask = async |range: &str, condition: Option<&str>| {
        let app = world.server.app();
        let proof = ada.proof(app, ("GET", &path), app.clock.now_ms(), &[]).await;
        let mut headers = vec![("authorization", proof), ("range", range.to_owned())];
        headers.extend(condition.map(|tag| ("if-range", tag.to_owned())));
        send(&world, Method::GET, &path, &headers, Vec::new()).await
    };
    // A chunk of ciphertext in the middle, as a player wants it; then the rest of a download that broke.
    for (range, part) in [("bytes=65536-131071", 65_536..131_072), ("bytes=150000-", 150_000..200_000)] {
        for condition in [None, Some(tag.as_str())] {
            let answer = ask(range, condition).await;
            assert_eq!(answer.status(), 206);
            let shown = format!("bytes {}-{}/200000", part.start, part.end - 1);
            assert_eq!(answer.headers()["content-range"], shown.as_str());
            assert_eq!(answer.headers()["content-length"], part.len().to_string().as_str());
            assert_eq!(answer.bytes().await.unwrap(), bytes[part.clone()]);
        }
    }
    let changed = ask("bytes=0-9", Some("\"another file\"")).await;
    assert_eq!((changed.status().as_u16(), changed.bytes().await.unwrap().len()), (200, 200_000));
    let several = ask("bytes=0-9,20-29", None).await;
    assert_eq!((several.status().as_u16(), several.bytes().await.unwrap().len()), (200, 200_000));
    let beyond = ask("bytes=200000-", None).await;
    assert_eq!(
        (beyond.status().as_u16(), &beyond.headers()["content-range"]),
        (416, &"bytes */200000".parse().unwrap())
    );
    assert_eq!(reply(beyond).await.unwrap_err().code, ErrorCode::Malformed);
}
