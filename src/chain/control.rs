//! Payloads of control entries, by kind.
//!
//! | kind | payload |
//! |---|---|
//! | create | `[form, context(16)\|nil, policy, parties, epoch body, priority]` |
//! | policy | policy |
//! | add | `[party, boxes, history]` |
//! | invite | `[party\|nil, boxes, invite_pk(32)\|nil, standing, history, expires_ms\|nil]` |
//! | accept | `[invite(16), party\|nil, root(32)\|nil, proof(64)\|nil]` |
//! | decline | `[invite(16), reason\|nil]` |
//! | take, return | `[team(16)]` |
//! | assign | `[team(16), user(16)]` |
//! | forward | `[from(16), to(16)]` |
//! | withdraw | `[0, team(16)]` or `[1, invite(16)]` |
//! | remove | `[party id, reason\|nil]` |
//! | leave | `[]` |
//! | role | `[user(16), role]` |
//! | link_patient | `[org(16), file(16)\|nil]` |
//! | priority | `[priority]` |
//! | ack | `[n, msg_id(16)]` |
//! | epoch | epoch body |
//! | close | `[final_seq, final_head(32), outcome, reason\|nil]` |
//! | rebox_request | `[keyring(16), epoch]` |
//! | call_join | `[call(16), pk(1216)]` |
//! | call_leave | `[call(16)]` |
//!
//! An *epoch body* is `[epoch, commit(32), prev_box|nil, recipients, reason]`; recipients and reasons are
//! those of [`crate::keyring_body`]. `boxes` are recipients too: the boxes of the *current* seed. Form: 0
//! thread, 1 direct. History: 0 full, 1 from the joining. Outcome: 0 done, 1 continued elsewhere, 2 opened
//! by mistake. `reason` is ciphertext, opaque here. An invitation is named by the `msg_id` of its entry; it
//! has either a party or an invitation key. `proof` is the invitation key's signature, label
//! `relais/v1/accept`, over `thread || invite || user || root`.
//!
//! Not known here: whether an act is allowed; see [`crate::roster`].

use relais_wire::ids::{Bytes32, FileId, KeyringId, MsgId, OrgId, ThreadId, UserId};

use crate::codec::{Reader, Writer, ascending};
use crate::entry::{Kind, Priority};
use crate::error::ChainError;
use crate::keyring_body::{Reason, Recipient};
use crate::keys::PublicKey;
use crate::limits::{
    CONTROL_BYTES_MAX, ENC_KEY_BYTES, EPOCH_RECIPIENTS_MAX, PREV_BOX_BYTES_MAX, REASON_BYTES_MAX,
};
use crate::party::{History, Party, PartyId, Policy, ThreadRole, read_role};
use crate::unit::Standing;

/// A thread, or a direct conversation of two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// Any number of parties.
    Thread = 0,
    /// Exactly two users, sealed to their `U`.
    Direct = 1,
}

/// A new seed for exactly the participants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochBody {
    /// Its number, from 0.
    pub epoch: u64,
    /// Commitment to the seed.
    pub commit: Bytes32,
    /// The previous seed sealed under this one; `None` starts a new history.
    pub prev_box: Option<Vec<u8>>,
    /// Exactly the participants' keyrings, ascending.
    pub recipients: Vec<Recipient>,
    /// Why.
    pub reason: Reason,
}

/// First entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Thread or direct.
    pub form: Form,
    /// The organization the thread belongs to; `None` for the personal context.
    pub context: Option<OrgId>,
    /// The policy.
    pub policy: Policy,
    /// Who takes part from the start, ascending by id.
    pub parties: Vec<Party>,
    /// Epoch 0.
    pub epoch: EpochBody,
    /// The thread's priority.
    pub priority: Priority,
}

/// Whom an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitee {
    /// Somebody known, sealed to at once, served after acceptance.
    Known {
        /// Who.
        party: Party,
        /// Boxes of the current seed; empty when an epoch follows.
        boxes: Vec<Recipient>,
    },
    /// Whoever holds the invitation key.
    Bearer {
        /// Its public key.
        key: PublicKey,
        /// What the bearer will be.
        standing: Standing,
    },
}

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The matter is settled.
    Done = 0,
    /// It goes on in another thread.
    Continued = 1,
    /// It was opened by mistake.
    Mistake = 2,
}

/// What a bearer shows to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The new participant.
    pub party: Party,
    /// Hash of the new participant's root link.
    pub root: Bytes32,
    /// The invitation key's signature over [`accept_statement`].
    pub proof: [u8; 64],
}

