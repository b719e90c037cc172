//! Samples of every type of the wire: what the golden bytes are made from. Long because it lists them all, twice:
//! with every field set, and with as little as possible.

#![expect(clippy::unwrap_used, clippy::too_many_lines, reason = "constant samples, listed")]

use relais_wire::account::{
    CodeSent, Done, FactorKind, FactorNeeded, GetObject, GetVault, ListSessions, Locale, LoginFinish,
    LoginStart, LoginStarted, Object, ObjectKind, ObjectStored, PasswordStart, PasswordStarted, PutObject,
    PutVault, RecoverAuth, RecoverChallenge, RecoverGranted, RecoverProve, RecoverStart, RecoverStarted,
    Recovery, RegisterFinish, RegisterStart, RegisterStarted, Rekey, Rekeyed, RenewRecovery, ResendCode,
    RevokeSession, SecondFactor, SessionCard, SessionGrant, Sessions, Vault, Wrap, WrapKind,
};
use relais_wire::chains::{
    AppendLinks, BoxScope, Boxes, BoxesStaged, ChainHead, ChainKind, ChainLink, GetBoxes, GetLinks, Links,
    LinksAppended, PutBoxes, SealedBox,
};
use relais_wire::control::{
    CaughtUp, Cursor, Followed, Greeting, Hello, HelloSession, Limits, OrgCursor, Ping, Pong, Resync,
    ResyncReason, SessionKey, Welcome,
};
use relais_wire::directory::{
    AcceptInvite, CreateInvite, CreateTeam, CreateUnit, Found, GetPending, GetPerson, GetServer, GetUnit,
    InviteCreated, OrgCard, Pending, PendingMember, PersonCard, Search, ServerCard, TeamCard, UnitCard,
    WithdrawInvite,
};
use relais_wire::events::{
    Badge, ChainGrew, EntriesAppended, Invited, MemberWaits, ObjectChanged, Progress, ReadMoved,
    SessionEnded, SessionOpened, ThreadGone, Typing,
};
use relais_wire::files::{BlobCard, GetBlob};
use relais_wire::streams::{
    Focus, FollowPersonal, Following, GetSnapshot, Pull, Snapshot, StreamItem, StreamPage,
};
use relais_wire::threads::{
    Append, Appended, Entries, GetEntries, GetReads, GetThread, MarkRead, Party, PartyState, ReadMark, Reads,
    Receipt, SignedEntry, StoredEntry, ThreadCard,
};
use relais_wire::{
    Bin, BlobId, ByteSize, Bytes32, Control, DeviceId, Epoch, ErrorCode, Event, IdemKey, InviteId, KeyringId,
    LoginId, Millis, ObjectId, OrgId, Private, Refusal, Reply, Request, Seq, SessionId, Stale, TeamId,
    ThreadId, UnitId, UserId,
};

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn requests() -> Vec<Request> {
    vec![
        Request::GetServer(GetServer {}),
        Request::RegisterStart(RegisterStart {
            email: Private::from("Zoé"),
            invite: Some(Bin(vec![1; 3])),
            locale: Locale::En,
            opaque: Bin(vec![2; 3]),
        }),
        Request::RegisterStart(RegisterStart {
            email: Private::from("Zoé"),
            invite: None,
            locale: Locale::Fr,
            opaque: Bin(vec![]),
        }),
        Request::RegisterFinish(RegisterFinish {
            idem: IdemKey::from_bytes([3; 16]),
            login: LoginId::from_bytes([4; 16]),
            code: Private::from("Zoé"),
            opaque: Bin(vec![5; 3]),
            name: Private::from("Zoé"),
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([6; 16]),
                link: Bin(vec![7; 3]),
            }],
            boxes: vec![SealedBox {
                scope: BoxScope::Thread,
                id: ObjectId::from_bytes([8; 16]),
                generation: 9081,
                recipient: KeyringId::from_bytes([10; 16]),
                recipient_generation: 11099,
                bytes: Bin(vec![12; 3]),
            }],
            vault: Vault { version: Seq::new(13000039).unwrap(), ciphertext: Bin(vec![14; 3]) },
            wraps: vec![Wrap {
                kind: WrapKind::KeyFile,
                label: Bin(vec![15; 3]),
                ciphertext: Bin(vec![16; 3]),
            }],
            recovery: Recovery { auth_key: Bin(vec![17; 3]), server_half: Bin(vec![18; 3]) },
            device: DeviceId::from_bytes([19; 16]),
        }),
        Request::RegisterFinish(RegisterFinish {
            idem: IdemKey::from_bytes([20; 16]),
            login: LoginId::from_bytes([21; 16]),
            code: Private::from("Zoé"),
            opaque: Bin(vec![]),
            name: Private::from("Zoé"),
            links: vec![],
            boxes: vec![],
            vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
            wraps: vec![],
            recovery: Recovery { auth_key: Bin(vec![]), server_half: Bin(vec![]) },
            device: DeviceId::from_bytes([22; 16]),
        }),
        Request::LoginStart(LoginStart { email: Private::from("Zoé"), opaque: Bin(vec![23; 3]) }),
        Request::LoginStart(LoginStart { email: Private::from("Zoé"), opaque: Bin(vec![]) }),
        Request::LoginFinish(LoginFinish {
            login: LoginId::from_bytes([24; 16]),
            opaque: Bin(vec![25; 3]),
            locale: Locale::En,
        }),
        Request::LoginFinish(LoginFinish {
            login: LoginId::from_bytes([26; 16]),
            opaque: Bin(vec![]),
            locale: Locale::Fr,
        }),
        Request::ResendCode(ResendCode { login: LoginId::from_bytes([27; 16]) }),
        Request::ResendCode(ResendCode { login: LoginId::from_bytes([28; 16]) }),
        Request::SecondFactor(SecondFactor {
            login: LoginId::from_bytes([29; 16]),
            code: Private::from("Zoé"),
            device: DeviceId::from_bytes([30; 16]),
        }),
        Request::SecondFactor(SecondFactor {
            login: LoginId::from_bytes([31; 16]),
            code: Private::from("Zoé"),
            device: DeviceId::from_bytes([32; 16]),
        }),
        Request::RecoverStart(RecoverStart { email: Private::from("Zoé"), locale: Locale::En }),
        Request::RecoverStart(RecoverStart { email: Private::from("Zoé"), locale: Locale::Fr }),
        Request::RecoverProve(RecoverProve {
            login: LoginId::from_bytes([33; 16]),
            code: Private::from("Zoé"),
        }),
        Request::RecoverProve(RecoverProve {
            login: LoginId::from_bytes([34; 16]),
            code: Private::from("Zoé"),
        }),
        Request::RecoverAuth(RecoverAuth {
            login: LoginId::from_bytes([35; 16]),
            signature: Bin(vec![36; 3]),
            opaque: Bin(vec![37; 3]),
        }),
        Request::RecoverAuth(RecoverAuth {
            login: LoginId::from_bytes([38; 16]),
            signature: Bin(vec![]),
            opaque: Bin(vec![]),
        }),
        Request::Rekey(Rekey {
            idem: IdemKey::from_bytes([39; 16]),
            login: Some(LoginId::from_bytes([40; 16])),
            opaque: Bin(vec![41; 3]),
            vault: Vault { version: Seq::new(42000126).unwrap(), ciphertext: Bin(vec![43; 3]) },
            wraps: vec![Wrap {
                kind: WrapKind::KeyFile,
                label: Bin(vec![44; 3]),
                ciphertext: Bin(vec![45; 3]),
            }],
            recovery: Some(Recovery { auth_key: Bin(vec![46; 3]), server_half: Bin(vec![47; 3]) }),
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([48; 16]),
                link: Bin(vec![49; 3]),
            }],
            device: Some(DeviceId::from_bytes([50; 16])),
        }),
        Request::Rekey(Rekey {
            idem: IdemKey::from_bytes([51; 16]),
            login: None,
            opaque: Bin(vec![]),
            vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
            wraps: vec![],
            recovery: None,
            links: vec![],
            device: None,
        }),
        Request::PasswordStart(PasswordStart { opaque: Bin(vec![52; 3]) }),
        Request::PasswordStart(PasswordStart { opaque: Bin(vec![]) }),
        Request::RenewRecovery(RenewRecovery {
            idem: IdemKey::from_bytes([53; 16]),
            recovery: Recovery { auth_key: Bin(vec![54; 3]), server_half: Bin(vec![55; 3]) },
            wrap: Wrap { kind: WrapKind::KeyFile, label: Bin(vec![56; 3]), ciphertext: Bin(vec![57; 3]) },
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([58; 16]),
                link: Bin(vec![59; 3]),
            }],
        }),
        Request::RenewRecovery(RenewRecovery {
            idem: IdemKey::from_bytes([60; 16]),
            recovery: Recovery { auth_key: Bin(vec![]), server_half: Bin(vec![]) },
            wrap: Wrap { kind: WrapKind::Password, label: Bin(vec![]), ciphertext: Bin(vec![]) },
            links: vec![],
        }),
        Request::ListSessions(ListSessions {}),
        Request::RevokeSession(RevokeSession {
            idem: IdemKey::from_bytes([61; 16]),
            session: SessionId::from_bytes([62; 16]),
        }),
        Request::RevokeSession(RevokeSession {
            idem: IdemKey::from_bytes([63; 16]),
            session: SessionId::from_bytes([64; 16]),
        }),
        Request::GetVault(GetVault {}),
        Request::PutVault(PutVault {
            idem: IdemKey::from_bytes([65; 16]),
            vault: Vault { version: Seq::new(66000198).unwrap(), ciphertext: Bin(vec![67; 3]) },
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([68; 16]),
                link: Bin(vec![69; 3]),
            }],
            boxes: vec![SealedBox {
                scope: BoxScope::Thread,
                id: ObjectId::from_bytes([70; 16]),
                generation: 71639,
                recipient: KeyringId::from_bytes([72; 16]),
                recipient_generation: 73657,
                bytes: Bin(vec![74; 3]),
            }],
        }),
        Request::PutVault(PutVault {
            idem: IdemKey::from_bytes([75; 16]),
            vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
            links: vec![],
            boxes: vec![],
        }),
        Request::GetObject(GetObject { object: ObjectKind::Pins }),
        Request::GetObject(GetObject { object: ObjectKind::KeyIndex }),
        Request::PutObject(PutObject {
            idem: IdemKey::from_bytes([76; 16]),
            object: ObjectKind::Pins,
            replaces: Seq::new(77000231).unwrap(),
            ciphertext: Bin(vec![78; 3]),
        }),
        Request::PutObject(PutObject {
            idem: IdemKey::from_bytes([79; 16]),
            object: ObjectKind::KeyIndex,
            replaces: Seq::new(0).unwrap(),
            ciphertext: Bin(vec![]),
        }),
        Request::GetLinks(GetLinks {
            chain: ChainKind::Unit,
            id: ObjectId::from_bytes([80; 16]),
            after: Seq::new(81000243).unwrap(),
            max: 82738,
        }),
        Request::GetLinks(GetLinks {
            chain: ChainKind::User,
            id: ObjectId::from_bytes([83; 16]),
            after: Seq::new(0).unwrap(),
            max: 84756,
        }),
        Request::AppendLinks(AppendLinks {
            idem: IdemKey::from_bytes([85; 16]),
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([86; 16]),
                link: Bin(vec![87; 3]),
            }],
        }),
        Request::AppendLinks(AppendLinks { idem: IdemKey::from_bytes([88; 16]), links: vec![] }),
        Request::PutBoxes(PutBoxes {
            boxes: vec![SealedBox {
                scope: BoxScope::Thread,
                id: ObjectId::from_bytes([89; 16]),
                generation: 90810,
                recipient: KeyringId::from_bytes([91; 16]),
                recipient_generation: 92828,
                bytes: Bin(vec![93; 3]),
            }],
        }),
        Request::PutBoxes(PutBoxes { boxes: vec![] }),
        Request::GetBoxes(GetBoxes {
            scope: BoxScope::Thread,
            id: ObjectId::from_bytes([94; 16]),
            from: 95855,
            to: 96864,
            recipient: KeyringId::from_bytes([97; 16]),
        }),
        Request::GetBoxes(GetBoxes {
            scope: BoxScope::Keyring,
            id: ObjectId::from_bytes([98; 16]),
            from: 99891,
            to: 100900,
            recipient: KeyringId::from_bytes([101; 16]),
        }),
        Request::Append(Append {
            idem: IdemKey::from_bytes([102; 16]),
            thread: ThreadId::from_bytes([103; 16]),
            entries: vec![SignedEntry {
                core: Bin(vec![104; 3]),
                payload: Bin(vec![105; 3]),
                sig: Bin(vec![106; 3]),
            }],
        }),
        Request::Append(Append {
            idem: IdemKey::from_bytes([107; 16]),
            thread: ThreadId::from_bytes([108; 16]),
            entries: vec![],
        }),
        Request::GetThread(GetThread { thread: ThreadId::from_bytes([109; 16]) }),
        Request::GetThread(GetThread { thread: ThreadId::from_bytes([110; 16]) }),
        Request::GetEntries(GetEntries {
            thread: ThreadId::from_bytes([111; 16]),
            from: Seq::new(112000336).unwrap(),
            max: 114017,
            backward: true,
        }),
        Request::GetEntries(GetEntries {
            thread: ThreadId::from_bytes([114; 16]),
            from: Seq::new(0).unwrap(),
            max: 116035,
            backward: false,
        }),
        Request::MarkRead(MarkRead {
            thread: ThreadId::from_bytes([116; 16]),
            n: Seq::new(117000351).unwrap(),
        }),
        Request::MarkRead(MarkRead { thread: ThreadId::from_bytes([118; 16]), n: Seq::new(0).unwrap() }),
        Request::GetReads(GetReads { thread: ThreadId::from_bytes([119; 16]) }),
        Request::GetReads(GetReads { thread: ThreadId::from_bytes([120; 16]) }),
        Request::Focus(Focus {
            org: Some(OrgId::from_bytes([121; 16])),
            cursor: Some(Cursor { epoch: Epoch::from_bytes([122; 16]), seq: Seq::new(123000369).unwrap() }),
        }),
        Request::Focus(Focus { org: None, cursor: None }),
        Request::FollowPersonal(FollowPersonal {
            cursor: Cursor { epoch: Epoch::from_bytes([124; 16]), seq: Seq::new(125000375).unwrap() },
        }),
        Request::FollowPersonal(FollowPersonal {
            cursor: Cursor { epoch: Epoch::from_bytes([126; 16]), seq: Seq::new(0).unwrap() },
        }),
        Request::Pull(Pull {
            org: Some(OrgId::from_bytes([127; 16])),
            after: Cursor { epoch: Epoch::from_bytes([128; 16]), seq: Seq::new(129000387).unwrap() },
            max: 131170,
        }),
        Request::Pull(Pull {
            org: None,
            after: Cursor { epoch: Epoch::from_bytes([131; 16]), seq: Seq::new(0).unwrap() },
            max: 133188,
        }),
        Request::GetSnapshot(GetSnapshot {
            org: Some(OrgId::from_bytes([133; 16])),
            page: Some(Bin(vec![134; 3])),
        }),
        Request::GetSnapshot(GetSnapshot { org: None, page: None }),
        Request::Search(Search { query: Private::from("Zoé"), org: Some(OrgId::from_bytes([135; 16])) }),
        Request::Search(Search { query: Private::from("Zoé"), org: None }),
        Request::GetPerson(GetPerson { user: UserId::from_bytes([136; 16]) }),
        Request::GetPerson(GetPerson { user: UserId::from_bytes([137; 16]) }),
        Request::GetUnit(GetUnit { unit: UnitId::from_bytes([138; 16]) }),
        Request::GetUnit(GetUnit { unit: UnitId::from_bytes([139; 16]) }),
        Request::CreateUnit(CreateUnit {
            idem: IdemKey::from_bytes([140; 16]),
            unit: UnitId::from_bytes([141; 16]),
            parent: Some(UnitId::from_bytes([142; 16])),
            name: Private::from("Zoé"),
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([143; 16]),
                link: Bin(vec![144; 3]),
            }],
            boxes: vec![SealedBox {
                scope: BoxScope::Thread,
                id: ObjectId::from_bytes([145; 16]),
                generation: 147314,
                recipient: KeyringId::from_bytes([147; 16]),
                recipient_generation: 149332,
                bytes: Bin(vec![149; 3]),
            }],
        }),
        Request::CreateUnit(CreateUnit {
            idem: IdemKey::from_bytes([150; 16]),
            unit: UnitId::from_bytes([151; 16]),
            parent: None,
            name: Private::from("Zoé"),
            links: vec![],
            boxes: vec![],
        }),
        Request::CreateTeam(CreateTeam {
            idem: IdemKey::from_bytes([152; 16]),
            team: TeamId::from_bytes([153; 16]),
            unit: UnitId::from_bytes([154; 16]),
            name: Private::from("Zoé"),
            links: vec![ChainLink {
                chain: ChainKind::Unit,
                id: ObjectId::from_bytes([155; 16]),
                link: Bin(vec![156; 3]),
            }],
            boxes: vec![SealedBox {
                scope: BoxScope::Thread,
                id: ObjectId::from_bytes([157; 16]),
                generation: 159422,
                recipient: KeyringId::from_bytes([159; 16]),
                recipient_generation: 161440,
                bytes: Bin(vec![161; 3]),
            }],
        }),
        Request::CreateTeam(CreateTeam {
            idem: IdemKey::from_bytes([162; 16]),
            team: TeamId::from_bytes([163; 16]),
            unit: UnitId::from_bytes([164; 16]),
            name: Private::from("Zoé"),
            links: vec![],
            boxes: vec![],
        }),
        Request::CreateInvite(CreateInvite {
            idem: IdemKey::from_bytes([165; 16]),
            unit: Some(UnitId::from_bytes([166; 16])),
            email: Some(Private::from("Zoé")),
            locale: Locale::En,
            key: Some(Bin(vec![167; 3])),
        }),
        Request::CreateInvite(CreateInvite {
            idem: IdemKey::from_bytes([168; 16]),
            unit: None,
            email: None,
            locale: Locale::Fr,
            key: None,
        }),
        Request::WithdrawInvite(WithdrawInvite {
            idem: IdemKey::from_bytes([169; 16]),
            invite: InviteId::from_bytes([170; 16]),
        }),
        Request::WithdrawInvite(WithdrawInvite {
            idem: IdemKey::from_bytes([171; 16]),
            invite: InviteId::from_bytes([172; 16]),
        }),
        Request::AcceptInvite(AcceptInvite {
            idem: IdemKey::from_bytes([173; 16]),
            token: Bin(vec![174; 3]),
            proof: Some(Bin(vec![175; 3])),
        }),
        Request::AcceptInvite(AcceptInvite {
            idem: IdemKey::from_bytes([176; 16]),
            token: Bin(vec![]),
            proof: None,
        }),
        Request::GetPending(GetPending { unit: UnitId::from_bytes([177; 16]) }),
        Request::GetPending(GetPending { unit: UnitId::from_bytes([178; 16]) }),
        Request::GetBlob(GetBlob { blob: BlobId::from_bytes([179; 16]) }),
        Request::GetBlob(GetBlob { blob: BlobId::from_bytes([180; 16]) }),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn replies() -> Vec<(u16, Reply)> {
    vec![
        (
            0x0101,
            Reply::ServerCard(ServerCard {
                origin: "relais".to_owned(),
                version: "relais".to_owned(),
                opaque_key: Bin(vec![181; 3]),
                receipt_key: Bin(vec![182; 3]),
                open_registration: true,
                demo: true,
                root: Some(UnitId::from_bytes([183; 16])),
                now: Millis::new(184000552).unwrap(),
            }),
        ),
        (
            0x0101,
            Reply::ServerCard(ServerCard {
                origin: "relais".to_owned(),
                version: "relais".to_owned(),
                opaque_key: Bin(vec![]),
                receipt_key: Bin(vec![]),
                open_registration: false,
                demo: false,
                root: None,
                now: Millis::new(0).unwrap(),
            }),
        ),
        (
            0x0110,
            Reply::RegisterStarted(RegisterStarted {
                login: LoginId::from_bytes([185; 16]),
                user: UserId::from_bytes([186; 16]),
                opaque: Bin(vec![187; 3]),
                resend_after: Millis::new(188000564).unwrap(),
            }),
        ),
        (
            0x0110,
            Reply::RegisterStarted(RegisterStarted {
                login: LoginId::from_bytes([189; 16]),
                user: UserId::from_bytes([190; 16]),
                opaque: Bin(vec![]),
                resend_after: Millis::new(0).unwrap(),
            }),
        ),
        (
            0x0111,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([191; 16]),
                user: UserId::from_bytes([192; 16]),
                device: DeviceId::from_bytes([193; 16]),
                key: SessionKey { kid: 195746, key: Bin(vec![195; 3]) },
                ticket: Bin(vec![196; 3]),
                expires: Millis::new(197000591).unwrap(),
                vault: Vault { version: Seq::new(198000594).unwrap(), ciphertext: Bin(vec![199; 3]) },
                wraps: vec![Wrap {
                    kind: WrapKind::KeyFile,
                    label: Bin(vec![200; 3]),
                    ciphertext: Bin(vec![1; 3]),
                }],
                orgs: vec![OrgId::from_bytes([2; 16])],
            }),
        ),
        (
            0x0111,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([3; 16]),
                user: UserId::from_bytes([4; 16]),
                device: DeviceId::from_bytes([5; 16]),
                key: SessionKey { kid: 6054, key: Bin(vec![]) },
                ticket: Bin(vec![]),
                expires: Millis::new(0).unwrap(),
                vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
                wraps: vec![],
                orgs: vec![],
            }),
        ),
        (
            0x0120,
            Reply::LoginStarted(LoginStarted {
                login: LoginId::from_bytes([7; 16]),
                user: UserId::from_bytes([8; 16]),
                opaque: Bin(vec![9; 3]),
            }),
        ),
        (
            0x0120,
            Reply::LoginStarted(LoginStarted {
                login: LoginId::from_bytes([10; 16]),
                user: UserId::from_bytes([11; 16]),
                opaque: Bin(vec![]),
            }),
        ),
        (
            0x0121,
            Reply::FactorNeeded(FactorNeeded {
                factors: vec![FactorKind::Passkey],
                resend_after: Millis::new(12000036).unwrap(),
            }),
        ),
        (
            0x0121,
            Reply::FactorNeeded(FactorNeeded { factors: vec![], resend_after: Millis::new(0).unwrap() }),
        ),
        (0x0122, Reply::CodeSent(CodeSent { resend_after: Millis::new(13000039).unwrap(), left: 14126 })),
        (0x0122, Reply::CodeSent(CodeSent { resend_after: Millis::new(0).unwrap(), left: 15135 })),
        (
            0x0123,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([16; 16]),
                user: UserId::from_bytes([17; 16]),
                device: DeviceId::from_bytes([18; 16]),
                key: SessionKey { kid: 19171, key: Bin(vec![20; 3]) },
                ticket: Bin(vec![21; 3]),
                expires: Millis::new(22000066).unwrap(),
                vault: Vault { version: Seq::new(23000069).unwrap(), ciphertext: Bin(vec![24; 3]) },
                wraps: vec![Wrap {
                    kind: WrapKind::KeyFile,
                    label: Bin(vec![25; 3]),
                    ciphertext: Bin(vec![26; 3]),
                }],
                orgs: vec![OrgId::from_bytes([27; 16])],
            }),
        ),
        (
            0x0123,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([28; 16]),
                user: UserId::from_bytes([29; 16]),
                device: DeviceId::from_bytes([30; 16]),
                key: SessionKey { kid: 31279, key: Bin(vec![]) },
                ticket: Bin(vec![]),
                expires: Millis::new(0).unwrap(),
                vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
                wraps: vec![],
                orgs: vec![],
            }),
        ),
        (
            0x0130,
            Reply::RecoverStarted(RecoverStarted {
                login: LoginId::from_bytes([32; 16]),
                resend_after: Millis::new(33000099).unwrap(),
            }),
        ),
        (
            0x0130,
            Reply::RecoverStarted(RecoverStarted {
                login: LoginId::from_bytes([34; 16]),
                resend_after: Millis::new(0).unwrap(),
            }),
        ),
        (
            0x0131,
            Reply::RecoverChallenge(RecoverChallenge {
                user: UserId::from_bytes([35; 16]),
                challenge: Bin(vec![36; 3]),
            }),
        ),
        (
            0x0131,
            Reply::RecoverChallenge(RecoverChallenge {
                user: UserId::from_bytes([37; 16]),
                challenge: Bin(vec![]),
            }),
        ),
        (
            0x0132,
            Reply::RecoverGranted(RecoverGranted {
                server_half: Bin(vec![38; 3]),
                wrap: Wrap { kind: WrapKind::KeyFile, label: Bin(vec![39; 3]), ciphertext: Bin(vec![40; 3]) },
                vault: Vault { version: Seq::new(41000123).unwrap(), ciphertext: Bin(vec![42; 3]) },
                opaque: Bin(vec![43; 3]),
            }),
        ),
        (
            0x0132,
            Reply::RecoverGranted(RecoverGranted {
                server_half: Bin(vec![]),
                wrap: Wrap { kind: WrapKind::Password, label: Bin(vec![]), ciphertext: Bin(vec![]) },
                vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
                opaque: Bin(vec![]),
            }),
        ),
        (
            0x0133,
            Reply::Rekeyed(Rekeyed {
                session: Some(SessionGrant {
                    session: SessionId::from_bytes([44; 16]),
                    user: UserId::from_bytes([45; 16]),
                    device: DeviceId::from_bytes([46; 16]),
                    key: SessionKey { kid: 47423, key: Bin(vec![48; 3]) },
                    ticket: Bin(vec![49; 3]),
                    expires: Millis::new(50000150).unwrap(),
                    vault: Vault { version: Seq::new(51000153).unwrap(), ciphertext: Bin(vec![52; 3]) },
                    wraps: vec![Wrap {
                        kind: WrapKind::KeyFile,
                        label: Bin(vec![53; 3]),
                        ciphertext: Bin(vec![54; 3]),
                    }],
                    orgs: vec![OrgId::from_bytes([55; 16])],
                }),
            }),
        ),
        (0x0133, Reply::Rekeyed(Rekeyed { session: None })),
        (0x0140, Reply::PasswordStarted(PasswordStarted { opaque: Bin(vec![56; 3]) })),
        (0x0140, Reply::PasswordStarted(PasswordStarted { opaque: Bin(vec![]) })),
        (0x0141, Reply::Done(Done {})),
        (
            0x0142,
            Reply::Sessions(Sessions {
                sessions: vec![SessionCard {
                    session: SessionId::from_bytes([57; 16]),
                    device: DeviceId::from_bytes([58; 16]),
                    opened: Millis::new(59000177).unwrap(),
                    seen: Millis::new(60000180).unwrap(),
                    expires: Millis::new(61000183).unwrap(),
                    current: true,
                }],
            }),
        ),
        (0x0142, Reply::Sessions(Sessions { sessions: vec![] })),
        (0x0143, Reply::Done(Done {})),
        (0x0150, Reply::Vault(Vault { version: Seq::new(62000186).unwrap(), ciphertext: Bin(vec![63; 3]) })),
        (0x0150, Reply::Vault(Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) })),
        (0x0151, Reply::Done(Done {})),
        (
            0x0152,
            Reply::Object(Object { version: Seq::new(64000192).unwrap(), ciphertext: Bin(vec![65; 3]) }),
        ),
        (0x0152, Reply::Object(Object { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) })),
        (0x0153, Reply::ObjectStored(ObjectStored { version: Seq::new(66000198).unwrap() })),
        (0x0153, Reply::ObjectStored(ObjectStored { version: Seq::new(0).unwrap() })),
        (
            0x0201,
            Reply::Links(Links {
                links: vec![Bin(vec![67; 3])],
                n: Seq::new(68000204).unwrap(),
                head: Bytes32::from_bytes([69; 32]),
            }),
        ),
        (
            0x0201,
            Reply::Links(Links {
                links: vec![],
                n: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([70; 32]),
            }),
        ),
        (
            0x0202,
            Reply::LinksAppended(LinksAppended {
                heads: vec![ChainHead {
                    n: Seq::new(71000213).unwrap(),
                    head: Bytes32::from_bytes([72; 32]),
                }],
            }),
        ),
        (0x0202, Reply::LinksAppended(LinksAppended { heads: vec![] })),
        (0x0203, Reply::BoxesStaged(BoxesStaged { bytes: 73657, expires: Millis::new(74000222).unwrap() })),
        (0x0203, Reply::BoxesStaged(BoxesStaged { bytes: 75675, expires: Millis::new(0).unwrap() })),
        (
            0x0204,
            Reply::Boxes(Boxes {
                boxes: vec![SealedBox {
                    scope: BoxScope::Thread,
                    id: ObjectId::from_bytes([76; 16]),
                    generation: 77693,
                    recipient: KeyringId::from_bytes([78; 16]),
                    recipient_generation: 79711,
                    bytes: Bin(vec![80; 3]),
                }],
            }),
        ),
        (0x0204, Reply::Boxes(Boxes { boxes: vec![] })),
        (
            0x0301,
            Reply::Appended(Appended {
                receipts: vec![Receipt {
                    n: Seq::new(81000243).unwrap(),
                    head: Bytes32::from_bytes([82; 32]),
                    at: Millis::new(83000249).unwrap(),
                    sig: Bin(vec![84; 3]),
                }],
            }),
        ),
        (0x0301, Reply::Appended(Appended { receipts: vec![] })),
        (
            0x0302,
            Reply::ThreadCard(ThreadCard {
                thread: ThreadId::from_bytes([85; 16]),
                len: Seq::new(86000258).unwrap(),
                head: Bytes32::from_bytes([87; 32]),
                ctrl_head: Bytes32::from_bytes([88; 32]),
                epoch: 89801,
                first: Seq::new(90000270).unwrap(),
                read: Seq::new(91000273).unwrap(),
                at: Millis::new(92000276).unwrap(),
                closed: true,
                state: PartyState::Removed,
                parties: vec![Party {
                    user: Some(UserId::from_bytes([93; 16])),
                    team: Some(TeamId::from_bytes([94; 16])),
                    as_org: Some(OrgId::from_bytes([95; 16])),
                    state: PartyState::Removed,
                }],
                more_parties: 96864,
            }),
        ),
        (
            0x0302,
            Reply::ThreadCard(ThreadCard {
                thread: ThreadId::from_bytes([97; 16]),
                len: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([98; 32]),
                ctrl_head: Bytes32::from_bytes([99; 32]),
                epoch: 100900,
                first: Seq::new(0).unwrap(),
                read: Seq::new(0).unwrap(),
                at: Millis::new(0).unwrap(),
                closed: false,
                state: PartyState::Invited,
                parties: vec![],
                more_parties: 101909,
            }),
        ),
        (
            0x0303,
            Reply::Entries(Entries {
                entries: vec![StoredEntry {
                    n: Seq::new(102000306).unwrap(),
                    at: Millis::new(103000309).unwrap(),
                    core: Bin(vec![104; 3]),
                    payload: Some(Bin(vec![105; 3])),
                    payload_hash: Some(Bytes32::from_bytes([106; 32])),
                    sig: Bin(vec![107; 3]),
                }],
                len: Seq::new(108000324).unwrap(),
                head: Bytes32::from_bytes([109; 32]),
            }),
        ),
        (
            0x0303,
            Reply::Entries(Entries {
                entries: vec![],
                len: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([110; 32]),
            }),
        ),
        (0x0304, Reply::Done(Done {})),
        (
            0x0305,
            Reply::Reads(Reads {
                marks: vec![ReadMark {
                    user: UserId::from_bytes([111; 16]),
                    delivered: Seq::new(112000336).unwrap(),
                    read: Seq::new(113000339).unwrap(),
                }],
            }),
        ),
        (0x0305, Reply::Reads(Reads { marks: vec![] })),
        (0x0401, Reply::Following(Following { head: Seq::new(114000342).unwrap() })),
        (0x0401, Reply::Following(Following { head: Seq::new(0).unwrap() })),
        (0x0402, Reply::Following(Following { head: Seq::new(115000345).unwrap() })),
        (0x0402, Reply::Following(Following { head: Seq::new(0).unwrap() })),
        (
            0x0403,
            Reply::StreamPage(StreamPage {
                entries: vec![StreamItem {
                    seq: Seq::new(116000348).unwrap(),
                    kind: 1287,
                    body: Bin(vec![118; 3]),
                }],
                head: Seq::new(119000357).unwrap(),
            }),
        ),
        (0x0403, Reply::StreamPage(StreamPage { entries: vec![], head: Seq::new(0).unwrap() })),
        (
            0x0404,
            Reply::Snapshot(Snapshot {
                cursor: Cursor { epoch: Epoch::from_bytes([120; 16]), seq: Seq::new(121000363).unwrap() },
                org: Some(OrgCard {
                    org: OrgId::from_bytes([122; 16]),
                    name: Private::from("Zoé"),
                    units: vec![UnitId::from_bytes([123; 16])],
                }),
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([124; 16]),
                    unit: UnitId::from_bytes([125; 16]),
                    org: OrgId::from_bytes([126; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([127; 16]),
                    all: KeyringId::from_bytes([128; 16]),
                    triage: Some(130161),
                }],
                threads: vec![ThreadCard {
                    thread: ThreadId::from_bytes([130; 16]),
                    len: Seq::new(131000393).unwrap(),
                    head: Bytes32::from_bytes([132; 32]),
                    ctrl_head: Bytes32::from_bytes([133; 32]),
                    epoch: 135206,
                    first: Seq::new(135000405).unwrap(),
                    read: Seq::new(136000408).unwrap(),
                    at: Millis::new(137000411).unwrap(),
                    closed: true,
                    state: PartyState::Removed,
                    parties: vec![Party {
                        user: Some(UserId::from_bytes([138; 16])),
                        team: Some(TeamId::from_bytes([139; 16])),
                        as_org: Some(OrgId::from_bytes([140; 16])),
                        state: PartyState::Removed,
                    }],
                    more_parties: 142269,
                }],
                next: Some(Bin(vec![142; 3])),
            }),
        ),
        (
            0x0404,
            Reply::Snapshot(Snapshot {
                cursor: Cursor { epoch: Epoch::from_bytes([143; 16]), seq: Seq::new(0).unwrap() },
                org: None,
                teams: vec![],
                threads: vec![],
                next: None,
            }),
        ),
        (
            0x0501,
            Reply::Found(Found {
                people: vec![PersonCard {
                    user: UserId::from_bytes([144; 16]),
                    name: Private::from("Zoé"),
                    personal: KeyringId::from_bytes([145; 16]),
                    inbox: KeyringId::from_bytes([146; 16]),
                    orgs: vec![OrgId::from_bytes([147; 16])],
                }],
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([148; 16]),
                    unit: UnitId::from_bytes([149; 16]),
                    org: OrgId::from_bytes([150; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([151; 16]),
                    all: KeyringId::from_bytes([152; 16]),
                    triage: Some(154377),
                }],
                more: true,
            }),
        ),
        (0x0501, Reply::Found(Found { people: vec![], teams: vec![], more: false })),
        (
            0x0502,
            Reply::PersonCard(PersonCard {
                user: UserId::from_bytes([154; 16]),
                name: Private::from("Zoé"),
                personal: KeyringId::from_bytes([155; 16]),
                inbox: KeyringId::from_bytes([156; 16]),
                orgs: vec![OrgId::from_bytes([157; 16])],
            }),
        ),
        (
            0x0502,
            Reply::PersonCard(PersonCard {
                user: UserId::from_bytes([158; 16]),
                name: Private::from("Zoé"),
                personal: KeyringId::from_bytes([159; 16]),
                inbox: KeyringId::from_bytes([160; 16]),
                orgs: vec![],
            }),
        ),
        (
            0x0503,
            Reply::UnitCard(UnitCard {
                unit: UnitId::from_bytes([161; 16]),
                org: OrgId::from_bytes([162; 16]),
                parent: Some(UnitId::from_bytes([163; 16])),
                name: Private::from("Zoé"),
                admins: KeyringId::from_bytes([164; 16]),
                data: KeyringId::from_bytes([165; 16]),
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([166; 16]),
                    unit: UnitId::from_bytes([167; 16]),
                    org: OrgId::from_bytes([168; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([169; 16]),
                    all: KeyringId::from_bytes([170; 16]),
                    triage: Some(172539),
                }],
                members: vec![PersonCard {
                    user: UserId::from_bytes([172; 16]),
                    name: Private::from("Zoé"),
                    personal: KeyringId::from_bytes([173; 16]),
                    inbox: KeyringId::from_bytes([174; 16]),
                    orgs: vec![OrgId::from_bytes([175; 16])],
                }],
                more_members: 177584,
            }),
        ),
        (
            0x0503,
            Reply::UnitCard(UnitCard {
                unit: UnitId::from_bytes([177; 16]),
                org: OrgId::from_bytes([178; 16]),
                parent: None,
                name: Private::from("Zoé"),
                admins: KeyringId::from_bytes([179; 16]),
                data: KeyringId::from_bytes([180; 16]),
                teams: vec![],
                members: vec![],
                more_members: 182629,
            }),
        ),
        (0x0510, Reply::Done(Done {})),
        (0x0511, Reply::Done(Done {})),
        (
            0x0520,
            Reply::InviteCreated(InviteCreated {
                invite: InviteId::from_bytes([182; 16]),
                token: Bin(vec![183; 3]),
                expires: Millis::new(184000552).unwrap(),
            }),
        ),
        (
            0x0520,
            Reply::InviteCreated(InviteCreated {
                invite: InviteId::from_bytes([185; 16]),
                token: Bin(vec![]),
                expires: Millis::new(0).unwrap(),
            }),
        ),
        (0x0521, Reply::Done(Done {})),
        (0x0522, Reply::Done(Done {})),
        (
            0x0523,
            Reply::Pending(Pending {
                members: vec![PendingMember {
                    user: UserId::from_bytes([186; 16]),
                    name: Private::from("Zoé"),
                    invite: InviteId::from_bytes([187; 16]),
                    proof: Some(Bin(vec![188; 3])),
                }],
            }),
        ),
        (0x0523, Reply::Pending(Pending { members: vec![] })),
        (
            0x0601,
            Reply::BlobCard(BlobCard {
                complete: true,
                bytes: ByteSize::new(189000567).unwrap(),
                hash: Some(Bytes32::from_bytes([190; 32])),
            }),
        ),
        (0x0601, Reply::BlobCard(BlobCard { complete: false, bytes: ByteSize::new(0).unwrap(), hash: None })),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn events() -> Vec<Event> {
    vec![
        Event::EntriesAppended(EntriesAppended {
            thread: ThreadId::from_bytes([191; 16]),
            entries: vec![StoredEntry {
                n: Seq::new(192000576).unwrap(),
                at: Millis::new(193000579).unwrap(),
                core: Bin(vec![194; 3]),
                payload: Some(Bin(vec![195; 3])),
                payload_hash: Some(Bytes32::from_bytes([196; 32])),
                sig: Bin(vec![197; 3]),
            }],
        }),
        Event::EntriesAppended(EntriesAppended { thread: ThreadId::from_bytes([198; 16]), entries: vec![] }),
        Event::Invited(Invited {
            thread: ThreadId::from_bytes([199; 16]),
            entry: StoredEntry {
                n: Seq::new(200000600).unwrap(),
                at: Millis::new(1000003).unwrap(),
                core: Bin(vec![2; 3]),
                payload: Some(Bin(vec![3; 3])),
                payload_hash: Some(Bytes32::from_bytes([4; 32])),
                sig: Bin(vec![5; 3]),
            },
        }),
        Event::Invited(Invited {
            thread: ThreadId::from_bytes([6; 16]),
            entry: StoredEntry {
                n: Seq::new(0).unwrap(),
                at: Millis::new(0).unwrap(),
                core: Bin(vec![]),
                payload: None,
                payload_hash: None,
                sig: Bin(vec![]),
            },
        }),
        Event::ThreadGone(ThreadGone { thread: ThreadId::from_bytes([7; 16]) }),
        Event::ThreadGone(ThreadGone { thread: ThreadId::from_bytes([8; 16]) }),
        Event::ChainGrew(ChainGrew {
            chain: ChainKind::Unit,
            id: ObjectId::from_bytes([9; 16]),
            n: Seq::new(10000030).unwrap(),
            links: vec![Bin(vec![11; 3])],
        }),
        Event::ChainGrew(ChainGrew {
            chain: ChainKind::User,
            id: ObjectId::from_bytes([12; 16]),
            n: Seq::new(0).unwrap(),
            links: vec![],
        }),
        Event::ReadMoved(ReadMoved {
            thread: ThreadId::from_bytes([13; 16]),
            read: Seq::new(14000042).unwrap(),
        }),
        Event::ReadMoved(ReadMoved { thread: ThreadId::from_bytes([15; 16]), read: Seq::new(0).unwrap() }),
        Event::SessionOpened(SessionOpened {
            session: SessionId::from_bytes([16; 16]),
            device: DeviceId::from_bytes([17; 16]),
            at: Millis::new(18000054).unwrap(),
        }),
        Event::SessionOpened(SessionOpened {
            session: SessionId::from_bytes([19; 16]),
            device: DeviceId::from_bytes([20; 16]),
            at: Millis::new(0).unwrap(),
        }),
        Event::SessionEnded(SessionEnded { session: SessionId::from_bytes([21; 16]) }),
        Event::SessionEnded(SessionEnded { session: SessionId::from_bytes([22; 16]) }),
        Event::ObjectChanged(ObjectChanged {
            object: ObjectKind::Pins,
            version: Seq::new(23000069).unwrap(),
        }),
        Event::ObjectChanged(ObjectChanged { object: ObjectKind::KeyIndex, version: Seq::new(0).unwrap() }),
        Event::MemberWaits(MemberWaits {
            unit: UnitId::from_bytes([24; 16]),
            user: UserId::from_bytes([25; 16]),
            name: Private::from("Zoé"),
            invite: InviteId::from_bytes([26; 16]),
        }),
        Event::MemberWaits(MemberWaits {
            unit: UnitId::from_bytes([27; 16]),
            user: UserId::from_bytes([28; 16]),
            name: Private::from("Zoé"),
            invite: InviteId::from_bytes([29; 16]),
        }),
        Event::Badge(Badge { org: Some(OrgId::from_bytes([30; 16])) }),
        Event::Badge(Badge { org: None }),
        Event::Progress(Progress {
            thread: ThreadId::from_bytes([31; 16]),
            mark: ReadMark {
                user: UserId::from_bytes([32; 16]),
                delivered: Seq::new(33000099).unwrap(),
                read: Seq::new(34000102).unwrap(),
            },
        }),
        Event::Progress(Progress {
            thread: ThreadId::from_bytes([35; 16]),
            mark: ReadMark {
                user: UserId::from_bytes([36; 16]),
                delivered: Seq::new(0).unwrap(),
                read: Seq::new(0).unwrap(),
            },
        }),
        Event::Typing(Typing { thread: ThreadId::from_bytes([37; 16]), user: UserId::from_bytes([38; 16]) }),
        Event::Typing(Typing { thread: ThreadId::from_bytes([39; 16]), user: UserId::from_bytes([40; 16]) }),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn controls() -> Vec<Control> {
    vec![
        Control::Greeting(Greeting { nonce: Bin(vec![41; 3]), now: Millis::new(42000126).unwrap() }),
        Control::Greeting(Greeting { nonce: Bin(vec![]), now: Millis::new(0).unwrap() }),
        Control::Hello(Hello {
            session: Some(HelloSession {
                session: SessionId::from_bytes([43; 16]),
                kid: 44396,
                proof: Bin(vec![45; 3]),
                ticket: Some(Bin(vec![46; 3])),
                org: Some(OrgCursor {
                    org: OrgId::from_bytes([47; 16]),
                    cursor: Some(Cursor {
                        epoch: Epoch::from_bytes([48; 16]),
                        seq: Seq::new(49000147).unwrap(),
                    }),
                }),
                personal: Some(Cursor {
                    epoch: Epoch::from_bytes([50; 16]),
                    seq: Seq::new(51000153).unwrap(),
                }),
            }),
        }),
        Control::Hello(Hello { session: None }),
        Control::Welcome(Welcome {
            epoch: Epoch::from_bytes([52; 16]),
            now: Millis::new(53000159).unwrap(),
            org_head: Some(Seq::new(54000162).unwrap()),
            personal_head: Some(Seq::new(55000165).unwrap()),
            ticket: Some(Bin(vec![56; 3])),
            rekey: Some(SessionKey { kid: 57513, key: Bin(vec![58; 3]) }),
            limits: Limits {
                frame_bytes: 59531,
                requests_in_flight: 60540,
                file_bytes: ByteSize::new(61000183).unwrap(),
                ping_interval: Millis::new(62000186).unwrap(),
            },
        }),
        Control::Welcome(Welcome {
            epoch: Epoch::from_bytes([63; 16]),
            now: Millis::new(0).unwrap(),
            org_head: None,
            personal_head: None,
            ticket: None,
            rekey: None,
            limits: Limits {
                frame_bytes: 64576,
                requests_in_flight: 65585,
                file_bytes: ByteSize::new(0).unwrap(),
                ping_interval: Millis::new(0).unwrap(),
            },
        }),
        Control::Ping(Ping {
            now: Millis::new(66000198).unwrap(),
            org: Some(Seq::new(67000201).unwrap()),
            personal: Seq::new(68000204).unwrap(),
        }),
        Control::Ping(Ping { now: Millis::new(0).unwrap(), org: None, personal: Seq::new(0).unwrap() }),
        Control::Pong(Pong { org: Some(Seq::new(69000207).unwrap()), personal: Seq::new(70000210).unwrap() }),
        Control::Pong(Pong { org: None, personal: Seq::new(0).unwrap() }),
        Control::CaughtUp(CaughtUp { stream: Followed::Personal, seq: Seq::new(71000213).unwrap() }),
        Control::CaughtUp(CaughtUp { stream: Followed::Org, seq: Seq::new(0).unwrap() }),
        Control::Resync(Resync { stream: Followed::Personal, reason: ResyncReason::TooOld }),
        Control::Resync(Resync { stream: Followed::Org, reason: ResyncReason::NoCursor }),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn refusals() -> Vec<Refusal> {
    vec![
        Refusal {
            code: ErrorCode::Stale,
            retry_after: Some(Millis::new(72000216).unwrap()),
            chain_code: Some(803),
            stale: Some(Stale {
                keyring: Some(KeyringId::from_bytes([74; 16])),
                generation: 75675,
                n: Seq::new(76000228).unwrap(),
                head: Bytes32::from_bytes([77; 32]),
            }),
        },
        Refusal { code: ErrorCode::Stale, retry_after: None, chain_code: None, stale: None },
    ]
}
