//! Requests: every question a client may ask, its number and the type of its answer.
//! Long because it is one list of them all.
//!
//! Not known here: who answers, or on which carrier.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::account::{
    GetObject, GetVault, ListSessions, LoginFinish, LoginStart, PasswordStart, PutObject, PutVault,
    RecoverAuth, RecoverProve, RecoverStart, RegisterFinish, RegisterStart, Rekey, RenewRecovery, ResendCode,
    RevokeSession, SecondFactor,
};
use crate::calls::{CallAck, CallAdd, CallDecline, CallEnd, CallJoin, CallLeave, CallStart, GetCalls};
use crate::chains::{AppendLinks, GetBoxes, GetLinks, PutBoxes};
use crate::codec::{self, DecodeError};
use crate::directory::{
    AcceptInvite, CreateInvite, CreateTeam, CreateUnit, GetPending, GetPerson, GetServer, GetUnit, Search,
    SetSuspended, WithdrawInvite,
};
use crate::files::GetBlob;
use crate::frame::{Class, Header, encode_frame};
use crate::ids::IdemKey;
use crate::reply::Reply;
use crate::streams::{Focus, FollowPersonal, GetSnapshot, ListThreads, Pull};
use crate::threads::{Append, GetEntries, GetReads, GetThread, MarkRead};

/// A request type, its number and its answer, for callers that know which one they make.
pub trait Call: Serialize + DeserializeOwned {
    /// Number on the wire.
    const KIND: u16;
    /// The answer's type.
    type Answer: Serialize + DeserializeOwned;

    /// The request in its enum.
    fn into_request(self) -> Request;

    /// The answer out of its enum; `None` when the reply is of another type.
    fn answer(reply: Reply) -> Option<Self::Answer>;
}

