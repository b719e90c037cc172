//! What was applied and told, and moves cursors for good once the caller has handled it.
//!
//! Not known here: what entries say.

use std::collections::BTreeMap;

use relais_wire::StreamTag;
use relais_wire::control::{Cursor, OrgCursor};
use relais_wire::ids::{OrgId, Seq, ThreadId};

use super::saved::Saved;

/// What was applied and is told to the caller, whose coming back says that it is handled.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The newest entry of each thread.
    pub(super) threads: BTreeMap<ThreadId, u64>,
    /// The last step of each stream.
    pub(super) streams: Vec<(StreamTag, Step)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Applied(u64),
    Follow { org: Option<OrgId>, cursor: Cursor },
}

impl Told {
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.streams.is_empty()
    }

    /// The stream was applied up to here.
    pub(super) fn applied(&mut self, stream: StreamTag, seq: u64) {
        self.step(stream, Step::Applied(seq));
    }

    /// A snapshot was applied: the stream goes on from its cursor.
    pub(super) fn follow(&mut self, stream: StreamTag, org: Option<OrgId>, cursor: Cursor) {
        self.step(stream, Step::Follow { org, cursor });
    }

    fn step(&mut self, stream: StreamTag, step: Step) {
        self.streams.retain(|(other, _)| *other != stream);
        self.streams.push((stream, step));
    }
}

impl Saved {
    /// Moves the cursor of a stream.
    pub(super) fn step(&mut self, stream: StreamTag, step: Step) {
        match (stream, step) {
            (_, Step::Applied(seq)) => {
                let at = match stream {
                    StreamTag::Org => self.org.as_mut().and_then(|org| org.cursor.as_mut()),
                    StreamTag::Personal => self.personal.as_mut(),
                };
                if let (Some(at), Ok(seq)) = (at, Seq::new(seq)) {
                    at.seq = seq;
                }
            }
            (StreamTag::Org, Step::Follow { org: Some(org), cursor }) => {
                self.org = Some(OrgCursor { org, cursor: Some(cursor) });
            }
            (StreamTag::Org, Step::Follow { org: None, .. }) => {}
            (StreamTag::Personal, Step::Follow { cursor, .. }) => self.personal = Some(cursor),
        }
    }
}
