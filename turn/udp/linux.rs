//! The engine of Linux: `recvmmsg` and `sendmmsg`, UDP_GRO and UDP_SEGMENT, the error queue.
//!
//! The only module of this package with `unsafe` (docs/adr/0015-batched-udp.md). It is there for four system calls;
//! addresses and control messages are read and written as bytes by safe code.
#![expect(unsafe_code, reason = "system calls that no safe interface offers")]

use core::cell::Cell;
use core::ffi::c_int;
use core::ops::Range;
use core::{fmt, mem, ptr};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::form::{CONTROL_BYTES, Control, NAME_BYTES, Name, Told, read_name, write_marks, write_name};
use crate::inbox::Filled;
use crate::limits::{MESSAGES, SEND_TRIES, SLOT_BYTES, SLOT_STRIDE};
use crate::outbox::Entry;
use crate::{Inbox, Options, Outbox, PeerError, Sent};

/// Slots offered to the kernel in one call. A socket of one allocation has one datagram waiting more often than not, and
/// each slot offered costs.
const RECEIVE_CALL: usize = 16;

/// What the kernel can do beside batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// Trains in.
    pub(crate) gro: bool,
    /// Trains out.
    pub(crate) gso: bool,
}

/// Tries the calls on a socket of its own; `None` where one is missing, as in some sandboxes.
pub(crate) fn probe() -> Option<Abilities> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).ok()?;
    socket.set_nonblocking(true).ok()?;
    let mut byte = [0];
    let mut piece = iovec(&mut byte);
    let mut message = [mmsghdr(&mut [], &mut [], &mut piece, 1)];
    // SAFETY: the one message points at `piece`, and that at `byte`, with their lengths; both live longer than the call.
    let received = unsafe { receive_messages(socket.as_fd(), &mut message) };
    // SAFETY: no message, so nothing is pointed at.
    let sends = unsafe { send_messages(socket.as_fd(), &mut []) };
    sends.ok()?;
    let waits = received.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    waits.then(|| Abilities {
        gro: set(socket.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1).is_ok(),
        gso: set(socket.as_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, 1_200).is_ok(),
    })
}

#[derive(Debug)]
pub(crate) struct Batched {
    socket: socket2::Socket,
    v6: bool,
    /// Whether errors about earlier datagrams are reported here.
    errors: bool,
    /// Whether trains are sent; off for good when the device below turns out not to do it.
    gso: Cell<bool>,
    /// Whether fragments are forbidden now.
    forbid: Cell<bool>,
    /// The kernel's count of datagrams it dropped, as it last told.
    overflow: Cell<u32>,
}

