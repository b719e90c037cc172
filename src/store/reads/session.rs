//! Reads of sign-ins under way, sessions and counters.

use relais_wire::ids::{Bytes32, DeviceId, LoginId, SessionId, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, decoded, maybe, opaque};
use crate::facts::{
    Personal,
    session::{Login, LoginStage, Session, SessionKind},
};

/// A sign-in under way, whether or not its time is over.
#[derive(Clone, Copy, Debug)]
pub struct LoginById(pub LoginId);

impl Query for LoginById {
    type Out = Option<Login>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT user, email, stage, state, code, tries, expires_ms FROM login WHERE login = ?1",
            [self.0.as_bytes()],
            |row| {
                Ok(Login {
                    login: self.0,
                    user: maybe(row, 0, UserId::from_bytes)?,
                    email: row.get::<_, Option<String>>(1)?.map(Personal),
                    stage: decoded(row, 2, LoginStage::from_number)?,
                    state: opaque(row, 3)?,
                    code: row.get::<_, Option<[u8; 32]>>(4)?.map(Bytes32::from_bytes),
                    tries: row.get(5)?,
                    expires_ms: row.get(6)?,
                })
            },
        )
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        session: SessionId::from_bytes(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        device: DeviceId::from_bytes(row.get(2)?),
        kind: decoded(row, 3, SessionKind::from_number)?,
        kid: row.get(4)?,
        binding: opaque(row, 5)?,
        created_ms: row.get(6)?,
        expires_ms: row.get(7)?,
        seen_ms: row.get(8)?,
        revoked_ms: row.get(9)?,
    })
}

/// One session, revoked or not.
#[derive(Clone, Copy, Debug)]
pub struct SessionById(pub SessionId);

impl Query for SessionById {
    type Out = Option<Session>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT session, user, device, kind, kid, binding, created_ms, expires_ms, seen_ms, revoked_ms
             FROM session WHERE session = ?1",
            [self.0.as_bytes()],
            session,
        )
    }
}

/// A user's sessions that are neither revoked nor over at `now_ms`, newest first.
#[derive(Clone, Copy, Debug)]
pub struct SessionsOf {
    /// Whose.
    pub user: UserId,
    /// Server time, in milliseconds.
    pub now_ms: u64,
}

impl Query for SessionsOf {
    type Out = Vec<Session>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT session, user, device, kind, kid, binding, created_ms, expires_ms, seen_ms, revoked_ms
             FROM session WHERE user = ?1 AND revoked_ms IS NULL AND expires_ms > ?2
             ORDER BY created_ms DESC LIMIT 1000",
            (self.user.as_bytes(), self.now_ms),
            session,
        )
    }
}

/// The sessions revoked since a time: what a server loads at start, as tickets outlive a revocation by minutes.
#[derive(Clone, Copy, Debug)]
pub struct RevokedSince(pub u64);

impl Query for RevokedSince {
    type Out = Vec<(SessionId, u64)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT session, revoked_ms FROM session WHERE revoked_ms >= ?1 ORDER BY revoked_ms",
            [self.0],
            |row| Ok((SessionId::from_bytes(row.get(0)?), row.get(1)?)),
        )
    }
}

/// The sessions of a user that were revoked since a time.
#[derive(Clone, Copy, Debug)]
pub struct RevokedOf {
    /// Whose.
    pub user: UserId,
    /// Server time, in milliseconds.
    pub since_ms: u64,
}

impl Query for RevokedOf {
    type Out = Vec<SessionId>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT session FROM session WHERE user = ?1 AND revoked_ms >= ?2",
            (self.user.as_bytes(), self.since_ms),
            |row| Ok(SessionId::from_bytes(row.get(0)?)),
        )
    }
}

/// A counter: how often within its window, and when the window ends. `None` when it is over.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// The key it is counted under.
    pub key: Bytes32,
    /// Server time, in milliseconds.
    pub now_ms: u64,
}

impl Query for Throttle {
    type Out = Option<(u32, u64)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT count, ends_ms FROM throttle WHERE key = ?1 AND ends_ms > ?2",
            (self.key.as_bytes(), self.now_ms),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
