//! Messages sealed before they are sent, for measurements: what is measured then is the server, not the sealing.
//!
//! Not known here: when they are sent, and by whom. They stay out of the outbox, and this client goes on as if
//! they did not exist; whoever sends them sends each after the one before was acknowledged.

use relais_chain::entry::Kind;
use relais_chain::thread::ThreadState;
use relais_e2ee::Seed;
use relais_e2ee::body::Body;
use relais_e2ee::message;
use relais_wire::ids::ThreadId;
use relais_wire::threads::SignedEntry;

use super::client::Client;
use super::ring::box_error;
use super::thread::Thread;
use crate::core::outbox::signed_entry;
use crate::error::ClientError;

impl Client {
    /// Seals messages of one thread under its present epoch, in order, each anchored to the one before: as if
    /// nobody else wrote there, and each had been acknowledged before the next.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`] for a body; those of reading the thread.
    pub async fn seal_ahead(
        &mut self,
        thread: ThreadId,
        bodies: &[Body],
    ) -> Result<Vec<SignedEntry>, ClientError> {
        self.ready().await?;
        self.sync_thread(thread, None).await?;
        let mut thread = self.threads.remove(&thread).ok_or(ClientError::NotFound)?;
        let epoch = thread.state.head().epoch;
        let sealed = self.seal_all(&mut thread, epoch, bodies).await;
        self.threads.insert(thread.state.thread(), thread);
        sealed
    }

    async fn seal_all(
        &mut self,
        thread: &mut Thread,
        epoch: u64,
        bodies: &[Body],
    ) -> Result<Vec<SignedEntry>, ClientError> {
        self.open_epoch(thread, epoch).await?;
        let seed = thread.keys.seed(epoch).map_err(box_error)?.duplicate();
        let mut state = thread.state.clone();
        let mut sealed = Vec::with_capacity(bodies.len());
        for body in bodies {
            sealed.push(self.seal_next(thread, &mut state, &seed, body).await?);
        }
        Ok(sealed)
    }

    async fn seal_next(
        &mut self,
        thread: &Thread,
        state: &mut ThreadState,
        seed: &Seed,
        body: &Body,
    ) -> Result<SignedEntry, ClientError> {
        let core = self.control_core(state, Kind::Message)?;
        let signed = message::seal(self.account.signing().key(), core, seed, body)
            .map_err(|_| ClientError::TooLarge)?;
        self.own_check(thread, state, &signed).await?;
        Ok(signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig()))
    }
}
