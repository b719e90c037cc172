//! A thread's verified state as bytes, so that a client resumes from what it pinned instead of verifying
//! every entry again, and a server does not fold a thread on every request.
//!
//! The bytes are deterministic: equal states give equal bytes, so the digest can be compared between two
//! implementations. A snapshot is trusted only through its digest, kept where the keeper trusts itself (the
//! pins of a vault, the server's own store).
//!
//! Layout: `[v=1, [thread(16), n, head(32), ctrl_n, ctrl_head(32), epoch, phase], [form, context|nil, policy,
//! priority], [[party, presence]…], [[TM(16), triage, id(16)|nil]…], [[invite(16), inviter(16), party
//! id|nil, key(32)|nil, standing, history, expires|nil]…], [[org(16), file(16)]…], [epoch, commit(32),
//! recipients], wall_due, [[user(16), device(16), aseq]…], [[user(16), generation]…], update_needed]`
//!
//! Every list is strictly ascending by its first field (writers by user and device). Triage: 0 waiting, 1
//! taken, 2 assigned, 3 forwarded.
//!
//! Not known here: where snapshots are kept.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, DeviceId, FileId, KeyringId, MsgId, OrgId, ThreadId, UserId};

use crate::codec::{Reader, Writer, ascending};
use crate::control::Form;
use crate::entry::Priority;
use crate::error::ChainError;
use crate::hash;
use crate::head::{HeadState, Phase};
use crate::keyring_body::Recipient;
use crate::keys::PublicKey;
use crate::limits::{INVITES_MAX, LINKS_MAX, PARTIES_MAX, SNAPSHOT_BYTES_MAX, WRITERS_MAX};
use crate::link::VERSION;
use crate::party::{History, Party, PartyId, Policy, Presence, Triage};
use crate::roster::{EpochState, InviteFor, OpenInvite, Participant, Roster};
use crate::thread::ThreadState;
use crate::unit::Standing;

impl ThreadState {
    /// The snapshot's bytes.
    ///
    /// # Errors
    /// [`ChainError::TooLong`], which no state within the limits reaches.
    pub fn to_snapshot(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        w.array(12).uint(VERSION);
        write_head(&mut w, &self.head);
        write_roster(&mut w, &self.roster);
        w.array(self.writers.len());
        for ((user, device), aseq) in &self.writers {
            w.array(3).bin(user.as_bytes()).bin(device.as_bytes()).uint(*aseq);
        }
        w.array(self.key_generations.len());
        for (user, generation) in &self.key_generations {
            w.array(2).bin(user.as_bytes()).uint(*generation);
        }
        w.uint(self.update_needed.into());
        let bytes = w.finish()?;
        if bytes.len() > SNAPSHOT_BYTES_MAX { Err(ChainError::TooLong) } else { Ok(bytes) }
    }

    /// Resumes from a snapshot that has this SHA-256.
    ///
    /// # Errors
    /// [`ChainError::BadSnapshot`] for another digest or contradictions; 1xx errors.
    pub fn from_snapshot(bytes: &[u8], digest: &Bytes32) -> Result<Self, ChainError> {
        if hash::sha256(bytes) != *digest {
            return Err(ChainError::BadSnapshot);
        }
        let mut r = Reader::new(bytes, SNAPSHOT_BYTES_MAX)?;
        r.array(12)?;
        if r.uint()? != VERSION {
            return Err(ChainError::UnknownVersion);
        }
        let head = read_head(&mut r)?;
        let mut roster = read_roster(&mut r)?;
        let writers = read_map(&mut r, WRITERS_MAX, |r| {
            r.array(3)?;
            let user = UserId::from_bytes(r.fixed()?);
            Ok(((user, DeviceId::from_bytes(r.fixed()?)), r.uint()?))
        })?;
        let key_generations = read_map(&mut r, WRITERS_MAX, |r| {
            r.array(2)?;
            Ok((UserId::from_bytes(r.fixed()?), r.uint()?))
        })?;
        let update_needed = r.flag()?;
        r.end()?;
        roster.closed = head.phase == Phase::Closed;
        if head.n > 0 && (roster.phase() != head.phase || roster.epoch.number != head.epoch) {
            return Err(ChainError::BadSnapshot);
        }
        Ok(Self { head, roster, writers, key_generations, update_needed })
    }
}