/// What a control entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// First entry.
    Create(Box<Create>),
    /// Another policy.
    Policy(Policy),
    /// A party joins.
    Add {
        /// Who.
        party: Party,
        /// Boxes of the current seed; empty when an epoch follows.
        boxes: Vec<Recipient>,
        /// What history it gets.
        history: History,
    },
    /// Somebody is invited.
    Invite {
        /// Who.
        invitee: Invitee,
        /// What history the newcomer gets.
        history: History,
        /// End of validity, ms since 1970.
        expires_ms: Option<u64>,
    },
    /// An invitation is accepted.
    Accept {
        /// The invitation.
        invite: MsgId,
        /// For a bearer invitation.
        bearer: Option<Box<Bearer>>,
    },
    /// An invitation is declined.
    Decline {
        /// The invitation.
        invite: MsgId,
        /// Ciphertext.
        reason: Option<Vec<u8>>,
    },
    /// A manager takes it from triage.
    Take {
        /// The team.
        team: KeyringId,
    },
    /// A responsible is named.
    Assign {
        /// The team.
        team: KeyringId,
        /// The responsible.
        user: UserId,
    },
    /// Back to triage.
    Return {
        /// The team.
        team: KeyringId,
    },
    /// From one team to another.
    Forward {
        /// Who hands over.
        from: KeyringId,
        /// Who gets it.
        to: KeyringId,
    },
    /// A team leaves.
    WithdrawTeam {
        /// The team.
        team: KeyringId,
    },
    /// An invitation is taken back.
    WithdrawInvite {
        /// The invitation.
        invite: MsgId,
    },
    /// A party is removed.
    Remove {
        /// Who.
        party: PartyId,
        /// Ciphertext.
        reason: Option<Vec<u8>>,
    },
    /// The author leaves.
    Leave,
    /// Another role for a user.
    Role {
        /// Who.
        user: UserId,
        /// The new role.
        role: ThreadRole,
    },
    /// Linked to a patient file, or (`None`) unlinked; one per custodian organization.
    LinkPatient {
        /// The custodian.
        org: OrgId,
        /// The file.
        file: Option<FileId>,
    },
    /// The thread's priority.
    Priority(Priority),
    /// An urgent message is acknowledged.
    Ack {
        /// Its position.
        n: u64,
        /// Its id.
        msg_id: MsgId,
    },
    /// A new epoch.
    Epoch(EpochBody),
    /// The end.
    Close {
        /// Position of the last entry before this one.
        final_seq: u64,
        /// The head there.
        final_head: Bytes32,
        /// How it ended.
        outcome: Outcome,
        /// Ciphertext.
        reason: Option<Vec<u8>>,
    },
    /// A box does not open.
    ReboxRequest {
        /// The recipient.
        keyring: KeyringId,
        /// The epoch.
        epoch: u64,
    },
    /// A device joins a call.
    CallJoin {
        /// The call.
        call: [u8; 16],
        /// Its X-Wing key for this call only.
        key: Box<[u8; ENC_KEY_BYTES]>,
    },
    /// A device leaves a call.
    CallLeave {
        /// The call.
        call: [u8; 16],
    },
}

/// What the invitation key signs: `thread || invite || user || root`.
#[must_use]
pub fn accept_statement(thread: ThreadId, invite: MsgId, user: UserId, root: &Bytes32) -> Vec<u8> {
    [&thread.as_bytes()[..], invite.as_bytes(), user.as_bytes(), root.as_bytes()].concat()
}

impl EpochBody {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        r.array(5)?;
        Ok(Self {
            epoch: r.uint()?,
            commit: Bytes32::from_bytes(r.fixed()?),
            prev_box: r.opt(|r| r.bin(PREV_BOX_BYTES_MAX).map(<[u8]>::to_vec))?,
            recipients: Recipient::read_all(r, EPOCH_RECIPIENTS_MAX)?,
            reason: Reason::read(r)?,
        })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(5).uint(self.epoch).bin(self.commit.as_bytes()).opt_bin(self.prev_box.as_deref());
        Recipient::write_all(w, &self.recipients);
        w.uint(self.reason as u64);
    }
}

