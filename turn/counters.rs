//! What happened, in numbers: nothing here names anybody.

use crate::io::CloseReason;
use crate::refusal::Refusal;

/// Counters since the start.
#[derive(Clone, Debug)]
pub struct Counters {
    refused: Vec<u64>,
    closed: [u64; 6],
    /// Allocations made.
    pub opened: u64,
    /// Success answers.
    pub granted: u64,
    /// Answers given again to the same question.
    pub repeated: u64,
    /// Answers to those who had not proven anything.
    pub unproven: u64,
    /// Packets from clients to peers.
    pub packets_up: u64,
    /// Their payloads.
    pub bytes_up: u64,
    /// Packets from peers to clients.
    pub packets_down: u64,
    /// Their payloads.
    pub bytes_down: u64,
    /// Packets from one client to another within this server.
    pub hairpins: u64,
    /// Errors from the path to a peer, told to clients.
    pub icmp: u64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            refused: vec![0; Refusal::ALL.len()],
            closed: [0; 6],
            opened: 0,
            granted: 0,
            repeated: 0,
            unproven: 0,
            packets_up: 0,
            bytes_up: 0,
            packets_down: 0,
            bytes_down: 0,
            hairpins: 0,
            icmp: 0,
        }
    }

    /// How often that was refused.
    #[must_use]
    pub fn refused(&self, why: Refusal) -> u64 {
        self.refused.get(why as usize).copied().unwrap_or(0)
    }

    /// How many allocations ended that way.
    #[must_use]
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed.get(reason as usize).copied().unwrap_or(0)
    }

    pub(crate) fn refuse(&mut self, why: Refusal) {
        if let Some(count) = self.refused.get_mut(why as usize) {
            *count += 1;
        }
    }

    pub(crate) fn close(&mut self, reason: CloseReason) {
        if let Some(count) = self.closed.get_mut(reason as usize) {
            *count += 1;
        }
    }
}
