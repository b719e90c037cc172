//! Writes the TypeScript of the wire to standard output: `types`, with the tables of numbers, `limits` or `errors`.
//! The latter are modules of their own, so that a bundle holds those alone that are used.
//!
//! Run by `cargo x wire-ts`, which compares it with the committed file or replaces it.

#![expect(clippy::print_stdout, reason = "the output is the product")]

use std::fmt::Write as _;

use relais_wire::limits;
use relais_wire::{CloseCode, Control, ErrorCode, Event, Request};
use ts_rs::{Config, TS};

fn main() -> Result<(), &'static str> {
    let mut out =
        String::from("// Generated from the Rust definitions by `cargo x wire-ts`. Do not edit.\n\n");
    match std::env::args().nth(1).as_deref() {
        Some("types") => {
            types(&mut out);
            tables(&mut out);
            out.push_str("\nexport * as ERROR_CODE from './errors';\nexport * as LIMITS from './limits';\n");
        }
        Some("limits") => bounds(&mut out),
        Some("errors") => errors(&mut out),
        _ => return Err("wire_ts types|limits|errors"),
    }
    print!("{out}");
    Ok(())
}

fn declare<T: TS>(out: &mut String) {
    writeln!(out, "export {}", T::decl(&Config::default())).expect("writing to memory does not fail");
}

