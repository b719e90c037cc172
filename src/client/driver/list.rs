//! The list of threads: a snapshot of the newest, and older ones page by page.
//!
//! Not known here: titles, which need keys.

use relais_wire::ErrorCode;
use relais_wire::control::Cursor;
use relais_wire::ids::OrgId;
use relais_wire::limits::THREADS_PAGE_MAX;
use relais_wire::streams::{GetSnapshot, ListThreads, ThreadList, ThreadPlace};
use relais_wire::threads::ThreadCard;

use super::client::Client;
use crate::error::ClientError;
use crate::limits::{LIST_PAGES_MAX, SNAPSHOT_TRIES};

/// The newest threads of a context, of one moment.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Newest first.
    pub cards: Vec<ThreadCard>,
    /// The moment: what is newer comes in the stream after it.
    pub cursor: Cursor,
    /// Where the list goes on with older ones, see [`Client::older_threads`]; absent: these are all.
    pub older: Option<ThreadPlace>,
}

impl Client {
    /// The newest threads of a context, as a snapshot names them.
    ///
    /// # Errors
    /// The server's refusals; an attack.
    pub async fn threads(&mut self, org: Option<OrgId>) -> Result<Listing, ClientError> {
        let mut cards = Vec::new();
        let mut page = None;
        let mut again = 0;
        loop {
            let is_first = page.is_none();
            let snapshot = match self.rpc.call(GetSnapshot { org, page }).await {
                Ok(snapshot) => snapshot,
                // The server no longer holds what was begun.
                Err(ClientError::Refused(refusal))
                    if refusal.code == ErrorCode::Conflict && !is_first && again < SNAPSHOT_TRIES =>
                {
                    again += 1;
                    cards.clear();
                    page = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.check_cards(&snapshot.threads)?;
            cards.extend(snapshot.threads);
            page = snapshot.next;
            if page.is_none() {
                return Ok(Listing { cards, cursor: snapshot.cursor, older: snapshot.older });
            }
        }
    }

    /// The next older threads of a context, newest first: at least one, unless the list ends there.
    ///
    /// A thread that gets an entry meanwhile moves to the front of the list and is named by the stream, not here.
    ///
    /// # Errors
    /// The server's refusals; an attack; [`ClientError::Protocol`] for a list that does not go on.
    pub async fn older_threads(
        &mut self,
        org: Option<OrgId>,
        before: Option<ThreadPlace>,
    ) -> Result<ThreadList, ClientError> {
        let mut place = before;
        for _ in 0..LIST_PAGES_MAX {
            let ask = ListThreads { org, before: place, max: THREADS_PAGE_MAX };
            let list = self.rpc.call(ask).await?;
            let goes_on = list.next.is_none_or(|next| place.is_none_or(|before| next < before));
            let in_order = |card: &ThreadCard| {
                place.is_none_or(|before| ThreadPlace { at: card.at, thread: card.thread } < before)
            };
            if !goes_on || !list.threads.iter().all(in_order) {
                return Err(ClientError::Protocol);
            }
            self.check_cards(&list.threads)?;
            if !list.threads.is_empty() || list.next.is_none() {
                return Ok(list);
            }
            place = list.next;
        }
        Err(ClientError::Protocol)
    }

    fn check_cards(&self, cards: &[ThreadCard]) -> Result<(), ClientError> {
        for card in cards {
            let (n, head) = Self::card_head(card);
            self.check_card(card.thread, n, &head)?;
        }
        Ok(())
    }
}
