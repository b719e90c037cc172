//! Seeds of keyrings: the user's own out of the vault, those of teams and units out of boxes.
//!
//! Not known here: threads.

use std::collections::HashMap;

use relais_chain::facts::{Facts as _, Owner};
use relais_e2ee::account::Account;
use relais_e2ee::generations::Seeds;
use relais_e2ee::keyring::open_current;
use relais_e2ee::{E2eeError, Seed};
use relais_wire::chains::{BoxScope, GetBoxes};
use relais_wire::ids::KeyringId;

use super::book::{Book, ChainName};
use super::rpc::Rpc;
use crate::error::{ClientError, Hostile, refuse};

/// Keyrings inside keyrings, as deep as the format allows.
const DEPTH_MAX: usize = 8;

/// Seeds at hand.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    seeds: HashMap<KeyringId, Seeds>,
}

impl Ring {
    /// The user's own keyrings.
    pub(crate) fn own(account: &Account) -> Self {
        let mut seeds = HashMap::new();
        for own in [account.personal(), account.inbox()] {
            seeds.insert(own.id, Seeds::with(own.generation, own.seed.duplicate()));
        }
        Self { seeds }
    }

    /// Remembers a seed that this device made.
    pub(crate) fn made(&mut self, keyring: KeyringId, generation: u64, seed: Seed) {
        self.seeds.entry(keyring).or_default().insert(generation, seed);
    }

    /// The seeds of a keyring, the current one among them.
    ///
    /// # Errors
    /// [`ClientError::NoKey`] for a keyring this user is not in; an attack; the connection's errors.
    pub(crate) async fn reach(
        &mut self,
        rpc: &Rpc,
        book: &mut Book,
        own: &Account,
        keyring: KeyringId,
    ) -> Result<&mut Seeds, ClientError> {
        let mut path = vec![keyring];
        while let Some(top) = path.last().copied() {
            if top == own.personal().id || top == own.inbox().id {
                path.pop();
                continue;
            }
            book.need(rpc, ChainName::Keyring(top)).await?;
            let chain = book.chains().keyring_chain(top).ok_or(ClientError::NotFound)?;
            let current = chain.generation();
            if self.seeds.get(&top).is_some_and(|seeds| seeds.get(current).is_some()) {
                path.pop();
                continue;
            }
            // Directly where possible; otherwise through a unit's keyring inside, whose seed is reached first.
            let direct = chain.member(own.personal().id).map(|_| own.personal().id);
            let inner = || {
                chain.members().find_map(|(id, member)| {
                    let held = matches!(member.owner, Owner::Unit(_))
                        && book.chains().holds(id, own.user(), 1).is_some_and(|held| held.now);
                    held.then_some(id)
                })
            };
            let through = direct.or_else(inner).ok_or(ClientError::NoKey)?;
            let ready = self.seeds.get(&through).and_then(Seeds::newest).is_some();
            if !ready {
                if path.len() >= DEPTH_MAX || path.contains(&through) {
                    return Err(ClientError::NoKey);
                }
                path.push(through);
                continue;
            }
            self.open(rpc, book, top, through).await?;
            path.pop();
        }
        self.seeds.get_mut(&keyring).ok_or(ClientError::NoKey)
    }

    async fn open(
        &mut self,
        rpc: &Rpc,
        book: &Book,
        keyring: KeyringId,
        through: KeyringId,
    ) -> Result<(), ClientError> {
        let chain = book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let generation = u32::try_from(chain.generation()).map_err(|_| ClientError::TooLarge)?;
        let ask = GetBoxes {
            scope: BoxScope::Keyring,
            id: keyring.into(),
            from: generation,
            to: generation,
            recipient: through,
        };
        let boxes = rpc.call(ask).await?.boxes;
        let named = chain.member(through).ok_or(ClientError::NoKey)?;
        let of = relais_e2ee::sealed::SeedOf::keyring(through, named.generation);
        let seeds = self.seeds.get_mut(&through).ok_or(ClientError::NoKey)?;
        let history = book.chains().keyring_chain(through);
        let holder = match (seeds.get(named.generation).is_some(), history) {
            (false, Some(history)) => seeds.reach(of, history),
            _ => seeds.get(named.generation).ok_or(E2eeError::NoSeed),
        };
        let seed =
            holder.and_then(|holder| open_current(chain, &boxes, through, holder)).map_err(box_error)?;
        self.made(keyring, generation.into(), seed);
        Ok(())
    }
}

/// What a box that does not open says about the server.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other error is a bug or a bound")]
pub(crate) fn box_error(error: E2eeError) -> ClientError {
    match error {
        // Without this check: a message from before the own history.
        E2eeError::BoxMissing => refuse(Hostile::BoxWithheld).err().unwrap_or(ClientError::NoKey),
        E2eeError::BoxHashMismatch | E2eeError::BoxRejected => Hostile::BoxSwapped.into(),
        E2eeError::CommitMismatch | E2eeError::EncKeyMismatch | E2eeError::PrevBoxRejected => {
            Hostile::BoxWrongCommit.into()
        }
        E2eeError::Chain(_) | E2eeError::NoSeed | E2eeError::HistoryWalled => ClientError::NoKey,
        _ => ClientError::Platform,
    }
}
