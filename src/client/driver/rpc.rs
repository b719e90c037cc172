//! One way to ask: over the socket where it is live and the question fits, over HTTP otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use relais_wire::{Call, ErrorCode, Reply, Request};

use super::http::Http;
use super::live::Live;
use crate::core::CallError;
use crate::error::ClientError;
use crate::limits::{ASK_AGAIN_MAX, ASK_AGAIN_STEP_MS};

/// Questions larger than this go by HTTP, whose bound is higher.
const SOCKET_BYTES: usize = 48 * 1024;

/// Times an overloaded or throttling server is asked again before its refusal is given to the caller.
const TRIES: u32 = 6;

/// Asks the server. Cloning gives another handle.
#[derive(Clone, Debug)]
pub(crate) struct Rpc {
    pub(crate) http: Http,
    pub(crate) live: Option<Live>,
    pub(crate) is_live: Arc<AtomicBool>,
}

impl Rpc {
    pub(crate) fn new(http: Http) -> Self {
        Self { http, live: None, is_live: Arc::default() }
    }

    /// Asks once.
    pub(crate) async fn ask(&self, request: Request) -> Result<Reply, ClientError> {
        if let Some(live) = self.live.as_ref().filter(|_| self.is_live.load(Ordering::Relaxed))
            && request.encode_body().len() < SOCKET_BYTES
        {
            return live.call(request).await.map_err(|error| match error {
                CallError::Refused(refusal) => ClientError::Refused(refusal),
                CallError::NotSent => ClientError::Unreachable,
                CallError::Lost => ClientError::NoAnswer,
                CallError::Undecodable => ClientError::Protocol,
            });
        }
        self.http.ask(&request).await
    }

    /// Asks until there is an answer: the same bytes again where it is not known whether they arrived.
    pub(crate) async fn surely<C: Call + Clone>(&self, call: C) -> Result<C::Answer, ClientError> {
        let mut tries = 0;
        loop {
            match self.call(call.clone()).await {
                Err(error) if error.is_transient() && tries < ASK_AGAIN_MAX => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(ASK_AGAIN_STEP_MS * tries)).await;
                }
                answer => return answer,
            }
        }
    }

    /// Asks, waiting out a server that says it has too much to do.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Answer, ClientError> {
        let request = call.into_request();
        let reply = self.patiently(|| self.ask(request.clone())).await?;
        C::answer(reply).ok_or(ClientError::Protocol)
    }

    /// Does again what the server put off, after the time it named.
    pub(crate) async fn patiently<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let mut tries = 0;
        loop {
            match attempt().await {
                Err(ClientError::Refused(refusal))
                    if tries < TRIES
                        && matches!(refusal.code, ErrorCode::Throttled | ErrorCode::Overloaded)
                        && refusal.retry_after.is_some_and(|after| after.get() <= 5_000) =>
                {
                    tries += 1;
                    let pause = refusal.retry_after.map_or(200, |after| after.get().max(20));
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                answer => return answer,
            }
        }
    }
}
