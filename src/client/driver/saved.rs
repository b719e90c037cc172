//! What a native client keeps between runs besides its outbox and its threads' states, as bytes.
//!
//! Not known here: where they are kept.

use std::collections::BTreeMap;

use relais_chain::codec::{Reader, Writer};
use relais_wire::account::{Vault, Wrap, WrapKind};
use relais_wire::control::{Cursor, OrgCursor};
use relais_wire::ids::{
    Bytes32, DeviceId, Epoch, InviteId, KeyringId, OrgId, Seq, SessionId, ThreadId, UnitId, UserId,
};
use zeroize::Zeroizing;

use super::book::{ChainName, Pin};
use crate::core::Credentials;
use crate::error::ClientError;

/// Bytes of the local state.
const SAVED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a native client keeps between runs.
pub(crate) struct Saved {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) credentials: Credentials,
    pub(crate) opaque_key: Vec<u8>,
    pub(crate) receipt_key: Vec<u8>,
    pub(crate) vault: Vault,
    pub(crate) wrap_key: Zeroizing<[u8; 32]>,
    pub(crate) wrap: Wrap,
    pub(crate) orgs: Vec<OrgId>,
    pub(crate) org: Option<OrgCursor>,
    pub(crate) personal: Option<Cursor>,
    pub(crate) chains: BTreeMap<ChainName, Pin>,
    pub(crate) threads: BTreeMap<ThreadId, (u64, Bytes32)>,
    /// Up to where the entries of a thread are no news: they were there at the snapshot, or were told to the caller and
    /// handled.
    pub(crate) told: BTreeMap<ThreadId, u64>,
    /// The newest versions seen of key index and pins.
    pub(crate) objects: (Seq, Seq),
    /// Public keys of the invitations made on this device.
    pub(crate) invites: BTreeMap<InviteId, [u8; 32]>,
}

