//! Samples of every type of the wire: what the golden bytes are made from. Long because it lists them all, twice:
//! with every field set, and with as little as possible.

#![expect(clippy::unwrap_used, clippy::too_many_lines, reason = "constant samples, listed")]

use relais_wire::account::{
    CodeSent, Done, FactorKind, FactorNeeded, GetObject, GetVault, Ksf, ListSessions, Locale, LoginFinish,
    LoginStart, LoginStarted, Object, ObjectKind, ObjectStored, PasswordStart, PasswordStarted, PutObject,
    PutVault, RecoverAuth, RecoverChallenge, RecoverGranted, RecoverProve, RecoverStart, RecoverStarted,
    Recovery, RegisterFinish, RegisterStart, RegisterStarted, Rekey, Rekeyed, RenewRecovery, ResendCode,
    RevokeSession, SecondFactor, SessionCard, SessionGrant, Sessions, Vault, Wrap, WrapKind,
};
use relais_wire::calls::{
    CallAck, CallAdd, CallCard, CallChanged, CallDecline, CallEnd, CallEndReason, CallJoin, CallLeave,
    CallMissed, CallPhase, CallRings, CallSeat, CallStart, CallStarted, CallStopped, CallWarning, Callee,
    Calls, Dot, GetCalls, MissReason, SeatState, StopReason,
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
    InviteCreated, OrgCard, Pending, PendingMember, PersonCard, Search, ServerCard, SetSuspended, TeamCard,
    UnitCard, WithdrawInvite,
};
use relais_wire::events::{
    Badge, ChainGrew, EntriesAppended, Invited, MemberWaits, ObjectChanged, Progress, ReadMoved,
    SessionEnded, SessionOpened, ThreadGone, Typing,
};
use relais_wire::files::{BlobCard, GetBlob};
use relais_wire::streams::{
    Focus, FollowPersonal, Following, GetSnapshot, ListThreads, Pull, Snapshot, StreamItem, StreamPage,
    ThreadList, ThreadPlace,
};
use relais_wire::threads::{
    Append, Appended, Entries, GetEntries, GetReads, GetThread, MarkRead, Party, PartyState, ReadMark, Reads,
    Receipt, SignedEntry, StoredEntry, ThreadCard,
};
use relais_wire::{
    Bin, BlobId, ByteSize, Bytes32, CallId, Control, DeviceId, Epoch, ErrorCode, Event, IdemKey, InviteId,
    KeyringId, LoginId, Millis, ObjectId, OrgId, Private, Refusal, Reply, Request, Seq, SessionId, Stale,
    TeamId, ThreadId, UnitId, UserId,
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
            proof: Some(Bin(vec![19; 3])),
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
            proof: None,
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
            vault: Vault { version: Seq::new(57000171).unwrap(), ciphertext: Bin(vec![58; 3]) },
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
            vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
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
            login: Some(LoginId::from_bytes([82; 16])),
        }),
        Request::GetLinks(GetLinks {
            chain: ChainKind::User,
            id: ObjectId::from_bytes([83; 16]),
            after: Seq::new(0).unwrap(),
            max: 84756,
            login: None,
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
        Request::ListThreads(ListThreads {
            org: Some(OrgId::from_bytes([201; 16])),
            before: Some(ThreadPlace {
                at: Millis::new(1_800_000_000_201).unwrap(),
                thread: ThreadId::from_bytes([202; 16]),
            }),
            max: 50,
        }),
        Request::ListThreads(ListThreads { org: None, before: None, max: 1 }),
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
        Request::SetSuspended(SetSuspended {
            idem: IdemKey::from_bytes([193; 16]),
            user: UserId::from_bytes([194; 16]),
            suspended: true,
        }),
        Request::SetSuspended(SetSuspended {
            idem: IdemKey::from_bytes([195; 16]),
            user: UserId::from_bytes([196; 16]),
            suspended: false,
        }),
        Request::GetBlob(GetBlob { blob: BlobId::from_bytes([179; 16]) }),
        Request::GetBlob(GetBlob { blob: BlobId::from_bytes([180; 16]) }),
        Request::CallStart(CallStart {
            call: CallId::from_bytes([201; 16]),
            thread: ThreadId::from_bytes([202; 16]),
            callees: Some(vec![Callee {
                user: Some(UserId::from_bytes([203; 16])),
                team: Some(TeamId::from_bytes([204; 16])),
            }]),
            camera: true,
            confirmed: true,
        }),
        Request::CallStart(CallStart {
            call: CallId::from_bytes([205; 16]),
            thread: ThreadId::from_bytes([206; 16]),
            callees: None,
            camera: false,
            confirmed: false,
        }),
        Request::CallAdd(CallAdd {
            call: CallId::from_bytes([207; 16]),
            callees: vec![Callee {
                user: Some(UserId::from_bytes([208; 16])),
                team: Some(TeamId::from_bytes([209; 16])),
            }],
            confirmed: true,
        }),
        Request::CallAdd(CallAdd { call: CallId::from_bytes([210; 16]), callees: vec![], confirmed: false }),
        Request::CallJoin(CallJoin { call: CallId::from_bytes([211; 16]), camera: true }),
        Request::CallJoin(CallJoin { call: CallId::from_bytes([212; 16]), camera: false }),
        Request::CallAck(CallAck { call: CallId::from_bytes([213; 16]) }),
        Request::CallAck(CallAck { call: CallId::from_bytes([214; 16]) }),
        Request::CallDecline(CallDecline { call: CallId::from_bytes([215; 16]) }),
        Request::CallDecline(CallDecline { call: CallId::from_bytes([216; 16]) }),
        Request::CallLeave(CallLeave { call: CallId::from_bytes([217; 16]) }),
        Request::CallLeave(CallLeave { call: CallId::from_bytes([218; 16]) }),
        Request::CallEnd(CallEnd { call: CallId::from_bytes([219; 16]) }),
        Request::CallEnd(CallEnd { call: CallId::from_bytes([220; 16]) }),
        Request::GetCalls(GetCalls {}),
        Request::GetCalls(GetCalls {}),
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
                ksf: Ksf { memory_kib: 190701, passes: 191710, lanes: 192719 },
            }),
        ),
        (
            0x0110,
            Reply::RegisterStarted(RegisterStarted {
                login: LoginId::from_bytes([192; 16]),
                user: UserId::from_bytes([193; 16]),
                opaque: Bin(vec![]),
                resend_after: Millis::new(0).unwrap(),
                ksf: Ksf { memory_kib: 195746, passes: 196755, lanes: 197764 },
            }),
        ),
        (
            0x0111,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([197; 16]),
                user: UserId::from_bytes([198; 16]),
                device: DeviceId::from_bytes([199; 16]),
                key: SessionKey { kid: 201800, key: Bin(vec![1; 3]) },
                ticket: Bin(vec![2; 3]),
                expires: Millis::new(3000009).unwrap(),
                vault: Vault { version: Seq::new(4000012).unwrap(), ciphertext: Bin(vec![5; 3]) },
                wraps: vec![Wrap {
                    kind: WrapKind::KeyFile,
                    label: Bin(vec![6; 3]),
                    ciphertext: Bin(vec![7; 3]),
                }],
                orgs: vec![OrgId::from_bytes([8; 16])],
            }),
        ),
        (
            0x0111,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([9; 16]),
                user: UserId::from_bytes([10; 16]),
                device: DeviceId::from_bytes([11; 16]),
                key: SessionKey { kid: 12108, key: Bin(vec![]) },
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
                login: LoginId::from_bytes([13; 16]),
                user: UserId::from_bytes([14; 16]),
                opaque: Bin(vec![15; 3]),
                ksf: Ksf { memory_kib: 16144, passes: 17153, lanes: 18162 },
            }),
        ),
        (
            0x0120,
            Reply::LoginStarted(LoginStarted {
                login: LoginId::from_bytes([19; 16]),
                user: UserId::from_bytes([20; 16]),
                opaque: Bin(vec![]),
                ksf: Ksf { memory_kib: 21189, passes: 22198, lanes: 23207 },
            }),
        ),
        (
            0x0121,
            Reply::FactorNeeded(FactorNeeded {
                factors: vec![FactorKind::Passkey],
                resend_after: Millis::new(24000072).unwrap(),
            }),
        ),
        (
            0x0121,
            Reply::FactorNeeded(FactorNeeded { factors: vec![], resend_after: Millis::new(0).unwrap() }),
        ),
        (0x0122, Reply::CodeSent(CodeSent { resend_after: Millis::new(25000075).unwrap(), left: 26234 })),
        (0x0122, Reply::CodeSent(CodeSent { resend_after: Millis::new(0).unwrap(), left: 27243 })),
        (
            0x0123,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([28; 16]),
                user: UserId::from_bytes([29; 16]),
                device: DeviceId::from_bytes([30; 16]),
                key: SessionKey { kid: 31279, key: Bin(vec![32; 3]) },
                ticket: Bin(vec![33; 3]),
                expires: Millis::new(34000102).unwrap(),
                vault: Vault { version: Seq::new(35000105).unwrap(), ciphertext: Bin(vec![36; 3]) },
                wraps: vec![Wrap {
                    kind: WrapKind::KeyFile,
                    label: Bin(vec![37; 3]),
                    ciphertext: Bin(vec![38; 3]),
                }],
                orgs: vec![OrgId::from_bytes([39; 16])],
            }),
        ),
        (
            0x0123,
            Reply::SessionGrant(SessionGrant {
                session: SessionId::from_bytes([40; 16]),
                user: UserId::from_bytes([41; 16]),
                device: DeviceId::from_bytes([42; 16]),
                key: SessionKey { kid: 43387, key: Bin(vec![]) },
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
                login: LoginId::from_bytes([44; 16]),
                resend_after: Millis::new(45000135).unwrap(),
            }),
        ),
        (
            0x0130,
            Reply::RecoverStarted(RecoverStarted {
                login: LoginId::from_bytes([46; 16]),
                resend_after: Millis::new(0).unwrap(),
            }),
        ),
        (
            0x0131,
            Reply::RecoverChallenge(RecoverChallenge {
                user: UserId::from_bytes([47; 16]),
                challenge: Bin(vec![48; 3]),
            }),
        ),
        (
            0x0131,
            Reply::RecoverChallenge(RecoverChallenge {
                user: UserId::from_bytes([49; 16]),
                challenge: Bin(vec![]),
            }),
        ),
        (
            0x0132,
            Reply::RecoverGranted(RecoverGranted {
                server_half: Bin(vec![50; 3]),
                wrap: Wrap { kind: WrapKind::KeyFile, label: Bin(vec![51; 3]), ciphertext: Bin(vec![52; 3]) },
                vault: Vault { version: Seq::new(53000159).unwrap(), ciphertext: Bin(vec![54; 3]) },
                opaque: Bin(vec![55; 3]),
                ksf: Ksf { memory_kib: 56504, passes: 57513, lanes: 58522 },
            }),
        ),
        (
            0x0132,
            Reply::RecoverGranted(RecoverGranted {
                server_half: Bin(vec![]),
                wrap: Wrap { kind: WrapKind::Password, label: Bin(vec![]), ciphertext: Bin(vec![]) },
                vault: Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) },
                opaque: Bin(vec![]),
                ksf: Ksf { memory_kib: 59531, passes: 60540, lanes: 61549 },
            }),
        ),
        (
            0x0133,
            Reply::Rekeyed(Rekeyed {
                session: Some(SessionGrant {
                    session: SessionId::from_bytes([62; 16]),
                    user: UserId::from_bytes([63; 16]),
                    device: DeviceId::from_bytes([64; 16]),
                    key: SessionKey { kid: 65585, key: Bin(vec![66; 3]) },
                    ticket: Bin(vec![67; 3]),
                    expires: Millis::new(68000204).unwrap(),
                    vault: Vault { version: Seq::new(69000207).unwrap(), ciphertext: Bin(vec![70; 3]) },
                    wraps: vec![Wrap {
                        kind: WrapKind::KeyFile,
                        label: Bin(vec![71; 3]),
                        ciphertext: Bin(vec![72; 3]),
                    }],
                    orgs: vec![OrgId::from_bytes([73; 16])],
                }),
            }),
        ),
        (0x0133, Reply::Rekeyed(Rekeyed { session: None })),
        (
            0x0140,
            Reply::PasswordStarted(PasswordStarted {
                opaque: Bin(vec![74; 3]),
                ksf: Ksf { memory_kib: 75675, passes: 76684, lanes: 77693 },
            }),
        ),
        (
            0x0140,
            Reply::PasswordStarted(PasswordStarted {
                opaque: Bin(vec![]),
                ksf: Ksf { memory_kib: 78702, passes: 79711, lanes: 80720 },
            }),
        ),
        (0x0141, Reply::Done(Done {})),
        (
            0x0142,
            Reply::Sessions(Sessions {
                sessions: vec![SessionCard {
                    session: SessionId::from_bytes([81; 16]),
                    device: DeviceId::from_bytes([82; 16]),
                    opened: Millis::new(83000249).unwrap(),
                    seen: Millis::new(84000252).unwrap(),
                    expires: Millis::new(85000255).unwrap(),
                    current: true,
                }],
            }),
        ),
        (0x0142, Reply::Sessions(Sessions { sessions: vec![] })),
        (0x0143, Reply::Done(Done {})),
        (0x0150, Reply::Vault(Vault { version: Seq::new(86000258).unwrap(), ciphertext: Bin(vec![87; 3]) })),
        (0x0150, Reply::Vault(Vault { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) })),
        (0x0151, Reply::Done(Done {})),
        (
            0x0152,
            Reply::Object(Object { version: Seq::new(88000264).unwrap(), ciphertext: Bin(vec![89; 3]) }),
        ),
        (0x0152, Reply::Object(Object { version: Seq::new(0).unwrap(), ciphertext: Bin(vec![]) })),
        (0x0153, Reply::ObjectStored(ObjectStored { version: Seq::new(90000270).unwrap() })),
        (0x0153, Reply::ObjectStored(ObjectStored { version: Seq::new(0).unwrap() })),
        (
            0x0201,
            Reply::Links(Links {
                links: vec![Bin(vec![91; 3])],
                n: Seq::new(92000276).unwrap(),
                head: Bytes32::from_bytes([93; 32]),
            }),
        ),
        (
            0x0201,
            Reply::Links(Links {
                links: vec![],
                n: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([94; 32]),
            }),
        ),
        (
            0x0202,
            Reply::LinksAppended(LinksAppended {
                heads: vec![ChainHead {
                    n: Seq::new(95000285).unwrap(),
                    head: Bytes32::from_bytes([96; 32]),
                }],
            }),
        ),
        (0x0202, Reply::LinksAppended(LinksAppended { heads: vec![] })),
        (0x0203, Reply::BoxesStaged(BoxesStaged { bytes: 97873, expires: Millis::new(98000294).unwrap() })),
        (0x0203, Reply::BoxesStaged(BoxesStaged { bytes: 99891, expires: Millis::new(0).unwrap() })),
        (
            0x0204,
            Reply::Boxes(Boxes {
                boxes: vec![SealedBox {
                    scope: BoxScope::Thread,
                    id: ObjectId::from_bytes([100; 16]),
                    generation: 101909,
                    recipient: KeyringId::from_bytes([102; 16]),
                    recipient_generation: 103927,
                    bytes: Bin(vec![104; 3]),
                }],
            }),
        ),
        (0x0204, Reply::Boxes(Boxes { boxes: vec![] })),
        (
            0x0301,
            Reply::Appended(Appended {
                receipts: vec![Receipt {
                    n: Seq::new(105000315).unwrap(),
                    head: Bytes32::from_bytes([106; 32]),
                    at: Millis::new(107000321).unwrap(),
                    sig: Bin(vec![108; 3]),
                }],
            }),
        ),
        (0x0301, Reply::Appended(Appended { receipts: vec![] })),
        (
            0x0302,
            Reply::ThreadCard(ThreadCard {
                thread: ThreadId::from_bytes([109; 16]),
                len: Seq::new(110000330).unwrap(),
                head: Bytes32::from_bytes([111; 32]),
                ctrl_head: Bytes32::from_bytes([112; 32]),
                epoch: 114017,
                first: Seq::new(114000342).unwrap(),
                read: Seq::new(115000345).unwrap(),
                at: Millis::new(116000348).unwrap(),
                closed: true,
                state: PartyState::Removed,
                parties: vec![Party {
                    user: Some(UserId::from_bytes([117; 16])),
                    team: Some(TeamId::from_bytes([118; 16])),
                    as_org: Some(OrgId::from_bytes([119; 16])),
                    state: PartyState::Removed,
                }],
                more_parties: 121080,
            }),
        ),
        (
            0x0302,
            Reply::ThreadCard(ThreadCard {
                thread: ThreadId::from_bytes([121; 16]),
                len: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([122; 32]),
                ctrl_head: Bytes32::from_bytes([123; 32]),
                epoch: 125116,
                first: Seq::new(0).unwrap(),
                read: Seq::new(0).unwrap(),
                at: Millis::new(0).unwrap(),
                closed: false,
                state: PartyState::Invited,
                parties: vec![],
                more_parties: 126125,
            }),
        ),
        (
            0x0303,
            Reply::Entries(Entries {
                entries: vec![StoredEntry {
                    n: Seq::new(126000378).unwrap(),
                    at: Millis::new(127000381).unwrap(),
                    core: Bin(vec![128; 3]),
                    payload: Some(Bin(vec![129; 3])),
                    payload_hash: Some(Bytes32::from_bytes([130; 32])),
                    sig: Bin(vec![131; 3]),
                }],
                len: Seq::new(132000396).unwrap(),
                head: Bytes32::from_bytes([133; 32]),
            }),
        ),
        (
            0x0303,
            Reply::Entries(Entries {
                entries: vec![],
                len: Seq::new(0).unwrap(),
                head: Bytes32::from_bytes([134; 32]),
            }),
        ),
        (0x0304, Reply::Done(Done {})),
        (
            0x0305,
            Reply::Reads(Reads {
                marks: vec![ReadMark {
                    user: UserId::from_bytes([135; 16]),
                    delivered: Seq::new(136000408).unwrap(),
                    read: Seq::new(137000411).unwrap(),
                }],
            }),
        ),
        (0x0305, Reply::Reads(Reads { marks: vec![] })),
        (0x0401, Reply::Following(Following { head: Seq::new(138000414).unwrap() })),
        (0x0401, Reply::Following(Following { head: Seq::new(0).unwrap() })),
        (0x0402, Reply::Following(Following { head: Seq::new(139000417).unwrap() })),
        (0x0402, Reply::Following(Following { head: Seq::new(0).unwrap() })),
        (
            0x0403,
            Reply::StreamPage(StreamPage {
                entries: vec![StreamItem {
                    seq: Seq::new(140000420).unwrap(),
                    kind: 1551,
                    body: Bin(vec![142; 3]),
                }],
                head: Seq::new(143000429).unwrap(),
            }),
        ),
        (0x0403, Reply::StreamPage(StreamPage { entries: vec![], head: Seq::new(0).unwrap() })),
        (
            0x0404,
            Reply::Snapshot(Snapshot {
                cursor: Cursor { epoch: Epoch::from_bytes([144; 16]), seq: Seq::new(145000435).unwrap() },
                org: Some(OrgCard {
                    org: OrgId::from_bytes([146; 16]),
                    name: Private::from("Zoé"),
                    units: vec![UnitId::from_bytes([147; 16])],
                }),
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([148; 16]),
                    unit: UnitId::from_bytes([149; 16]),
                    org: OrgId::from_bytes([150; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([151; 16]),
                    all: KeyringId::from_bytes([152; 16]),
                    triage: Some(154377),
                }],
                threads: vec![ThreadCard {
                    thread: ThreadId::from_bytes([154; 16]),
                    len: Seq::new(155000465).unwrap(),
                    head: Bytes32::from_bytes([156; 32]),
                    ctrl_head: Bytes32::from_bytes([157; 32]),
                    epoch: 159422,
                    first: Seq::new(159000477).unwrap(),
                    read: Seq::new(160000480).unwrap(),
                    at: Millis::new(161000483).unwrap(),
                    closed: true,
                    state: PartyState::Removed,
                    parties: vec![Party {
                        user: Some(UserId::from_bytes([162; 16])),
                        team: Some(TeamId::from_bytes([163; 16])),
                        as_org: Some(OrgId::from_bytes([164; 16])),
                        state: PartyState::Removed,
                    }],
                    more_parties: 166485,
                }],
                next: Some(Bin(vec![166; 3])),
                older: None,
            }),
        ),
        (
            0x0404,
            Reply::Snapshot(Snapshot {
                cursor: Cursor { epoch: Epoch::from_bytes([167; 16]), seq: Seq::new(0).unwrap() },
                org: None,
                teams: vec![],
                threads: vec![],
                next: None,
                older: None,
            }),
        ),
        (
            0x0404,
            Reply::Snapshot(Snapshot {
                cursor: Cursor { epoch: Epoch::from_bytes([203; 16]), seq: Seq::new(204).unwrap() },
                org: None,
                teams: vec![],
                threads: vec![],
                next: None,
                older: Some(ThreadPlace {
                    at: Millis::new(1_800_000_000_204).unwrap(),
                    thread: ThreadId::from_bytes([205; 16]),
                }),
            }),
        ),
        (
            0x0405,
            Reply::ThreadList(ThreadList {
                threads: vec![largest_card()],
                next: Some(ThreadPlace {
                    at: Millis::new(1_800_000_000_206).unwrap(),
                    thread: ThreadId::from_bytes([207; 16]),
                }),
            }),
        ),
        (0x0405, Reply::ThreadList(ThreadList { threads: vec![], next: None })),
        (
            0x0501,
            Reply::Found(Found {
                people: vec![PersonCard {
                    user: UserId::from_bytes([168; 16]),
                    name: Private::from("Zoé"),
                    personal: KeyringId::from_bytes([169; 16]),
                    inbox: KeyringId::from_bytes([170; 16]),
                    orgs: vec![OrgId::from_bytes([171; 16])],
                }],
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([172; 16]),
                    unit: UnitId::from_bytes([173; 16]),
                    org: OrgId::from_bytes([174; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([175; 16]),
                    all: KeyringId::from_bytes([176; 16]),
                    triage: Some(178593),
                }],
                more: true,
            }),
        ),
        (0x0501, Reply::Found(Found { people: vec![], teams: vec![], more: false })),
        (
            0x0502,
            Reply::PersonCard(PersonCard {
                user: UserId::from_bytes([178; 16]),
                name: Private::from("Zoé"),
                personal: KeyringId::from_bytes([179; 16]),
                inbox: KeyringId::from_bytes([180; 16]),
                orgs: vec![OrgId::from_bytes([181; 16])],
            }),
        ),
        (
            0x0502,
            Reply::PersonCard(PersonCard {
                user: UserId::from_bytes([182; 16]),
                name: Private::from("Zoé"),
                personal: KeyringId::from_bytes([183; 16]),
                inbox: KeyringId::from_bytes([184; 16]),
                orgs: vec![],
            }),
        ),
        (
            0x0503,
            Reply::UnitCard(UnitCard {
                unit: UnitId::from_bytes([185; 16]),
                org: OrgId::from_bytes([186; 16]),
                parent: Some(UnitId::from_bytes([187; 16])),
                name: Private::from("Zoé"),
                admins: KeyringId::from_bytes([188; 16]),
                data: KeyringId::from_bytes([189; 16]),
                teams: vec![TeamCard {
                    team: TeamId::from_bytes([190; 16]),
                    unit: UnitId::from_bytes([191; 16]),
                    org: OrgId::from_bytes([192; 16]),
                    name: Private::from("Zoé"),
                    managers: KeyringId::from_bytes([193; 16]),
                    all: KeyringId::from_bytes([194; 16]),
                    triage: Some(196755),
                }],
                members: vec![PersonCard {
                    user: UserId::from_bytes([196; 16]),
                    name: Private::from("Zoé"),
                    personal: KeyringId::from_bytes([197; 16]),
                    inbox: KeyringId::from_bytes([198; 16]),
                    orgs: vec![OrgId::from_bytes([199; 16])],
                }],
                more_members: 201800,
            }),
        ),
        (
            0x0503,
            Reply::UnitCard(UnitCard {
                unit: UnitId::from_bytes([1; 16]),
                org: OrgId::from_bytes([2; 16]),
                parent: None,
                name: Private::from("Zoé"),
                admins: KeyringId::from_bytes([3; 16]),
                data: KeyringId::from_bytes([4; 16]),
                teams: vec![],
                members: vec![],
                more_members: 5045,
            }),
        ),
        (0x0510, Reply::Done(Done {})),
        (0x0511, Reply::Done(Done {})),
        (
            0x0520,
            Reply::InviteCreated(InviteCreated {
                invite: InviteId::from_bytes([6; 16]),
                token: Bin(vec![7; 3]),
                expires: Millis::new(8000024).unwrap(),
            }),
        ),
        (
            0x0520,
            Reply::InviteCreated(InviteCreated {
                invite: InviteId::from_bytes([9; 16]),
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
                    user: UserId::from_bytes([10; 16]),
                    name: Private::from("Zoé"),
                    invite: InviteId::from_bytes([11; 16]),
                    proof: Some(Bin(vec![12; 3])),
                }],
            }),
        ),
        (0x0523, Reply::Pending(Pending { members: vec![] })),
        (0x0530, Reply::Done(Done {})),
        (
            0x0601,
            Reply::BlobCard(BlobCard {
                complete: true,
                bytes: ByteSize::new(13000039).unwrap(),
                hash: Some(Bytes32::from_bytes([14; 32])),
            }),
        ),
        (0x0601, Reply::BlobCard(BlobCard { complete: false, bytes: ByteSize::new(0).unwrap(), hash: None })),
        (
            0x0701,
            Reply::CallStarted(CallStarted {
                card: Some(CallCard {
                    call: CallId::from_bytes([221; 16]),
                    thread: ThreadId::from_bytes([222; 16]),
                    starter: UserId::from_bytes([223; 16]),
                    started: Millis::new(224000224).unwrap(),
                    version: Seq::new(225000225).unwrap(),
                    phase: CallPhase::Ended,
                    since: Some(Millis::new(226000226).unwrap()),
                    why: Some(CallEndReason::Lost),
                    seats: vec![CallSeat {
                        callee: Callee {
                            user: Some(UserId::from_bytes([227; 16])),
                            team: Some(TeamId::from_bytes([228; 16])),
                        },
                        state: SeatState::Removed,
                        user: Some(UserId::from_bytes([229; 16])),
                        device: Some(DeviceId::from_bytes([230; 16])),
                        camera: true,
                        until: Some(Millis::new(231000231).unwrap()),
                    }],
                }),
                warnings: vec![CallWarning {
                    callee: Callee {
                        user: Some(UserId::from_bytes([232; 16])),
                        team: Some(TeamId::from_bytes([233; 16])),
                    },
                    dot: Dot::Red,
                    until: Some(Millis::new(234000234).unwrap()),
                    offer: Some(TeamId::from_bytes([235; 16])),
                }],
            }),
        ),
        (0x0701, Reply::CallStarted(CallStarted { card: None, warnings: vec![] })),
        (
            0x0703,
            Reply::CallCard(CallCard {
                call: CallId::from_bytes([236; 16]),
                thread: ThreadId::from_bytes([237; 16]),
                starter: UserId::from_bytes([238; 16]),
                started: Millis::new(239000239).unwrap(),
                version: Seq::new(240000240).unwrap(),
                phase: CallPhase::Ended,
                since: Some(Millis::new(241000241).unwrap()),
                why: Some(CallEndReason::Lost),
                seats: vec![CallSeat {
                    callee: Callee {
                        user: Some(UserId::from_bytes([242; 16])),
                        team: Some(TeamId::from_bytes([243; 16])),
                    },
                    state: SeatState::Removed,
                    user: Some(UserId::from_bytes([244; 16])),
                    device: Some(DeviceId::from_bytes([245; 16])),
                    camera: true,
                    until: Some(Millis::new(246000246).unwrap()),
                }],
            }),
        ),
        (
            0x0703,
            Reply::CallCard(CallCard {
                call: CallId::from_bytes([247; 16]),
                thread: ThreadId::from_bytes([248; 16]),
                starter: UserId::from_bytes([249; 16]),
                started: Millis::new(0).unwrap(),
                version: Seq::new(0).unwrap(),
                phase: CallPhase::Ringing,
                since: None,
                why: None,
                seats: vec![],
            }),
        ),
        (
            0x0708,
            Reply::Calls(Calls {
                rings: vec![CallRings {
                    call: CallId::from_bytes([151; 16]),
                    thread: ThreadId::from_bytes([152; 16]),
                    org: Some(OrgId::from_bytes([153; 16])),
                    from: UserId::from_bytes([154; 16]),
                    until: Millis::new(155000155).unwrap(),
                }],
                card: Some(CallCard {
                    call: CallId::from_bytes([156; 16]),
                    thread: ThreadId::from_bytes([157; 16]),
                    starter: UserId::from_bytes([158; 16]),
                    started: Millis::new(159000159).unwrap(),
                    version: Seq::new(160000160).unwrap(),
                    phase: CallPhase::Ended,
                    since: Some(Millis::new(161000161).unwrap()),
                    why: Some(CallEndReason::Lost),
                    seats: vec![CallSeat {
                        callee: Callee {
                            user: Some(UserId::from_bytes([162; 16])),
                            team: Some(TeamId::from_bytes([163; 16])),
                        },
                        state: SeatState::Removed,
                        user: Some(UserId::from_bytes([164; 16])),
                        device: Some(DeviceId::from_bytes([165; 16])),
                        camera: true,
                        until: Some(Millis::new(166000166).unwrap()),
                    }],
                }),
            }),
        ),
        (0x0708, Reply::Calls(Calls { rings: vec![], card: None })),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn events() -> Vec<Event> {
    vec![
        Event::EntriesAppended(EntriesAppended {
            thread: ThreadId::from_bytes([15; 16]),
            entries: vec![StoredEntry {
                n: Seq::new(16000048).unwrap(),
                at: Millis::new(17000051).unwrap(),
                core: Bin(vec![18; 3]),
                payload: Some(Bin(vec![19; 3])),
                payload_hash: Some(Bytes32::from_bytes([20; 32])),
                sig: Bin(vec![21; 3]),
            }],
        }),
        Event::EntriesAppended(EntriesAppended { thread: ThreadId::from_bytes([22; 16]), entries: vec![] }),
        Event::Invited(Invited {
            thread: ThreadId::from_bytes([23; 16]),
            entry: StoredEntry {
                n: Seq::new(24000072).unwrap(),
                at: Millis::new(25000075).unwrap(),
                core: Bin(vec![26; 3]),
                payload: Some(Bin(vec![27; 3])),
                payload_hash: Some(Bytes32::from_bytes([28; 32])),
                sig: Bin(vec![29; 3]),
            },
        }),
        Event::Invited(Invited {
            thread: ThreadId::from_bytes([30; 16]),
            entry: StoredEntry {
                n: Seq::new(0).unwrap(),
                at: Millis::new(0).unwrap(),
                core: Bin(vec![]),
                payload: None,
                payload_hash: None,
                sig: Bin(vec![]),
            },
        }),
        Event::ThreadGone(ThreadGone { thread: ThreadId::from_bytes([31; 16]) }),
        Event::ThreadGone(ThreadGone { thread: ThreadId::from_bytes([32; 16]) }),
        Event::ChainGrew(ChainGrew {
            chain: ChainKind::Unit,
            id: ObjectId::from_bytes([33; 16]),
            n: Seq::new(34000102).unwrap(),
            links: vec![Bin(vec![35; 3])],
        }),
        Event::ChainGrew(ChainGrew {
            chain: ChainKind::User,
            id: ObjectId::from_bytes([36; 16]),
            n: Seq::new(0).unwrap(),
            links: vec![],
        }),
        Event::ReadMoved(ReadMoved {
            thread: ThreadId::from_bytes([37; 16]),
            read: Seq::new(38000114).unwrap(),
        }),
        Event::ReadMoved(ReadMoved { thread: ThreadId::from_bytes([39; 16]), read: Seq::new(0).unwrap() }),
        Event::SessionOpened(SessionOpened {
            session: SessionId::from_bytes([40; 16]),
            device: DeviceId::from_bytes([41; 16]),
            at: Millis::new(42000126).unwrap(),
        }),
        Event::SessionOpened(SessionOpened {
            session: SessionId::from_bytes([43; 16]),
            device: DeviceId::from_bytes([44; 16]),
            at: Millis::new(0).unwrap(),
        }),
        Event::SessionEnded(SessionEnded { session: SessionId::from_bytes([45; 16]) }),
        Event::SessionEnded(SessionEnded { session: SessionId::from_bytes([46; 16]) }),
        Event::ObjectChanged(ObjectChanged {
            object: ObjectKind::Pins,
            version: Seq::new(47000141).unwrap(),
        }),
        Event::ObjectChanged(ObjectChanged { object: ObjectKind::KeyIndex, version: Seq::new(0).unwrap() }),
        Event::MemberWaits(MemberWaits {
            unit: UnitId::from_bytes([48; 16]),
            user: UserId::from_bytes([49; 16]),
            name: Private::from("Zoé"),
            invite: InviteId::from_bytes([50; 16]),
        }),
        Event::MemberWaits(MemberWaits {
            unit: UnitId::from_bytes([51; 16]),
            user: UserId::from_bytes([52; 16]),
            name: Private::from("Zoé"),
            invite: InviteId::from_bytes([53; 16]),
        }),
        Event::Badge(Badge { org: Some(OrgId::from_bytes([54; 16])) }),
        Event::Badge(Badge { org: None }),
        Event::Progress(Progress {
            thread: ThreadId::from_bytes([55; 16]),
            mark: ReadMark {
                user: UserId::from_bytes([56; 16]),
                delivered: Seq::new(57000171).unwrap(),
                read: Seq::new(58000174).unwrap(),
            },
        }),
        Event::Progress(Progress {
            thread: ThreadId::from_bytes([59; 16]),
            mark: ReadMark {
                user: UserId::from_bytes([60; 16]),
                delivered: Seq::new(0).unwrap(),
                read: Seq::new(0).unwrap(),
            },
        }),
        Event::Typing(Typing { thread: ThreadId::from_bytes([61; 16]), user: UserId::from_bytes([62; 16]) }),
        Event::Typing(Typing { thread: ThreadId::from_bytes([63; 16]), user: UserId::from_bytes([64; 16]) }),
        Event::CallMissed(CallMissed {
            call: CallId::from_bytes([167; 16]),
            thread: ThreadId::from_bytes([168; 16]),
            from: UserId::from_bytes([169; 16]),
            at: Millis::new(170000170).unwrap(),
            why: MissReason::Cancelled,
        }),
        Event::CallMissed(CallMissed {
            call: CallId::from_bytes([171; 16]),
            thread: ThreadId::from_bytes([172; 16]),
            from: UserId::from_bytes([173; 16]),
            at: Millis::new(0).unwrap(),
            why: MissReason::RangOut,
        }),
        Event::CallRings(CallRings {
            call: CallId::from_bytes([175; 16]),
            thread: ThreadId::from_bytes([176; 16]),
            org: Some(OrgId::from_bytes([177; 16])),
            from: UserId::from_bytes([178; 16]),
            until: Millis::new(179000179).unwrap(),
        }),
        Event::CallRings(CallRings {
            call: CallId::from_bytes([180; 16]),
            thread: ThreadId::from_bytes([181; 16]),
            org: None,
            from: UserId::from_bytes([182; 16]),
            until: Millis::new(0).unwrap(),
        }),
        Event::CallStopped(CallStopped {
            call: CallId::from_bytes([184; 16]),
            why: StopReason::Unreachable,
            device: Some(DeviceId::from_bytes([185; 16])),
        }),
        Event::CallStopped(CallStopped {
            call: CallId::from_bytes([186; 16]),
            why: StopReason::AnsweredElsewhere,
            device: None,
        }),
        Event::CallChanged(CallChanged {
            card: CallCard {
                call: CallId::from_bytes([187; 16]),
                thread: ThreadId::from_bytes([188; 16]),
                starter: UserId::from_bytes([189; 16]),
                started: Millis::new(190000190).unwrap(),
                version: Seq::new(191000191).unwrap(),
                phase: CallPhase::Ended,
                since: Some(Millis::new(192000192).unwrap()),
                why: Some(CallEndReason::Lost),
                seats: vec![CallSeat {
                    callee: Callee {
                        user: Some(UserId::from_bytes([193; 16])),
                        team: Some(TeamId::from_bytes([194; 16])),
                    },
                    state: SeatState::Removed,
                    user: Some(UserId::from_bytes([195; 16])),
                    device: Some(DeviceId::from_bytes([196; 16])),
                    camera: true,
                    until: Some(Millis::new(197000197).unwrap()),
                }],
            },
        }),
        Event::CallChanged(CallChanged {
            card: CallCard {
                call: CallId::from_bytes([198; 16]),
                thread: ThreadId::from_bytes([199; 16]),
                starter: UserId::from_bytes([200; 16]),
                started: Millis::new(0).unwrap(),
                version: Seq::new(0).unwrap(),
                phase: CallPhase::Ringing,
                since: None,
                why: None,
                seats: vec![],
            },
        }),
    ]
}

