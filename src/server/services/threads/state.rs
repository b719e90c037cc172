//! Verified threads in memory, one writer at a time for each. What is not in memory is folded from the store.
//!
//! Not known here: who may write.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use relais_chain::codec::Writer;
use relais_chain::thread::ThreadState;
use relais_chain::{ChainError, Mode, Signed};
use relais_store::Chore;
use relais_store::facts::thread::{Entry, KeptState};
use relais_store::reads::{KeptThreadState, ThreadPage};
use relais_wire::ids::{Seq, ThreadId};
use relais_wire::{ErrorCode, Refusal};
use tokio::sync::Mutex;

use crate::services::context::Ctx;
use crate::services::limits::THREADS_CACHED;
use crate::services::refuse;
use crate::services::sessions::sha256;
use crate::services::world::{self, World};

/// Entries read at once.
const PAGE: u32 = 1_000;

/// A thread's place in memory: held while entries are checked and committed, so that positions never race.
pub(crate) type Slot = Arc<Mutex<Option<ThreadState>>>;

/// Threads in memory.
#[derive(Debug, Default)]
pub(crate) struct ThreadCache(RwLock<HashMap<ThreadId, Slot>>);

impl ThreadCache {
    /// A thread's slot; empty until somebody fills it.
    pub(crate) fn slot(&self, thread: ThreadId) -> Slot {
        if let Some(slot) = self.0.read().ok().and_then(|map| map.get(&thread).cloned()) {
            return slot;
        }
        let Ok(mut map) = self.0.write() else { return Slot::default() };
        if map.len() >= THREADS_CACHED {
            // Slots in use stay: two for one thread would be two writers.
            map.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(map.entry(thread).or_default())
    }
}

/// An entry as one signed object; a stub where its content was dropped.
///
/// # Errors
/// [`ChainError`] for parts over their limits.
pub(crate) fn signed_bytes(entry: &Entry) -> Result<Vec<u8>, ChainError> {
    match &entry.payload {
        Some(payload) => {
            Signed::whole(entry.core.as_slice().to_vec(), payload.as_slice().to_vec(), entry.sig).to_bytes()
        }
        None => {
            let mut writer = Writer::new();
            writer.array(4).bin(entry.core.as_slice()).nil().bin(&entry.sig);
            writer.bin(entry.payload_hash.as_bytes());
            writer.finish()
        }
    }
}

/// Entries after which a thread's state is kept, so that folding it again never takes longer than these.
const KEEP_EVERY: u64 = 256;

/// Keeps a thread's state now and then.
pub(crate) async fn keep(ctx: &Ctx<'_>, state: &ThreadState) {
    if !state.head().n.is_multiple_of(KEEP_EVERY) {
        return;
    }
    let Ok(bytes) = state.to_snapshot() else { return };
    let n = Seq::new(state.head().n).unwrap_or_default();
    let kept = KeptState { n, digest: sha256(&bytes), bytes: bytes.into() };
    // A state that is not kept is folded again.
    drop(ctx.upkeep(vec![Chore::KeepThreadState(state.thread(), Box::new(kept))]).await);
}

/// Folds a thread from the store; an empty state for one that does not exist.
///
/// # Errors
/// The store's; `internal` for a stored thread that does not verify.
pub(crate) async fn load(ctx: &Ctx<'_>, thread: ThreadId) -> Result<ThreadState, Refusal> {
    let kept = ctx.read(KeptThreadState(thread)).await?;
    let kept = kept.and_then(|kept| ThreadState::from_snapshot(kept.bytes.as_slice(), &kept.digest).ok());
    let mut state = kept.unwrap_or_else(|| ThreadState::new(thread));
    let mut world = World::default();
    loop {
        let after = Seq::new(state.head().n).unwrap_or_default();
        let page = ctx.read(ThreadPage::After(thread, after, PAGE)).await?;
        if page.is_empty() {
            return Ok(state);
        }
        for entry in page {
            let broken = |error: ChainError| {
                tracing::error!(code = error.code(), "a stored thread does not verify");
                refuse::refuse(ErrorCode::Internal)
            };
            let bytes = signed_bytes(&entry).map_err(broken)?;
            let checked =
                world::decide(ctx, &mut world, Vec::new(), |world| state.check(world, &bytes, Mode::Replay))
                    .await?;
            let applied = state.commit(checked).map_err(broken)?;
            applied.expect(entry.n.get(), &entry.head).map_err(broken)?;
        }
    }
}