fn read_map<K: Ord + Copy, V: Copy>(
    r: &mut Reader<'_>,
    max: usize,
    read: impl FnMut(&mut Reader<'_>) -> Result<(K, V), ChainError>,
) -> Result<BTreeMap<K, V>, ChainError> {
    let all = r.each(max, read)?;
    ascending(&all, |(key, _)| *key)?;
    Ok(all.into_iter().collect())
}

fn write_head(w: &mut Writer, head: &HeadState) {
    w.array(7).bin(head.thread.as_bytes()).uint(head.n).bin(head.head.as_bytes());
    w.uint(head.ctrl_n).bin(head.ctrl_head.as_bytes()).uint(head.epoch).uint(head.phase as u64);
}

fn read_head(r: &mut Reader<'_>) -> Result<HeadState, ChainError> {
    r.array(7)?;
    Ok(HeadState {
        thread: ThreadId::from_bytes(r.fixed()?),
        n: r.uint()?,
        head: Bytes32::from_bytes(r.fixed()?),
        ctrl_n: r.uint()?,
        ctrl_head: Bytes32::from_bytes(r.fixed()?),
        epoch: r.uint()?,
        phase: match r.uint_max(2)? {
            0 => Phase::Open,
            1 => Phase::EpochDue,
            _ => Phase::Closed,
        },
    })
}

fn write_roster(w: &mut Writer, roster: &Roster) {
    w.array(4).uint(roster.form as u64);
    w.opt_bin(roster.context.as_ref().map(|org| &org.as_bytes()[..]));
    roster.policy.write(w);
    w.uint(roster.priority as u64);
    w.array(roster.parties.len());
    for participant in roster.parties.values() {
        w.array(2);
        participant.party.write(w);
        w.uint(participant.presence as u64);
    }
    w.array(roster.triage.len());
    for (team, triage) in &roster.triage {
        w.array(3).bin(team.as_bytes());
        match triage {
            Triage::Waiting => w.uint(0).nil(),
            Triage::Taken(user) => w.uint(1).bin(user.as_bytes()),
            Triage::Assigned(user) => w.uint(2).bin(user.as_bytes()),
            Triage::Forwarded(to) => w.uint(3).bin(to.as_bytes()),
        };
    }
    w.array(roster.invites.len());
    for (id, invite) in &roster.invites {
        write_invite(w, *id, invite);
    }
    w.array(roster.links.len());
    for (org, file) in &roster.links {
        w.array(2).bin(org.as_bytes()).bin(file.as_bytes());
    }
    w.array(3).uint(roster.epoch.number).bin(roster.epoch.commit.as_bytes());
    let recipients: Vec<_> = roster.epoch.recipients.values().copied().collect();
    Recipient::write_all(w, &recipients);
    w.uint(roster.wall_due.into());
}

fn write_invite(w: &mut Writer, id: MsgId, invite: &OpenInvite) {
    w.array(7).bin(id.as_bytes()).bin(invite.inviter.as_bytes());
    match invite.invitee {
        InviteFor::Party(party) => {
            party.write(w);
            w.nil().uint(0);
        }
        InviteFor::Bearer { key, standing } => {
            w.nil().bin(&key.to_bytes()).uint(standing as u64);
        }
    }
    w.uint(invite.history as u64).opt_uint(invite.expires_ms);
}

fn read_roster(r: &mut Reader<'_>) -> Result<Roster, ChainError> {
    r.array(4)?;
    let form = if r.flag()? { Form::Direct } else { Form::Thread };
    let context = r.opt(|r| r.fixed().map(OrgId::from_bytes))?;
    let policy = Policy::read(r)?;
    let priority = Priority::read(r)?;
    let parties = read_map(r, PARTIES_MAX, read_participant)?;
    let triage = read_map(r, PARTIES_MAX, read_triage)?;
    let invites = read_map(r, INVITES_MAX, read_invite)?;
    let links = read_map(r, LINKS_MAX, |r| {
        r.array(2)?;
        Ok((OrgId::from_bytes(r.fixed()?), FileId::from_bytes(r.fixed()?)))
    })?;
    r.array(3)?;
    let number = r.uint()?;
    let commit = Bytes32::from_bytes(r.fixed()?);
    // Boxes added since the epoch began stand beside its own, so the bound is that of parties.
    let recipients = Recipient::read_all(r, 2 * PARTIES_MAX)?;
    let recipients = recipients.into_iter().map(|recipient| (recipient.keyring, recipient)).collect();
    let epoch = EpochState { number, commit, recipients };
    let wall_due = r.flag()?;
    Ok(Roster {
        form,
        context,
        policy,
        priority,
        parties,
        triage,
        invites,
        links,
        epoch,
        wall_due,
        closed: false,
    })
}

fn read_participant(r: &mut Reader<'_>) -> Result<(PartyId, Participant), ChainError> {
    r.array(2)?;
    let party = Party::read(r)?;
    let presence = match r.uint_max(4)? {
        0 => Presence::Active,
        1 => Presence::Invited,
        2 => Presence::Left,
        3 => Presence::Removed,
        _ => Presence::Declined,
    };
    Ok((party.id(), Participant { party, presence }))
}

fn read_triage(r: &mut Reader<'_>) -> Result<(KeyringId, Triage), ChainError> {
    r.array(3)?;
    let team = KeyringId::from_bytes(r.fixed()?);
    let tag = r.uint_max(3)?;
    let id = r.opt(Reader::fixed::<16>)?;
    let triage = match (tag, id) {
        (0, None) => Triage::Waiting,
        (1, Some(user)) => Triage::Taken(UserId::from_bytes(user)),
        (2, Some(user)) => Triage::Assigned(UserId::from_bytes(user)),
        (3, Some(to)) => Triage::Forwarded(KeyringId::from_bytes(to)),
        (_, _) => return Err(ChainError::BadSnapshot),
    };
    Ok((team, triage))
}

fn read_invite(r: &mut Reader<'_>) -> Result<(MsgId, OpenInvite), ChainError> {
    r.array(7)?;
    let id = MsgId::from_bytes(r.fixed()?);
    let inviter = UserId::from_bytes(r.fixed()?);
    let party = r.opt(PartyId::read)?;
    let key = r.opt(|r| PublicKey::from_bytes(&r.fixed()?))?;
    let standing = Standing::read(r)?;
    let invitee = match (party, key) {
        (Some(party), None) => InviteFor::Party(party),
        (None, Some(key)) => InviteFor::Bearer { key, standing },
        (_, _) => return Err(ChainError::BadSnapshot),
    };
    let history = History::read(r)?;
    Ok((id, OpenInvite { inviter, invitee, history, expires_ms: r.opt(Reader::uint)? }))
}
