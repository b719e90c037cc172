//! Who is here: connections, users and sessions in one family of maps that is kept in step.
//!
//! Not known here: what the connections are doing.

use std::collections::HashMap;

use relais_wire::limits::{USER_BUCKET_REFILL_PER_S, USER_BUCKET_TOKENS};
use relais_wire::{SessionId, UserId};

use crate::bucket::Bucket;
use crate::io::Conn;
use crate::limits::USER_CONNECTIONS_MAX;
use crate::session::Session;

/// The family.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    conns: HashMap<Conn, Box<Session>>,
    users: HashMap<UserId, User>,
    sessions: HashMap<SessionId, Conn>,
}

/// A user with a connection here, or whose bucket is not full again.
#[derive(Debug)]
struct User {
    conns: Vec<Conn>,
    bucket: Bucket,
    /// When the wheel will forget the user, if nobody is connected.
    forget_at: Option<u64>,
}

/// What became of a connection that has a session now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The user has no other connection here.
    pub(crate) first: bool,
    /// The wheel was to forget the user then.
    pub(crate) was_to_forget_at: Option<u64>,
}

/// The user has too many connections here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// What became of a connection that is gone.
#[derive(Debug)]
pub(crate) struct Removed {
    pub(crate) session: Box<Session>,
    /// The user has no connection here any more, and is to be forgotten then.
    pub(crate) last: Option<(UserId, u64)>,
}

impl Roster {
    pub(crate) fn len(&self) -> usize {
        self.conns.len()
    }

    /// All connections, in order.
    pub(crate) fn conns(&self) -> Vec<Conn> {
        let mut all: Vec<Conn> = self.conns.keys().copied().collect();
        all.sort_unstable();
        all
    }

    pub(crate) fn open(&mut self, conn: Conn, session: Session) {
        self.conns.insert(conn, Box::new(session));
    }

    pub(crate) fn get(&self, conn: Conn) -> Option<&Session> {
        self.conns.get(&conn).map(AsRef::as_ref)
    }

    pub(crate) fn get_mut(&mut self, conn: Conn) -> Option<&mut Session> {
        self.conns.get_mut(&conn).map(AsMut::as_mut)
    }

    /// A connection and the bucket that its requests are paid from, once it has a user.
    pub(crate) fn with_bucket(&mut self, conn: Conn) -> Option<(&mut Session, Option<&mut Bucket>)> {
        let session = self.conns.get_mut(&conn)?;
        let bucket = session.user().and_then(|user| self.users.get_mut(&user)).map(|user| &mut user.bucket);
        Some((session, bucket))
    }

    /// The user's connections by index, so that a delivery copies no list.
    pub(crate) fn of_user(&self, user: UserId, index: usize) -> Option<Conn> {
        self.users.get(&user)?.conns.get(index).copied()
    }

    /// The connection of a session.
    pub(crate) fn of_session(&self, session: SessionId) -> Option<Conn> {
        self.sessions.get(&session).copied()
    }

    /// Files a connection under its user and session. An older connection of the session was removed before.
    pub(crate) fn sign(&mut self, now: u64, conn: Conn, who: (UserId, SessionId)) -> Result<Signed, TooMany> {
        let user = self.users.entry(who.0).or_insert_with(|| User {
            conns: Vec::new(),
            bucket: Bucket::full(now, USER_BUCKET_TOKENS, USER_BUCKET_REFILL_PER_S),
            forget_at: None,
        });
        if user.conns.len() >= USER_CONNECTIONS_MAX {
            return Err(TooMany);
        }
        let first = user.conns.is_empty();
        user.conns.push(conn);
        self.sessions.insert(who.1, conn);
        Ok(Signed { first, was_to_forget_at: user.forget_at.take() })
    }

    pub(crate) fn remove(&mut self, conn: Conn) -> Option<Removed> {
        let session = self.conns.remove(&conn)?;
        let mut last = None;
        if let Some((id, of)) = session.user().zip(session.session_id()) {
            if self.sessions.get(&of) == Some(&conn) {
                self.sessions.remove(&of);
            }
            if let Some(user) = self.users.get_mut(&id) {
                user.conns.retain(|other| *other != conn);
                if user.conns.is_empty() {
                    let at = user.bucket.full_at();
                    user.forget_at = Some(at);
                    last = Some((id, at));
                }
            }
        }
        Some(Removed { session, last })
    }

    /// The wheel's time for a user without a connection has come.
    pub(crate) fn forget(&mut self, user: UserId) {
        if self.users.get(&user).is_some_and(|user| user.conns.is_empty()) {
            self.users.remove(&user);
        }
    }

    /// Calls for every connection.
    pub(crate) fn each(&self, mut call: impl FnMut(&Session)) {
        self.conns.values().for_each(|session| call(session));
    }

    /// The maps are in step; `kept` says whether the wheel will forget a user then.
    pub(crate) fn check(&self, mut kept: impl FnMut(UserId, u64) -> bool) {
        for (conn, session) in &self.conns {
            assert_eq!(session.conn, *conn, "a connection under another's number");
            if let Some((user, id)) = session.user().zip(session.session_id()) {
                assert_eq!(self.sessions.get(&id), Some(conn), "a session without its connection");
                let filed = self.users.get(&user).is_some_and(|user| user.conns.contains(conn));
                assert!(filed, "a connection that is not filed under its user");
            }
        }
        let signed = self.conns.values().filter(|session| session.user().is_some()).count();
        assert_eq!(self.sessions.len(), signed, "a session of nobody");
        assert_eq!(
            self.users.values().map(|user| user.conns.len()).sum::<usize>(),
            signed,
            "a user of nobody"
        );
        for (id, user) in &self.users {
            assert!(user.conns.len() <= USER_CONNECTIONS_MAX, "too many connections of one user");
            let forgotten = user.forget_at.is_some_and(|at| kept(*id, at));
            assert_eq!(user.conns.is_empty(), forgotten, "a user kept for ever, or forgotten while here");
        }
    }
}
