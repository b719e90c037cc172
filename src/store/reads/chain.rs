//! Reads of signed chains, keyrings and boxes.

use relais_wire::ids::{Bytes32, KeyringId, Seq, SessionId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, decoded, opaque, page, seq};
use crate::facts::chain::{
    BoxScope, BoxTo, ChainHead, ChainId, Keyring, KeyringKind, KeyringMember, Link, SealedBox,
};

/// The heads of several chains, in order; `None` for one that does not exist.
#[derive(Clone, Debug)]
pub struct ChainHeads(pub Vec<ChainId>);

impl Query for ChainHeads {
    type Out = Vec<Option<ChainHead>>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        self.0.iter().map(|chain| Ok(chain_head(snapshot, *chain)?)).collect()
    }
}

pub(crate) fn chain_head(snapshot: &Snapshot<'_>, chain: ChainId) -> rusqlite::Result<Option<ChainHead>> {
    let found = snapshot.one(
        "SELECT n, hash FROM link WHERE kind = ?1 AND chain = ?2 ORDER BY n DESC LIMIT 1",
        (chain.kind(), chain.id_bytes()),
        |row| Ok(ChainHead { n: seq(row, 0)?, hash: Bytes32::from_bytes(row.get(1)?) }),
    );
    found.map_err(|broken| broken.0)
}

/// The links of a chain after a position, in order.
#[derive(Clone, Copy, Debug)]
pub struct ChainLinks {
    /// The chain.
    pub chain: ChainId,
    /// Position that is known already; 0 for all.
    pub after: Seq,
    /// Links at most.
    pub max: u32,
}

impl Query for ChainLinks {
    type Out = Vec<Link>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT n, hash, object, at_ms FROM link WHERE kind = ?1 AND chain = ?2 AND n > ?3 ORDER BY n LIMIT ?4",
            (self.chain.kind(), self.chain.id_bytes(), self.after.get(), page(self.max)),
            |row| {
                Ok(Link {
                    n: seq(row, 0)?,
                    hash: Bytes32::from_bytes(row.get(1)?),
                    object: opaque(row, 2)?,
                    at_ms: row.get(3)?,
                })
            },
        )
    }
}

fn keyring(row: &Row<'_>) -> rusqlite::Result<Keyring> {
    Ok(Keyring {
        keyring: KeyringId::from_bytes(row.get(0)?),
        kind: decoded(row, 1, KeyringKind::from_number)?,
        owner: row.get(2)?,
        generation: row.get(3)?,
        rotation_due: row.get(4)?,
    })
}

/// Where a keyring stands.
#[derive(Clone, Copy, Debug)]
pub struct KeyringById(pub KeyringId);

impl Query for KeyringById {
    type Out = Option<Keyring>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT keyring, kind, owner, generation, rotation_due FROM keyring WHERE keyring = ?1",
            [self.0.as_bytes()],
            keyring,
        )
    }
}

/// The keyrings of a user or unit, by the bytes of its id.
#[derive(Clone, Copy, Debug)]
pub struct KeyringsOf(pub [u8; 16]);

impl Query for KeyringsOf {
    type Out = Vec<Keyring>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT keyring, kind, owner, generation, rotation_due FROM keyring WHERE owner = ?1
             ORDER BY kind, keyring LIMIT 1000",
            [self.0],
            keyring,
        )
    }
}

fn member(row: &Row<'_>) -> rusqlite::Result<KeyringMember> {
    Ok(KeyringMember {
        keyring: KeyringId::from_bytes(row.get(0)?),
        member: KeyringId::from_bytes(row.get(1)?),
        generation: row.get(2)?,
    })
}

/// A keyring's members after one of them, by id.
#[derive(Clone, Copy, Debug)]
pub struct KeyringMembers {
    /// The keyring.
    pub keyring: KeyringId,
    /// The last member of the page before.
    pub after: Option<KeyringId>,
    /// Members at most.
    pub max: u32,
}

impl Query for KeyringMembers {
    type Out = Vec<KeyringMember>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let after = self.after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        snapshot.all(
            "SELECT keyring, member, generation FROM keyring_member WHERE keyring = ?1 AND member > ?2
             ORDER BY member LIMIT ?3",
            (self.keyring.as_bytes(), after, page(self.max)),
            member,
        )
    }
}

/// The keyrings that a keyring is a member of.
#[derive(Clone, Copy, Debug)]
pub struct KeyringsWithMember(pub KeyringId);

impl Query for KeyringsWithMember {
    type Out = Vec<KeyringMember>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT keyring, member, generation FROM keyring_member WHERE member = ?1 ORDER BY keyring LIMIT 1000",
            [self.0.as_bytes()],
            member,
        )
    }
}

fn sealed_box(row: &Row<'_>) -> rusqlite::Result<SealedBox> {
    Ok(SealedBox {
        generation: row.get(0)?,
        to: BoxTo { recipient: KeyringId::from_bytes(row.get(1)?), generation: row.get(2)? },
        hash: Bytes32::from_bytes(row.get(3)?),
        bytes: opaque(row, 4)?,
    })
}

/// The boxes of a scope that a recipient can open, newest generation first.
#[derive(Clone, Copy, Debug)]
pub struct BoxesFor {
    /// What they open.
    pub scope: BoxScope,
    /// Who opens them.
    pub recipient: KeyringId,
    /// Only boxes of this generation, epoch or key version.
    pub generation: Option<u64>,
    /// Boxes at most.
    pub max: u32,
}

impl Query for BoxesFor {
    type Out = Vec<SealedBox>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT generation, recipient, recipient_generation, hash, bytes FROM box
             WHERE scope = ?1 AND id = ?2 AND recipient = ?3 AND generation BETWEEN ?4 AND ?5
             ORDER BY generation DESC, recipient_generation DESC LIMIT ?6",
            (
                self.scope.kind(),
                self.scope.id_bytes(),
                self.recipient.as_bytes(),
                self.generation.unwrap_or(0),
                self.generation.unwrap_or(relais_wire::ids::INT_MAX),
                page(self.max),
            ),
            sealed_box,
        )
    }
}

/// What a session has staged for a scope.
#[derive(Clone, Copy, Debug)]
pub struct StagedBoxes(pub SessionId, pub BoxScope);

impl Query for StagedBoxes {
    type Out = Vec<SealedBox>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT generation, recipient, recipient_generation, hash, bytes FROM staged_box
             WHERE session = ?1 AND scope = ?2 AND id = ?3 ORDER BY generation, recipient LIMIT 10000",
            (self.0.as_bytes(), self.1.kind(), self.1.id_bytes()),
            sealed_box,
        )
    }
}