impl Control {
    /// The kind of entry it is the payload of.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Create(_) => Kind::Create,
            Self::Policy(_) => Kind::Policy,
            Self::Add { .. } => Kind::Add,
            Self::Invite { .. } => Kind::Invite,
            Self::Accept { .. } => Kind::Accept,
            Self::Decline { .. } => Kind::Decline,
            Self::Take { .. } => Kind::Take,
            Self::Assign { .. } => Kind::Assign,
            Self::Return { .. } => Kind::Return,
            Self::Forward { .. } => Kind::Forward,
            Self::WithdrawTeam { .. } | Self::WithdrawInvite { .. } => Kind::Withdraw,
            Self::Remove { .. } => Kind::Remove,
            Self::Leave => Kind::Leave,
            Self::Role { .. } => Kind::Role,
            Self::LinkPatient { .. } => Kind::LinkPatient,
            Self::Priority(_) => Kind::Priority,
            Self::Ack { .. } => Kind::Ack,
            Self::Epoch(_) => Kind::Epoch,
            Self::Close { .. } => Kind::Close,
            Self::ReboxRequest { .. } => Kind::ReboxRequest,
            Self::CallJoin { .. } => Kind::CallJoin,
            Self::CallLeave { .. } => Kind::CallLeave,
        }
    }

    /// The boxes it names: the server takes exactly these from what was staged, in the same commit.
    #[must_use]
    pub fn boxes(&self) -> &[Recipient] {
        match self {
            Self::Create(create) => &create.epoch.recipients,
            Self::Epoch(body) => &body.recipients,
            Self::Add { boxes, .. } | Self::Invite { invitee: Invitee::Known { boxes, .. }, .. } => boxes,
            Self::Invite { invitee: Invitee::Bearer { .. }, .. }
            | Self::Policy(_)
            | Self::Accept { .. }
            | Self::Decline { .. }
            | Self::Take { .. }
            | Self::Assign { .. }
            | Self::Return { .. }
            | Self::Forward { .. }
            | Self::WithdrawTeam { .. }
            | Self::WithdrawInvite { .. }
            | Self::Remove { .. }
            | Self::Leave
            | Self::Role { .. }
            | Self::LinkPatient { .. }
            | Self::Priority(_)
            | Self::Ack { .. }
            | Self::Close { .. }
            | Self::ReboxRequest { .. }
            | Self::CallJoin { .. }
            | Self::CallLeave { .. } => &[],
        }
    }

    /// Parses the payload of an entry of this kind.
    ///
    /// # Errors
    /// 1xx errors; [`ChainError::UnknownKind`] for a message or an unknown kind.
    pub fn parse(kind: Kind, payload: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(payload, CONTROL_BYTES_MAX)?;
        let control = match kind {
            Kind::Message | Kind::Unknown(_) => return Err(ChainError::UnknownKind),
            Kind::Create => read_create(&mut r)?,
            Kind::Policy => Self::Policy(Policy::read(&mut r)?),
            Kind::Epoch => Self::Epoch(EpochBody::read(&mut r)?),
            Kind::Add | Kind::Invite | Kind::Accept | Kind::Decline | Kind::Remove | Kind::Leave => {
                read_membership(kind, &mut r)?
            }
            Kind::Take
            | Kind::Assign
            | Kind::Return
            | Kind::Forward
            | Kind::Withdraw
            | Kind::Role
            | Kind::LinkPatient
            | Kind::Priority
            | Kind::Ack
            | Kind::Close
            | Kind::ReboxRequest
            | Kind::CallJoin
            | Kind::CallLeave => read_act(kind, &mut r)?,
        };
        r.end()?;
        Ok(control)
    }

    /// The payload's bytes.
    ///
    /// # Errors
    /// When a value has no encoding or the payload is above its limit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        self.write(&mut w);
        let bytes = w.finish()?;
        if bytes.len() > CONTROL_BYTES_MAX { Err(ChainError::TooLong) } else { Ok(bytes) }
    }

    fn write(&self, w: &mut Writer) {
        match self {
            Self::Create(create) => write_create(w, create),
            Self::Policy(policy) => policy.write(w),
            Self::Epoch(body) => body.write(w),
            Self::Add { party, boxes, history } => {
                w.array(3);
                party.write(w);
                Recipient::write_all(w, boxes);
                w.uint(*history as u64);
            }
            Self::Invite { invitee, history, expires_ms } => {
                w.array(6);
                match invitee {
                    Invitee::Known { party, boxes } => {
                        party.write(w);
                        Recipient::write_all(w, boxes);
                        w.nil().uint(0);
                    }
                    Invitee::Bearer { key, standing } => {
                        w.nil().array(0).bin(&key.to_bytes()).uint(*standing as u64);
                    }
                }
                w.uint(*history as u64).opt_uint(*expires_ms);
            }
            Self::Accept { invite, bearer } => {
                w.array(4).bin(invite.as_bytes());
                match bearer {
                    Some(bearer) => {
                        bearer.party.write(w);
                        w.bin(bearer.root.as_bytes()).bin(&bearer.proof);
                    }
                    None => drop(w.nil().nil().nil()),
                }
            }
            Self::Decline { invite, reason } => {
                w.array(2).bin(invite.as_bytes()).opt_bin(reason.as_deref());
            }
            Self::Take { team } | Self::Return { team } => drop(w.array(1).bin(team.as_bytes())),
            Self::Assign { team, user } => drop(w.array(2).bin(team.as_bytes()).bin(user.as_bytes())),
            Self::Forward { from, to } => drop(w.array(2).bin(from.as_bytes()).bin(to.as_bytes())),
            Self::WithdrawTeam { team } => drop(w.array(2).uint(0).bin(team.as_bytes())),
            Self::WithdrawInvite { invite } => drop(w.array(2).uint(1).bin(invite.as_bytes())),
            Self::Remove { party, reason } => {
                w.array(2);
                party.write(w);
                w.opt_bin(reason.as_deref());
            }
            Self::Leave => drop(w.array(0)),
            Self::Role { user, role } => drop(w.array(2).bin(user.as_bytes()).uint(*role as u64)),
            Self::LinkPatient { org, file } => {
                w.array(2).bin(org.as_bytes()).opt_bin(file.as_ref().map(|file| &file.as_bytes()[..]));
            }
            Self::Priority(priority) => drop(w.array(1).uint(*priority as u64)),
            Self::Ack { n, msg_id } => drop(w.array(2).uint(*n).bin(msg_id.as_bytes())),
            Self::Close { final_seq, final_head, outcome, reason } => {
                w.array(4).uint(*final_seq).bin(final_head.as_bytes()).uint(*outcome as u64);
                w.opt_bin(reason.as_deref());
            }
            Self::ReboxRequest { keyring, epoch } => {
                w.array(2).bin(keyring.as_bytes()).uint(*epoch);
            }
            Self::CallJoin { call, key } => drop(w.array(2).bin(call).bin(&key[..])),
            Self::CallLeave { call } => drop(w.array(1).bin(call)),
        }
    }
}

