//! What a shard counts beside the core: calls, batches, streams.

use relais_udp::Sent;

/// Counters of one shard, or the sum over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams received, on either side.
    pub datagrams_in: u64,
    /// Arrivals they came in: a train is one.
    pub trains_in: u64,
    /// Datagrams sent, on either side.
    pub datagrams_out: u64,
    /// Messages they went in: a train is one.
    pub trains_out: u64,
    /// System calls that sent them.
    pub send_calls: u64,
    /// Datagrams that the kernel did not take, or that had nowhere to go.
    pub refused: u64,
    /// Datagrams dropped because they were longer than the inbox takes.
    pub truncated: u64,
    /// Datagrams dropped by the kernel for want of room in a receive buffer.
    pub overflowed: u64,
    /// Receive calls that failed.
    pub socket_errors: u64,
    /// Streams that are open now.
    pub streams: u64,
    /// Streams taken.
    pub streams_taken: u64,
    /// Streams turned away because there were too many.
    pub streams_refused: u64,
    /// Streams closed for what they sent or did not send in time.
    pub streams_faulty: u64,
    /// Data frames dropped because a stream did not take them in time.
    pub frames_late: u64,
}

impl Stats {
    pub(super) fn sent(&mut self, sent: Sent) {
        self.datagrams_out += sent.datagrams;
        self.trains_out += sent.messages;
        self.send_calls += sent.calls;
        self.refused += sent.refused;
    }

    /// Adds another shard's.
    pub fn add(&mut self, other: &Self) {
        for ((_, mine), (_, other)) in self.fields_mut().into_iter().zip(other.fields()) {
            *mine += other;
        }
    }

    /// Each counter with the end of its name in the metrics.
    #[must_use]
    pub const fn fields(&self) -> [(&'static str, u64); 14] {
        [
            ("udp_datagrams_in_total", self.datagrams_in),
            ("udp_messages_in_total", self.trains_in),
            ("udp_datagrams_out_total", self.datagrams_out),
            ("udp_messages_out_total", self.trains_out),
            ("udp_send_calls_total", self.send_calls),
            ("udp_refused_total", self.refused),
            ("udp_truncated_total", self.truncated),
            ("udp_overflowed_total", self.overflowed),
            ("udp_errors_total", self.socket_errors),
            ("streams", self.streams),
            ("streams_taken_total", self.streams_taken),
            ("streams_refused_total", self.streams_refused),
            ("streams_faulty_total", self.streams_faulty),
            ("stream_frames_late_total", self.frames_late),
        ]
    }

    const fn fields_mut(&mut self) -> [(&'static str, &mut u64); 14] {
        [
            ("udp_datagrams_in_total", &mut self.datagrams_in),
            ("udp_messages_in_total", &mut self.trains_in),
            ("udp_datagrams_out_total", &mut self.datagrams_out),
            ("udp_messages_out_total", &mut self.trains_out),
            ("udp_send_calls_total", &mut self.send_calls),
            ("udp_refused_total", &mut self.refused),
            ("udp_truncated_total", &mut self.truncated),
            ("udp_overflowed_total", &mut self.overflowed),
            ("udp_errors_total", &mut self.socket_errors),
            ("streams", &mut self.streams),
            ("streams_taken_total", &mut self.streams_taken),
            ("streams_refused_total", &mut self.streams_refused),
            ("streams_faulty_total", &mut self.streams_faulty),
            ("stream_frames_late_total", &mut self.frames_late),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Stats;

    #[test]
    fn a_sum_adds_every_counter() {
        let mut one = Stats::default();
        for (at, (_, field)) in one.fields_mut().into_iter().enumerate() {
            *field = at as u64 + 1;
        }
        let mut sum = one;
        sum.add(&one);
        let doubled = one.fields().map(|(name, value)| (name, value * 2));
        assert_eq!(sum.fields(), doubled);
        let mut mutable = one;
        assert_eq!(mutable.fields_mut().map(|(name, _)| name), one.fields().map(|(name, _)| name));
    }
}
