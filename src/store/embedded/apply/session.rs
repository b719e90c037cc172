//! Sessions.

use crate::{
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    facts::session::Session,
    write::SessionWrite,
};

impl Tx<'_> {
    pub(crate) fn session(&self, write: &SessionWrite) -> Result<(), Stop> {
        match write {
            SessionWrite::Open(session) => self.open_session(session),
            SessionWrite::Revoke(session) => self.must(
                Kind::Session,
                "UPDATE session SET revoked_ms = coalesce(revoked_ms, ?2) WHERE session = ?1",
                (session.as_bytes(), self.at_ms),
            ),
            SessionWrite::RevokeAll { user, except } => {
                self.run(
                    "UPDATE session SET revoked_ms = ?2
                     WHERE user = ?1 AND revoked_ms IS NULL AND session IS NOT ?3",
                    (user.as_bytes(), self.at_ms, except.map(|id| *id.as_bytes())),
                )?;
                // Without an index: the table holds what was begun in the last minutes, and this is rare.
                self.run("DELETE FROM login WHERE user = ?1", [user.as_bytes()]).map(drop)
            }
            SessionWrite::RevokeDevice { user, device } => self
                .run(
                    "UPDATE session SET revoked_ms = ?3 WHERE user = ?1 AND device = ?2 AND revoked_ms IS NULL",
                    (user.as_bytes(), device.as_bytes(), self.at_ms),
                )
                .map(drop),
            SessionWrite::CloseLogin(login) => {
                let sql = "DELETE FROM login WHERE login = ?1 AND expires_ms > ?2";
                if self.run(sql, (login.as_bytes(), self.at_ms))? == 0 {
                    return Err(Refusal::LoginOver.into());
                }
                Ok(())
            }
        }
    }

    fn open_session(&self, session: &Session) -> Result<(), Stop> {
        self.insert(
            Kind::Session,
            Kind::Account,
            "INSERT INTO session (session, user, device, kind, kid, binding, created_ms, expires_ms, seen_ms,
             revoked_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                session.session.as_bytes(),
                session.user.as_bytes(),
                session.device.as_bytes(),
                session.kind.number(),
                session.kid,
                session.binding.as_slice(),
                session.created_ms,
                session.expires_ms,
                session.seen_ms,
                session.revoked_ms,
            ),
        )
    }
}
