//! Replies: the answer to each request, or a refusal.
//!
//! A reply repeats the number and id of its request; a refusal sets the flag of the header.
//!
//! Not known here: which request it was, beyond its number.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::account::{
    CodeSent, Done, FactorNeeded, LoginStarted, Object, ObjectStored, PasswordStarted, RecoverChallenge,
    RecoverGranted, RecoverStarted, RegisterStarted, Rekeyed, SessionGrant, Sessions, Vault,
};
use crate::calls::{CallCard, CallStarted, Calls};
use crate::chains::{Boxes, BoxesStaged, Links, LinksAppended};
use crate::codec::{self, DecodeError};
use crate::codes::Refusal;
use crate::directory::{Found, InviteCreated, Pending, PersonCard, ServerCard, UnitCard};
use crate::files::BlobCard;
use crate::frame::{Class, Frame, Header, encode_frame};
use crate::request::Call;
use crate::streams::{Following, Snapshot, StreamPage, ThreadList};
use crate::threads::{Appended, Entries, Reads, ThreadCard};

/// Any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// See [`ServerCard`].
    ServerCard(ServerCard),
    /// See [`RegisterStarted`].
    RegisterStarted(RegisterStarted),
    /// See [`SessionGrant`].
    SessionGrant(SessionGrant),
    /// See [`LoginStarted`].
    LoginStarted(LoginStarted),
    /// See [`FactorNeeded`].
    FactorNeeded(FactorNeeded),
    /// See [`CodeSent`].
    CodeSent(CodeSent),
    /// See [`RecoverStarted`].
    RecoverStarted(RecoverStarted),
    /// See [`RecoverChallenge`].
    RecoverChallenge(RecoverChallenge),
    /// See [`RecoverGranted`].
    RecoverGranted(RecoverGranted),
    /// See [`Rekeyed`].
    Rekeyed(Rekeyed),
    /// See [`PasswordStarted`].
    PasswordStarted(PasswordStarted),
    /// See [`Done`].
    Done(Done),
    /// See [`Sessions`].
    Sessions(Sessions),
    /// See [`Vault`].
    Vault(Vault),
    /// See [`Object`].
    Object(Object),
    /// See [`ObjectStored`].
    ObjectStored(ObjectStored),
    /// See [`Links`].
    Links(Links),
    /// See [`LinksAppended`].
    LinksAppended(LinksAppended),
    /// See [`BoxesStaged`].
    BoxesStaged(BoxesStaged),
    /// See [`Boxes`].
    Boxes(Boxes),
    /// See [`Appended`].
    Appended(Appended),
    /// See [`ThreadCard`].
    ThreadCard(ThreadCard),
    /// See [`Entries`].
    Entries(Entries),
    /// See [`Reads`].
    Reads(Reads),
    /// See [`Following`].
    Following(Following),
    /// See [`StreamPage`].
    StreamPage(StreamPage),
    /// See [`Snapshot`].
    Snapshot(Snapshot),
    /// See [`ThreadList`].
    ThreadList(ThreadList),
    /// See [`Found`].
    Found(Found),
    /// See [`PersonCard`].
    PersonCard(PersonCard),
    /// See [`UnitCard`].
    UnitCard(UnitCard),
    /// See [`InviteCreated`].
    InviteCreated(InviteCreated),
    /// See [`Pending`].
    Pending(Pending),
    /// See [`BlobCard`].
    BlobCard(BlobCard),
    /// See [`CallStarted`].
    CallStarted(CallStarted),
    /// See [`CallCard`].
    CallCard(CallCard),
    /// See [`Calls`].
    Calls(Calls),
}

impl From<ServerCard> for Reply {
    fn from(answer: ServerCard) -> Self {
        Self::ServerCard(answer)
    }
}

impl From<RegisterStarted> for Reply {
    fn from(answer: RegisterStarted) -> Self {
        Self::RegisterStarted(answer)
    }
}

impl From<SessionGrant> for Reply {
    fn from(answer: SessionGrant) -> Self {
        Self::SessionGrant(answer)
    }
}

impl From<LoginStarted> for Reply {
    fn from(answer: LoginStarted) -> Self {
        Self::LoginStarted(answer)
    }
}

impl From<FactorNeeded> for Reply {
    fn from(answer: FactorNeeded) -> Self {
        Self::FactorNeeded(answer)
    }
}

impl From<CodeSent> for Reply {
    fn from(answer: CodeSent) -> Self {
        Self::CodeSent(answer)
    }
}

