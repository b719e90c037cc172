//! Every bound of a batch, with its reason.

/// Bytes of one slot of an inbox: a train that the kernel has put together is one IP packet's length at most.
pub const SLOT_BYTES: usize = 65_535;

/// Bytes between the starts of two slots. Not a round number: slots a power of two apart would share the same few
/// lines of the processor's caches, and small datagrams use nothing but those.
pub const SLOT_STRIDE: usize = SLOT_BYTES + 1 + 26 * 64;

/// Slots of an inbox. 32 calls saved per call made; more gains nothing that can be measured.
pub const SLOTS: usize = 32;

/// Datagrams in one train: the kernel's own bound on segments, in both directions.
pub const TRAIN_DATAGRAMS: usize = 64;

/// Bytes of one train, below the 65 507 that fit an IPv4 packet beside its headers (65 487 with options to spare).
pub const TRAIN_BYTES: usize = 65_000;

/// Messages handed to the kernel in one call.
pub const MESSAGES: usize = 64;

/// Datagrams an outbox holds before it must be sent: what a full inbox of full trains becomes.
pub const OUTBOX_DATAGRAMS: usize = SLOTS * TRAIN_DATAGRAMS;

/// Bytes of an outbox for heads, tails and whole answers; bodies are not copied. Two answers of the largest size that
/// STUN uses for each slot of an inbox, or a head of 64 bytes for each datagram.
pub const SCRATCH_BYTES: usize = 128 * 1024;

/// How often one message is tried again because an older error of the socket was reported in its place.
pub const SEND_TRIES: usize = 4;

const _: () = assert!(TRAIN_BYTES < SLOT_BYTES && SLOT_STRIDE > SLOT_BYTES);
const _: () = assert!(OUTBOX_DATAGRAMS * 64 <= SCRATCH_BYTES);
