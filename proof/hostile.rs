//! A lying server, attack by attack. Between a real server and real clients stands a proxy that rewrites real
//! frames. Each attack must end in its own error of the client; and it must succeed when the one check that
//! names it is switched off, so that this check, and nothing else, is what stops it.
//!
//! Not known here: how a client checks.

mod account;
mod cards;
mod entries;
mod helped;
mod keys;
mod liar;
mod live;
mod objects;
mod stage;
mod teams;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use anyhow::Result;
use relais_chain::ChainError;
use relais_client::Hostile;
use relais_e2ee::E2eeError;

use stage::{Seen, Stage};

type Run = for<'a> fn(&'a mut Stage) -> Pin<Box<dyn Future<Output = Result<Seen>> + 'a>>;

/// The check that stops an attack. Where two guard the same thing, both.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// A rule of the chain crate.
    Chain(&'static [ChainError]),
    /// A check of the encryption crate.
    E2ee(&'static [E2eeError]),
    /// A check of the client itself: the one that raises the attack's own error.
    Client,
}

struct Attack {
    code: Hostile,
    name: &'static str,
    next_event: &'static str,
    check: Check,
    /// Whether it is part of the short form: one that takes no second of password stretching or waiting.
    quick: bool,
    run: Run,
}

macro_rules! attacks {
    ($($code:ident, $name:literal, $event:literal, $check:expr, $quick:literal, $run:path;)*) => {
        &[$(Attack {
            code: Hostile::$code,
            name: $name,
            next_event: $event,
            check: $check,
            quick: $quick,
            run: |stage| Box::pin($run(stage)),
        }),*]
    };
}

/// Every attack that is carried out.
const ATTACKS: &[Attack] = attacks![
    WrongReceipt, "a receipt with another time", "the acknowledgement", Check::Client, true, account::wrong_receipt;
    WrongReceipt, "no receipt at all", "the acknowledgement", Check::Client, true, account::no_receipt;
    ServerKeyChanged, "another server key", "going on", Check::Client, true, account::server_key;
    EntryForged, "a changed control entry", "its arrival",
        Check::Chain(&[ChainError::BadSignature]), true, entries::changed;
    EntryForged, "an entry in another's name", "its arrival",
        Check::Chain(&[ChainError::BadSignature]), true, entries::forged;
    EntryDropped, "a message left out", "the next entry", Check::Client, true, entries::dropped;
    EntryReordered, "an answer before its question", "the first anchor over them",
        Check::Chain(&[ChainError::AnchorAhead]), true, entries::reordered;
    EntryReplayed, "a message served twice", "its second arrival",
        Check::Chain(&[ChainError::MsgIdReused, ChainError::AseqReplayed]), true, entries::replayed;
    ThreadForked, "two orders for two readers", "the first anchor that crosses",
        Check::Chain(&[ChainError::AnchorMismatch]), true, entries::thread_forked;
    ThreadRolledBack, "a thread as it was", "the next read", Check::Client, true, entries::thread_rolled_back;
    EntryAfterClose, "a message held back past the close", "its arrival",
        Check::Chain(&[ChainError::Closed]), true, entries::after_close;
    MessageTampered, "a changed ciphertext, signed by a helper", "its arrival",
        Check::E2ee(&[E2eeError::DecryptFailed]), true, entries::ciphertext;
    BoxWithheld, "a box not served", "the first message under it", Check::Client, true, keys::box_withheld;
    BoxSwapped, "a box with the server's seed", "opening it, before writing",
        Check::E2ee(&[E2eeError::BoxHashMismatch, E2eeError::CommitMismatch]), true, keys::box_swapped;
    KeySwapped, "a chain of the server's making", "the next read of the chain", Check::Client, true, keys::key_swapped;
    CardSwapped, "a team's card with another's keyring", "naming the team", Check::Client, true, cards::team_card;
    CardSwapped, "a unit of another organization", "naming its member", Check::Client, true, cards::foreign_unit;
    CardSwapped, "a colleague's keyring claimed by another", "naming the colleague",
        Check::Client, true, cards::claimed_keyring;
    ChainRolledBack, "a chain without its last link", "the next read of the chain",
        Check::Client, true, keys::chain_rolled_back;
    ChainForked, "a chain with another last link", "the next read of the chain",
        Check::Client, true, keys::chain_forked;
    ChainInvalid, "a rotation the owner did not sign", "the read that serves it",
        Check::Chain(&[ChainError::BadSignature]), true, keys::forged_rotation;
    ChainInvalid, "a manager whom no manager let in", "the read that serves it",
        Check::Chain(&[ChainError::NotAuthorized]), true, teams::ghost_manager;
    RotationWithheld, "a removal and its rotation kept back", "the refusal that names it",
        Check::Client, true, teams::removal_withheld;
    RotationWithheld, "a rotation named and not shown", "the refusal that names it",
        Check::Client, true, account::rotation_withheld;
    StaleForEver, "stale again and again", "the fifth refusal", Check::Client, false, account::stale_for_ever;
    FileTampered, "a byte of a file", "the download",
        Check::E2ee(&[E2eeError::DecryptFailed, E2eeError::FileHashMismatch]), true, account::file;
    GhostReader, "an epoch for one reader more", "its arrival",
        Check::Chain(&[ChainError::EpochRecipients]), true, helped::ghost_reader;
    BoxWrongCommit, "another seed for one reader", "opening its box",
        Check::E2ee(&[E2eeError::CommitMismatch]), true, helped::wrong_commit;
    InviteForged, "an acceptance without the key", "its arrival",
        Check::Chain(&[ChainError::BadInvitationProof]), true, helped::invite_forged;
    InviteForged, "another in the place of whom one invited", "the list of those who wait",
        Check::Client, true, keys::minted;
    StreamHole, "an entry of a stream left out", "the next page of it", Check::Client, true, live::stream_hole;
    Unattested, "a colleague nobody vouched for", "adding them", Check::Client, true, keys::unattested;
    WeakKsf, "weaker password stretching", "the first answer",
        Check::E2ee(&[E2eeError::KsfRefused]), false, account::weak_stretching;
    OwnChainChanged, "another chain under one's own name", "the sign-in",
        Check::E2ee(&[E2eeError::ForeignChain]), false, account::own_chain;
    OldVault, "the vault before the last change", "going on",
        Check::E2ee(&[E2eeError::VaultRolledBack]), true, account::old_vault;
    OldVault, "the vault before the last change", "a recovery",
        Check::E2ee(&[E2eeError::VaultRolledBack]), false, objects::old_vault;
    OldObject, "the pins as they were", "going on",
        Check::E2ee(&[E2eeError::ObjectRolledBack]), true, objects::old_pins;
    OldObject, "the key index as it was", "the list",
        Check::E2ee(&[E2eeError::ObjectRolledBack]), true, objects::old_index;
    ThreadRolledBack, "a thread before what another device saw", "its first read on a new device",
        Check::Client, false, objects::thread_rolled_back;
];

fn switch_off(attack: &Attack) {
    let chain = |codes: &[ChainError]| {
        relais_chain::mutations::SWITCHES.switch_off(codes.first().map_or(0, |code| code.code()));
        relais_chain::mutations::SWITCHES.switch_off_also(codes.get(1).map_or(0, |code| code.code()));
    };
    let e2ee = |codes: &[E2eeError]| {
        relais_e2ee::mutations::SWITCHES.switch_off(codes.first().map_or(0, |code| code.code()));
        relais_e2ee::mutations::SWITCHES.switch_off_also(codes.get(1).map_or(0, |code| code.code()));
    };
    match attack.check {
        Check::Chain(codes) => chain(codes),
        Check::E2ee(codes) => e2ee(codes),
        Check::Client => relais_client::mutations::switch_off(attack.code),
    }
}

fn switch_on() {
    relais_chain::mutations::SWITCHES.switch_on();
    relais_e2ee::mutations::SWITCHES.switch_on();
    relais_client::mutations::switch_on();
}

/// Carries every attack out (the short form: those that take no long time), twice. Answers whether each was
/// caught by its own error and succeeded without its check.
///
/// # Errors
/// The scene could not be set.
#[expect(clippy::print_stdout, reason = "the table is what the proof is for")]
pub async fn prove(server: &Path, quick: bool) -> Result<bool> {
    let mut stage = Stage::set(server).await?;
    let attacks: Vec<&Attack> = ATTACKS.iter().filter(|attack| attack.quick || !quick).collect();
    let (mut caught, mut passed) = (0, 0);
    println!("{:<5}{:<42}{:<31}{:<9}without the check", "code", "attack", "noticed at", "caught");
    for attack in &attacks {
        switch_on();
        let with = outcome((attack.run)(&mut stage).await);
        switch_off(attack);
        let without = outcome((attack.run)(&mut stage).await);
        switch_on();
        let is_caught = with == Seen::Caught(attack.code.code().to_owned());
        let is_passed = without == Seen::Believed;
        caught += usize::from(is_caught);
        passed += usize::from(is_passed);
        println!(
            "{:<5}{:<42}{:<31}{:<9}{}",
            attack.code.code(),
            attack.name,
            attack.next_event,
            if is_caught { "yes".to_owned() } else { format!("NO: {with:?}") },
            if is_passed { "succeeds".to_owned() } else { format!("NO: {without:?}") },
        );
    }
    let all = attacks.len();
    println!("attacks: {all}, caught: {caught}, pass without their check: {passed}");
    Ok(caught == all && passed == all)
}

fn outcome(result: Result<Seen>) -> Seen {
    result.unwrap_or_else(|error| Seen::Neither(format!("the scene failed: {error:#}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ATTACKS;

    #[test]
    fn the_document_marks_exactly_the_attacks_that_are_carried_out() {
        let document = include_str!("../docs/SECURITY.md");
        let row = |line: &str| {
            let marked = line.strip_prefix("| ● ")?;
            Some(marked.split('|').next()?.trim().to_owned())
        };
        let marked: BTreeSet<String> = document.lines().filter_map(row).collect();
        let done: BTreeSet<String> = ATTACKS.iter().map(|attack| attack.code.code().to_owned()).collect();
        assert_eq!(marked, done);
    }
}
