//! STUN and ChannelData on a stream (RFC 8656 §12.5): where one frame ends and the next begins.
//!
//! Not known here: sockets, time (the shell closes a connection whose frame stays half-received), TLS.

use thiserror::Error;

use super::channel::CHANNEL_HEADER_LEN;
use super::message::{HEADER_LEN, MAGIC_COOKIE};
use super::padded;

/// Why a connection must be closed: after this no frame boundary is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The first byte is neither STUN's nor a channel's.
    #[error("neither STUN nor channel data")]
    NotOurs,
    /// A STUN header without the magic cookie, or with a length that is no multiple of four.
    #[error("not a STUN header")]
    Header,
    /// The frame is longer than this connection may send.
    #[error("the frame is too long")]
    TooLong,
}

/// Cuts a stream into frames. Holds at most one frame and what was fed after it.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the first byte not yet given out is.
    start: usize,
    frame_max: usize,
}

impl Framer {
    /// For a stream whose frames have at most `frame_max` bytes.
    #[must_use]
    pub const fn new(frame_max: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, frame_max }
    }

    /// Lets frames be longer, or not so long.
    pub const fn set_max(&mut self, frame_max: usize) {
        self.frame_max = frame_max;
    }

    /// Takes what was read. Call [`Self::next_frame`] until it has none before feeding again: then never more than a
    /// frame and a read are held.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of a frame that is not whole yet. A connection on which they stay for
    /// [`crate::limits::FRAME_TIMEOUT_MS`] is closed by the shell.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The next whole frame, without the padding of a stream.
    ///
    /// # Errors
    /// The stream is not STUN and ChannelData, or a frame is too long; the connection must be closed.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let waiting = self.buffer.get(self.start..).unwrap_or_default();
        let Some((len, on_wire)) = frame_len(waiting)? else { return Ok(None) };
        if on_wire > self.frame_max {
            return Err(FrameError::TooLong);
        }
        if waiting.len() < on_wire {
            return Ok(None);
        }
        let at = self.start;
        self.start += on_wire;
        Ok(self.buffer.get(at..at + len))
    }
}

/// The length of the frame that starts here, without and with padding; `None` when its head is not whole.
fn frame_len(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    match bytes.first() {
        None => Ok(None),
        // Methods of STUN and TURN: the first byte holds their highest bits and half of the class.
        Some(0x00..=0x03) => stun_len(bytes),
        Some(0x40..=0x7F) => {
            let Some(head) = bytes.first_chunk::<CHANNEL_HEADER_LEN>() else { return Ok(None) };
            let [_, _, l0, l1] = *head;
            let len = CHANNEL_HEADER_LEN + usize::from(u16::from_be_bytes([l0, l1]));
            Ok(Some((len, padded(len))))
        }
        Some(_) => Err(FrameError::NotOurs),
    }
}

/// As soon as they are there, the bytes that say that this is no STUN are looked at.
fn stun_len(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let Some(head) = bytes.first_chunk::<8>() else { return Ok(None) };
    let [_, _, l0, l1, cookie @ ..] = *head;
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    if u32::from_be_bytes(cookie) != MAGIC_COOKIE || !len.is_multiple_of(4) {
        return Err(FrameError::Header);
    }
    Ok(Some((HEADER_LEN + len, HEADER_LEN + len)))
}
