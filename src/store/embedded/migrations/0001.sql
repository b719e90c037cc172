-- Version 1. Ids are 16 bytes, hashes 32, times server milliseconds. Enums are the numbers of the facts modules.

CREATE TABLE instance (key INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;

CREATE TABLE ticket_key (kid INTEGER PRIMARY KEY, key BLOB NOT NULL, created_ms INTEGER NOT NULL) STRICT;

-- The rowid grows with time, so that sweeping removes a prefix and needs no index of its own.
CREATE TABLE idem (
  id INTEGER PRIMARY KEY, user BLOB NOT NULL, key BLOB NOT NULL, request BLOB NOT NULL,
  receipt BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX idem_key ON idem (user, key);

-- Accounts and sign-in
CREATE TABLE account (
  user BLOB PRIMARY KEY, name TEXT NOT NULL, locale TEXT NOT NULL, record BLOB, suspended_ms INTEGER,
  created_ms INTEGER NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE email (
  email TEXT PRIMARY KEY, user BLOB NOT NULL REFERENCES account, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX email_user ON email (user);
CREATE TABLE user_object (
  user BLOB NOT NULL REFERENCES account, object INTEGER NOT NULL, version INTEGER NOT NULL, bytes BLOB NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY (user, object)) STRICT;
CREATE TABLE wrap (
  user BLOB NOT NULL REFERENCES account, kind INTEGER NOT NULL, slot BLOB NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (user, kind, slot)) STRICT;
CREATE TABLE recovery (
  user BLOB PRIMARY KEY REFERENCES account, server_half BLOB NOT NULL, auth_key BLOB NOT NULL,
  release_at_ms INTEGER) STRICT;
CREATE TABLE login (
  login BLOB PRIMARY KEY, user BLOB, email TEXT, stage INTEGER NOT NULL, state BLOB NOT NULL, code BLOB,
  tries INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;
CREATE INDEX login_expiry ON login (expires_ms);
CREATE TABLE throttle (
  key BLOB PRIMARY KEY, count INTEGER NOT NULL, ends_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_end ON throttle (ends_ms);
CREATE TABLE session (
  session BLOB PRIMARY KEY, user BLOB NOT NULL REFERENCES account, device BLOB NOT NULL, kind INTEGER NOT NULL,
  kid INTEGER NOT NULL, binding BLOB NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL, revoked_ms INTEGER) STRICT;
CREATE INDEX session_user ON session (user);
CREATE INDEX session_revoked ON session (revoked_ms) WHERE revoked_ms IS NOT NULL;

-- Signed chains of users, keyrings and units; links are never changed.
CREATE TABLE link (
  kind INTEGER NOT NULL, chain BLOB NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, object BLOB NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY (kind, chain, n)) STRICT, WITHOUT ROWID;
CREATE TRIGGER link_update BEFORE UPDATE ON link BEGIN SELECT RAISE(ABORT, 'links are immutable'); END;
CREATE TRIGGER link_delete BEFORE DELETE ON link BEGIN SELECT RAISE(ABORT, 'links are immutable'); END;
CREATE TABLE keyring (
  keyring BLOB PRIMARY KEY, kind INTEGER NOT NULL, owner BLOB NOT NULL, generation INTEGER NOT NULL,
  rotation_due INTEGER NOT NULL) STRICT;
CREATE INDEX keyring_owner ON keyring (owner, kind);
CREATE TABLE keyring_member (
  keyring BLOB NOT NULL, member BLOB NOT NULL, generation INTEGER NOT NULL,
  PRIMARY KEY (keyring, member)) STRICT, WITHOUT ROWID;
CREATE INDEX keyring_member_of ON keyring_member (member, keyring);
CREATE TABLE box (
  scope INTEGER NOT NULL, id BLOB NOT NULL, recipient BLOB NOT NULL, generation INTEGER NOT NULL,
  recipient_generation INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (scope, id, recipient, generation, recipient_generation)) STRICT, WITHOUT ROWID;
CREATE TABLE staged_box (
  session BLOB NOT NULL, scope INTEGER NOT NULL, id BLOB NOT NULL, recipient BLOB NOT NULL,
  generation INTEGER NOT NULL, recipient_generation INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (session, scope, id, recipient, generation, recipient_generation)) STRICT, WITHOUT ROWID;
CREATE INDEX staged_box_age ON staged_box (at_ms);

-- Threads. `key` is a small number that stands for the thread in the wide tables.
CREATE TABLE thread (
  key INTEGER PRIMARY KEY, thread BLOB NOT NULL UNIQUE, org BLOB, kind INTEGER NOT NULL, n INTEGER NOT NULL,
  head BLOB NOT NULL, ctrl_n INTEGER NOT NULL, ctrl_head BLOB NOT NULL, epoch INTEGER NOT NULL,
  phase INTEGER NOT NULL, closed_ms INTEGER,
  created_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;
CREATE TABLE entry (
  thread INTEGER NOT NULL REFERENCES thread, n INTEGER NOT NULL, control INTEGER NOT NULL, kind INTEGER NOT NULL,
  msg_id BLOB NOT NULL, author BLOB NOT NULL, device BLOB NOT NULL, aseq INTEGER NOT NULL, head BLOB NOT NULL,
  hash BLOB NOT NULL, core BLOB NOT NULL, payload_hash BLOB NOT NULL, payload BLOB, sig BLOB NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY (thread, n)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_msg ON entry (thread, msg_id);
CREATE INDEX entry_control ON entry (thread, n) WHERE control = 1;
CREATE TRIGGER entry_update BEFORE UPDATE OF thread, n, control, kind, msg_id, author, device, aseq, head, hash,
  core, payload_hash, sig, at_ms ON entry BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TRIGGER entry_payload BEFORE UPDATE OF payload ON entry WHEN NEW.payload IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a payload can only be dropped'); END;
CREATE TRIGGER entry_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TABLE author (
  thread INTEGER NOT NULL, author BLOB NOT NULL, device BLOB NOT NULL, aseq INTEGER NOT NULL,
  key_generation INTEGER NOT NULL, PRIMARY KEY (thread, author, device)) STRICT, WITHOUT ROWID;
CREATE TABLE thread_state (
  thread INTEGER PRIMARY KEY REFERENCES thread, n INTEGER NOT NULL, digest BLOB NOT NULL,
  bytes BLOB NOT NULL) STRICT;
CREATE TABLE participant (
  thread INTEGER NOT NULL REFERENCES thread, kind INTEGER NOT NULL, party BLOB NOT NULL, as_org BLOB,
  standing INTEGER NOT NULL, role INTEGER NOT NULL, visible_from INTEGER NOT NULL, visible_to INTEGER,
  triage INTEGER, responsible BLOB, invite_key BLOB,
  PRIMARY KEY (thread, kind, party)) STRICT, WITHOUT ROWID;
CREATE INDEX participant_party ON participant (kind, party, standing, thread);
CREATE TABLE read_cursor (
  thread INTEGER NOT NULL, user BLOB NOT NULL, upto INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (thread, user)) STRICT, WITHOUT ROWID;

-- Streams. The head is the last entry, or `pruned` where all are gone; so no counter row is written per entry.
CREATE TABLE stream (
  key INTEGER PRIMARY KEY, user BLOB NOT NULL, context BLOB NOT NULL, pruned INTEGER NOT NULL DEFAULT 0,
  UNIQUE (user, context)) STRICT;
CREATE TABLE stream_entry (
  stream INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, body INTEGER, thread INTEGER, n INTEGER,
  PRIMARY KEY (stream, seq)) STRICT, WITHOUT ROWID;
-- Numbers are never used again: an entry that outlived its body must not show another's.
CREATE TABLE event_body (id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE applied_cursor (
  stream INTEGER NOT NULL, device BLOB NOT NULL, upto INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (stream, device)) STRICT, WITHOUT ROWID;

-- Directory
CREATE TABLE unit (
  unit BLOB PRIMARY KEY, org BLOB NOT NULL, parent BLOB, name TEXT NOT NULL, profile BLOB NOT NULL,
  version INTEGER NOT NULL) STRICT;
CREATE INDEX unit_org ON unit (org, unit);
CREATE TABLE team (
  team BLOB PRIMARY KEY, everyone BLOB, org BLOB NOT NULL, unit BLOB NOT NULL, name TEXT NOT NULL,
  profile BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX team_org ON team (org, team);
CREATE TABLE person (
  org BLOB NOT NULL, user BLOB NOT NULL, name TEXT NOT NULL, keywords TEXT NOT NULL, profile BLOB NOT NULL,
  version INTEGER NOT NULL, PRIMARY KEY (org, user)) STRICT;
CREATE INDEX person_user ON person (user);
CREATE TABLE membership (
  kind INTEGER NOT NULL, id BLOB NOT NULL, user BLOB NOT NULL, org BLOB NOT NULL, manager INTEGER NOT NULL,
  roles TEXT NOT NULL, since_ms INTEGER NOT NULL, PRIMARY KEY (kind, id, user)) STRICT, WITHOUT ROWID;
CREATE INDEX membership_user ON membership (user);
CREATE TABLE invite (
  invite BLOB PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, org BLOB, thread BLOB, by BLOB,
  details BLOB NOT NULL, expires_ms INTEGER NOT NULL, used_ms INTEGER, used_by BLOB, withdrawn_ms INTEGER) STRICT;
CREATE INDEX invite_org ON invite (org);

-- Files
CREATE TABLE blob (
  blob BLOB PRIMARY KEY, owner BLOB NOT NULL, created_ms INTEGER NOT NULL, size INTEGER, hash BLOB,
  completed_ms INTEGER) STRICT;
CREATE INDEX blob_age ON blob (created_ms);
CREATE TABLE blob_ref (
  blob BLOB NOT NULL REFERENCES blob, thread BLOB NOT NULL, PRIMARY KEY (blob, thread)) STRICT, WITHOUT ROWID;

-- Audit. `log` is the organization, or empty for the instance. Never changed, never removed (AUD-04).
CREATE TABLE audit (
  log BLOB NOT NULL, idx INTEGER NOT NULL, at_ms INTEGER NOT NULL, leaf BLOB NOT NULL, chain BLOB NOT NULL,
  PRIMARY KEY (log, idx)) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is immutable'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is immutable'); END;
