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
mod victim;
mod web;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use anyhow::{Result, bail};
use relais_chain::ChainError;
use relais_client::Hostile;
use relais_e2ee::E2eeError;

use serde_json::{Value, json};
use stage::{Seen, Stage};
use victim::Kind;

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

/// How the web client stands to an attack.
#[derive(Clone, Copy, Debug)]
enum Web {
    /// It is carried out against it too, and stopped by the same check.
    Same,
    /// It is carried out against it too, and stopped by these checks: numbers of errors and codes of attacks.
    By(&'static [&'static str]),
    /// It is not carried out against it, for this reason.
    Not(&'static str),
}

/// The web client has no such act, so there is nothing to lie about.
const NO_SUCH_ACT: Web = Web::Not("no such act");

struct Attack {
    code: Hostile,
    name: &'static str,
    next_event: &'static str,
    check: Check,
    web: Web,
    /// Whether it is part of the short form: one that takes no second of password stretching or waiting.
    quick: bool,
    run: Run,
}

macro_rules! attacks {
    ($($code:ident, $name:literal, $event:literal, $check:expr, $web:expr, $quick:literal, $run:path;)*) => {
        &[$(Attack {
            code: Hostile::$code,
            name: $name,
            next_event: $event,
            check: $check,
            web: $web,
            quick: $quick,
            run: |stage| Box::pin($run(stage)),
        }),*]
    };
}