fn write_create(w: &mut Writer, create: &Create) {
    w.array(6).uint(create.form as u64);
    w.opt_bin(create.context.as_ref().map(|org| &org.as_bytes()[..]));
    create.policy.write(w);
    w.array(create.parties.len());
    create.parties.iter().for_each(|party| party.write(w));
    create.epoch.write(w);
    w.uint(create.priority as u64);
}

fn read_create(r: &mut Reader<'_>) -> Result<Control, ChainError> {
    r.array(6)?;
    let form = if r.flag()? { Form::Direct } else { Form::Thread };
    let context = r.opt(|r| r.fixed().map(OrgId::from_bytes))?;
    let policy = Policy::read(r)?;
    let parties = r.each(EPOCH_RECIPIENTS_MAX, Party::read)?;
    ascending(&parties, Party::id)?;
    let epoch = EpochBody::read(r)?;
    let priority = Priority::read(r)?;
    Ok(Control::Create(Box::new(Create { form, context, policy, parties, epoch, priority })))
}

fn read_boxes(r: &mut Reader<'_>) -> Result<Vec<Recipient>, ChainError> {
    Recipient::read_all(r, 2)
}

fn read_reason(r: &mut Reader<'_>) -> Result<Option<Vec<u8>>, ChainError> {
    r.opt(|r| r.bin(REASON_BYTES_MAX).map(<[u8]>::to_vec))
}

fn read_invite(r: &mut Reader<'_>) -> Result<Control, ChainError> {
    r.array(6)?;
    let party = r.opt(Party::read)?;
    let boxes = read_boxes(r)?;
    let key = r.opt(|r| PublicKey::from_bytes(&r.fixed()?))?;
    let standing = Standing::read(r)?;
    let history = History::read(r)?;
    let expires_ms = r.opt(Reader::uint)?;
    let invitee = match (party, key) {
        (Some(party), None) if standing == Standing::Professional => Invitee::Known { party, boxes },
        (None, Some(key)) if boxes.is_empty() => Invitee::Bearer { key, standing },
        (_, _) => return Err(ChainError::OutOfRange),
    };
    Ok(Control::Invite { invitee, history, expires_ms })
}

