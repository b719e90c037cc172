//! Reads of accounts and of the secret-bearing objects beside them.

use relais_wire::ids::{Bytes32, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, decoded, opaque};
use crate::facts::{
    Personal,
    account::{Account, Recovery, UserObject, Versioned, Wrap, WrapKind},
};

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: UserId::from_bytes(row.get(0)?),
        name: Personal(row.get(1)?),
        locale: row.get(2)?,
        record: row.get::<_, Option<Vec<u8>>>(3)?.map(Into::into),
        suspended_ms: row.get(4)?,
        created_ms: row.get(5)?,
        version: row.get(6)?,
    })
}

/// One account.
#[derive(Clone, Copy, Debug)]
pub struct AccountById(pub UserId);

impl Query for AccountById {
    type Out = Option<Account>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT user, name, locale, record, suspended_ms, created_ms, version FROM account WHERE user = ?1",
            [self.0.as_bytes()],
            account,
        )
    }
}

/// The account that has an address, normalised as it was stored.
#[derive(Clone, Debug)]
pub struct AccountByEmail(pub Personal);

impl Query for AccountByEmail {
    type Out = Option<Account>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT a.user, a.name, a.locale, a.record, a.suspended_ms, a.created_ms, a.version
             FROM email e JOIN account a ON a.user = e.user WHERE e.email = ?1",
            [self.0.as_str()],
            account,
        )
    }
}

/// A user's addresses, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct EmailsOf(pub UserId);

impl Query for EmailsOf {
    type Out = Vec<Personal>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT email FROM email WHERE user = ?1 ORDER BY at_ms, email LIMIT 100",
            [self.0.as_bytes()],
            |row| row.get(0).map(Personal),
        )
    }
}

/// A user's vault, key index or pins.
#[derive(Clone, Copy, Debug)]
pub struct ObjectOf(pub UserId, pub UserObject);

impl Query for ObjectOf {
    type Out = Option<Versioned>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT version, bytes FROM user_object WHERE user = ?1 AND object = ?2",
            (self.0.as_bytes(), self.1.number()),
            |row| Ok(Versioned { version: row.get(0)?, bytes: opaque(row, 1)? }),
        )
    }
}

/// All wraps of a user's vault key.
#[derive(Clone, Copy, Debug)]
pub struct WrapsOf(pub UserId);

impl Query for WrapsOf {
    type Out = Vec<Wrap>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT kind, slot, bytes FROM wrap WHERE user = ?1 ORDER BY kind, slot LIMIT 1000",
            [self.0.as_bytes()],
            |row| {
                Ok(Wrap {
                    kind: decoded(row, 0, WrapKind::from_number)?,
                    slot: opaque(row, 1)?,
                    bytes: opaque(row, 2)?,
                })
            },
        )
    }
}

/// A user's recovery record.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryOf(pub UserId);

impl Query for RecoveryOf {
    type Out = Option<Recovery>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT server_half, auth_key, release_at_ms FROM recovery WHERE user = ?1",
            [self.0.as_bytes()],
            |row| {
                Ok(Recovery {
                    server_half: opaque(row, 0)?,
                    auth_key: Bytes32::from_bytes(row.get(1)?),
                    release_at_ms: row.get(2)?,
                })
            },
        )
    }
}

/// Suspended accounts: what a server loads at start, so that it need not ask for each request.
#[derive(Clone, Copy, Debug)]
pub struct SuspendedAccounts;

impl Query for SuspendedAccounts {
    type Out = Vec<UserId>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all("SELECT user FROM account WHERE suspended_ms IS NOT NULL ORDER BY user", [], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }
}