#[expect(clippy::too_many_lines, reason = "a list of every type")]
fn types(out: &mut String) {
    for alias in [
        "UserId",
        "OrgId",
        "UnitId",
        "ThreadId",
        "MsgId",
        "DeviceId",
        "SessionId",
        "LoginId",
        "KeyringId",
        "TeamId",
        "ObjectId",
        "FileId",
        "BlobId",
        "InviteId",
        "CallId",
        "ConnId",
        "IdemKey",
        "Bytes32",
        "Epoch",
        "Bin",
    ] {
        writeln!(out, "export type {alias} = Uint8Array;").expect("writing to memory does not fail");
    }
    for alias in ["Seq", "Millis", "ByteSize"] {
        writeln!(out, "export type {alias} = number;").expect("writing to memory does not fail");
    }
    writeln!(out, "export type Private = string;").expect("writing to memory does not fail");
    declare::<relais_wire::codes::Refusal>(out);
    declare::<relais_wire::codes::Stale>(out);
    declare::<relais_wire::control::Greeting>(out);
    declare::<relais_wire::control::Hello>(out);
    declare::<relais_wire::control::HelloSession>(out);
    declare::<relais_wire::control::Cursor>(out);
    declare::<relais_wire::control::OrgCursor>(out);
    declare::<relais_wire::control::Welcome>(out);
    declare::<relais_wire::control::SessionKey>(out);
    declare::<relais_wire::control::Limits>(out);
    declare::<relais_wire::control::Ping>(out);
    declare::<relais_wire::control::Pong>(out);
    declare::<relais_wire::control::CaughtUp>(out);
    declare::<relais_wire::control::Resync>(out);
    declare::<relais_wire::control::Followed>(out);
    declare::<relais_wire::control::ResyncReason>(out);
    declare::<relais_wire::account::Ksf>(out);
    declare::<relais_wire::account::RegisterStart>(out);
    declare::<relais_wire::account::RegisterStarted>(out);
    declare::<relais_wire::account::Vault>(out);
    declare::<relais_wire::account::Wrap>(out);
    declare::<relais_wire::account::Recovery>(out);
    declare::<relais_wire::account::RegisterFinish>(out);
    declare::<relais_wire::account::LoginStart>(out);
    declare::<relais_wire::account::LoginStarted>(out);
    declare::<relais_wire::account::LoginFinish>(out);
    declare::<relais_wire::account::FactorNeeded>(out);
    declare::<relais_wire::account::ResendCode>(out);
    declare::<relais_wire::account::CodeSent>(out);
    declare::<relais_wire::account::SecondFactor>(out);
    declare::<relais_wire::account::SessionGrant>(out);
    declare::<relais_wire::account::RecoverStart>(out);
    declare::<relais_wire::account::RecoverStarted>(out);
    declare::<relais_wire::account::RecoverProve>(out);
    declare::<relais_wire::account::RecoverChallenge>(out);
    declare::<relais_wire::account::RecoverAuth>(out);
    declare::<relais_wire::account::RecoverGranted>(out);
    declare::<relais_wire::account::Rekey>(out);
    declare::<relais_wire::account::Rekeyed>(out);
    declare::<relais_wire::account::PasswordStart>(out);
    declare::<relais_wire::account::PasswordStarted>(out);
    declare::<relais_wire::account::RenewRecovery>(out);
    declare::<relais_wire::account::ListSessions>(out);
    declare::<relais_wire::account::Sessions>(out);
    declare::<relais_wire::account::SessionCard>(out);
    declare::<relais_wire::account::RevokeSession>(out);
    declare::<relais_wire::account::GetVault>(out);
    declare::<relais_wire::account::PutVault>(out);
    declare::<relais_wire::account::GetObject>(out);
    declare::<relais_wire::account::Object>(out);
    declare::<relais_wire::account::PutObject>(out);
    declare::<relais_wire::account::ObjectStored>(out);
    declare::<relais_wire::account::Done>(out);
    declare::<relais_wire::account::Locale>(out);
    declare::<relais_wire::account::WrapKind>(out);
    declare::<relais_wire::account::FactorKind>(out);
    declare::<relais_wire::account::ObjectKind>(out);
    declare::<relais_wire::chains::ChainLink>(out);
    declare::<relais_wire::chains::GetLinks>(out);
    declare::<relais_wire::chains::Links>(out);
    declare::<relais_wire::chains::AppendLinks>(out);
    declare::<relais_wire::chains::LinksAppended>(out);
    declare::<relais_wire::chains::ChainHead>(out);
    declare::<relais_wire::chains::SealedBox>(out);
    declare::<relais_wire::chains::PutBoxes>(out);
    declare::<relais_wire::chains::BoxesStaged>(out);
    declare::<relais_wire::chains::GetBoxes>(out);
    declare::<relais_wire::chains::Boxes>(out);
    declare::<relais_wire::chains::ChainKind>(out);
    declare::<relais_wire::chains::BoxScope>(out);
    declare::<relais_wire::threads::SignedEntry>(out);
    declare::<relais_wire::threads::Append>(out);
    declare::<relais_wire::threads::Appended>(out);
    declare::<relais_wire::threads::Receipt>(out);
    declare::<relais_wire::threads::StoredEntry>(out);
    declare::<relais_wire::threads::GetThread>(out);
    declare::<relais_wire::threads::GetEntries>(out);
    declare::<relais_wire::threads::Entries>(out);
    declare::<relais_wire::threads::MarkRead>(out);
    declare::<relais_wire::threads::GetReads>(out);
    declare::<relais_wire::threads::Reads>(out);
    declare::<relais_wire::threads::ReadMark>(out);
    declare::<relais_wire::threads::Party>(out);
    declare::<relais_wire::threads::ThreadCard>(out);
    declare::<relais_wire::threads::PartyState>(out);
    declare::<relais_wire::streams::Focus>(out);
    declare::<relais_wire::streams::FollowPersonal>(out);
    declare::<relais_wire::streams::Following>(out);
    declare::<relais_wire::streams::Pull>(out);
    declare::<relais_wire::streams::StreamPage>(out);
    declare::<relais_wire::streams::StreamItem>(out);
    declare::<relais_wire::streams::GetSnapshot>(out);
    declare::<relais_wire::streams::Snapshot>(out);
    declare::<relais_wire::streams::ThreadPlace>(out);
    declare::<relais_wire::streams::ListThreads>(out);
    declare::<relais_wire::streams::ThreadList>(out);
    declare::<relais_wire::directory::GetServer>(out);
    declare::<relais_wire::directory::ServerCard>(out);
    declare::<relais_wire::directory::Search>(out);
    declare::<relais_wire::directory::Found>(out);
    declare::<relais_wire::directory::GetPerson>(out);
    declare::<relais_wire::directory::PersonCard>(out);
    declare::<relais_wire::directory::GetUnit>(out);
    declare::<relais_wire::directory::UnitCard>(out);
    declare::<relais_wire::directory::OrgCard>(out);
    declare::<relais_wire::directory::TeamCard>(out);
    declare::<relais_wire::directory::CreateUnit>(out);
    declare::<relais_wire::directory::CreateTeam>(out);
    declare::<relais_wire::directory::CreateInvite>(out);
    declare::<relais_wire::directory::InviteCreated>(out);
    declare::<relais_wire::directory::WithdrawInvite>(out);
    declare::<relais_wire::directory::AcceptInvite>(out);
    declare::<relais_wire::directory::SetSuspended>(out);
    declare::<relais_wire::directory::GetPending>(out);
    declare::<relais_wire::directory::Pending>(out);
    declare::<relais_wire::directory::PendingMember>(out);
    declare::<relais_wire::calls::CallStart>(out);
    declare::<relais_wire::calls::CallAdd>(out);
    declare::<relais_wire::calls::Callee>(out);
    declare::<relais_wire::calls::CallStarted>(out);
    declare::<relais_wire::calls::CallWarning>(out);
    declare::<relais_wire::calls::Dot>(out);
    declare::<relais_wire::calls::CallJoin>(out);
    declare::<relais_wire::calls::CallAck>(out);
    declare::<relais_wire::calls::CallDecline>(out);
    declare::<relais_wire::calls::CallLeave>(out);
    declare::<relais_wire::calls::CallEnd>(out);
    declare::<relais_wire::calls::GetCalls>(out);
    declare::<relais_wire::calls::Calls>(out);
    declare::<relais_wire::calls::CallRings>(out);
    declare::<relais_wire::calls::CallStopped>(out);
    declare::<relais_wire::calls::StopReason>(out);
    declare::<relais_wire::calls::CallChanged>(out);
    declare::<relais_wire::calls::CallMissed>(out);
    declare::<relais_wire::calls::MissReason>(out);
    declare::<relais_wire::calls::CallCard>(out);
    declare::<relais_wire::calls::CallPhase>(out);
    declare::<relais_wire::calls::CallEndReason>(out);
    declare::<relais_wire::calls::CallSeat>(out);
    declare::<relais_wire::calls::SeatState>(out);
    declare::<relais_wire::files::GetBlob>(out);
    declare::<relais_wire::files::BlobCard>(out);
    declare::<relais_wire::events::EntriesAppended>(out);
    declare::<relais_wire::events::Invited>(out);
    declare::<relais_wire::events::ThreadGone>(out);
    declare::<relais_wire::events::ChainGrew>(out);
    declare::<relais_wire::events::ReadMoved>(out);
    declare::<relais_wire::events::SessionOpened>(out);
    declare::<relais_wire::events::SessionEnded>(out);
    declare::<relais_wire::events::ObjectChanged>(out);
    declare::<relais_wire::events::MemberWaits>(out);
    declare::<relais_wire::events::Badge>(out);
    declare::<relais_wire::events::Progress>(out);
    declare::<relais_wire::events::Typing>(out);
}