impl Batched {
    pub(crate) fn new(
        socket: socket2::Socket,
        local: SocketAddr,
        abilities: Abilities,
        options: Options,
    ) -> io::Result<Self> {
        let v6 = local.is_ipv6();
        let fd = socket.as_fd();
        if abilities.gro {
            set(fd, libc::SOL_UDP, libc::UDP_GRO, 1)?;
        }
        set(fd, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
        if options.errors {
            set_by_family(fd, v6, libc::IP_RECVERR, libc::IPV6_RECVERR, 1)?;
        }
        if options.marks {
            set_by_family(fd, v6, libc::IP_RECVTOS, libc::IPV6_RECVTCLASS, 1)?;
            set_by_family(fd, v6, libc::IP_RECVTTL, libc::IPV6_RECVHOPLIMIT, 1)?;
        }
        forbid_fragments(fd, v6, false)?;
        Ok(Self {
            socket,
            v6,
            errors: options.errors,
            gso: Cell::new(abilities.gso),
            forbid: Cell::new(false),
            overflow: Cell::new(0),
        })
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(crate) fn receive(&self, inbox: &mut Inbox) -> io::Result<bool> {
        let mut passed = 0;
        while inbox.free() > 0 {
            let offered = inbox.free().min(RECEIVE_CALL);
            match self.receive_once(inbox, offered) {
                // An error about an earlier datagram may have cut the batch: then only "would block" says that nothing waits.
                Ok(count) if count < offered && !self.errors => return Ok(true),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                // Each read of the socket takes one such error off it; a peer that makes them faster than we read waits.
                Err(error) if is_about_earlier(&error) => {
                    passed += 1;
                    if passed > MESSAGES {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn receive_once(&self, inbox: &mut Inbox, offered: usize) -> io::Result<usize> {
        let mut headers = mem::take(&mut inbox.headers);
        let (start, room) = inbox.room();
        headers.aim(room, offered);
        // SAFETY: `aim` has just pointed the messages at a slot, a name and a control buffer each, with their lengths;
        // `inbox` and `headers` are borrowed here until the call is over.
        let received = unsafe { receive_messages(self.socket.as_fd(), &mut headers.messages) };
        if let Ok(count) = received {
            for (at, message) in headers.messages.iter().take(count).enumerate() {
                let name = headers.names.get(at).and_then(read_name);
                let control = headers.controls.get(at).map_or(&[][..], |bytes| bytes);
                let length = control_length(message.msg_hdr.msg_controllen).min(control.len());
                let told = Told::read(control.get(..length).unwrap_or_default());
                if let Some(count) = told.overflow {
                    inbox.overflowed_by(count.wrapping_sub(self.overflow.replace(count)));
                }
                // Nothing but a UDP socket's own addresses comes here; anything else is no datagram for us.
                let Some(from) = name else { continue };
                let len = usize::try_from(message.msg_len).unwrap_or(usize::MAX);
                let truncated = message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
                let Told { segment, ttl, tos, .. } = told;
                inbox.took(start + at * SLOT_STRIDE, Filled { from, len, segment, truncated, ttl, tos });
            }
        }
        inbox.used(received.as_ref().map_or(0, |count| *count));
        headers.messages.clear();
        headers.pieces.clear();
        inbox.headers = headers;
        received
    }

    pub(crate) fn send(&self, outbox: &mut Outbox, bytes: &[u8]) -> Sent {
        let mut headers = mem::take(&mut outbox.headers);
        let mut sent = Sent::default();
        let mut at = 0;
        while at < outbox.len() {
            at = headers.plan(outbox, bytes, at..outbox.len(), self.gso.get(), &mut sent);
            self.send_planned(&mut headers, outbox, bytes, &mut sent);
        }
        headers.clear();
        outbox.headers = headers;
        sent
    }

    fn send_planned(&self, headers: &mut SendHeaders, outbox: &Outbox, bytes: &[u8], sent: &mut Sent) {
        if let Some(wanted) = headers.plans.first().map(|plan| plan.forbid)
            && wanted != self.forbid.get()
            && forbid_fragments(self.socket.as_fd(), self.v6, wanted).is_ok()
        {
            self.forbid.set(wanted);
        }
        headers.aim();
        let (mut first, mut tries) = (0, 0);
        while let Some(plan) = headers.plans.get(first) {
            let datagrams = plan.last - plan.first;
            sent.calls += 1;
            let messages = headers.messages.get_mut(first..).unwrap_or_default();
            // SAFETY: `aim` has pointed the messages at pieces of `outbox` and `bytes`, and at names and control messages
            // of `headers.plans`; all are borrowed here and nothing has changed them since.
            match unsafe { send_messages(self.socket.as_fd(), messages) } {
                Ok(count) => {
                    let done = headers.plans.get(first..first + count).unwrap_or_default();
                    sent.messages += count as u64;
                    sent.datagrams += done.iter().map(|plan| (plan.last - plan.first) as u64).sum::<u64>();
                    (first, tries) = (first + count.max(1), 0);
                    continue;
                }
                Err(error) => match Verdict::of(&error, datagrams > 1, tries) {
                    Verdict::Again => {
                        tries += 1;
                        continue;
                    }
                    Verdict::Full => {
                        let rest = headers.plans.get(first..).unwrap_or_default();
                        sent.refused += rest.iter().map(|plan| (plan.last - plan.first) as u64).sum::<u64>();
                        return;
                    }
                    Verdict::Singly { for_good } => {
                        if for_good {
                            self.gso.set(false);
                        }
                        self.send_singly(plan.first..plan.last, outbox, bytes, sent);
                    }
                    Verdict::Refused { too_long } => {
                        sent.refused += datagrams as u64;
                        sent.too_long += if too_long { datagrams as u64 } else { 0 };
                    }
                },
            }
            (first, tries) = (first + 1, 0);
        }
    }

    /// What could not go as a train: each datagram as a message of its own.
    fn send_singly(&self, entries: Range<usize>, outbox: &Outbox, bytes: &[u8], sent: &mut Sent) {
        let mut headers = SendHeaders::default();
        headers.plan(outbox, bytes, entries, false, sent);
        self.send_planned(&mut headers, outbox, bytes, sent);
    }

    pub(crate) fn error(&self) -> io::Result<Option<PeerError>> {
        // An entry that is about something else, as a time stamp, does not end the queue.
        for _ in 0..MESSAGES {
            let mut name: Name = [0; NAME_BYTES];
            let mut control: Control = [0; CONTROL_BYTES];
            let mut quoted = [0_u8; 64];
            let mut piece = iovec(&mut quoted);
            let mut message = mmsghdr(&mut name, &mut control, &mut piece, 1).msg_hdr;
            // SAFETY: the message points at `piece`, `name` and `control`, and `piece` at `quoted`, with their lengths;
            // all live longer than the call and nothing else refers to them.
            match unsafe { receive_error(self.socket.as_fd(), &mut message) } {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            let length = control_length(message.msg_controllen).min(CONTROL_BYTES);
            let told = Told::read(control.get(..length).unwrap_or_default());
            if let Some(((origin, kind, code, info), peer)) = told.error.zip(read_name(&name)) {
                return Ok(Some(PeerError { peer, origin, kind, code, info }));
            }
        }
        Ok(None)
    }
}

/// What to do about a message that the kernel did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Again,
    Full,
    Singly { for_good: bool },
    Refused { too_long: bool },
}

impl Verdict {
    fn of(error: &io::Error, is_train: bool, tries: usize) -> Self {
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => Self::Full,
            // The device below has no checksum offload: it never will.
            Some(libc::EIO) if is_train => Self::Singly { for_good: true },
            // Each datagram is longer than the way's MTU: alone it may be fragmented.
            Some(libc::EINVAL | libc::EMSGSIZE) if is_train => Self::Singly { for_good: false },
            _ if is_about_earlier(error) && tries < SEND_TRIES => Self::Again,
            Some(libc::EMSGSIZE) => Self::Refused { too_long: true },
            _ => Self::Refused { too_long: false },
        }
    }
}

/// Errors that an ICMP message about an earlier datagram leaves on a socket, and an interrupted call.
fn is_about_earlier(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNREFUSED
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EPROTO
                | libc::ENOPROTOOPT
                | libc::EOPNOTSUPP
                | libc::EACCES
                | libc::EMSGSIZE
                | libc::ETIMEDOUT
                | libc::EINTR
        )
    )
}

/// Headers of what is received, kept between calls so that nothing is allocated or cleared for a datagram.
#[derive(Default)]
pub(crate) struct ReceiveHeaders {
    messages: Vec<libc::mmsghdr>,
    pieces: Vec<libc::iovec>,
    names: Vec<Name>,
    controls: Vec<Control>,
}

// SAFETY: the pointers inside are used only within `Batched::receive_once`, which sets them anew and clears them before
// it returns; in between there are none, so moving the value to another thread moves no pointer that is used.
unsafe impl Send for ReceiveHeaders {}

impl fmt::Debug for ReceiveHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiveHeaders")
    }
}

impl ReceiveHeaders {
    /// Points `offered` messages at the slots of `room`.
    fn aim(&mut self, room: &mut [u8], offered: usize) {
        self.names.resize(RECEIVE_CALL, [0; NAME_BYTES]);
        self.controls.resize(RECEIVE_CALL, [0; CONTROL_BYTES]);
        self.messages.clear();
        self.pieces.clear();
        let slots = room.chunks_mut(SLOT_STRIDE).take(offered);
        self.pieces.extend(slots.filter_map(|slot| slot.get_mut(..SLOT_BYTES)).map(iovec));
        // Nothing below changes the length of a vector that a message points into.
        let parts = self.names.iter_mut().zip(&mut self.controls).zip(&mut self.pieces);
        self.messages.extend(parts.map(|((name, control), piece)| mmsghdr(name, control, piece, 1)));
    }
}

/// One message to be sent: entries `first..last` of the outbox.
struct Plan {
    first: usize,
    last: usize,
    pieces: usize,
    name: Name,
    name_len: usize,
    control: Control,
    control_len: usize,
    forbid: bool,
}

/// Headers of what is sent, likewise.
#[derive(Default)]
pub(crate) struct SendHeaders {
    plans: Vec<Plan>,
    pieces: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
}

// SAFETY: as for `ReceiveHeaders`: `Batched::send` clears the pointers before it returns.
unsafe impl Send for SendHeaders {}

impl fmt::Debug for SendHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendHeaders")
    }
}