impl From<RecoverStarted> for Reply {
    fn from(answer: RecoverStarted) -> Self {
        Self::RecoverStarted(answer)
    }
}

impl From<RecoverChallenge> for Reply {
    fn from(answer: RecoverChallenge) -> Self {
        Self::RecoverChallenge(answer)
    }
}

impl From<RecoverGranted> for Reply {
    fn from(answer: RecoverGranted) -> Self {
        Self::RecoverGranted(answer)
    }
}

impl From<Rekeyed> for Reply {
    fn from(answer: Rekeyed) -> Self {
        Self::Rekeyed(answer)
    }
}

impl From<PasswordStarted> for Reply {
    fn from(answer: PasswordStarted) -> Self {
        Self::PasswordStarted(answer)
    }
}

impl From<Done> for Reply {
    fn from(answer: Done) -> Self {
        Self::Done(answer)
    }
}

impl From<Sessions> for Reply {
    fn from(answer: Sessions) -> Self {
        Self::Sessions(answer)
    }
}

impl From<Vault> for Reply {
    fn from(answer: Vault) -> Self {
        Self::Vault(answer)
    }
}

impl From<Object> for Reply {
    fn from(answer: Object) -> Self {
        Self::Object(answer)
    }
}

impl From<ObjectStored> for Reply {
    fn from(answer: ObjectStored) -> Self {
        Self::ObjectStored(answer)
    }
}

impl From<Links> for Reply {
    fn from(answer: Links) -> Self {
        Self::Links(answer)
    }
}

impl From<LinksAppended> for Reply {
    fn from(answer: LinksAppended) -> Self {
        Self::LinksAppended(answer)
    }
}

impl From<BoxesStaged> for Reply {
    fn from(answer: BoxesStaged) -> Self {
        Self::BoxesStaged(answer)
    }
}

impl From<Boxes> for Reply {
    fn from(answer: Boxes) -> Self {
        Self::Boxes(answer)
    }
}

impl From<Appended> for Reply {
    fn from(answer: Appended) -> Self {
        Self::Appended(answer)
    }
}

impl From<ThreadCard> for Reply {
    fn from(answer: ThreadCard) -> Self {
        Self::ThreadCard(answer)
    }
}

impl From<Entries> for Reply {
    fn from(answer: Entries) -> Self {
        Self::Entries(answer)
    }
}

impl From<Reads> for Reply {
    fn from(answer: Reads) -> Self {
        Self::Reads(answer)
    }
}

impl From<Following> for Reply {
    fn from(answer: Following) -> Self {
        Self::Following(answer)
    }
}

impl From<StreamPage> for Reply {
    fn from(answer: StreamPage) -> Self {
        Self::StreamPage(answer)
    }
}

impl From<Snapshot> for Reply {
    fn from(answer: Snapshot) -> Self {
        Self::Snapshot(answer)
    }
}

impl From<ThreadList> for Reply {
    fn from(answer: ThreadList) -> Self {
        Self::ThreadList(answer)
    }
}

impl From<Found> for Reply {
    fn from(answer: Found) -> Self {
        Self::Found(answer)
    }
}

impl From<PersonCard> for Reply {
    fn from(answer: PersonCard) -> Self {
        Self::PersonCard(answer)
    }
}

impl From<UnitCard> for Reply {
    fn from(answer: UnitCard) -> Self {
        Self::UnitCard(answer)
    }
}

impl From<InviteCreated> for Reply {
    fn from(answer: InviteCreated) -> Self {
        Self::InviteCreated(answer)
    }
}

impl From<Pending> for Reply {
    fn from(answer: Pending) -> Self {
        Self::Pending(answer)
    }
}

impl From<BlobCard> for Reply {
    fn from(answer: BlobCard) -> Self {
        Self::BlobCard(answer)
    }
}

impl From<CallStarted> for Reply {
    fn from(answer: CallStarted) -> Self {
        Self::CallStarted(answer)
    }
}

impl From<CallCard> for Reply {
    fn from(answer: CallCard) -> Self {
        Self::CallCard(answer)
    }
}

impl From<Calls> for Reply {
    fn from(answer: Calls) -> Self {
        Self::Calls(answer)
    }
}

