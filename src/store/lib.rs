//! Durable facts and streams behind one typed interface: a [`Commit`] in, a [`Receipt`] out once it is durable,
//! and named reads ([`reads`]). The embedded engine ([`Embedded`]) is SQLCipher with one committer thread.
//!
//! ```text
//! let receipt = store.commit(
//!     Domain::new(now_ms, audit_line)
//!         .idem(Idem { user, key, request, note })
//!         .guard(Guard::AccountActive(user))
//!         .write(Append { thread, claim: *checked.claim(), .. })
//!         .event(NewEvent { to: streams, body: EventBody::Appended(0) }),
//! ).await?;                                        // n, head and every recipient's stream position
//! let page = store.read(reads::StreamAfter { stream, after, max }).await?;
//! ```
//!
//! Invariants: this crate does not know what a signed object or a ciphertext says, who may do what, or how to
//! reach anybody. It reads no clock: server time comes with each commit. A fact without an audit line cannot be
//! expressed; an audit line, a link or an entry cannot be changed.

pub mod blobs;
pub mod commit;
pub mod embedded;
mod error;
pub mod facts;
pub mod limits;
pub mod reads;
mod store;
mod validate;
mod write;

pub use commit::{Commit, Domain, EntryReceipt, EventBody, Guard, Idem, NewEvent, NonEmpty, Receipt};
pub use embedded::{Durability, Embedded, Gone, OpenError, Options, StoreKey};
pub use error::{CommitError, Fatal, Kind, ReadError, Refusal};
pub use facts::{Opaque, Personal, audit::AuditLine, stream::StreamId};
pub use store::Store;
pub use write::{
    AccountWrite, Append, AppendLink, BlobWrite, BoxWrite, CallWrite, Chore, DirectoryWrite, InstanceKey,
    NewThread, SessionWrite, Write,
};