impl SendHeaders {
    fn clear(&mut self) {
        self.plans.clear();
        self.pieces.clear();
        self.messages.clear();
    }

    /// Plans as many messages as one call takes, from the first of these entries on; where the next begins.
    fn plan(
        &mut self,
        outbox: &Outbox,
        bytes: &[u8],
        entries: Range<usize>,
        trains: bool,
        sent: &mut Sent,
    ) -> usize {
        self.clear();
        let Range { start: mut at, end } = entries;
        let mut forbid = None;
        while at < end && self.plans.len() < MESSAGES {
            let train = if trains { outbox.train(at) } else { at..at + 1 };
            let entries = outbox.entries().get(train.clone()).unwrap_or_default();
            let Some(first) = entries.first() else { break };
            if *forbid.get_or_insert(first.mark.dont_fragment) != first.mark.dont_fragment {
                break;
            }
            at = train.end;
            let before = self.pieces.len();
            if !self.gather(outbox, entries, bytes) {
                debug_assert!(false, "a body lies outside of the bytes it was pushed for");
                self.pieces.truncate(before);
                sent.refused += entries.len() as u64;
                continue;
            }
            let segment = if entries.len() > 1 { u16::try_from(first.len()).ok() } else { None };
            let (name, name_len) = write_name(first.to);
            let (control, control_len) = write_marks(first.to.is_ipv6(), first.mark, segment);
            let pieces = self.pieces.len() - before;
            let (first, last, forbid) = (train.start, train.end, first.mark.dont_fragment);
            self.plans.push(Plan { first, last, pieces, name, name_len, control, control_len, forbid });
        }
        at
    }