/// Any request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// What this server is; answered by [`ServerCard`](crate::directory::ServerCard).
    GetServer(GetServer),
    /// Begin a registration; answered by [`RegisterStarted`](crate::account::RegisterStarted).
    RegisterStart(RegisterStart),
    /// End a registration; answered by [`SessionGrant`](crate::account::SessionGrant).
    RegisterFinish(RegisterFinish),
    /// Begin a sign-in; answered by [`LoginStarted`](crate::account::LoginStarted).
    LoginStart(LoginStart),
    /// Prove the password; answered by [`FactorNeeded`](crate::account::FactorNeeded).
    LoginFinish(LoginFinish),
    /// Send the code once more; answered by [`CodeSent`](crate::account::CodeSent).
    ResendCode(ResendCode),
    /// Prove the second factor; answered by [`SessionGrant`](crate::account::SessionGrant).
    SecondFactor(SecondFactor),
    /// Begin a recovery; answered by [`RecoverStarted`](crate::account::RecoverStarted).
    RecoverStart(RecoverStart),
    /// Prove the mailed code of a recovery; answered by [`RecoverChallenge`](crate::account::RecoverChallenge).
    RecoverProve(RecoverProve),
    /// Prove the recovery code; answered by [`RecoverGranted`](crate::account::RecoverGranted).
    RecoverAuth(RecoverAuth),
    /// End a recovery or a change of password; answered by [`Rekeyed`](crate::account::Rekeyed).
    Rekey(Rekey),
    /// Begin a change of password; answered by [`PasswordStarted`](crate::account::PasswordStarted).
    PasswordStart(PasswordStart),
    /// Renew the recovery code; answered by [`Done`](crate::account::Done).
    RenewRecovery(RenewRecovery),
    /// The user's sessions; answered by [`Sessions`](crate::account::Sessions).
    ListSessions(ListSessions),
    /// End a session; answered by [`Done`](crate::account::Done).
    RevokeSession(RevokeSession),
    /// The vault; answered by [`Vault`](crate::account::Vault).
    GetVault(GetVault),
    /// Change the vault; answered by [`Done`](crate::account::Done).
    PutVault(PutVault),
    /// A ciphertext object; answered by [`Object`](crate::account::Object).
    GetObject(GetObject),
    /// Replace a ciphertext object; answered by [`ObjectStored`](crate::account::ObjectStored).
    PutObject(PutObject),
    /// A part of a chain; answered by [`Links`](crate::chains::Links).
    GetLinks(GetLinks),
    /// Append links; answered by [`LinksAppended`](crate::chains::LinksAppended).
    AppendLinks(AppendLinks),
    /// Stage boxes; answered by [`BoxesStaged`](crate::chains::BoxesStaged).
    PutBoxes(PutBoxes),
    /// Boxes of a keyring; answered by [`Boxes`](crate::chains::Boxes).
    GetBoxes(GetBoxes),
    /// Append entries to a thread; answered by [`Appended`](crate::threads::Appended).
    Append(Append),
    /// Where a thread stands; answered by [`ThreadCard`](crate::threads::ThreadCard).
    GetThread(GetThread),
    /// Entries of a thread; answered by [`Entries`](crate::threads::Entries).
    GetEntries(GetEntries),
    /// What was seen; answered by [`Done`](crate::account::Done).
    MarkRead(MarkRead),
    /// How far participants have come; answered by [`Reads`](crate::threads::Reads).
    GetReads(GetReads),
    /// Follow an organization; answered by [`Following`](crate::streams::Following).
    Focus(Focus),
    /// Continue the personal stream; answered by [`Following`](crate::streams::Following).
    FollowPersonal(FollowPersonal),
    /// A page of a stream; answered by [`StreamPage`](crate::streams::StreamPage).
    Pull(Pull),
    /// The state of a context; answered by [`Snapshot`](crate::streams::Snapshot).
    GetSnapshot(GetSnapshot),
    /// A page of the threads of a context; answered by [`ThreadList`](crate::streams::ThreadList).
    ListThreads(ListThreads),
    /// Search people and teams; answered by [`Found`](crate::directory::Found).
    Search(Search),
    /// One person; answered by [`PersonCard`](crate::directory::PersonCard).
    GetPerson(GetPerson),
    /// One unit; answered by [`UnitCard`](crate::directory::UnitCard).
    GetUnit(GetUnit),
    /// Create a unit; answered by [`Done`](crate::account::Done).
    CreateUnit(CreateUnit),
    /// Create a team; answered by [`Done`](crate::account::Done).
    CreateTeam(CreateTeam),
    /// Invite somebody; answered by [`InviteCreated`](crate::directory::InviteCreated).
    CreateInvite(CreateInvite),
    /// Withdraw an invitation; answered by [`Done`](crate::account::Done).
    WithdrawInvite(WithdrawInvite),
    /// Accept an invitation; answered by [`Done`](crate::account::Done).
    AcceptInvite(AcceptInvite),
    /// Members waiting for a signature; answered by [`Pending`](crate::directory::Pending).
    GetPending(GetPending),
    /// Suspend or readmit an account; answered by [`Done`](crate::account::Done).
    SetSuspended(SetSuspended),
    /// How far an upload has come; answered by [`BlobCard`](crate::files::BlobCard).
    GetBlob(GetBlob),
    /// Start a call in a thread; answered by [`CallStarted`](crate::calls::CallStarted).
    CallStart(CallStart),
    /// Have more people rung; answered by [`CallStarted`](crate::calls::CallStarted).
    CallAdd(CallAdd),
    /// Answer, come back or join late; answered by [`CallCard`](crate::calls::CallCard).
    CallJoin(CallJoin),
    /// Say that this device rings; answered by [`Done`](crate::account::Done).
    CallAck(CallAck),
    /// Do not answer; answered by [`Done`](crate::account::Done).
    CallDecline(CallDecline),
    /// Leave a call; answered by [`Done`](crate::account::Done).
    CallLeave(CallLeave),
    /// End a call for everybody; answered by [`Done`](crate::account::Done).
    CallEnd(CallEnd),
    /// What rings, and which call one is in; answered by [`Calls`](crate::calls::Calls).
    GetCalls(GetCalls),
}

