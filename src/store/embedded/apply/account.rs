//! The instance's values and accounts.

use relais_wire::ids::UserId;

use crate::{
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    facts::{
        Opaque,
        account::{Account, Recovery, UserObject, Wrap},
        session::TicketKey,
    },
    write::{AccountWrite, InstanceKey},
};

impl Tx<'_> {
    pub(crate) fn instance(&self, key: InstanceKey, value: &Opaque) -> Result<(), Stop> {
        self.run(
            "INSERT INTO instance (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key.number(), value.as_slice()),
        )
        .map(drop)
    }

    pub(crate) fn put_ticket_key(&self, key: &TicketKey) -> Result<(), Stop> {
        self.insert(
            Kind::TicketKey,
            Kind::TicketKey,
            "INSERT INTO ticket_key (kid, key, created_ms) VALUES (?1, ?2, ?3)",
            (key.kid, key.key.as_slice(), key.created_ms),
        )
    }

    pub(crate) fn account(&self, write: &AccountWrite) -> Result<(), Stop> {
        match write {
            AccountWrite::Create(account) => self.create_account(account),
            AccountWrite::AddEmail { user, email } => self.insert(
                Kind::Email,
                Kind::Account,
                "INSERT INTO email (email, user, at_ms) VALUES (?1, ?2, ?3)",
                (email.as_str(), user.as_bytes(), self.at_ms),
            ),
            AccountWrite::RemoveEmail { user, email } => self.must(
                Kind::Email,
                "DELETE FROM email WHERE email = ?1 AND user = ?2",
                (email.as_str(), user.as_bytes()),
            ),
            AccountWrite::SetRecord { user, record } => self.must(
                Kind::Account,
                "UPDATE account SET record = ?2, version = version + 1 WHERE user = ?1",
                (user.as_bytes(), record.as_slice()),
            ),
            AccountWrite::SetProfile { user, name, locale } => self.must(
                Kind::Account,
                "UPDATE account SET name = ?2, locale = ?3, version = version + 1 WHERE user = ?1",
                (user.as_bytes(), name.as_str(), locale),
            ),
            AccountWrite::SetSuspended { user, suspended } => self.must(
                Kind::Account,
                "UPDATE account SET suspended_ms = ?2, version = version + 1 WHERE user = ?1",
                (user.as_bytes(), suspended.then_some(self.at_ms)),
            ),
            AccountWrite::PutObject { user, object, expect, bytes } => {
                self.put_object(*user, *object, *expect, bytes)
            }
            AccountWrite::PutWrap { user, wrap } => self.put_wrap(*user, wrap),
            AccountWrite::DropWraps { user, kind } => self
                .run("DELETE FROM wrap WHERE user = ?1 AND kind = ?2", (user.as_bytes(), kind.number()))
                .map(drop),
            AccountWrite::PutRecovery { user, recovery } => self.put_recovery(*user, recovery),
            AccountWrite::ReleaseRecovery { user, auth_key, at_ms } => self.must(
                Kind::Recovery,
                "UPDATE recovery SET release_at_ms = ?3 WHERE user = ?1 AND auth_key = ?2",
                (user.as_bytes(), auth_key.as_bytes(), at_ms),
            ),
        }
    }

    fn create_account(&self, account: &Account) -> Result<(), Stop> {
        self.insert(
            Kind::Account,
            Kind::Account,
            "INSERT INTO account (user, name, locale, record, created_ms, version) VALUES (?1, ?2, ?3, ?4, ?5, 1)",
            (
                account.user.as_bytes(),
                account.name.as_str(),
                &account.locale,
                account.record.as_ref().map(Opaque::as_slice),
                account.created_ms,
            ),
        )
    }

    fn put_object(&self, user: UserId, object: UserObject, expect: u64, bytes: &Opaque) -> Result<(), Stop> {
        let sql = "SELECT version FROM user_object WHERE user = ?1 AND object = ?2";
        let actual = self.one(sql, (user.as_bytes(), object.number()), |row| row.get(0))?.unwrap_or(0);
        if actual != expect {
            return Err(Refusal::Version { kind: Kind::UserObject, actual }.into());
        }
        self.insert(
            Kind::UserObject,
            Kind::Account,
            "INSERT INTO user_object (user, object, version, bytes, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (user, object) DO UPDATE
             SET version = excluded.version, bytes = excluded.bytes, at_ms = excluded.at_ms",
            (user.as_bytes(), object.number(), expect.saturating_add(1), bytes.as_slice(), self.at_ms),
        )
    }

    fn put_wrap(&self, user: UserId, wrap: &Wrap) -> Result<(), Stop> {
        self.insert(
            Kind::UserObject,
            Kind::Account,
            "INSERT INTO wrap (user, kind, slot, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user, kind, slot) DO UPDATE SET bytes = excluded.bytes",
            (user.as_bytes(), wrap.kind.number(), wrap.slot.as_slice(), wrap.bytes.as_slice()),
        )
    }

    fn put_recovery(&self, user: UserId, recovery: &Recovery) -> Result<(), Stop> {
        self.insert(
            Kind::Recovery,
            Kind::Account,
            "INSERT INTO recovery (user, server_half, auth_key, release_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user) DO UPDATE SET server_half = excluded.server_half, auth_key = excluded.auth_key,
             release_at_ms = excluded.release_at_ms",
            (
                user.as_bytes(),
                recovery.server_half.as_slice(),
                recovery.auth_key.as_bytes(),
                recovery.release_at_ms,
            ),
        )
    }
}