impl Serialize for Reply {
    /// The answer alone, as any carrier wants it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ServerCard(answer) => answer.serialize(serializer),
            Self::RegisterStarted(answer) => answer.serialize(serializer),
            Self::SessionGrant(answer) => answer.serialize(serializer),
            Self::LoginStarted(answer) => answer.serialize(serializer),
            Self::FactorNeeded(answer) => answer.serialize(serializer),
            Self::CodeSent(answer) => answer.serialize(serializer),
            Self::RecoverStarted(answer) => answer.serialize(serializer),
            Self::RecoverChallenge(answer) => answer.serialize(serializer),
            Self::RecoverGranted(answer) => answer.serialize(serializer),
            Self::Rekeyed(answer) => answer.serialize(serializer),
            Self::PasswordStarted(answer) => answer.serialize(serializer),
            Self::Done(answer) => answer.serialize(serializer),
            Self::Sessions(answer) => answer.serialize(serializer),
            Self::Vault(answer) => answer.serialize(serializer),
            Self::Object(answer) => answer.serialize(serializer),
            Self::ObjectStored(answer) => answer.serialize(serializer),
            Self::Links(answer) => answer.serialize(serializer),
            Self::LinksAppended(answer) => answer.serialize(serializer),
            Self::BoxesStaged(answer) => answer.serialize(serializer),
            Self::Boxes(answer) => answer.serialize(serializer),
            Self::Appended(answer) => answer.serialize(serializer),
            Self::ThreadCard(answer) => answer.serialize(serializer),
            Self::Entries(answer) => answer.serialize(serializer),
            Self::Reads(answer) => answer.serialize(serializer),
            Self::Following(answer) => answer.serialize(serializer),
            Self::StreamPage(answer) => answer.serialize(serializer),
            Self::Snapshot(answer) => answer.serialize(serializer),
            Self::ThreadList(answer) => answer.serialize(serializer),
            Self::Found(answer) => answer.serialize(serializer),
            Self::PersonCard(answer) => answer.serialize(serializer),
            Self::UnitCard(answer) => answer.serialize(serializer),
            Self::InviteCreated(answer) => answer.serialize(serializer),
            Self::Pending(answer) => answer.serialize(serializer),
            Self::BlobCard(answer) => answer.serialize(serializer),
            Self::CallStarted(answer) => answer.serialize(serializer),
            Self::CallCard(answer) => answer.serialize(serializer),
            Self::Calls(answer) => answer.serialize(serializer),
        }
    }
}