fn tables(out: &mut String) {
    for (name, all) in [("REQUEST", Request::ALL), ("EVENT", Event::ALL), ("CONTROL", Control::ALL)] {
        writeln!(out, "\nexport const {name} = {{").expect("writing to memory does not fail");
        for (kind, message) in all {
            writeln!(out, "  {message}: {kind:#06x},").expect("writing to memory does not fail");
        }
        writeln!(out, "}} as const;").expect("writing to memory does not fail");
    }
    writeln!(out, "\nexport const CLOSE_CODE = {{").expect("writing to memory does not fail");
    for code in CloseCode::ALL {
        writeln!(out, "  {code:?}: {},", code.code()).expect("writing to memory does not fail");
    }
    writeln!(out, "}} as const;").expect("writing to memory does not fail");
}

fn errors(out: &mut String) {
    for code in ErrorCode::ALL {
        writeln!(out, "export const {code:?} = {};", code.code()).expect("writing to memory does not fail");
    }
}

fn bounds(out: &mut String) {
    let table: [(&str, u64); 53] = [
        ("FRAME_BYTES_MAX", number(limits::FRAME_BYTES_MAX)),
        ("FRAME_BYTES_BEFORE_AUTH", number(limits::FRAME_BYTES_BEFORE_AUTH)),
        ("RPC_BYTES_MAX", number(limits::RPC_BYTES_MAX)),
        ("AUTH_TIMEOUT_MS", limits::AUTH_TIMEOUT_MS),
        ("SIGN_IN_TIMEOUT_MS", limits::SIGN_IN_TIMEOUT_MS),
        ("PING_INTERVAL_MS", limits::PING_INTERVAL_MS),
        ("PING_JITTER_MS", limits::PING_JITTER_MS),
        ("PONG_TIMEOUT_MS", limits::PONG_TIMEOUT_MS),
        ("NO_PROGRESS_MS", limits::NO_PROGRESS_MS),
        ("GATE_ENTRIES_MAX", number(limits::GATE_ENTRIES_MAX)),
        ("GATE_BYTES_MAX", number(limits::GATE_BYTES_MAX)),
        ("SESSION_QUEUE_BYTES", number(limits::SESSION_QUEUE_BYTES)),
        ("PAGE_ENTRIES_MAX", u64::from(limits::PAGE_ENTRIES_MAX)),
        ("PAGE_BYTES_MAX", number(limits::PAGE_BYTES_MAX)),
        ("REQUESTS_IN_FLIGHT_MAX", number(limits::REQUESTS_IN_FLIGHT_MAX)),
        ("USER_BUCKET_TOKENS", u64::from(limits::USER_BUCKET_TOKENS)),
        ("USER_BUCKET_REFILL_PER_S", u64::from(limits::USER_BUCKET_REFILL_PER_S)),
        ("STREAM_DAYS", limits::STREAM_DAYS),
        ("STREAM_ENTRIES_MAX", limits::STREAM_ENTRIES_MAX),
        ("IDEMPOTENCY_DAYS", limits::IDEMPOTENCY_DAYS),
        ("SNAPSHOT_THREADS", u64::from(limits::SNAPSHOT_THREADS)),
        ("THREADS_PAGE_MAX", u64::from(limits::THREADS_PAGE_MAX)),
        ("CARD_BYTES_MAX", number(limits::CARD_BYTES_MAX)),
        ("WATCH_USERS_MAX", number(limits::WATCH_USERS_MAX)),
        ("KEYRING_RECIPIENTS_MAX", number(limits::KEYRING_RECIPIENTS_MAX)),
        ("EPOCH_RECIPIENTS_MAX", number(limits::EPOCH_RECIPIENTS_MAX)),
        ("STAGED_BOX_BYTES_MAX", number(limits::STAGED_BOX_BYTES_MAX)),
        ("STAGED_BOX_TTL_MS", limits::STAGED_BOX_TTL_MS),
        ("BOXES_PER_PUT", number(limits::BOXES_PER_PUT)),
        ("BOX_BYTES", number(limits::BOX_BYTES)),
        ("CORE_BYTES_MAX", number(limits::CORE_BYTES_MAX)),
        ("CIPHERTEXT_BYTES_MAX", number(limits::CIPHERTEXT_BYTES_MAX)),
        ("CONTROL_BYTES_MAX", number(limits::CONTROL_BYTES_MAX)),
        ("ENTRIES_PER_APPEND", number(limits::ENTRIES_PER_APPEND)),
        ("LINK_BYTES_MAX", number(limits::LINK_BYTES_MAX)),
        ("VAULT_BYTES_MAX", number(limits::VAULT_BYTES_MAX)),
        ("USER_OBJECT_BYTES_MAX", number(limits::USER_OBJECT_BYTES_MAX)),
        ("FILE_BYTES_MAX", limits::FILE_BYTES_MAX),
        ("BLOBS_PER_MESSAGE", number(limits::BLOBS_PER_MESSAGE)),
        ("TEXT_CHARS_MAX", number(limits::TEXT_CHARS_MAX)),
        ("SEARCH_RESULTS_MAX", number(limits::SEARCH_RESULTS_MAX)),
        ("TICKET_TTL_MS", limits::TICKET_TTL_MS),
        ("CODE_DIGITS", number(limits::CODE_DIGITS)),
        ("CODE_TTL_MS", limits::CODE_TTL_MS),
        ("CODE_TRIES_MAX", u64::from(limits::CODE_TRIES_MAX)),
        ("CODE_SENDS_MAX", u64::from(limits::CODE_SENDS_MAX)),
        ("HTTP_CLOCK_SKEW_MS", limits::HTTP_CLOCK_SKEW_MS),
        ("CARD_PARTICIPANTS_MAX", number(limits::CARD_PARTICIPANTS_MAX)),
        ("CALL_RING_MS", limits::CALL_RING_MS),
        ("CALL_ACK_MS", limits::CALL_ACK_MS),
        ("CALL_RECOVER_MS", limits::CALL_RECOVER_MS),
        ("CALL_AWAY_MS", limits::CALL_AWAY_MS),
        ("CALL_SEATS_MAX", number(limits::CALL_SEATS_MAX)),
    ];
    for (name, value) in table {
        writeln!(out, "export const {name} = {value};").expect("writing to memory does not fail");
    }
}

/// A limit as a number that every platform has.
fn number(n: usize) -> u64 {
    u64::try_from(n).expect("a usize fits in 64 bits")
}
