//! An account from registration to recovery, checked with the chain rules that a server applies.

#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]

use relais_chain::directory::Directory;
use relais_chain::facts::Mode;
use relais_chain::keyring_body::Reason;
use relais_chain::user::UserChain;
use relais_e2ee::account::{self, Account, NewAccount, server_half};
use relais_e2ee::entropy::ReplayedEntropy;
use relais_e2ee::keyring;
use relais_e2ee::recovery::RecoveryCode;
use relais_e2ee::secret::Secret;
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, Seed};
use relais_wire::account::{Vault, Wrap, WrapKind};
use relais_wire::chains::{ChainKind, ChainLink};
use relais_wire::ids::{Seq, UserId};

const NOW: u64 = 1_795_000_000_000;

/// What a server keeps of one account.
struct Server {
    directory: Directory,
    vault: Vault,
    wraps: Vec<Wrap>,
}

impl Server {
    fn take(&mut self, links: &[ChainLink]) {
        for link in links {
            let mode = Mode::Append { now_ms: NOW };
            let bytes = link.link.as_slice();
            match link.chain {
                ChainKind::User => drop(self.directory.user_link(link.id.into(), bytes, mode).unwrap()),
                ChainKind::Keyring => self.directory.keyring_link(link.id.into(), bytes, mode).unwrap(),
                ChainKind::Unit => self.directory.unit_link(link.id.into(), bytes, mode).unwrap(),
            }
        }
    }

    fn chain(&self) -> &UserChain {
        self.directory.user_chain(user()).unwrap()
    }
}

fn user() -> UserId {
    UserId::from_bytes([7; 16])
}

fn entropy(seed: u8) -> ReplayedEntropy {
    ReplayedEntropy::dangerous_from_seed([seed; 32])
}

fn export() -> Secret<64> {
    Secret::from_bytes([5; 64])
}

fn registered() -> (Server, NewAccount) {
    let new = account::create(user(), &[Opener::Password(&export())], [6; 32], NOW, &mut entropy(1)).unwrap();
    let mut server =
        Server { directory: Directory::new(), vault: new.vault.clone(), wraps: new.wraps.clone() };
    server.take(&new.links);
    (server, new)
}

fn opened(server: &Server, export: &Secret<64>) -> Result<Account, E2eeError> {
    let mut account = Account::open(user(), &server.vault, &server.wraps, &Opener::Password(export))?;
    account.verify(&server.vault, server.chain())?;
    Ok(account)
}

/// SEC-01
#[test]
fn a_registration_is_valid_by_the_chain_rules_and_opens_at_the_next_sign_in() {
    let (server, new) = registered();
    assert_eq!(new.links.len(), 4);
    let account = opened(&server, &export()).unwrap();
    assert_eq!(account.root(), new.account.root());
    assert_eq!(account.chain_seq(), 2);
    assert_eq!(account.signing().public(), server.chain().key());
    account.check_server_key(&[6; 32]).unwrap();
    assert_eq!(account.check_server_key(&[7; 32]).unwrap_err(), E2eeError::ServerKeyChanged);

    let inbox = server.directory.keyring_chain(account.inbox().id).unwrap();
    let personal = account.personal();
    let seed = keyring::open_current(inbox, &new.boxes, personal.id, &personal.seed).unwrap();
    assert!(seed.same(&account.inbox().seed));
}

#[test]
fn the_wrong_export_key_opens_nothing() {
    let (server, _) = registered();
    let refused = opened(&server, &Secret::from_bytes([4; 64])).unwrap_err();
    assert_eq!(refused, E2eeError::WrapRejected);
}