impl Reply {
    /// Decodes the body of an answer to a request with this number.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(kind: u16, body: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_with(body, |deserializer| Self::deserialize_as(kind, deserializer))?
            .ok_or(DecodeError::UnknownKind(kind))
    }

    /// Deserialises an answer to a request with this number from any carrier; `None` for a number that is not known.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize_as<'de, D: Deserializer<'de>>(kind: u16, from: D) -> Result<Option<Self>, D::Error> {
        Ok(Some(match kind {
            crate::directory::GetServer::KIND => Self::ServerCard(ServerCard::deserialize(from)?),
            crate::account::RegisterStart::KIND => Self::RegisterStarted(RegisterStarted::deserialize(from)?),
            crate::account::RegisterFinish::KIND => Self::SessionGrant(SessionGrant::deserialize(from)?),
            crate::account::LoginStart::KIND => Self::LoginStarted(LoginStarted::deserialize(from)?),
            crate::account::LoginFinish::KIND => Self::FactorNeeded(FactorNeeded::deserialize(from)?),
            crate::account::ResendCode::KIND => Self::CodeSent(CodeSent::deserialize(from)?),
            crate::account::SecondFactor::KIND => Self::SessionGrant(SessionGrant::deserialize(from)?),
            crate::account::RecoverStart::KIND => Self::RecoverStarted(RecoverStarted::deserialize(from)?),
            crate::account::RecoverProve::KIND => {
                Self::RecoverChallenge(RecoverChallenge::deserialize(from)?)
            }
            crate::account::RecoverAuth::KIND => Self::RecoverGranted(RecoverGranted::deserialize(from)?),
            crate::account::Rekey::KIND => Self::Rekeyed(Rekeyed::deserialize(from)?),
            crate::account::PasswordStart::KIND => Self::PasswordStarted(PasswordStarted::deserialize(from)?),
            crate::account::RenewRecovery::KIND => Self::Done(Done::deserialize(from)?),
            crate::account::ListSessions::KIND => Self::Sessions(Sessions::deserialize(from)?),
            crate::account::RevokeSession::KIND => Self::Done(Done::deserialize(from)?),
            crate::account::GetVault::KIND => Self::Vault(Vault::deserialize(from)?),
            crate::account::PutVault::KIND => Self::Done(Done::deserialize(from)?),
            crate::account::GetObject::KIND => Self::Object(Object::deserialize(from)?),
            crate::account::PutObject::KIND => Self::ObjectStored(ObjectStored::deserialize(from)?),
            crate::chains::GetLinks::KIND => Self::Links(Links::deserialize(from)?),
            crate::chains::AppendLinks::KIND => Self::LinksAppended(LinksAppended::deserialize(from)?),
            crate::chains::PutBoxes::KIND => Self::BoxesStaged(BoxesStaged::deserialize(from)?),
            crate::chains::GetBoxes::KIND => Self::Boxes(Boxes::deserialize(from)?),
            crate::threads::Append::KIND => Self::Appended(Appended::deserialize(from)?),
            crate::threads::GetThread::KIND => Self::ThreadCard(ThreadCard::deserialize(from)?),
            crate::threads::GetEntries::KIND => Self::Entries(Entries::deserialize(from)?),
            crate::threads::MarkRead::KIND => Self::Done(Done::deserialize(from)?),
            crate::threads::GetReads::KIND => Self::Reads(Reads::deserialize(from)?),
            crate::streams::Focus::KIND => Self::Following(Following::deserialize(from)?),
            crate::streams::FollowPersonal::KIND => Self::Following(Following::deserialize(from)?),
            crate::streams::Pull::KIND => Self::StreamPage(StreamPage::deserialize(from)?),
            crate::streams::GetSnapshot::KIND => Self::Snapshot(Snapshot::deserialize(from)?),
            crate::streams::ListThreads::KIND => Self::ThreadList(ThreadList::deserialize(from)?),
            crate::directory::Search::KIND => Self::Found(Found::deserialize(from)?),
            crate::directory::GetPerson::KIND => Self::PersonCard(PersonCard::deserialize(from)?),
            crate::directory::GetUnit::KIND => Self::UnitCard(UnitCard::deserialize(from)?),
            crate::directory::CreateUnit::KIND => Self::Done(Done::deserialize(from)?),
            crate::directory::CreateTeam::KIND => Self::Done(Done::deserialize(from)?),
            crate::directory::CreateInvite::KIND => Self::InviteCreated(InviteCreated::deserialize(from)?),
            crate::directory::WithdrawInvite::KIND => Self::Done(Done::deserialize(from)?),
            crate::directory::AcceptInvite::KIND => Self::Done(Done::deserialize(from)?),
            crate::directory::SetSuspended::KIND => Self::Done(Done::deserialize(from)?),
            crate::directory::GetPending::KIND => Self::Pending(Pending::deserialize(from)?),
            crate::files::GetBlob::KIND => Self::BlobCard(BlobCard::deserialize(from)?),
            crate::calls::CallStart::KIND => Self::CallStarted(CallStarted::deserialize(from)?),
            crate::calls::CallAdd::KIND => Self::CallStarted(CallStarted::deserialize(from)?),
            crate::calls::CallJoin::KIND => Self::CallCard(CallCard::deserialize(from)?),
            crate::calls::CallAck::KIND => Self::Done(Done::deserialize(from)?),
            crate::calls::CallDecline::KIND => Self::Done(Done::deserialize(from)?),
            crate::calls::CallLeave::KIND => Self::Done(Done::deserialize(from)?),
            crate::calls::CallEnd::KIND => Self::Done(Done::deserialize(from)?),
            crate::calls::GetCalls::KIND => Self::Calls(Calls::deserialize(from)?),
            _ => return Ok(None),
        }))
    }
}

/// Frame of an answer or refusal to the request with this number and id.
#[must_use]
pub fn encode_reply(kind: u16, id: u64, reply: &Result<Reply, Refusal>) -> Vec<u8> {
    let header = Header { refusal: reply.is_err(), ..Header::new(Class::Reply, kind, id) };
    match reply {
        Ok(answer) => encode_frame(&header, &codec::encode(answer)),
        Err(refusal) => encode_frame(&header, &codec::encode(refusal)),
    }
}

/// The answer or refusal in a reply's frame.
///
/// # Errors
/// [`DecodeError`] when the frame is not a reply or its body does not fit.
pub fn decode_reply(frame: &Frame<'_>) -> Result<Result<Reply, Refusal>, DecodeError> {
    if frame.header.class != Class::Reply {
        return Err(DecodeError::WrongClass);
    }
    if frame.header.refusal {
        return codec::decode(frame.body).map(Err);
    }
    Reply::decode(frame.header.kind, frame.body).map(Ok)
}