impl Request {
    /// Numbers and names of all request types, ascending by number. The name is the one of the JSON carrier.
    pub const ALL: &'static [(u16, &'static str)] = &[
        (0x0101, "GetServer"),
        (0x0110, "RegisterStart"),
        (0x0111, "RegisterFinish"),
        (0x0120, "LoginStart"),
        (0x0121, "LoginFinish"),
        (0x0122, "ResendCode"),
        (0x0123, "SecondFactor"),
        (0x0130, "RecoverStart"),
        (0x0131, "RecoverProve"),
        (0x0132, "RecoverAuth"),
        (0x0133, "Rekey"),
        (0x0140, "PasswordStart"),
        (0x0141, "RenewRecovery"),
        (0x0142, "ListSessions"),
        (0x0143, "RevokeSession"),
        (0x0150, "GetVault"),
        (0x0151, "PutVault"),
        (0x0152, "GetObject"),
        (0x0153, "PutObject"),
        (0x0201, "GetLinks"),
        (0x0202, "AppendLinks"),
        (0x0203, "PutBoxes"),
        (0x0204, "GetBoxes"),
        (0x0301, "Append"),
        (0x0302, "GetThread"),
        (0x0303, "GetEntries"),
        (0x0304, "MarkRead"),
        (0x0305, "GetReads"),
        (0x0401, "Focus"),
        (0x0402, "FollowPersonal"),
        (0x0403, "Pull"),
        (0x0404, "GetSnapshot"),
        (0x0405, "ListThreads"),
        (0x0501, "Search"),
        (0x0502, "GetPerson"),
        (0x0503, "GetUnit"),
        (0x0510, "CreateUnit"),
        (0x0511, "CreateTeam"),
        (0x0520, "CreateInvite"),
        (0x0521, "WithdrawInvite"),
        (0x0522, "AcceptInvite"),
        (0x0523, "GetPending"),
        (0x0530, "SetSuspended"),
        (0x0601, "GetBlob"),
        (0x0701, "CallStart"),
        (0x0702, "CallAdd"),
        (0x0703, "CallJoin"),
        (0x0704, "CallAck"),
        (0x0705, "CallDecline"),
        (0x0706, "CallLeave"),
        (0x0707, "CallEnd"),
        (0x0708, "GetCalls"),
    ];

    /// Number on the wire.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::GetServer(_) => GetServer::KIND,
            Self::RegisterStart(_) => RegisterStart::KIND,
            Self::RegisterFinish(_) => RegisterFinish::KIND,
            Self::LoginStart(_) => LoginStart::KIND,
            Self::LoginFinish(_) => LoginFinish::KIND,
            Self::ResendCode(_) => ResendCode::KIND,
            Self::SecondFactor(_) => SecondFactor::KIND,
            Self::RecoverStart(_) => RecoverStart::KIND,
            Self::RecoverProve(_) => RecoverProve::KIND,
            Self::RecoverAuth(_) => RecoverAuth::KIND,
            Self::Rekey(_) => Rekey::KIND,
            Self::PasswordStart(_) => PasswordStart::KIND,
            Self::RenewRecovery(_) => RenewRecovery::KIND,
            Self::ListSessions(_) => ListSessions::KIND,
            Self::RevokeSession(_) => RevokeSession::KIND,
            Self::GetVault(_) => GetVault::KIND,
            Self::PutVault(_) => PutVault::KIND,
            Self::GetObject(_) => GetObject::KIND,
            Self::PutObject(_) => PutObject::KIND,
            Self::GetLinks(_) => GetLinks::KIND,
            Self::AppendLinks(_) => AppendLinks::KIND,
            Self::PutBoxes(_) => PutBoxes::KIND,
            Self::GetBoxes(_) => GetBoxes::KIND,
            Self::Append(_) => Append::KIND,
            Self::GetThread(_) => GetThread::KIND,
            Self::GetEntries(_) => GetEntries::KIND,
            Self::MarkRead(_) => MarkRead::KIND,
            Self::GetReads(_) => GetReads::KIND,
            Self::Focus(_) => Focus::KIND,
            Self::FollowPersonal(_) => FollowPersonal::KIND,
            Self::Pull(_) => Pull::KIND,
            Self::GetSnapshot(_) => GetSnapshot::KIND,
            Self::ListThreads(_) => ListThreads::KIND,
            Self::Search(_) => Search::KIND,
            Self::GetPerson(_) => GetPerson::KIND,
            Self::GetUnit(_) => GetUnit::KIND,
            Self::CreateUnit(_) => CreateUnit::KIND,
            Self::CreateTeam(_) => CreateTeam::KIND,
            Self::CreateInvite(_) => CreateInvite::KIND,
            Self::WithdrawInvite(_) => WithdrawInvite::KIND,
            Self::AcceptInvite(_) => AcceptInvite::KIND,
            Self::GetPending(_) => GetPending::KIND,
            Self::SetSuspended(_) => SetSuspended::KIND,
            Self::GetBlob(_) => GetBlob::KIND,
            Self::CallStart(_) => CallStart::KIND,
            Self::CallAdd(_) => CallAdd::KIND,
            Self::CallJoin(_) => CallJoin::KIND,
            Self::CallAck(_) => CallAck::KIND,
            Self::CallDecline(_) => CallDecline::KIND,
            Self::CallLeave(_) => CallLeave::KIND,
            Self::CallEnd(_) => CallEnd::KIND,
            Self::GetCalls(_) => GetCalls::KIND,
        }
    }

    /// Number of the type with this name.
    #[must_use]
    pub fn kind_of(name: &str) -> Option<u16> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Name of the type with this number.
    #[must_use]
    pub fn name_of(kind: u16) -> Option<&'static str> {
        Self::ALL.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
    }

    /// Whether it may be asked without a session.
    #[must_use]
    pub const fn is_public(kind: u16) -> bool {
        matches!(
            kind,
            GetServer::KIND
                | RegisterStart::KIND
                | RegisterFinish::KIND
                | LoginStart::KIND
                | LoginFinish::KIND
                | ResendCode::KIND
                | SecondFactor::KIND
                | RecoverStart::KIND
                | RecoverProve::KIND
                | RecoverAuth::KIND
                | Rekey::KIND
                // For the recovery that it names.
                | GetLinks::KIND
        )
    }

    /// The idempotency key of a mutating request.
    #[must_use]
    pub const fn idem(&self) -> Option<IdemKey> {
        match self {
            Self::RegisterFinish(request) => Some(request.idem),
            Self::Rekey(request) => Some(request.idem),
            Self::RenewRecovery(request) => Some(request.idem),
            Self::RevokeSession(request) => Some(request.idem),
            Self::PutVault(request) => Some(request.idem),
            Self::PutObject(request) => Some(request.idem),
            Self::AppendLinks(request) => Some(request.idem),
            Self::Append(request) => Some(request.idem),
            Self::CreateUnit(request) => Some(request.idem),
            Self::CreateTeam(request) => Some(request.idem),
            Self::CreateInvite(request) => Some(request.idem),
            Self::WithdrawInvite(request) => Some(request.idem),
            Self::AcceptInvite(request) => Some(request.idem),
            Self::SetSuspended(request) => Some(request.idem),
            Self::GetServer(_)
            | Self::RegisterStart(_)
            | Self::LoginStart(_)
            | Self::LoginFinish(_)
            | Self::ResendCode(_)
            | Self::SecondFactor(_)
            | Self::RecoverStart(_)
            | Self::RecoverProve(_)
            | Self::RecoverAuth(_)
            | Self::PasswordStart(_)
            | Self::ListSessions(_)
            | Self::GetVault(_)
            | Self::GetObject(_)
            | Self::GetLinks(_)
            | Self::PutBoxes(_)
            | Self::GetBoxes(_)
            | Self::GetThread(_)
            | Self::GetEntries(_)
            | Self::MarkRead(_)
            | Self::GetReads(_)
            | Self::Focus(_)
            | Self::FollowPersonal(_)
            | Self::Pull(_)
            | Self::GetSnapshot(_)
            | Self::ListThreads(_)
            | Self::Search(_)
            | Self::GetPerson(_)
            | Self::GetUnit(_)
            | Self::GetPending(_)
            | Self::GetBlob(_)
            | Self::CallStart(_)
            | Self::CallAdd(_)
            | Self::CallJoin(_)
            | Self::CallAck(_)
            | Self::CallDecline(_)
            | Self::CallLeave(_)
            | Self::CallEnd(_)
            | Self::GetCalls(_) => None,
        }
    }

    /// Decodes a body of a request with this number, MessagePack.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] for a number that is not known, [`DecodeError::Body`] for a body that does not fit.
    pub fn decode(kind: u16, body: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_with(body, |deserializer| Self::deserialize_as(kind, deserializer))?
            .ok_or(DecodeError::UnknownKind(kind))
    }

    /// Deserialises a body of a request with this number from any carrier; `None` for a number that is not known.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize_as<'de, D: Deserializer<'de>>(kind: u16, from: D) -> Result<Option<Self>, D::Error> {
        Ok(Some(match kind {
            GetServer::KIND => Self::GetServer(GetServer::deserialize(from)?),
            RegisterStart::KIND => Self::RegisterStart(RegisterStart::deserialize(from)?),
            RegisterFinish::KIND => Self::RegisterFinish(RegisterFinish::deserialize(from)?),
            LoginStart::KIND => Self::LoginStart(LoginStart::deserialize(from)?),
            LoginFinish::KIND => Self::LoginFinish(LoginFinish::deserialize(from)?),
            ResendCode::KIND => Self::ResendCode(ResendCode::deserialize(from)?),
            SecondFactor::KIND => Self::SecondFactor(SecondFactor::deserialize(from)?),
            RecoverStart::KIND => Self::RecoverStart(RecoverStart::deserialize(from)?),
            RecoverProve::KIND => Self::RecoverProve(RecoverProve::deserialize(from)?),
            RecoverAuth::KIND => Self::RecoverAuth(RecoverAuth::deserialize(from)?),
            Rekey::KIND => Self::Rekey(Rekey::deserialize(from)?),
            PasswordStart::KIND => Self::PasswordStart(PasswordStart::deserialize(from)?),
            RenewRecovery::KIND => Self::RenewRecovery(RenewRecovery::deserialize(from)?),
            ListSessions::KIND => Self::ListSessions(ListSessions::deserialize(from)?),
            RevokeSession::KIND => Self::RevokeSession(RevokeSession::deserialize(from)?),
            GetVault::KIND => Self::GetVault(GetVault::deserialize(from)?),
            PutVault::KIND => Self::PutVault(PutVault::deserialize(from)?),
            GetObject::KIND => Self::GetObject(GetObject::deserialize(from)?),
            PutObject::KIND => Self::PutObject(PutObject::deserialize(from)?),
            GetLinks::KIND => Self::GetLinks(GetLinks::deserialize(from)?),
            AppendLinks::KIND => Self::AppendLinks(AppendLinks::deserialize(from)?),
            PutBoxes::KIND => Self::PutBoxes(PutBoxes::deserialize(from)?),
            GetBoxes::KIND => Self::GetBoxes(GetBoxes::deserialize(from)?),
            Append::KIND => Self::Append(Append::deserialize(from)?),
            GetThread::KIND => Self::GetThread(GetThread::deserialize(from)?),
            GetEntries::KIND => Self::GetEntries(GetEntries::deserialize(from)?),
            MarkRead::KIND => Self::MarkRead(MarkRead::deserialize(from)?),
            GetReads::KIND => Self::GetReads(GetReads::deserialize(from)?),
            Focus::KIND => Self::Focus(Focus::deserialize(from)?),
            FollowPersonal::KIND => Self::FollowPersonal(FollowPersonal::deserialize(from)?),
            Pull::KIND => Self::Pull(Pull::deserialize(from)?),
            GetSnapshot::KIND => Self::GetSnapshot(GetSnapshot::deserialize(from)?),
            ListThreads::KIND => Self::ListThreads(ListThreads::deserialize(from)?),
            Search::KIND => Self::Search(Search::deserialize(from)?),
            GetPerson::KIND => Self::GetPerson(GetPerson::deserialize(from)?),
            GetUnit::KIND => Self::GetUnit(GetUnit::deserialize(from)?),
            CreateUnit::KIND => Self::CreateUnit(CreateUnit::deserialize(from)?),
            CreateTeam::KIND => Self::CreateTeam(CreateTeam::deserialize(from)?),
            CreateInvite::KIND => Self::CreateInvite(CreateInvite::deserialize(from)?),
            WithdrawInvite::KIND => Self::WithdrawInvite(WithdrawInvite::deserialize(from)?),
            AcceptInvite::KIND => Self::AcceptInvite(AcceptInvite::deserialize(from)?),
            GetPending::KIND => Self::GetPending(GetPending::deserialize(from)?),
            SetSuspended::KIND => Self::SetSuspended(SetSuspended::deserialize(from)?),
            GetBlob::KIND => Self::GetBlob(GetBlob::deserialize(from)?),
            CallStart::KIND => Self::CallStart(CallStart::deserialize(from)?),
            CallAdd::KIND => Self::CallAdd(CallAdd::deserialize(from)?),
            CallJoin::KIND => Self::CallJoin(CallJoin::deserialize(from)?),
            CallAck::KIND => Self::CallAck(CallAck::deserialize(from)?),
            CallDecline::KIND => Self::CallDecline(CallDecline::deserialize(from)?),
            CallLeave::KIND => Self::CallLeave(CallLeave::deserialize(from)?),
            CallEnd::KIND => Self::CallEnd(CallEnd::deserialize(from)?),
            GetCalls::KIND => Self::GetCalls(GetCalls::deserialize(from)?),
            _ => return Ok(None),
        }))
    }

    /// Body, MessagePack with named fields.
    #[must_use]
    pub fn encode_body(&self) -> Vec<u8> {
        match self {
            Self::GetServer(request) => codec::encode(request),
            Self::RegisterStart(request) => codec::encode(request),
            Self::RegisterFinish(request) => codec::encode(request),
            Self::LoginStart(request) => codec::encode(request),
            Self::LoginFinish(request) => codec::encode(request),
            Self::ResendCode(request) => codec::encode(request),
            Self::SecondFactor(request) => codec::encode(request),
            Self::RecoverStart(request) => codec::encode(request),
            Self::RecoverProve(request) => codec::encode(request),
            Self::RecoverAuth(request) => codec::encode(request),
            Self::Rekey(request) => codec::encode(request),
            Self::PasswordStart(request) => codec::encode(request),
            Self::RenewRecovery(request) => codec::encode(request),
            Self::ListSessions(request) => codec::encode(request),
            Self::RevokeSession(request) => codec::encode(request),
            Self::GetVault(request) => codec::encode(request),
            Self::PutVault(request) => codec::encode(request),
            Self::GetObject(request) => codec::encode(request),
            Self::PutObject(request) => codec::encode(request),
            Self::GetLinks(request) => codec::encode(request),
            Self::AppendLinks(request) => codec::encode(request),
            Self::PutBoxes(request) => codec::encode(request),
            Self::GetBoxes(request) => codec::encode(request),
            Self::Append(request) => codec::encode(request),
            Self::GetThread(request) => codec::encode(request),
            Self::GetEntries(request) => codec::encode(request),
            Self::MarkRead(request) => codec::encode(request),
            Self::GetReads(request) => codec::encode(request),
            Self::Focus(request) => codec::encode(request),
            Self::FollowPersonal(request) => codec::encode(request),
            Self::Pull(request) => codec::encode(request),
            Self::GetSnapshot(request) => codec::encode(request),
            Self::ListThreads(request) => codec::encode(request),
            Self::Search(request) => codec::encode(request),
            Self::GetPerson(request) => codec::encode(request),
            Self::GetUnit(request) => codec::encode(request),
            Self::CreateUnit(request) => codec::encode(request),
            Self::CreateTeam(request) => codec::encode(request),
            Self::CreateInvite(request) => codec::encode(request),
            Self::WithdrawInvite(request) => codec::encode(request),
            Self::AcceptInvite(request) => codec::encode(request),
            Self::GetPending(request) => codec::encode(request),
            Self::SetSuspended(request) => codec::encode(request),
            Self::GetBlob(request) => codec::encode(request),
            Self::CallStart(request) => codec::encode(request),
            Self::CallAdd(request) => codec::encode(request),
            Self::CallJoin(request) => codec::encode(request),
            Self::CallAck(request) => codec::encode(request),
            Self::CallDecline(request) => codec::encode(request),
            Self::CallLeave(request) => codec::encode(request),
            Self::CallEnd(request) => codec::encode(request),
            Self::GetCalls(request) => codec::encode(request),
        }
    }

    /// Serialises the body for any carrier.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn serialize_body<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::GetServer(request) => request.serialize(to),
            Self::RegisterStart(request) => request.serialize(to),
            Self::RegisterFinish(request) => request.serialize(to),
            Self::LoginStart(request) => request.serialize(to),
            Self::LoginFinish(request) => request.serialize(to),
            Self::ResendCode(request) => request.serialize(to),
            Self::SecondFactor(request) => request.serialize(to),
            Self::RecoverStart(request) => request.serialize(to),
            Self::RecoverProve(request) => request.serialize(to),
            Self::RecoverAuth(request) => request.serialize(to),
            Self::Rekey(request) => request.serialize(to),
            Self::PasswordStart(request) => request.serialize(to),
            Self::RenewRecovery(request) => request.serialize(to),
            Self::ListSessions(request) => request.serialize(to),
            Self::RevokeSession(request) => request.serialize(to),
            Self::GetVault(request) => request.serialize(to),
            Self::PutVault(request) => request.serialize(to),
            Self::GetObject(request) => request.serialize(to),
            Self::PutObject(request) => request.serialize(to),
            Self::GetLinks(request) => request.serialize(to),
            Self::AppendLinks(request) => request.serialize(to),
            Self::PutBoxes(request) => request.serialize(to),
            Self::GetBoxes(request) => request.serialize(to),
            Self::Append(request) => request.serialize(to),
            Self::GetThread(request) => request.serialize(to),
            Self::GetEntries(request) => request.serialize(to),
            Self::MarkRead(request) => request.serialize(to),
            Self::GetReads(request) => request.serialize(to),
            Self::Focus(request) => request.serialize(to),
            Self::FollowPersonal(request) => request.serialize(to),
            Self::Pull(request) => request.serialize(to),
            Self::GetSnapshot(request) => request.serialize(to),
            Self::ListThreads(request) => request.serialize(to),
            Self::Search(request) => request.serialize(to),
            Self::GetPerson(request) => request.serialize(to),
            Self::GetUnit(request) => request.serialize(to),
            Self::CreateUnit(request) => request.serialize(to),
            Self::CreateTeam(request) => request.serialize(to),
            Self::CreateInvite(request) => request.serialize(to),
            Self::WithdrawInvite(request) => request.serialize(to),
            Self::AcceptInvite(request) => request.serialize(to),
            Self::GetPending(request) => request.serialize(to),
            Self::SetSuspended(request) => request.serialize(to),
            Self::GetBlob(request) => request.serialize(to),
            Self::CallStart(request) => request.serialize(to),
            Self::CallAdd(request) => request.serialize(to),
            Self::CallJoin(request) => request.serialize(to),
            Self::CallAck(request) => request.serialize(to),
            Self::CallDecline(request) => request.serialize(to),
            Self::CallLeave(request) => request.serialize(to),
            Self::CallEnd(request) => request.serialize(to),
            Self::GetCalls(request) => request.serialize(to),
        }
    }

    /// Frame with the client's request id.
    #[must_use]
    pub fn encode(&self, id: u64) -> Vec<u8> {
        encode_frame(&Header::new(Class::Request, self.kind(), id), &self.encode_body())
    }
}

