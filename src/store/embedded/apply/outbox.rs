//! What a commit tells: stream entries and audit lines.

use relais_wire::ids::{Bytes32, Seq};

use crate::{
    commit::{EventBody, NewEvent},
    embedded::{
        heads::{LogHead, StreamHead},
        leaf,
        tx::{Stop, Tx},
    },
    error::{Kind, Refusal},
    facts::{audit::AuditLine, stream::StreamId},
    reads,
};

/// Where the body of a stream entry is.
#[derive(Clone, Copy)]
enum Place {
    Body(i64),
    Entry(i64, Seq),
}

impl Tx<'_> {
    /// Appends an event to every recipient's stream; the positions it got.
    pub(crate) fn event(&mut self, event: &NewEvent) -> Result<Vec<(StreamId, Seq)>, Stop> {
        let place = match &event.body {
            EventBody::Fixed(bytes) => {
                self.run(
                    "INSERT INTO event_body (at_ms, bytes) VALUES (?1, ?2)",
                    (self.at_ms, bytes.as_slice()),
                )?;
                Place::Body(self.conn.last_insert_rowid())
            }
            EventBody::Appended(index) => {
                let entry = *self.entries.get(*index).ok_or(Refusal::Missing(Kind::Event))?;
                Place::Entry(self.thread_head(entry.thread)?.key, entry.n)
            }
        };
        // One order for all commits, as an engine with row locks needs it; and each stream once.
        let mut to = event.to.clone();
        to.sort_unstable();
        to.dedup();
        to.into_iter().map(|stream| Ok((stream, self.tell(stream, place)?))).collect()
    }

    fn tell(&mut self, stream: StreamId, place: Place) -> Result<Seq, Stop> {
        let StreamHead { key, head } = self.stream_head(stream)?;
        let seq = head.next();
        let (body, thread, n) = match place {
            Place::Body(id) => (Some(id), None, None),
            Place::Entry(thread, n) => (None, Some(thread), Some(n.get())),
        };
        self.run(
            "INSERT INTO stream_entry (stream, seq, at_ms, body, thread, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (key, seq.get(), self.at_ms, body, thread, n),
        )?;
        self.heads.streams.set(stream, StreamHead { key, head: seq });
        Ok(seq)
    }

    /// A stream's head, from memory where possible; its row is made when it is first told something.
    fn stream_head(&mut self, stream: StreamId) -> Result<StreamHead, Stop> {
        if let Some(known) = self.heads.streams.get(&stream) {
            return Ok(known);
        }
        if let Some(found) = reads::bounds(&self.snapshot(), stream)? {
            let head = StreamHead { key: found.key, head: found.head };
            self.heads.streams.remember(stream, head);
            return Ok(head);
        }
        self.run(
            "INSERT INTO stream (user, context) VALUES (?1, ?2)",
            (stream.user.as_bytes(), reads::context(stream.context.as_ref())),
        )?;
        let head = StreamHead { key: self.conn.last_insert_rowid(), head: Seq::ZERO };
        self.heads.streams.set(stream, head);
        Ok(head)
    }

    /// Appends a line to its log; its index (AUD-03, AUD-04).
    pub(crate) fn audit(&mut self, line: &AuditLine) -> Result<u64, Stop> {
        let LogHead { next: index, chain } = self.log_head(line)?;
        let bytes = leaf::encode(line, index, self.at_ms);
        let chain = leaf::chain(chain, &bytes);
        self.run(
            "INSERT INTO audit (log, idx, at_ms, leaf, chain) VALUES (?1, ?2, ?3, ?4, ?5)",
            (reads::context(line.log.as_ref()), index, self.at_ms, bytes, chain.as_bytes()),
        )?;
        self.heads.logs.set(line.log, LogHead { next: index.saturating_add(1), chain });
        Ok(index)
    }

    fn log_head(&mut self, line: &AuditLine) -> Result<LogHead, Stop> {
        if let Some(known) = self.heads.logs.get(&line.log) {
            return Ok(known);
        }
        let found = reads::Query::answer(&reads::AuditHead(line.log), &self.snapshot())?;
        let (next, chain) = found.unwrap_or((0, Bytes32::from_bytes([0; 32])));
        let head = LogHead { next, chain };
        self.heads.logs.remember(line.log, head);
        Ok(head)
    }
}
