//! The server's lying half: sees every request with its answer, may hold the one back and change the other.
//!
//! Not known here: which lies are told.

use std::collections::HashMap;

use bytes::Bytes;
use relais_wire::frame::{Class, Frame};
use relais_wire::limits::RPC_BYTES_MAX;
use relais_wire::{Refusal, Reply, Request, decode_reply, encode_reply};

use crate::proxy::{Carrier, Link, Meddler, Way};

/// What the server answered; nothing for a request that never reached it.
pub(super) type Answer = Option<Result<Reply, Refusal>>;

/// Changes the answer to a request.
pub(super) type Lie = Box<dyn FnMut(&Request, &mut Answer) + Send>;

/// Says whether a request is kept from the server.
pub(super) type Hold = Box<dyn FnMut(&Request) -> bool + Send>;

struct Asked {
    request: Request,
    kind: u16,
    id: u64,
    held: bool,
}

/// A meddler that tells lies.
pub(super) struct Liar {
    /// How answers are changed.
    pub lie: Lie,
    /// Which requests are kept from the server.
    pub hold: Hold,
    /// Whether the bytes of files are changed.
    pub spoils_files: bool,
    /// Whether the next entry of a stream is dropped.
    pub skips_entry: bool,
    /// Number of the entry that was dropped.
    pub skipped: Option<u64>,
    /// Everything that was asked.
    pub heard: Vec<Request>,
    /// What is not answered yet, by its id on its link.
    open: HashMap<(Link, u64), Asked>,
}

impl core::fmt::Debug for Liar {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Liar").field("heard", &self.heard.len()).finish_non_exhaustive()
    }
}

impl Default for Liar {
    fn default() -> Self {
        Self {
            lie: Box::new(|_, _| ()),
            hold: Box::new(|_| false),
            spoils_files: false,
            skips_entry: false,
            skipped: None,
            heard: Vec::new(),
            open: HashMap::new(),
        }
    }
}

impl Liar {
    fn up(&mut self, link: Link, bytes: &[u8]) -> bool {
        let Ok(frame) = Frame::parse(bytes, RPC_BYTES_MAX) else { return true };
        if frame.header.class != Class::Request {
            return true;
        }
        let Ok(request) = Request::decode(frame.header.kind, frame.body) else { return true };
        let held = (self.hold)(&request);
        self.heard.push(request.clone());
        let (kind, id) = (frame.header.kind, frame.header.id);
        self.open.insert((link, id), Asked { request, kind, id, held });
        !held
    }

    fn skips(&mut self, bytes: &[u8]) -> bool {
        let number = Frame::parse(bytes, RPC_BYTES_MAX).ok().filter(|frame| frame.header.stream.is_some());
        let Some(number) = number.map(|frame| frame.header.id) else { return false };
        if self.skips_entry {
            self.skips_entry = false;
            self.skipped = Some(number);
        }
        self.skipped == Some(number)
    }

    fn down(&mut self, link: Link, bytes: &[u8]) -> Option<Vec<u8>> {
        let frame = Frame::parse(bytes, RPC_BYTES_MAX).ok();
        // A request over HTTP always has the id 1, and the answer to one that was kept back says nothing.
        let id = if link.carrier == Carrier::Rpc { 1 } else { frame?.header.id };
        if frame.is_some_and(|frame| frame.header.class != Class::Reply) {
            return None;
        }
        let asked = self.open.remove(&(link, id))?;
        let mut answer = if asked.held { None } else { decode_reply(&frame?).ok() };
        if let (Some(Ok(Reply::StreamPage(page))), Some(skipped)) = (&mut answer, self.skipped) {
            page.entries.retain(|entry| entry.seq.get() != skipped);
        }
        (self.lie)(&asked.request, &mut answer);
        Some(encode_reply(asked.kind, asked.id, &answer?))
    }
}

/// Bytes of a refusal, at most.
const REFUSAL_BYTES_MAX: usize = 1_024;

impl Meddler for Liar {
    fn pass(&mut self, way: Way, link: Link, frame: &[u8]) -> Vec<Vec<u8>> {
        match way {
            Way::Up if self.up(link, frame) => vec![frame.to_vec()],
            Way::Up => Vec::new(),
            Way::Down if self.skips(frame) => Vec::new(),
            Way::Down => vec![self.down(link, frame).unwrap_or_else(|| frame.to_vec())],
        }
    }

    fn file(&mut self, way: Way, body: Bytes) -> Bytes {
        // A refusal in the place of a file is left alone.
        if way == Way::Up || !self.spoils_files || body.len() <= REFUSAL_BYTES_MAX {
            return body;
        }
        let mut spoiled = body.to_vec();
        let middle = spoiled.len() / 2;
        if let Some(byte) = spoiled.get_mut(middle) {
            *byte ^= 1;
        }
        spoiled.into()
    }
}