#[test]
fn an_older_vault_is_refused() {
    let (mut server, _) = registered();
    let old = server.vault.clone();
    let mut account = opened(&server, &export()).unwrap();
    let rewritten = account.rewrite(NOW, &mut entropy(2)).unwrap();
    server.take(&rewritten.links);
    server.vault = rewritten.vault;
    assert!(opened(&server, &export()).is_ok());
    server.vault = old.clone();
    assert_eq!(opened(&server, &export()).unwrap_err(), E2eeError::VaultRolledBack);
    assert_eq!(account.reload(&old).unwrap_err(), E2eeError::VaultRolledBack);
}

#[test]
fn a_vault_that_was_not_signed_is_refused() {
    let (mut server, _) = registered();
    let mut account = opened(&server, &export()).unwrap();
    let unsigned = account.rewrite(NOW, &mut entropy(2)).unwrap();
    server.vault = unsigned.vault;
    assert_eq!(opened(&server, &export()).unwrap_err(), E2eeError::VaultHashMismatch);
}

/// A server that answers with a chain of its own making for this user.
#[test]
fn another_chain_for_the_same_user_is_refused() {
    let (server, _) = registered();
    let forged =
        account::create(user(), &[Opener::Password(&export())], [6; 32], NOW, &mut entropy(9)).unwrap();
    let mut other =
        Server { directory: Directory::new(), vault: server.vault.clone(), wraps: server.wraps.clone() };
    other.take(&forged.links);
    assert_eq!(opened(&other, &export()).unwrap_err(), E2eeError::ForeignChain);
}

#[test]
fn nothing_is_signed_before_the_chain_was_checked() {
    let (server, _) = registered();
    let mut account =
        Account::open(user(), &server.vault, &server.wraps, &Opener::Password(&export())).unwrap();
    assert_eq!(account.rewrite(NOW, &mut entropy(2)).unwrap_err(), E2eeError::ForeignChain);
}

/// A vault whose seeds are not those of the keyrings' newest generations must not box anything to them.
#[test]
fn seeds_that_are_not_the_newest_generation_are_noticed() {
    let (mut server, _) = registered();
    let account = opened(&server, &export()).unwrap();
    let chains = |server: &Server| {
        let chain = |id| server.directory.keyring_chain(id).unwrap().clone();
        (chain(account.personal().id), chain(account.inbox().id))
    };
    let (personal, inbox) = chains(&server);
    account.verify_keyrings(&personal, &inbox).unwrap();
    assert_eq!(account.verify_keyrings(&inbox, &personal).unwrap_err(), E2eeError::ForeignChain);

    let (signer, seed) = (account.signer(NOW), &account.inbox().seed);
    let mut source = entropy(4);
    let (made, _) =
        keyring::rotate(&inbox, Some(seed), &server.directory, Reason::Device, &signer, &mut source).unwrap();
    let link = made.link.to_bytes().unwrap();
    server.directory.keyring_link(inbox.id(), &link, Mode::Append { now_ms: NOW }).unwrap();
    let (personal, inbox) = chains(&server);
    let refused = account.verify_keyrings(&personal, &inbox).unwrap_err();
    assert_eq!(refused, E2eeError::Chain(relais_chain::ChainError::WrongGeneration));
}

/// SEC-10, SEC-15
#[test]
fn recovery_keeps_the_identity_and_ends_the_old_password_and_code() {
    let (mut server, new) = registered();
    let code = RecoveryCode::parse(&new.code.text()).unwrap();
    let half = server_half(new.recovery.server_half.as_slice()).unwrap();
    let sig = code.prove(&[3; 32]);
    assert_eq!(server.chain().recovery(), Some(code.auth().public().to_bytes()));
    code.auth().public().verify("relais/v1/recover", &[3; 32], &sig).unwrap();

    let opener = Opener::Recovery(&code, &half);
    let mut account = Account::open(user(), &server.vault, &server.wraps, &opener).unwrap();
    account.verify(&server.vault, server.chain()).unwrap();
    let new_export = Secret::from_bytes([8; 64]);
    let done = account.rekey(&[Opener::Password(&new_export)], [6; 32], NOW, &mut entropy(3)).unwrap();
    let root = server.chain().fact().root;
    server.take(&done.links);
    (server.vault, server.wraps) = (done.vault, done.wraps);

    assert_eq!(opened(&server, &new_export).unwrap().root(), root);
    assert_eq!(opened(&server, &export()).unwrap_err(), E2eeError::WrapRejected);
    let again = Account::open(user(), &server.vault, &server.wraps, &Opener::Recovery(&code, &half));
    assert_eq!(again.unwrap_err(), E2eeError::WrapRejected);
    assert_ne!(server.chain().recovery(), Some(code.auth().public().to_bytes()));
    let shown = account.recovery_code().unwrap().text();
    assert_eq!(
        server.chain().recovery(),
        Some(RecoveryCode::parse(&shown).unwrap().auth().public().to_bytes())
    );
}