impl Saved {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, ClientError> {
        let mut w = Writer::new();
        let cursor = |w: &mut Writer, at: Option<Cursor>| {
            match at {
                Some(at) => w.array(2).bin(at.epoch.as_bytes()).uint(at.seq.get()),
                None => w.nil(),
            };
        };
        w.array(17).uint(3).bin(self.user.as_bytes()).bin(self.device.as_bytes());
        w.array(4).bin(self.credentials.session.as_bytes()).uint(self.credentials.kid.into());
        w.bin(&self.credentials.key).opt_bin(self.credentials.ticket.as_deref());
        w.bin(&self.opaque_key).bin(&self.receipt_key);
        w.array(2).uint(self.vault.version.get()).bin(&self.vault.ciphertext.0);
        w.bin(&self.wrap_key[..]).bin(&self.wrap.ciphertext.0);
        w.array(self.orgs.len());
        for org in &self.orgs {
            w.bin(org.as_bytes());
        }
        match &self.org {
            Some(org) => {
                w.array(2).bin(org.org.as_bytes());
                cursor(&mut w, org.cursor);
            }
            None => drop(w.nil()),
        }
        cursor(&mut w, self.personal);
        w.array(self.chains.len());
        for (name, pin) in &self.chains {
            let (kind, id) = match name {
                ChainName::User(id) => (1, *id.as_bytes()),
                ChainName::Keyring(id) => (2, *id.as_bytes()),
                ChainName::Unit(id) => (3, *id.as_bytes()),
            };
            w.array(5).uint(kind).bin(&id).bin(pin.first.as_bytes()).uint(pin.seq).bin(pin.head.as_bytes());
        }
        w.array(self.threads.len());
        for (id, (n, head)) in &self.threads {
            w.array(3).bin(id.as_bytes()).uint(*n).bin(head.as_bytes());
        }
        w.array(self.told.len());
        for (id, n) in &self.told {
            w.array(2).bin(id.as_bytes()).uint(*n);
        }
        w.array(2).uint(self.objects.0.get()).uint(self.objects.1.get());
        w.array(self.invites.len());
        for (id, key) in &self.invites {
            w.array(2).bin(id.as_bytes()).bin(key);
        }
        w.finish().map_err(|_| ClientError::TooLarge)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes, SAVED_BYTES_MAX).ok()?;
        r.array(17).ok()?;
        if r.uint().ok()? != 3 {
            return None;
        }
        let user = UserId::from_bytes(r.fixed().ok()?);
        let device = DeviceId::from_bytes(r.fixed().ok()?);
        r.array(4).ok()?;
        let credentials = Credentials {
            session: SessionId::from_bytes(r.fixed().ok()?),
            kid: u32::try_from(r.uint().ok()?).ok()?,
            key: Zeroizing::new(r.bin(256).ok()?.to_vec()),
            ticket: r.opt(|r| r.bin(4_096).map(<[u8]>::to_vec)).ok()?,
        };
        let opaque_key = r.bin(256).ok()?.to_vec();
        let receipt_key = r.bin(256).ok()?.to_vec();
        r.array(2).ok()?;
        let version = Seq::new(r.uint().ok()?).ok()?;
        let vault = Vault { version, ciphertext: r.bin(SAVED_BYTES_MAX).ok()?.into() };
        let wrap_key = Zeroizing::new(r.fixed().ok()?);
        let ciphertext = r.bin(4_096).ok()?.into();
        let wrap = Wrap { kind: WrapKind::KeyFile, label: Vec::new().into(), ciphertext };
        let orgs = r.each(10_000, |r| r.fixed().map(OrgId::from_bytes)).ok()?;
        let org = r
            .opt(|r| {
                r.array(2)?;
                Ok(OrgCursor { org: OrgId::from_bytes(r.fixed()?), cursor: read_cursor(r)? })
            })
            .ok()?;
        let personal = read_cursor(&mut r).ok()?;
        let chains = r.each(1_000_000, read_chain_pin).ok()?.into_iter().collect();
        let threads = r.each(1_000_000, read_thread_pin).ok()?.into_iter().collect();
        let told = r.each(1_000_000, read_told).ok()?.into_iter().collect();
        r.array(2).ok()?;
        let objects = (Seq::new(r.uint().ok()?).ok()?, Seq::new(r.uint().ok()?).ok()?);
        let invites = r
            .each(100_000, |r| {
                r.array(2)?;
                Ok((InviteId::from_bytes(r.fixed()?), r.fixed()?))
            })
            .ok()?
            .into_iter()
            .collect();
        r.end().ok()?;
        Some(Self {
            user,
            device,
            credentials,
            opaque_key,
            receipt_key,
            vault,
            wrap_key,
            wrap,
            orgs,
            org,
            personal,
            chains,
            threads,
            told,
            objects,
            invites,
        })
    }
}

fn read_cursor(r: &mut Reader<'_>) -> Result<Option<Cursor>, relais_chain::ChainError> {
    r.opt(|r| {
        r.array(2)?;
        let epoch = Epoch::from_bytes(r.fixed()?);
        let seq = Seq::new(r.uint()?).map_err(|_| relais_chain::ChainError::IntTooLarge)?;
        Ok(Cursor { epoch, seq })
    })
}

fn read_chain_pin(r: &mut Reader<'_>) -> Result<(ChainName, Pin), relais_chain::ChainError> {
    r.array(5)?;
    let (kind, id) = (r.uint()?, r.fixed()?);
    let name = match kind {
        1 => ChainName::User(UserId::from_bytes(id)),
        2 => ChainName::Keyring(KeyringId::from_bytes(id)),
        3 => ChainName::Unit(UnitId::from_bytes(id)),
        _ => return Err(relais_chain::ChainError::OutOfRange),
    };
    let first = Bytes32::from_bytes(r.fixed()?);
    Ok((name, Pin { first, seq: r.uint()?, head: Bytes32::from_bytes(r.fixed()?) }))
}

fn read_thread_pin(r: &mut Reader<'_>) -> Result<(ThreadId, (u64, Bytes32)), relais_chain::ChainError> {
    r.array(3)?;
    let id = ThreadId::from_bytes(r.fixed()?);
    Ok((id, (r.uint()?, Bytes32::from_bytes(r.fixed()?))))
}

fn read_told(r: &mut Reader<'_>) -> Result<(ThreadId, u64), relais_chain::ChainError> {
    r.array(2)?;
    Ok((ThreadId::from_bytes(r.fixed()?), r.uint()?))
}
