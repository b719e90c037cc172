//! The web client, out of the binary: documents, code, styles, fonts.
//!
//! Files are embedded as they are sent: with a `.br` twin where compression helps, decoded on the way for the rare
//! client that does not take Brotli. What Vite names by a hash of its content never changes; everything else is
//! asked about again each time. A build without the client serves a page that says so.
//!
//! Not known here: what the files do.

use std::borrow::Cow;
use std::io::Read as _;

use axum::body::Body;
use bytes::Bytes;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
};
use hyper::{Method, Request, Response, StatusCode};
use rust_embed::Embed;

use super::respond;

/// Bytes of one file after decoding: more than the largest of ours, so that a damaged build cannot fill memory.
const DECODED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Folder whose file names carry a hash of the content.
const HASHED: &str = "assets/";

/// What a document or worker of the client may load and reach: its own server, nothing else. WebAssembly is OPAQUE's;
/// script comes from files only, and script sinks take what the client's one policy made.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; \
     manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types svelte-trusted-html app";

/// What the client may ask the browser for, besides the above.
const HEADERS: [(&str, &str); 3] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", "camera=(self), microphone=(self), display-capture=(self)"),
];

/// Shown where the client was not built.
const MISSING: &str = "This server was built without its web client: build it first (cargo x demo does).\n\
     Ce serveur a été compilé sans son client web : compilez-le d'abord (cargo x demo le fait).\n";

#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// A file as it is stored.
struct File {
    bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
}

type Lookup = fn(&str) -> Option<File>;

fn built(path: &str) -> Option<File> {
    let file = Built::get(path)?;
    Some(File { bytes: file.data, hash: file.metadata.sha256_hash() })
}

/// Answers every path that is no other route's.
pub(super) async fn page(request: Request<Body>) -> Response<Body> {
    answer(built, request.method(), request.uri().path(), request.headers())
}

fn answer(files: Lookup, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return respond::plain(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n");
    }
    let name = path.trim_start_matches('/');
    let mut response = match find(files, name, headers) {
        Some(name) => send(files, name, headers),
        None if files("index.html").is_none() && files("index.html.br").is_none() && is_visit(headers) => {
            respond::plain(StatusCode::NOT_FOUND, MISSING)
        }
        None => respond::plain(StatusCode::NOT_FOUND, "no such page\n"),
    };
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// The file to send: the one named, or the document where somebody visits an address inside the client. A missing
/// asset stays missing: a client of the last version must not take a document for its code.
fn find<'a>(files: Lookup, name: &'a str, headers: &HeaderMap) -> Option<&'a str> {
    let exists = |name: &str| files(name).is_some() || files(&format!("{name}.br")).is_some();
    let hidden = name.ends_with(".br") || name.split('/').any(|part| part.starts_with('.'));
    if !name.is_empty() && !hidden && exists(name) {
        return Some(name);
    }
    let is_page = !name.starts_with(HASHED) && !name.starts_with("api/") && !name.starts_with("dev/");
    // The service worker asks for the root as for any file, and keeps nothing where one is missing.
    let is_asked = name.is_empty() || is_visit(headers);
    (is_page && is_asked && exists("index.html")).then_some("index.html")
}

/// Whether a person's browser asks for a page.
fn is_visit(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT).contains("text/html")
}