/// One with every field set and one with as little as possible, of each type.
pub(crate) fn controls() -> Vec<Control> {
    vec![
        Control::Greeting(Greeting { nonce: Bin(vec![65; 3]), now: Millis::new(66000198).unwrap() }),
        Control::Greeting(Greeting { nonce: Bin(vec![]), now: Millis::new(0).unwrap() }),
        Control::Hello(Hello {
            session: Some(HelloSession {
                session: SessionId::from_bytes([67; 16]),
                kid: 68612,
                proof: Bin(vec![69; 3]),
                ticket: Some(Bin(vec![70; 3])),
                org: Some(OrgCursor {
                    org: OrgId::from_bytes([71; 16]),
                    cursor: Some(Cursor {
                        epoch: Epoch::from_bytes([72; 16]),
                        seq: Seq::new(73000219).unwrap(),
                    }),
                }),
                personal: Some(Cursor {
                    epoch: Epoch::from_bytes([74; 16]),
                    seq: Seq::new(75000225).unwrap(),
                }),
            }),
        }),
        Control::Hello(Hello { session: None }),
        Control::Welcome(Welcome {
            epoch: Epoch::from_bytes([76; 16]),
            now: Millis::new(77000231).unwrap(),
            org_head: Some(Seq::new(78000234).unwrap()),
            personal_head: Some(Seq::new(79000237).unwrap()),
            ticket: Some(Bin(vec![80; 3])),
            rekey: Some(SessionKey { kid: 81729, key: Bin(vec![82; 3]) }),
            limits: Limits {
                frame_bytes: 83747,
                requests_in_flight: 84756,
                file_bytes: ByteSize::new(85000255).unwrap(),
                ping_interval: Millis::new(86000258).unwrap(),
            },
        }),
        Control::Welcome(Welcome {
            epoch: Epoch::from_bytes([87; 16]),
            now: Millis::new(0).unwrap(),
            org_head: None,
            personal_head: None,
            ticket: None,
            rekey: None,
            limits: Limits {
                frame_bytes: 88792,
                requests_in_flight: 89801,
                file_bytes: ByteSize::new(0).unwrap(),
                ping_interval: Millis::new(0).unwrap(),
            },
        }),
        Control::Ping(Ping {
            now: Millis::new(90000270).unwrap(),
            org: Some(Seq::new(91000273).unwrap()),
            personal: Seq::new(92000276).unwrap(),
        }),
        Control::Ping(Ping { now: Millis::new(0).unwrap(), org: None, personal: Seq::new(0).unwrap() }),
        Control::Pong(Pong { org: Some(Seq::new(93000279).unwrap()), personal: Seq::new(94000282).unwrap() }),
        Control::Pong(Pong { org: None, personal: Seq::new(0).unwrap() }),
        Control::CaughtUp(CaughtUp { stream: Followed::Personal, seq: Seq::new(95000285).unwrap() }),
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
            retry_after: Some(Millis::new(96000288).unwrap()),
            chain_code: Some(1067),
            stale: Some(Stale {
                keyring: Some(KeyringId::from_bytes([98; 16])),
                generation: 99891,
                n: Seq::new(100000300).unwrap(),
                head: Bytes32::from_bytes([101; 32]),
            }),
        },
        Refusal { code: ErrorCode::Stale, retry_after: None, chain_code: None, stale: None },
    ]
}

/// A card with everything at its longest.
pub(crate) fn largest_card() -> ThreadCard {
    let party = Party {
        user: Some(UserId::from_bytes([208; 16])),
        team: None,
        as_org: Some(OrgId::from_bytes([209; 16])),
        state: PartyState::Declined,
    };
    let most = Seq::new(relais_wire::ids::INT_MAX).unwrap();
    ThreadCard {
        thread: ThreadId::from_bytes([210; 16]),
        len: most,
        head: Bytes32::from_bytes([211; 32]),
        ctrl_head: Bytes32::from_bytes([212; 32]),
        epoch: u32::MAX,
        first: most,
        read: most,
        at: Millis::new(1_800_000_000_213).unwrap(),
        closed: true,
        state: PartyState::Declined,
        parties: vec![party; relais_wire::limits::CARD_PARTICIPANTS_MAX],
        more_parties: u32::MAX,
    }
}