#[test]
fn a_renewed_code_leaves_the_password_alone() {
    let (mut server, new) = registered();
    let mut account = opened(&server, &export()).unwrap();
    let done = account.renew_recovery(NOW, &mut entropy(3)).unwrap();
    server.take(&done.links);
    server.vault = done.vault;
    server.wraps.retain(|wrap| wrap.kind != WrapKind::Recovery);
    server.wraps.extend(done.wraps);
    assert!(opened(&server, &export()).is_ok());
    let half = server_half(new.recovery.server_half.as_slice()).unwrap();
    let old = Account::open(user(), &server.vault, &server.wraps, &Opener::Recovery(&new.code, &half));
    assert_eq!(old.unwrap_err(), E2eeError::WrapRejected);
}

/// SEC-01: after a suspected compromise every key of the user is new, history stays readable.
#[test]
fn rotating_every_own_key_is_valid_and_keeps_history() {
    let (mut server, _) = registered();
    let mut account = opened(&server, &export()).unwrap();
    let old_personal = account.personal().seed.duplicate();
    let mut source = entropy(4);

    let rotate = account.rotate_signing(2, NOW, &mut source).unwrap();
    server.take(&[rotate]);
    for id in [account.personal().id, account.inbox().id] {
        let chain = server.directory.keyring_chain(id).unwrap();
        let own = if id == account.personal().id { account.personal() } else { account.inbox() };
        let signer = account.signer(NOW);
        let (made, seed) = keyring::rotate(
            chain,
            Some(&own.seed),
            &server.directory,
            Reason::Compromise,
            &signer,
            &mut source,
        )
        .unwrap();
        let link = ChainLink {
            chain: ChainKind::Keyring,
            id: id.into(),
            link: made.link.to_bytes().unwrap().into(),
        };
        server.take(&[link]);
        account.rotated(id, 2, seed).unwrap();
    }
    let rewritten = account.rewrite(NOW, &mut source).unwrap();
    server.take(&rewritten.links);
    server.vault = rewritten.vault;

    let again = opened(&server, &export()).unwrap();
    let chain = server.directory.keyring_chain(again.personal().id).unwrap();
    let mut seeds = relais_e2ee::generations::Seeds::with(2, again.personal().seed.duplicate());
    let of = relais_e2ee::sealed::SeedOf::keyring(again.personal().id, 1);
    assert!(seeds.reach(of, chain).unwrap().same(&old_personal));
    assert_eq!(again.vault_version(), Seq::new(2).unwrap());
    let skipped = account.rotated(again.personal().id, 4, Seed::from_bytes([0; 32])).unwrap_err();
    assert_eq!(skipped, E2eeError::Chain(relais_chain::ChainError::WrongGeneration));
}

#[test]
fn a_service_account_opens_with_its_key_file() {
    let file = Secret::from_bytes([9; 32]);
    let new = account::create(user(), &[Opener::KeyFile(&file)], [0; 32], NOW, &mut entropy(1)).unwrap();
    assert!(Account::open(user(), &new.vault, &new.wraps, &Opener::KeyFile(&file)).is_ok());
}