impl Call for GetServer {
    const KIND: u16 = 0x0101;
    type Answer = crate::directory::ServerCard;

    fn into_request(self) -> Request {
        Request::GetServer(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::ServerCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RegisterStart {
    const KIND: u16 = 0x0110;
    type Answer = crate::account::RegisterStarted;

    fn into_request(self) -> Request {
        Request::RegisterStart(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::RegisterStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RegisterFinish {
    const KIND: u16 = 0x0111;
    type Answer = crate::account::SessionGrant;

    fn into_request(self) -> Request {
        Request::RegisterFinish(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::SessionGrant(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for LoginStart {
    const KIND: u16 = 0x0120;
    type Answer = crate::account::LoginStarted;

    fn into_request(self) -> Request {
        Request::LoginStart(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::LoginStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for LoginFinish {
    const KIND: u16 = 0x0121;
    type Answer = crate::account::FactorNeeded;

    fn into_request(self) -> Request {
        Request::LoginFinish(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::FactorNeeded(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for ResendCode {
    const KIND: u16 = 0x0122;
    type Answer = crate::account::CodeSent;

    fn into_request(self) -> Request {
        Request::ResendCode(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::CodeSent(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for SecondFactor {
    const KIND: u16 = 0x0123;
    type Answer = crate::account::SessionGrant;

    fn into_request(self) -> Request {
        Request::SecondFactor(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::SessionGrant(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RecoverStart {
    const KIND: u16 = 0x0130;
    type Answer = crate::account::RecoverStarted;

    fn into_request(self) -> Request {
        Request::RecoverStart(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::RecoverStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RecoverProve {
    const KIND: u16 = 0x0131;
    type Answer = crate::account::RecoverChallenge;

    fn into_request(self) -> Request {
        Request::RecoverProve(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::RecoverChallenge(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RecoverAuth {
    const KIND: u16 = 0x0132;
    type Answer = crate::account::RecoverGranted;

    fn into_request(self) -> Request {
        Request::RecoverAuth(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::RecoverGranted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for Rekey {
    const KIND: u16 = 0x0133;
    type Answer = crate::account::Rekeyed;

    fn into_request(self) -> Request {
        Request::Rekey(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Rekeyed(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for PasswordStart {
    const KIND: u16 = 0x0140;
    type Answer = crate::account::PasswordStarted;

    fn into_request(self) -> Request {
        Request::PasswordStart(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::PasswordStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RenewRecovery {
    const KIND: u16 = 0x0141;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::RenewRecovery(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for ListSessions {
    const KIND: u16 = 0x0142;
    type Answer = crate::account::Sessions;

    fn into_request(self) -> Request {
        Request::ListSessions(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Sessions(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for RevokeSession {
    const KIND: u16 = 0x0143;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::RevokeSession(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetVault {
    const KIND: u16 = 0x0150;
    type Answer = crate::account::Vault;

    fn into_request(self) -> Request {
        Request::GetVault(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Vault(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for PutVault {
    const KIND: u16 = 0x0151;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::PutVault(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetObject {
    const KIND: u16 = 0x0152;
    type Answer = crate::account::Object;

    fn into_request(self) -> Request {
        Request::GetObject(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Object(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for PutObject {
    const KIND: u16 = 0x0153;
    type Answer = crate::account::ObjectStored;

    fn into_request(self) -> Request {
        Request::PutObject(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::ObjectStored(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetLinks {
    const KIND: u16 = 0x0201;
    type Answer = crate::chains::Links;

    fn into_request(self) -> Request {
        Request::GetLinks(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Links(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for AppendLinks {
    const KIND: u16 = 0x0202;
    type Answer = crate::chains::LinksAppended;

    fn into_request(self) -> Request {
        Request::AppendLinks(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::LinksAppended(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for PutBoxes {
    const KIND: u16 = 0x0203;
    type Answer = crate::chains::BoxesStaged;

    fn into_request(self) -> Request {
        Request::PutBoxes(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::BoxesStaged(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetBoxes {
    const KIND: u16 = 0x0204;
    type Answer = crate::chains::Boxes;

    fn into_request(self) -> Request {
        Request::GetBoxes(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Boxes(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for Append {
    const KIND: u16 = 0x0301;
    type Answer = crate::threads::Appended;

    fn into_request(self) -> Request {
        Request::Append(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Appended(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetThread {
    const KIND: u16 = 0x0302;
    type Answer = crate::threads::ThreadCard;

    fn into_request(self) -> Request {
        Request::GetThread(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::ThreadCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetEntries {
    const KIND: u16 = 0x0303;
    type Answer = crate::threads::Entries;

    fn into_request(self) -> Request {
        Request::GetEntries(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Entries(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for MarkRead {
    const KIND: u16 = 0x0304;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::MarkRead(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetReads {
    const KIND: u16 = 0x0305;
    type Answer = crate::threads::Reads;

    fn into_request(self) -> Request {
        Request::GetReads(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Reads(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for Focus {
    const KIND: u16 = 0x0401;
    type Answer = crate::streams::Following;

    fn into_request(self) -> Request {
        Request::Focus(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Following(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for FollowPersonal {
    const KIND: u16 = 0x0402;
    type Answer = crate::streams::Following;

    fn into_request(self) -> Request {
        Request::FollowPersonal(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Following(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for Pull {
    const KIND: u16 = 0x0403;
    type Answer = crate::streams::StreamPage;

    fn into_request(self) -> Request {
        Request::Pull(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::StreamPage(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetSnapshot {
    const KIND: u16 = 0x0404;
    type Answer = crate::streams::Snapshot;

    fn into_request(self) -> Request {
        Request::GetSnapshot(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Snapshot(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for ListThreads {
    const KIND: u16 = 0x0405;
    type Answer = crate::streams::ThreadList;

    fn into_request(self) -> Request {
        Request::ListThreads(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::ThreadList(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for Search {
    const KIND: u16 = 0x0501;
    type Answer = crate::directory::Found;

    fn into_request(self) -> Request {
        Request::Search(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Found(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetPerson {
    const KIND: u16 = 0x0502;
    type Answer = crate::directory::PersonCard;

    fn into_request(self) -> Request {
        Request::GetPerson(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::PersonCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetUnit {
    const KIND: u16 = 0x0503;
    type Answer = crate::directory::UnitCard;

    fn into_request(self) -> Request {
        Request::GetUnit(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::UnitCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CreateUnit {
    const KIND: u16 = 0x0510;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CreateUnit(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CreateTeam {
    const KIND: u16 = 0x0511;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CreateTeam(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CreateInvite {
    const KIND: u16 = 0x0520;
    type Answer = crate::directory::InviteCreated;

    fn into_request(self) -> Request {
        Request::CreateInvite(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::InviteCreated(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for WithdrawInvite {
    const KIND: u16 = 0x0521;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::WithdrawInvite(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for AcceptInvite {
    const KIND: u16 = 0x0522;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::AcceptInvite(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetPending {
    const KIND: u16 = 0x0523;
    type Answer = crate::directory::Pending;

    fn into_request(self) -> Request {
        Request::GetPending(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Pending(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for SetSuspended {
    const KIND: u16 = 0x0530;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::SetSuspended(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetBlob {
    const KIND: u16 = 0x0601;
    type Answer = crate::files::BlobCard;

    fn into_request(self) -> Request {
        Request::GetBlob(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::BlobCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallStart {
    const KIND: u16 = 0x0701;
    type Answer = crate::calls::CallStarted;

    fn into_request(self) -> Request {
        Request::CallStart(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::CallStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallAdd {
    const KIND: u16 = 0x0702;
    type Answer = crate::calls::CallStarted;

    fn into_request(self) -> Request {
        Request::CallAdd(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::CallStarted(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallJoin {
    const KIND: u16 = 0x0703;
    type Answer = crate::calls::CallCard;

    fn into_request(self) -> Request {
        Request::CallJoin(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::CallCard(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallAck {
    const KIND: u16 = 0x0704;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CallAck(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallDecline {
    const KIND: u16 = 0x0705;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CallDecline(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallLeave {
    const KIND: u16 = 0x0706;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CallLeave(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for CallEnd {
    const KIND: u16 = 0x0707;
    type Answer = crate::account::Done;

    fn into_request(self) -> Request {
        Request::CallEnd(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done(answer) = reply { Some(answer) } else { None }
    }
}

impl Call for GetCalls {
    const KIND: u16 = 0x0708;
    type Answer = crate::calls::Calls;

    fn into_request(self) -> Request {
        Request::GetCalls(self)
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Calls(answer) = reply { Some(answer) } else { None }
    }
}
