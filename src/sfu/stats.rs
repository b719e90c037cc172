//! What the rooms count. Never by person, room or address.

/// Counters since the core began. All of them only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams that arrived.
    pub datagrams_in: u64,
    /// Datagrams that were sent, feedback and repetitions among them.
    pub datagrams_out: u64,
    /// Media packets that arrived.
    pub packets_in: u64,
    /// Media packets that were forwarded, counted for each subscriber.
    pub packets_out: u64,
    /// Frames that were not sealed by their sender; dropped.
    pub frames_unsealed: u64,
    /// Packets of frames that were not sealed; dropped.
    pub packets_unsealed: u64,
    /// Packets without media in them.
    pub packets_empty: u64,
    /// Packets of a codec that is not forwarded; dropped.
    pub packets_other_codec: u64,
    /// Packets of streams that belong to nothing a peer may send; dropped.
    pub packets_stray: u64,
    /// Datagrams over the size that is looked at, or that are neither STUN, DTLS nor RTP; dropped.
    pub datagrams_undecodable: u64,
    /// Datagrams that belong to no peer; dropped.
    pub datagrams_unknown: u64,
    /// Key frames that were asked for.
    pub keyframes_asked: u64,
    /// Requests for key frames that were not passed on, because one was under way.
    pub keyframes_spared: u64,
    /// Key frames that arrived.
    pub keyframes: u64,
    /// Changes of layer of a slot that was showing another one of the same picture.
    pub layer_switches: u64,
    /// Pictures paused because a path did not carry them, each time.
    pub paused_for_bandwidth: u64,
    /// Joins that were accepted.
    pub joins: u64,
    /// Joins and offers that were refused.
    pub refused: u64,
    /// Peers that never connected.
    pub never_connected: u64,
}
