//! Requests over HTTP: one frame there, one frame back; and the bytes of files.
//!
//! Not known here: what is asked.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use relais_wire::files::BlobCard;
use relais_wire::ids::{BlobId, Bytes32};
use relais_wire::limits::RPC_BYTES_MAX;
use relais_wire::{Frame, Millis, Reply, Request, decode_reply};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use rustls::ClientConfig;
use sha2::{Digest as _, Sha256};

use super::clock::ServerClock;
use super::tls;
use crate::core::Credentials;
use crate::error::ClientError;
use crate::limits::CALL_TIMEOUT_MS;

/// Path of the requests.
const RPC_PATH: &str = "/api/v1/rpc";

/// Header with the hash of a file's bytes.
const SHA256: &str = "relais-sha256";

/// A server, as reached by HTTP. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct Http {
    origin: Arc<str>,
    identity: Arc<str>,
    client: reqwest::Client,
    tls: Arc<ClientConfig>,
    shared: Arc<RwLock<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    credentials: Option<Credentials>,
    clock: ServerClock,
}

impl Http {
    /// A server by its origin (`https://host[:port]`), trusting one more root where given.
    ///
    /// # Errors
    /// [`ClientError::NotPossible`] for what is no origin; [`ClientError::Storage`] for an unreadable root.
    pub fn new(origin: &str, extra_root: Option<&Path>) -> Result<Self, ClientError> {
        let origin = origin.trim_end_matches('/');
        if !origin.starts_with("https://") && !origin.starts_with("http://") {
            return Err(ClientError::NotPossible("the server's address starts with https:// or http://"));
        }
        let tls = tls::config(extra_root)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&tls))
            .timeout(Duration::from_millis(CALL_TIMEOUT_MS))
            .no_proxy()
            .build()
            .map_err(|_| ClientError::Platform)?;
        Ok(Self { origin: origin.into(), identity: origin.into(), client, tls, shared: Arc::default() })
    }

    /// The same server under the address that its passwords are bound to, where it is reached by another.
    #[must_use]
    pub fn known_as(self, identity: &str) -> Self {
        Self { identity: identity.trim_end_matches('/').into(), ..self }
    }

    /// The address that passwords are bound to.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The origin, as the user gave it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// The credentials that requests are proved with from now on.
    pub fn set_credentials(&self, credentials: Option<Credentials>) {
        self.shared.write().unwrap_or_else(PoisonError::into_inner).credentials = credentials;
    }

    /// The credentials in use.
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).credentials.clone()
    }

    /// The server said its time.
    pub fn told_time(&self, server_ms: u64) {
        self.shared.write().unwrap_or_else(PoisonError::into_inner).clock.told(server_ms);
    }

    /// Server time, as far as it is known.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).clock.now_ms()
    }

    fn now(&self) -> Millis {
        Millis::saturating(self.now_ms())
    }

    /// Asks.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when nothing was sent, [`ClientError::NoAnswer`] when it may have been;
    /// [`ClientError::Refused`]; [`ClientError::Protocol`].
    pub async fn ask(&self, request: &Request) -> Result<Reply, ClientError> {
        let frame = request.encode(1);
        if frame.len() > RPC_BYTES_MAX {
            return Err(ClientError::TooLarge);
        }
        let mut post = self.client.post(format!("{}{RPC_PATH}", self.origin));
        if let Some(credentials) = self.credentials() {
            post = post.header(AUTHORIZATION, credentials.prove_http("POST", RPC_PATH, self.now(), &frame));
        }
        let response =
            post.header(CONTENT_TYPE, "application/msgpack").body(frame).send().await.map_err(failed)?;
        let body = limited(response, RPC_BYTES_MAX).await?;
        reply(&body, request.kind())
    }

    /// Uploads the ciphertext of a file.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn upload(&self, blob: BlobId, bytes: Bytes) -> Result<BlobCard, ClientError> {
        let path = format!("/api/v1/files/{}", blob.to_hex());
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let credentials = self.credentials().ok_or(ClientError::NotSignedIn)?;
        let response = self
            .client
            .put(format!("{}{path}", self.origin))
            .timeout(Duration::from_secs(600))
            .header(AUTHORIZATION, credentials.prove_http_hash("PUT", &path, self.now(), &hash))
            .header(SHA256, hex::encode(hash))
            .body(bytes)
            .send()
            .await
            .map_err(failed)?;
        let body = limited(response, RPC_BYTES_MAX).await?;
        let answer = reply(&body, <relais_wire::files::GetBlob as relais_wire::Call>::KIND)?;
        let Reply::BlobCard(card) = answer else { return Err(ClientError::Protocol) };
        let same = card.hash.is_none_or(|told| told == Bytes32::from_bytes(hash));
        if same { Ok(card) } else { Err(ClientError::Protocol) }
    }

    /// Downloads the ciphertext of a file of at most `max` bytes.
    ///
    /// # Errors
    /// As [`Self::ask`]; [`ClientError::TooLarge`].
    pub async fn download(&self, blob: BlobId, max: usize) -> Result<Vec<u8>, ClientError> {
        let path = format!("/api/v1/files/{}", blob.to_hex());
        let credentials = self.credentials().ok_or(ClientError::NotSignedIn)?;
        let response = self
            .client
            .get(format!("{}{path}", self.origin))
            .timeout(Duration::from_secs(600))
            .header(AUTHORIZATION, credentials.prove_http("GET", &path, self.now(), &[]))
            .send()
            .await
            .map_err(failed)?;
        if response.status().is_success() {
            return limited(response, max).await;
        }
        let body = limited(response, RPC_BYTES_MAX).await?;
        reply(&body, <relais_wire::files::GetBlob as relais_wire::Call>::KIND)?;
        Err(ClientError::Protocol)
    }

    /// A page of the server as text. For demonstrations: the caught mail.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`]; [`ClientError::NotFound`].
    pub async fn page(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let response = self.client.get(format!("{}{path}", self.origin)).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(ClientError::NotFound);
        }
        limited(response, 4 * 1024 * 1024).await
    }

    /// Leaves a text at the server. For demonstrations: the cast.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`]; [`ClientError::NotFound`] where the server does not take it.
    pub async fn leave(&self, path: &str, text: Vec<u8>) -> Result<(), ClientError> {
        let put = self.client.put(format!("{}{path}", self.origin)).body(text);
        let response = put.send().await.map_err(failed)?;
        if response.status().is_success() { Ok(()) } else { Err(ClientError::NotFound) }
    }

    /// Asks a page for something in words. For demonstrations: to move the clock.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`]; [`ClientError::NotFound`] where the server does not do it.
    pub async fn post(&self, path: &str, text: Vec<u8>) -> Result<Vec<u8>, ClientError> {
        let post = self.client.post(format!("{}{path}", self.origin)).body(text);
        let response = post.send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(ClientError::NotFound);
        }
        limited(response, 64 * 1024).await
    }
}

fn failed(error: reqwest::Error) -> ClientError {
    if error.is_connect() { ClientError::Unreachable } else { ClientError::NoAnswer }
}

async fn limited(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| ClientError::NoAnswer)? {
        if body.len() + chunk.len() > max {
            return Err(ClientError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn reply(body: &[u8], kind: u16) -> Result<Reply, ClientError> {
    let frame = Frame::parse(body, RPC_BYTES_MAX).map_err(|_| ClientError::NoAnswer)?;
    let answer = decode_reply(&frame).map_err(|_| ClientError::Protocol)?;
    let answer = answer.map_err(ClientError::Refused)?;
    if frame.header.kind == kind { Ok(answer) } else { Err(ClientError::Protocol) }
}
