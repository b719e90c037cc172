//! Signed chains, keyrings and boxes.

use relais_wire::ids::{Bytes32, Seq, SessionId};

use crate::{
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    facts::chain::{BoxScope, BoxTo, Keyring, KeyringMember},
    reads,
    write::{AppendLink, BoxWrite},
};

impl Tx<'_> {
    pub(crate) fn append_link(&self, link: &AppendLink) -> Result<(), Stop> {
        let actual = reads::chain_head(&self.snapshot(), link.chain)?;
        if actual.map(|head| head.hash) != link.prev {
            return Err(Refusal::ChainHead { chain: link.chain, actual }.into());
        }
        let n = actual.map_or(Seq::ZERO, |head| head.n).next();
        self.insert(
            Kind::Chain,
            Kind::Chain,
            "INSERT INTO link (kind, chain, n, hash, object, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                link.chain.kind(),
                link.chain.id_bytes(),
                n.get(),
                link.hash.as_bytes(),
                link.object.as_slice(),
                self.at_ms,
            ),
        )
    }

    pub(crate) fn put_keyring(&self, keyring: &Keyring) -> Result<(), Stop> {
        self.run(
            "INSERT INTO keyring (keyring, kind, owner, generation, rotation_due) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (keyring) DO UPDATE SET generation = excluded.generation,
             rotation_due = excluded.rotation_due",
            (
                keyring.keyring.as_bytes(),
                keyring.kind.number(),
                keyring.owner,
                keyring.generation,
                keyring.rotation_due,
            ),
        )
        .map(drop)
    }

    pub(crate) fn put_keyring_member(&self, member: KeyringMember) -> Result<(), Stop> {
        self.run(
            "INSERT INTO keyring_member (keyring, member, generation) VALUES (?1, ?2, ?3)
             ON CONFLICT (keyring, member) DO UPDATE SET generation = excluded.generation",
            (member.keyring.as_bytes(), member.member.as_bytes(), member.generation),
        )
        .map(drop)
    }

    pub(crate) fn boxes(&self, write: &BoxWrite) -> Result<(), Stop> {
        match write {
            BoxWrite::Take { session, scope, generation, expect } => {
                let mut missing = 0;
                for (to, hash) in expect {
                    if !self.take_box(*session, *scope, *generation, *to, *hash)? {
                        missing += 1;
                    }
                }
                if missing == 0 { Ok(()) } else { Err(Refusal::BoxesMissing { missing }.into()) }
            }
            BoxWrite::Drop { scope, recipient } => self
                .run(
                    "DELETE FROM box WHERE scope = ?1 AND id = ?2 AND recipient = ?3",
                    (scope.kind(), scope.id_bytes(), recipient.as_bytes()),
                )
                .map(drop),
        }
    }

    /// Moves one staged box to its place; whether it was there, with that hash and not over.
    fn take_box(
        &self,
        session: SessionId,
        scope: BoxScope,
        generation: u64,
        to: BoxTo,
        hash: Bytes32,
    ) -> Result<bool, Stop> {
        let oldest = self.at_ms.saturating_sub(crate::limits::STAGED_KEEP_MS);
        let moved = self.run(
            "INSERT INTO box (scope, id, recipient, generation, recipient_generation, hash, bytes)
             SELECT scope, id, recipient, generation, recipient_generation, hash, bytes FROM staged_box
             WHERE session = ?1 AND scope = ?2 AND id = ?3 AND recipient = ?4 AND generation = ?5
               AND recipient_generation = ?6 AND hash = ?7 AND at_ms >= ?8
             ON CONFLICT (scope, id, recipient, generation, recipient_generation)
             DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes",
            rusqlite::params![
                session.as_bytes(),
                scope.kind(),
                scope.id_bytes(),
                to.recipient.as_bytes(),
                generation,
                to.generation,
                hash.as_bytes(),
                oldest
            ],
        )?;
        if moved == 0 {
            return Ok(false);
        }
        self.run(
            "DELETE FROM staged_box WHERE session = ?1 AND scope = ?2 AND id = ?3 AND recipient = ?4
             AND generation = ?5 AND recipient_generation = ?6",
            (
                session.as_bytes(),
                scope.kind(),
                scope.id_bytes(),
                to.recipient.as_bytes(),
                generation,
                to.generation,
            ),
        )?;
        Ok(true)
    }
}