fn read_accept(r: &mut Reader<'_>) -> Result<Control, ChainError> {
    r.array(4)?;
    let invite = MsgId::from_bytes(r.fixed()?);
    let party = r.opt(Party::read)?;
    let root = r.opt(|r| r.fixed().map(Bytes32::from_bytes))?;
    let proof = r.opt(Reader::fixed::<64>)?;
    let bearer = match (party, root, proof) {
        (Some(party), Some(root), Some(proof)) => Some(Box::new(Bearer { party, root, proof })),
        (None, None, None) => None,
        (_, _, _) => return Err(ChainError::OutOfRange),
    };
    Ok(Control::Accept { invite, bearer })
}

fn read_membership(kind: Kind, r: &mut Reader<'_>) -> Result<Control, ChainError> {
    if kind == Kind::Add {
        r.array(3)?;
        let party = Party::read(r)?;
        let boxes = read_boxes(r)?;
        return Ok(Control::Add { party, boxes, history: History::read(r)? });
    }
    if kind == Kind::Invite {
        return read_invite(r);
    }
    if kind == Kind::Accept {
        return read_accept(r);
    }
    if kind == Kind::Decline {
        r.array(2)?;
        return Ok(Control::Decline { invite: MsgId::from_bytes(r.fixed()?), reason: read_reason(r)? });
    }
    if kind == Kind::Remove {
        r.array(2)?;
        return Ok(Control::Remove { party: PartyId::read(r)?, reason: read_reason(r)? });
    }
    r.array(0)?;
    Ok(Control::Leave)
}

fn read_act(kind: Kind, r: &mut Reader<'_>) -> Result<Control, ChainError> {
    let one = matches!(kind, Kind::Take | Kind::Return | Kind::Priority | Kind::CallLeave);
    let arity = if one { 1 } else { 2 };
    r.array(if kind == Kind::Close { 4 } else { arity })?;
    Ok(match kind {
        Kind::Take => Control::Take { team: read_keyring(r)? },
        Kind::Return => Control::Return { team: read_keyring(r)? },
        Kind::Assign => Control::Assign { team: read_keyring(r)?, user: UserId::from_bytes(r.fixed()?) },
        Kind::Forward => Control::Forward { from: read_keyring(r)?, to: read_keyring(r)? },
        Kind::Withdraw if r.flag()? => Control::WithdrawInvite { invite: MsgId::from_bytes(r.fixed()?) },
        Kind::Withdraw => Control::WithdrawTeam { team: read_keyring(r)? },
        Kind::Role => Control::Role { user: UserId::from_bytes(r.fixed()?), role: read_role(r)? },
        Kind::LinkPatient => Control::LinkPatient {
            org: OrgId::from_bytes(r.fixed()?),
            file: r.opt(|r| r.fixed().map(FileId::from_bytes))?,
        },
        Kind::Priority => Control::Priority(Priority::read(r)?),
        Kind::Ack => Control::Ack { n: r.uint()?, msg_id: MsgId::from_bytes(r.fixed()?) },
        Kind::Close => Control::Close {
            final_seq: r.uint()?,
            final_head: Bytes32::from_bytes(r.fixed()?),
            outcome: read_outcome(r)?,
            reason: read_reason(r)?,
        },
        Kind::ReboxRequest => Control::ReboxRequest { keyring: read_keyring(r)?, epoch: r.uint()? },
        Kind::CallJoin => Control::CallJoin { call: r.fixed()?, key: Box::new(r.fixed()?) },
        Kind::CallLeave => Control::CallLeave { call: r.fixed()? },
        Kind::Message
        | Kind::Create
        | Kind::Policy
        | Kind::Add
        | Kind::Invite
        | Kind::Accept
        | Kind::Decline
        | Kind::Remove
        | Kind::Leave
        | Kind::Epoch
        | Kind::Unknown(_) => return Err(ChainError::UnknownKind),
    })
}

fn read_keyring(r: &mut Reader<'_>) -> Result<KeyringId, ChainError> {
    r.fixed().map(KeyringId::from_bytes)
}

fn read_outcome(r: &mut Reader<'_>) -> Result<Outcome, ChainError> {
    match r.uint()? {
        0 => Ok(Outcome::Done),
        1 => Ok(Outcome::Continued),
        2 => Ok(Outcome::Mistake),
        _ => Err(ChainError::OutOfRange),
    }
}