/// Every attack that is carried out.
const ATTACKS: &[Attack] = attacks![
    WrongReceipt, "a receipt with another time", "the acknowledgement", Check::Client, Web::Same, true, account::wrong_receipt;
    WrongReceipt, "no receipt at all", "the acknowledgement", Check::Client, Web::Same, true, account::no_receipt;
    ServerKeyChanged, "another server key", "going on", Check::Client, Web::Same, true, account::server_key;
    EntryForged, "a changed control entry", "its arrival",
        Check::Chain(&[ChainError::BadSignature]), Web::Same, true, entries::changed;
    EntryForged, "an entry in another's name", "its arrival",
        Check::Chain(&[ChainError::BadSignature]), Web::Same, true, entries::forged;
    EntryDropped, "a message left out", "the next entry", Check::Client, Web::Same, true, entries::dropped;
    EntryReordered, "an answer before its question", "the first anchor over them",
        Check::Chain(&[ChainError::AnchorAhead]), Web::Same, true, entries::reordered;
    EntryReplayed, "a message served twice", "its second arrival",
        Check::Chain(&[ChainError::MsgIdReused, ChainError::AseqReplayed]), Web::Same, true, entries::replayed;
    ThreadForked, "two orders for two readers", "the first anchor that crosses",
        Check::Chain(&[ChainError::AnchorMismatch]), Web::Same, true, entries::thread_forked;
    ThreadRolledBack, "a thread as it was", "the next read", Check::Client, Web::Same, true, entries::thread_rolled_back;
    EntryAfterClose, "a message held back past the close", "its arrival",
        Check::Chain(&[ChainError::Closed]), Web::Same, true, entries::after_close;
    MessageTampered, "a changed ciphertext, signed by a helper", "its arrival",
        Check::E2ee(&[E2eeError::DecryptFailed]), Web::Same, true, entries::ciphertext;
    BoxWithheld, "a box not served", "the first message under it", Check::Client, Web::Same, true, keys::box_withheld;
    BoxSwapped, "a box with the server's seed", "opening it, before writing",
        Check::E2ee(&[E2eeError::BoxHashMismatch, E2eeError::CommitMismatch]), Web::Same, true, keys::box_swapped;
    KeySwapped, "a chain of the server's making", "the next read of the chain", Check::Client, Web::Same, true, keys::key_swapped;
    CardSwapped, "a team's card with another's keyring", "naming the team", Check::Client, Web::Same, true, cards::team_card;
    // The browser checks what it made before a box leaves it, and would stop there: PartyKeyrings.
    CardSwapped, "a team of another organization", "naming the team",
        Check::Client, Web::By(&["H02", "510"]), true, cards::foreign_team;
    CardSwapped, "a unit of another organization", "naming its member", Check::Client, Web::Same, true, cards::foreign_unit;
    CardSwapped, "a colleague's keyring claimed by another", "naming the colleague",
        Check::Client, Web::Same, true, cards::claimed_keyring;
    ChainRolledBack, "a chain without its last link", "the next read of the chain",
        Check::Client, Web::Same, true, keys::chain_rolled_back;
    ChainForked, "a chain with another last link", "the next read of the chain",
        Check::Client, Web::Same, true, keys::chain_forked;
    ChainInvalid, "a rotation the owner did not sign", "the read that serves it",
        Check::Chain(&[ChainError::BadSignature]), Web::Same, true, keys::forged_rotation;
    ChainInvalid, "a manager whom no manager let in", "the read that serves it",
        Check::Chain(&[ChainError::NotAuthorized]), Web::Same, true, teams::ghost_manager;
    RotationWithheld, "a removal and its rotation kept back", "the refusal that names it",
        Check::Client, Web::Same, true, teams::removal_withheld;
    RotationWithheld, "a rotation named and not shown", "the refusal that names it",
        Check::Client, Web::Same, true, account::rotation_withheld;
    StaleForEver, "stale again and again", "the fifth refusal", Check::Client, Web::Same, false, account::stale_for_ever;
    FileTampered, "a byte of a file", "the download",
        Check::E2ee(&[E2eeError::DecryptFailed, E2eeError::FileHashMismatch]), Web::Same, true, account::file;
    GhostReader, "an epoch for one reader more", "its arrival",
        Check::Chain(&[ChainError::EpochRecipients]), Web::Same, true, helped::ghost_reader;
    BoxWrongCommit, "another seed for one reader", "opening its box",
        Check::E2ee(&[E2eeError::CommitMismatch]), Web::Same, true, helped::wrong_commit;
    InviteForged, "an acceptance without the key", "its arrival",
        Check::Chain(&[ChainError::BadInvitationProof]), Web::Same, true, helped::invite_forged;
    InviteForged, "another in the place of whom one invited", "the list of those who wait",
        Check::Client, NO_SUCH_ACT, true, keys::minted;
    StreamHole, "an entry of a stream left out", "the next page of it", Check::Client, Web::Same, true, live::stream_hole;
    Unattested, "a colleague nobody vouched for", "adding them", Check::Client, Web::Same, true, keys::unattested;
    WeakKsf, "weaker password stretching", "the first answer",
        Check::E2ee(&[E2eeError::KsfRefused]), Web::Same, false, account::weak_stretching;
    OwnChainChanged, "another chain under one's own name", "the sign-in",
        Check::E2ee(&[E2eeError::ForeignChain]), Web::Same, false, account::own_chain;
    OldVault, "the vault before the last change", "going on",
        Check::E2ee(&[E2eeError::VaultRolledBack]), Web::By(&["808", "809"]), true, account::old_vault;
    OldVault, "the vault before the last change", "a recovery",
        Check::E2ee(&[E2eeError::VaultRolledBack]), Web::By(&["808", "809"]), false, objects::old_vault;
    OldObject, "the pins as they were", "going on",
        Check::E2ee(&[E2eeError::ObjectRolledBack]), Web::Same, true, objects::old_pins;
    OldObject, "the key index as it was", "the list",
        Check::E2ee(&[E2eeError::ObjectRolledBack]), Web::Same, true, objects::old_index;
    ThreadRolledBack, "a thread before what another device saw", "its first read on a new device",
        Check::Client, Web::Same, false, objects::thread_rolled_back;
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

/// What a check is called in the web client's table of switches: an error's number, or an attack's code.
fn web_checks(attack: &Attack) -> Vec<Value> {
    let named = |check: &str| check.parse::<u16>().map_or_else(|_| json!(check), |number| json!(number));
    match (attack.web, attack.check) {
        (Web::By(checks), _) => checks.iter().copied().map(named).collect(),
        (_, Check::Chain(codes)) => codes.iter().map(|code| json!(code.code())).collect(),
        (_, Check::E2ee(codes)) => codes.iter().map(|code| json!(code.code())).collect(),
        (_, Check::Client) => vec![json!(attack.code.code())],
    }
}

/// What came of an attack, with its check and without it.
struct Tried {
    with: Seen,
    without: Seen,
}

impl Tried {
    fn is_caught(&self, attack: &Attack) -> bool {
        self.with == Seen::Caught(attack.code.code().to_owned())
    }

    fn is_passed(&self) -> bool {
        self.without == Seen::Believed
    }

    /// In a word, or in many where it is not what it should be.
    fn words(&self, attack: &Attack) -> String {
        match (self.is_caught(attack), self.is_passed()) {
            (true, true) => "caught; succeeds without".to_owned(),
            (true, false) => format!("caught; WITHOUT: {:?}", self.without),
            (false, _) => format!("NOT CAUGHT: {:?}; without: {:?}", self.with, self.without),
        }
    }
}

async fn try_native(stage: &mut Stage, attack: &Attack) -> Tried {
    stage.kind = Kind::Native;
    switch_on();
    let with = outcome((attack.run)(stage).await);
    switch_off(attack);
    let without = outcome((attack.run)(stage).await);
    switch_on();
    Tried { with, without }
}

async fn try_web(stage: &mut Stage, attack: &Attack) -> Result<Tried> {
    stage.kind = Kind::Web;
    stage.switch_off_web(&[]).await?;
    let with = outcome((attack.run)(stage).await);
    stage.switch_off_web(&web_checks(attack)).await?;
    let without = outcome((attack.run)(stage).await);
    stage.switch_off_web(&[]).await?;
    Ok(Tried { with, without })
}

/// The attacks of a form of the proof whose names have this part.
///
/// # Errors
/// None has: nothing tried is nothing shown.
fn chosen(part: Option<&str>, quick: bool) -> Result<Vec<&'static Attack>> {
    let in_form: Vec<&Attack> = ATTACKS.iter().filter(|attack| attack.quick || !quick).collect();
    let Some(part) = part else { return Ok(in_form) };
    let found: Vec<&Attack> = in_form.iter().copied().filter(|attack| attack.name.contains(part)).collect();
    if found.is_empty() {
        let names: BTreeSet<&str> = in_form.iter().map(|attack| attack.name).collect();
        let form = if quick { "the short form" } else { "the proof" };
        let names = Vec::from_iter(names).join("\n  ");
        bail!("no attack of {form} has `{part}` in its name; there are:\n  {names}");
    }
    Ok(found)
}