fn send(files: Lookup, name: &str, headers: &HeaderMap) -> Response<Body> {
    let Some((bytes, tag, encoded)) = stored(files, name, takes_brotli(headers)) else {
        return respond::plain(StatusCode::INTERNAL_SERVER_ERROR, "damaged\n");
    };
    let known = text(headers, IF_NONE_MATCH).split(',').any(|known| known.trim() == tag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(bytes) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(ETAG, tag);
    }
    if encoded && !known {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    for (name, value) in HEADERS {
        out.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The bytes to send, their tag, and whether they are compressed.
fn stored(files: Lookup, name: &str, brotli: bool) -> Option<(Bytes, String, bool)> {
    match files(&format!("{name}.br")) {
        Some(file) if brotli => Some((bytes(file.bytes), format!("\"{}\"", hex::encode(file.hash)), true)),
        Some(file) => {
            let mut plain = Vec::new();
            let decoder = brotli_decompressor::Decompressor::new(&*file.bytes, 4_096);
            decoder.take(DECODED_BYTES_MAX).read_to_end(&mut plain).ok()?;
            Some((Bytes::from(plain), format!("\"{}-plain\"", hex::encode(file.hash)), false))
        }
        None => files(name).map(|file| (bytes(file.bytes), format!("\"{}\"", hex::encode(file.hash)), false)),
    }
}

fn bytes(stored: Cow<'static, [u8]>) -> Bytes {
    match stored {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

/// Whether Brotli is among the codings taken, and not refused with a weight of nought (RFC 9110 §12.5.3).
fn takes_brotli(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT_ENCODING).split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            matches!(weight.trim().strip_prefix("q="), Some(q) if q.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The media type by the name's ending; the endings are the build's own.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use http_body_util::BodyExt as _;
    use hyper::header::{
        ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    };
    use hyper::{Method, StatusCode};

    use super::{File, answer};

    /// "hello" as Brotli (RFC 7932).
    const HELLO: &[u8] = b"\x0b\x02\x80hello\x03";

    fn site(path: &str) -> Option<File> {
        let bytes: &'static [u8] = match path {
            "index.html" => b"<!doctype html>",
            "assets/app-1a2b.js.br" => HELLO,
            "sw.js" => b"worker",
            "assets/logo.svg" => b"<svg/>",
            _ => return None,
        };
        Some(File { bytes: Cow::Borrowed(bytes), hash: [7; 32] })
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    async fn ask(path: &str, pairs: &[(HeaderName, &'static str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = answer(site, &Method::GET, path, &headers(pairs));
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("bytes in memory").to_bytes();
        (parts.status, parts.headers, bytes.to_vec())
    }

    #[tokio::test]
    async fn an_address_inside_the_client_is_its_document_under_the_strict_policy() {
        for path in ["/", "/threads/00ff", "/settings"] {
            let (status, headers, body) = ask(path, &[(ACCEPT, "text/html,*/*")]).await;
            assert_eq!((status, body.as_slice()), (StatusCode::OK, &b"<!doctype html>"[..]), "{path}");
            assert_eq!(headers[CACHE_CONTROL], "no-cache");
            let policy = headers[CONTENT_SECURITY_POLICY].to_str().expect("text");
            assert!(
                policy.contains("require-trusted-types-for 'script'") && !policy.contains("unsafe-inline")
            );
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        }
    }

    #[tokio::test]
    async fn a_missing_asset_is_missing_and_never_a_document() {
        for path in ["/assets/app-old.js", "/api/v1/nothing", "/dev/nothing"] {
            assert_eq!(ask(path, &[(ACCEPT, "text/html")]).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(ask("/threads/00ff", &[(ACCEPT, "*/*")]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask("/assets/app-1a2b.js.br", &[]).await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_root_is_the_document_for_the_service_worker_too() {
        for accepted in [&[(ACCEPT, "*/*")][..], &[]] {
            let (status, _, body) = ask("/", accepted).await;
            assert_eq!((status, body.as_slice()), (StatusCode::OK, &b"<!doctype html>"[..]));
        }
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_good_and_others_asked_about() {
        let (_, headers, _) = ask("/assets/logo.svg", &[]).await;
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        let (_, headers, _) = ask("/sw.js", &[]).await;
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
    }

    #[tokio::test]
    async fn brotli_is_sent_as_it_is_and_decoded_for_who_does_not_take_it() {
        for (accepted, encoded) in
            [("gzip, br", true), ("br;q=0.5", true), ("gzip", false), ("br;q=0", false), ("", false)]
        {
            let (status, headers, body) = ask("/assets/app-1a2b.js", &[(ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(headers.get(CONTENT_ENCODING).is_some(), encoded, "{accepted}");
            assert_eq!(body.as_slice(), if encoded { HELLO } else { b"hello" });
        }
    }

    #[tokio::test]
    async fn a_known_tag_is_answered_without_the_bytes() {
        let (_, headers, _) = ask("/sw.js", &[]).await;
        let tag: &'static str = headers[ETAG].to_str().expect("text").to_owned().leak();
        let (status, _, body) = ask("/sw.js", &[(IF_NONE_MATCH, tag)]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        let (status, _, _) = ask("/sw.js", &[(IF_NONE_MATCH, "\"other\"")]).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn only_reading_is_answered() {
        let response = answer(site, &Method::POST, "/", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        let response = answer(site, &Method::HEAD, "/sw.js", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.into_body().collect().await.expect("nothing").to_bytes().is_empty());
    }

    #[tokio::test]
    async fn a_build_without_the_client_says_so() {
        let headers = headers(&[(ACCEPT, "text/html")]);
        let response = answer(|_| None, &Method::GET, "/", &headers);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let body = response.into_body().collect().await.expect("bytes").to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("web client"));
    }
}
