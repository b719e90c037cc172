//! Guards.

use relais_chain::head::HeadState;
use relais_wire::ids::Seq;

use crate::{
    commit::Guard,
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    facts::Opaque,
    reads,
};

impl Tx<'_> {
    pub(crate) fn guard(&mut self, guard: &Guard) -> Result<(), Stop> {
        match guard {
            Guard::AccountActive(user) => {
                let sql = "SELECT suspended_ms IS NOT NULL FROM account WHERE user = ?1";
                match self.one(sql, [user.as_bytes()], |row| row.get(0))? {
                    Some(false) => Ok(()),
                    Some(true) => Err(Refusal::Suspended.into()),
                    None => Err(Refusal::Missing(Kind::Account).into()),
                }
            }
            Guard::AccountVersion(user, version) => {
                let sql = "SELECT version FROM account WHERE user = ?1";
                let actual = self.one(sql, [user.as_bytes()], |row| row.get(0))?.unwrap_or(0);
                holds(actual == *version, Refusal::Version { kind: Kind::Account, actual })
            }
            Guard::SessionLive(session) => {
                let sql =
                    "SELECT 1 FROM session WHERE session = ?1 AND revoked_ms IS NULL AND expires_ms > ?2";
                let live = self.one(sql, (session.as_bytes(), self.at_ms), |_| Ok(()))?.is_some();
                holds(live, Refusal::SessionOver)
            }
            Guard::ChainHead(chain, hash) => {
                let actual = reads::chain_head(&self.snapshot(), *chain)?;
                holds(actual.map(|head| head.hash) == *hash, Refusal::ChainHead { chain: *chain, actual })
            }
            Guard::Instance(key, value) => {
                let sql = "SELECT value FROM instance WHERE key = ?1";
                let actual: Option<Vec<u8>> = self.one(sql, [key.number()], |row| row.get(0))?;
                holds(actual.as_deref() == value.as_ref().map(Opaque::as_slice), Refusal::InstanceChanged)
            }
        }
    }
}

/// The refusal that tells a client where the thread stands now.
pub(super) fn stale(at: &HeadState) -> Refusal {
    let n = Seq::new(at.n).unwrap_or_default();
    Refusal::Stale { thread: at.thread, epoch: at.epoch, n, head: at.head, ctrl_head: at.ctrl_head }
}

fn holds(condition: bool, otherwise: Refusal) -> Result<(), Stop> {
    if condition { Ok(()) } else { Err(otherwise.into()) }
}