/// Carries every attack out (the short form: those that take no long time) against both clients, each twice.
/// Answers whether each was caught by its own error and succeeded without its check. `web` is the web client's
/// folder.
///
/// # Errors
/// The scene could not be set, or the variable `RELAIS_ATTACK` names no attack.
#[expect(clippy::print_stdout, reason = "the table is what the proof is for")]
pub async fn prove(server: &Path, web: Option<&Path>, quick: bool) -> Result<bool> {
    // For whoever works on one of them: a part of its name.
    let attacks = chosen(std::env::var("RELAIS_ATTACK").ok().as_deref(), quick)?;
    let mut stage = Box::pin(Stage::set(server, web)).await?;
    let (mut native, mut other) = (Tally::default(), Tally::default());
    println!("{:<5}{:<42}{:<31}{:<26}web client", "code", "attack", "noticed at", "native client");
    for attack in &attacks {
        let tried = try_native(&mut stage, attack).await;
        native.count(attack, &tried);
        let words = match (web, attack.web) {
            (None, _) => "not run".to_owned(),
            (Some(_), Web::Not(why)) => why.to_owned(),
            (Some(_), Web::Same | Web::By(_)) => {
                let tried = try_web(&mut stage, attack).await?;
                other.count(attack, &tried);
                tried.words(attack)
            }
        };
        let code = attack.code.code();
        let first = tried.words(attack);
        println!("{code:<5}{:<42}{:<31}{first:<26}{words}", attack.name, attack.next_event);
    }
    let all = attacks.len();
    println!("native client: {}", native.words(all));
    println!("web client: {}", other.words(all));
    Ok(native.holds() && native.tried == all && other.holds())
}

/// How many attacks ended as they should.
#[derive(Default)]
struct Tally {
    tried: usize,
    caught: usize,
    passed: usize,
}

impl Tally {
    fn count(&mut self, attack: &Attack, tried: &Tried) {
        self.tried += 1;
        self.caught += usize::from(tried.is_caught(attack));
        self.passed += usize::from(tried.is_passed());
    }

    const fn holds(&self) -> bool {
        self.caught == self.tried && self.passed == self.tried
    }

    fn words(&self, all: usize) -> String {
        let Self { tried, caught, passed } = self;
        format!("{tried} of {all} attacks, {caught} caught, {passed} pass without their check")
    }
}

fn outcome(result: Result<Seen>) -> Seen {
    result.unwrap_or_else(|error| Seen::Neither(format!("the scene failed: {error:#}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ATTACKS, Web, chosen};

    #[test]
    fn a_name_that_no_attack_has_is_refused_with_those_there_are() {
        let names = |part, quick| chosen(part, quick).map(|attacks| attacks.len());
        assert_eq!(names(None, false).ok(), Some(ATTACKS.len()));
        assert_eq!(names(Some("a byte of a file"), true).ok(), Some(1));
        let refused =
            chosen(Some("a bite"), true).map(drop).expect_err("no attack has this name").to_string();
        assert!(refused.contains("`a bite`") && refused.contains("a byte of a file"), "{refused}");
        // A long one is not in the short form.
        assert!(
            chosen(Some("weaker password"), false).is_ok() && chosen(Some("weaker password"), true).is_err()
        );
    }

    #[test]
    fn the_document_says_which_scenes_run_against_the_web_client() {
        let document = include_str!("../docs/SECURITY.md");
        for code in ATTACKS.iter().map(|attack| attack.code.code()) {
            let scenes = || ATTACKS.iter().filter(|attack| attack.code.code() == code);
            let run = scenes().filter(|attack| !matches!(attack.web, Web::Not(_))).count();
            let mark = match run {
                0 => "–",
                some if some == scenes().count() => "●",
                _ => "◐",
            };
            let row = document.lines().find(|line| line.starts_with(&format!("| ● {code} ")));
            let said = row.and_then(|row| row.trim_end_matches('|').rsplit('|').next()).map(str::trim);
            assert_eq!(said, Some(mark), "{code}");
        }
    }

    #[test]
    fn the_document_marks_exactly_the_attacks_that_are_carried_out() {
        let document = include_str!("../docs/SECURITY.md");
        let row = |line: &str| {
            let marked = line.strip_prefix("| ● ")?.split('|').next()?.trim();
            // Rows of the other tables have a mark and no code.
            (!marked.is_empty()).then(|| marked.to_owned())
        };
        let marked: BTreeSet<String> = document.lines().filter_map(row).collect();
        let done: BTreeSet<String> = ATTACKS.iter().map(|attack| attack.code.code().to_owned()).collect();
        assert_eq!(marked, done);
    }
}