    /// Adds the pieces of a train that are not empty.
    fn gather(&mut self, outbox: &Outbox, entries: &[Entry], bytes: &[u8]) -> bool {
        for entry in entries {
            let Some(pieces) = outbox.pieces(entry, bytes) else { return false };
            let full = pieces.iter().filter(|piece| !piece.is_empty());
            self.pieces.extend(full.map(|piece| libc::iovec {
                iov_base: piece.as_ptr().cast_mut().cast(),
                iov_len: piece.len(),
            }));
        }
        true
    }

    /// Points the messages at what was planned; nothing changes the length of a vector from here to the call.
    fn aim(&mut self) {
        self.messages.clear();
        let mut pieces = self.pieces.as_mut_slice();
        for plan in &mut self.plans {
            let (mine, rest) = pieces.split_at_mut(plan.pieces);
            pieces = rest;
            let name = plan.name.get_mut(..plan.name_len).unwrap_or_default();
            let control = plan.control.get_mut(..plan.control_len).unwrap_or_default();
            self.messages.push(mmsghdr(name, control, mine.as_mut_ptr(), mine.len()));
        }
    }
}

fn iovec(bytes: &mut [u8]) -> libc::iovec {
    libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}

fn mmsghdr(name: &mut [u8], control: &mut [u8], pieces: *mut libc::iovec, count: usize) -> libc::mmsghdr {
    // SAFETY: `mmsghdr` is a structure of the C library made of integers and pointers, for which zero is a value.
    let mut message: libc::mmsghdr = unsafe { mem::zeroed() };
    let header = &mut message.msg_hdr;
    if !name.is_empty() {
        header.msg_name = name.as_mut_ptr().cast();
        header.msg_namelen = libc::socklen_t::try_from(name.len()).unwrap_or_default();
    }
    if !control.is_empty() {
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control.len() as _;
    }
    header.msg_iov = pieces;
    header.msg_iovlen = count as _;
    message
}

