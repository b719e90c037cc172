//! One call's life, from ring to hang-up, without input or output: who is rung on which telephones, who answers
//! first, who declines, is busy, cannot be reached, comes late or leaves, and when it is over (CAL-01, CAL-03, Q23,
//! Q33). No media is known here, and no key.
//!
//! Invariant: this crate knows [`relais_wire`] (ids and the encoding of what is kept) and nothing else: no store, no
//! chain, no socket, no schedule, no clock. Whom a team rings, and what a dot says, come in as arguments.
//!
//! # Contract
//! A [`Call`] takes one [`Input`] by [`Call::handle`], then [`Call::poll`] is called until [`Output::Wait`]. A
//! [`Desk`] does that for all calls of a node, and keeps what is about more than one of them: nobody is in two calls,
//! and a thread has one. A shell
//!
//! 1. prepares a [`Turn`] ([`Desk::start`], [`Desk::turn`], and for [`Desk::due`] with [`Input::Timeout`]),
//! 2. makes [`Turn::facts`] durable with [`Call::to_kept`]; if that fails, it drops the turn, and nothing happened,
//! 3. puts the turn back ([`Desk::apply`]), and then does what its outputs say.
//!
//! A turn without facts (a device rings, a connection is gone or back) is not kept: after a restart everybody is
//! away, and every telephone has to say again that it rings.
//!
//! ```
//! use relais_call::{Callee, Desk, Input, Party, Phase, Start};
//! use relais_wire::{CallId, DeviceId, ThreadId, UserId};
//!
//! let [ada, ben] = [1, 2].map(|n| UserId::from_bytes([n; 16]));
//! let [desk_pc, phone] = [1, 2].map(|n| DeviceId::from_bytes([n; 16]));
//! let call = CallId::from_bytes([7; 16]);
//! let ring = |user| Callee { party: Party::User(user), context: None, phones: vec![user], dot: None, offer: None };
//! let start = Start {
//!     call, thread: ThreadId::from_bytes([9; 16]), org: None, caller: ada, device: desk_pc, context: None,
//!     camera: true, callees: vec![ring(ben)], confirmed: false,
//! };
//! let mut desk = Desk::default();
//! let turn = desk.start(0, &start).expect("nothing speaks against it");
//! desk.apply(&turn);
//! let turn = desk.turn(900, call, Input::Join { user: ben, device: phone, camera: false }).expect("it rings");
//! desk.apply(&turn);
//! assert_eq!(turn.call.phase(), Phase::Active { since_ms: 900 });
//! ```
//!
//! # How a call goes
//!
//! | phase | begins | ends |
//! |---|---|---|
//! | [`Phase::Ringing`] | with the start | with the first answer, or when nobody is left who rings |
//! | [`Phase::Active`] | with the first answer | when fewer than two are there and nobody rings, or for all |
//! | [`Phase::Recovering`] | after a restart | when all are back, or after [`limits::RECOVER_MS`] |
//! | [`Phase::Ended`] | once | never; the call is forgotten |

mod call;
mod desk;
mod dial;
mod io;
mod kept;
pub mod limits;
mod look;
mod seat;

pub use call::{Call, Phase};
pub use desk::{Desk, Turn};
pub use io::{
    Callee, Dot, EndReason, Fact, Input, Output, Party, Refused, Start, Stopped, Unanswered, Warning,
};
pub use kept::NotKept;
pub use seat::{Outcome, Phone, PhoneState, Seat, SeatState};
