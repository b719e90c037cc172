//! Reads of streams and their cursors.

use relais_wire::ids::{DeviceId, Seq, UserId};

use super::{Broken, Query, Snapshot, context, context_of, page, seq, thread};
use crate::{
    facts::{
        Opaque,
        stream::{ResyncReason, StreamBody, StreamEntry, StreamId, StreamPage},
    },
    limits,
};

/// What comes after a cursor.
#[derive(Clone, Copy, Debug)]
pub struct StreamAfter {
    /// The stream.
    pub stream: StreamId,
    /// The cursor: the last entry the client has; 0 for none.
    pub after: Seq,
    /// Entries at most.
    pub max: u32,
}

impl Query for StreamAfter {
    type Out = StreamPage;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let Some(bounds) = bounds(snapshot, self.stream)? else {
            return Ok(if self.after == Seq::ZERO {
                StreamPage::Entries { entries: Vec::new(), head: Seq::ZERO }
            } else {
                StreamPage::Resync { reason: ResyncReason::Ahead, head: Seq::ZERO }
            });
        };
        if self.after > bounds.head {
            return Ok(StreamPage::Resync { reason: ResyncReason::Ahead, head: bounds.head });
        }
        if self.after < bounds.pruned {
            return Ok(StreamPage::Resync { reason: ResyncReason::Pruned, head: bounds.head });
        }
        match entries(snapshot, bounds.key, self.after, page(self.max))? {
            Some(entries) => Ok(StreamPage::Entries { entries, head: bounds.head }),
            None => Ok(StreamPage::Resync { reason: ResyncReason::Pruned, head: bounds.head }),
        }
    }
}

/// `None` when a body is gone already, which the clock having gone back can bring about.
fn entries(
    snapshot: &Snapshot<'_>,
    key: i64,
    after: Seq,
    max: u32,
) -> Result<Option<Vec<StreamEntry>>, Broken> {
    let sql = format!(
        "SELECT s.seq, s.at_ms, b.bytes, {} FROM stream_entry s
         LEFT JOIN event_body b ON b.id = s.body
         LEFT JOIN thread t ON t.key = s.thread
         LEFT JOIN entry e ON e.thread = s.thread AND e.n = s.n
         WHERE s.stream = ?1 AND s.seq > ?2 ORDER BY s.seq LIMIT ?3",
        thread::ENTRY_COLUMNS
    );
    let mut statement = snapshot.0.prepare_cached(&sql)?;
    let mut rows = statement.query((key, after.get(), max))?;
    let mut out = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let body = match row.get::<_, Option<Vec<u8>>>(2)? {
            Some(fixed) => {
                bytes += fixed.len();
                StreamBody::Fixed(Opaque::from(fixed))
            }
            None if row.get::<_, Option<Vec<u8>>>(3)?.is_none() => return Ok(None),
            None => {
                let entry = thread::entry(row, 3)?;
                bytes += thread::weight(&entry);
                StreamBody::Entry(Box::new(entry))
            }
        };
        if bytes > limits::PAGE_BYTES_MAX && !out.is_empty() {
            break;
        }
        out.push(StreamEntry { seq: seq(row, 0)?, at_ms: row.get(1)?, body });
    }
    Ok(Some(out))
}

/// A stream's small number and what it still holds.
pub(crate) struct Bounds {
    pub(crate) key: i64,
    /// Entries up to here are gone.
    pub(crate) pruned: Seq,
    pub(crate) head: Seq,
}

pub(crate) fn bounds(snapshot: &Snapshot<'_>, stream: StreamId) -> Result<Option<Bounds>, Broken> {
    snapshot.one(
        "SELECT s.key, s.pruned, coalesce((SELECT max(e.seq) FROM stream_entry e WHERE e.stream = s.key), s.pruned)
         FROM stream s WHERE s.user = ?1 AND s.context = ?2",
        (stream.user.as_bytes(), context(stream.context.as_ref())),
        |row| Ok(Bounds { key: row.get(0)?, pruned: seq(row, 1)?, head: seq(row, 2)? }),
    )
}

/// The heads of several streams, in order; 0 for one that has no entry yet.
#[derive(Clone, Debug)]
pub struct StreamHeads(pub Vec<StreamId>);

impl Query for StreamHeads {
    type Out = Vec<Seq>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let head = |stream: &StreamId| Ok(bounds(snapshot, *stream)?.map_or(Seq::ZERO, |b| b.head));
        self.0.iter().map(head).collect()
    }
}

/// What a user's devices have applied: stream, device, last entry.
#[derive(Clone, Copy, Debug)]
pub struct AppliedOf(pub UserId);

impl Query for AppliedOf {
    type Out = Vec<(StreamId, DeviceId, Seq)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT s.context, c.device, c.upto FROM stream s JOIN applied_cursor c ON c.stream = s.key
             WHERE s.user = ?1 ORDER BY s.key, c.device LIMIT 10000",
            [self.0.as_bytes()],
            |row| {
                let stream = StreamId::new(self.0, context_of(row, 0)?);
                Ok((stream, DeviceId::from_bytes(row.get(1)?), seq(row, 2)?))
            },
        )
    }
}