/// Receives into the messages; how many were filled.
///
/// # Safety
/// Every message points at names, control buffers and pieces with their true lengths, which live until the call is over
/// and which nothing else refers to.
unsafe fn receive_messages(fd: BorrowedFd<'_>, messages: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let count = libc::c_uint::try_from(messages.len()).unwrap_or(0);
    // SAFETY: `messages` is `count` headers, and what they point at the caller vouches for. A null timeout is allowed.
    let done = unsafe {
        libc::recvmmsg(fd.as_raw_fd(), messages.as_mut_ptr(), count, libc::MSG_DONTWAIT as _, ptr::null_mut())
    };
    usize::try_from(done).map_err(|_| io::Error::last_os_error())
}

/// Sends the messages; how many were taken.
///
/// # Safety
/// Every message points at names, control buffers and pieces with their true lengths, which live until the call is over
/// and which nothing else refers to.
unsafe fn send_messages(fd: BorrowedFd<'_>, messages: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let count = libc::c_uint::try_from(messages.len()).unwrap_or(0);
    // SAFETY: `messages` is `count` headers, and what they point at the caller vouches for. The kernel reads what pieces
    // point at, and writes `msg_len`.
    let done = unsafe {
        libc::sendmmsg(
            fd.as_raw_fd(),
            messages.as_mut_ptr(),
            count,
            (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _,
        )
    };
    usize::try_from(done).map_err(|_| io::Error::last_os_error())
}

/// Takes the oldest entry of the error queue.
///
/// # Safety
/// Every message points at names, control buffers and pieces with their true lengths, which live until the call is over
/// and which nothing else refers to.
unsafe fn receive_error(fd: BorrowedFd<'_>, message: &mut libc::msghdr) -> io::Result<()> {
    // SAFETY: the caller vouches for what the header points at.
    let done = unsafe { libc::recvmsg(fd.as_raw_fd(), message, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn set(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<c_int>()).unwrap_or_default();
    // SAFETY: `value` is an integer of this function, and `length` is its size; the kernel reads it during the call.
    let done = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, ptr::from_ref(&value).cast(), length) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn set_by_family(fd: BorrowedFd<'_>, v6: bool, name4: c_int, name6: c_int, value: c_int) -> io::Result<()> {
    if v6 { set(fd, libc::IPPROTO_IPV6, name6, value) } else { set(fd, libc::IPPROTO_IP, name4, value) }
}

/// The DF bit of IPv4, and for IPv6 whether the kernel itself may fragment.
fn forbid_fragments(fd: BorrowedFd<'_>, v6: bool, forbid: bool) -> io::Result<()> {
    let (value4, value6) = if forbid {
        (libc::IP_PMTUDISC_DO, libc::IPV6_PMTUDISC_DO)
    } else {
        (libc::IP_PMTUDISC_DONT, libc::IPV6_PMTUDISC_DONT)
    };
    let value = if v6 { value6 } else { value4 };
    set_by_family(fd, v6, libc::IP_MTU_DISCOVER, libc::IPV6_MTU_DISCOVER, value)
}

/// Its width is not the same in every C library.
fn control_length(length: impl TryInto<usize>) -> usize {
    length.try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_train_that_is_refused_goes_singly_and_only_a_device_stops_trains() {
        let of = |number, train| Verdict::of(&std::io::Error::from_raw_os_error(number), train, 0);
        assert_eq!(of(libc::EIO, true), Verdict::Singly { for_good: true });
        assert_eq!(of(libc::EINVAL, true), Verdict::Singly { for_good: false });
        assert_eq!(of(libc::EMSGSIZE, true), Verdict::Singly { for_good: false });
        assert_eq!(of(libc::EINVAL, false), Verdict::Refused { too_long: false });
        assert_eq!(of(libc::EAGAIN, true), Verdict::Full);
        assert_eq!(of(libc::ECONNREFUSED, false), Verdict::Again);
    }
}
