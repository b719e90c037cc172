//! Recovery codes, vaults, user objects.

use std::collections::BTreeMap;

use hex::encode;
use relais_chain::directory::Directory;
use relais_chain::facts::Mode;
use relais_chain::link::ChainType;
use relais_e2ee::account::{self, Account, NewAccount};
use relais_e2ee::generations::Seeds;
use relais_e2ee::objects::{self, ChainName, ChainPin, IndexEntry, KeyIndex, Pins, ThreadPin, Title};
use relais_e2ee::recovery::RecoveryCode;
use relais_e2ee::secret::Secret;
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, Seed};
use relais_wire::account::{Object, Vault, Wrap};
use relais_wire::chains::{ChainKind, ChainLink};
use relais_wire::ids::{Bytes32, Seq, ThreadId, UserId};
use serde_json::{Value, json};

use super::{NOW, case, entropy};

pub fn recovery() -> Vec<Value> {
    let mut cases = Vec::new();
    for half in [[0; 16], [0xff; 16], *b"relais recovery!"] {
        let text = code_text(half);
        let code = RecoveryCode::parse(&text).unwrap();
        let server_half = Secret::from_bytes([0x5a; 32]);
        let inputs = json!({
            "half": encode(half), "challenge": encode([3; 32]), "server_half": encode(server_half.expose()),
        });
        let output = json!({
            "text": text,
            "auth_key": encode(code.auth().public().to_bytes()),
            "signature": encode(code.prove(&[3; 32])),
            "kek": encode(code.kek(&server_half).expose()),
        });
        cases.push(case(&format!("half {}", encode(half)), "code", inputs, Ok(output)));
    }
    let text = code_text(*b"relais recovery!");
    let reading = [
        ("as shown", text.clone()),
        ("in lower case with spaces", text.to_lowercase().replace('-', " ")),
        ("without groups", text.replace('-', "")),
        ("with O for 0 and l for 1", text.replace('0', "O").replace('1', "l")),
        ("a letter that is not in the alphabet", text.replacen('-', "U", 1)),
        ("one character short", text.chars().skip(1).collect()),
        ("one character long", format!("{text}0")),
        ("a value above 128 bits", format!("8{}", text.chars().skip(1).collect::<String>())),
        ("a typing mistake", mistyped(&text)),
        ("nothing", String::new()),
    ];
    for (id, typed) in reading {
        let read = RecoveryCode::parse(&typed).map(|code| json!(*code.text()));
        cases.push(case(id, "parse", json!(typed), read));
    }
    cases
}

fn code_text(half: [u8; 16]) -> String {
    struct Half([u8; 16]);
    impl relais_e2ee::Entropy for Half {
        fn fill(&mut self, out: &mut [u8]) {
            out.copy_from_slice(&self.0);
        }
    }
    RecoveryCode::random(&mut Half(half)).text().to_string()
}

fn mistyped(text: &str) -> String {
    text.char_indices().map(|(i, c)| if i == 3 { if c == '7' { '8' } else { '7' } } else { c }).collect()
}

fn user() -> UserId {
    UserId::from_bytes([7; 16])
}

fn registered() -> NewAccount {
    let (export, file) = (Secret::from_bytes([5; 64]), Secret::from_bytes([9; 32]));
    let openers = [Opener::Password(&export), Opener::KeyFile(&file)];
    account::create(user(), &openers, [6; 32], NOW, &mut entropy(1)).unwrap()
}

fn directory(links: &[ChainLink]) -> Directory {
    let mut directory = Directory::new();
    for link in links {
        let bytes = link.link.as_slice();
        match link.chain {
            ChainKind::User => drop(directory.user_link(link.id.into(), bytes, Mode::Replay).unwrap()),
            ChainKind::Keyring => directory.keyring_link(link.id.into(), bytes, Mode::Replay).unwrap(),
            ChainKind::Unit => directory.unit_link(link.id.into(), bytes, Mode::Replay).unwrap(),
        }
    }
    directory
}

fn links_json(links: &[ChainLink]) -> Vec<Value> {
    let kind = |link: &ChainLink| match link.chain {
        ChainKind::User => "user",
        ChainKind::Keyring => "keyring",
        ChainKind::Unit => "unit",
    };
    let one =
        |link: &ChainLink| json!({ "chain": kind(link), "id": link.id.to_hex(), "link": encode(&link.link) });
    links.iter().map(one).collect()
}

fn vault_json(vault: &Vault) -> Value {
    json!({ "version": vault.version.get(), "ciphertext": encode(&vault.ciphertext) })
}

fn wraps_json(wraps: &[Wrap]) -> Vec<Value> {
    let one = |wrap: &Wrap| json!({ "kind": wrap.kind, "label": encode(&wrap.label), "ciphertext": encode(&wrap.ciphertext) });
    wraps.iter().map(one).collect()
}

fn contents_json(account: &Account) -> Value {
    let own = |own: &relais_e2ee::vault::OwnKeyring| json!({ "id": own.id.to_hex(), "generation": own.generation, "seed": encode(own.seed.expose()) });
    json!({
        "root": account.root().to_hex(),
        "personal": own(account.personal()),
        "inbox": own(account.inbox()),
        "signing_seed": encode(account.signing().seed().expose()),
        "signing_key": encode(account.signing().public().to_bytes()),
        "recovery_code": account.recovery_code().map(|code| code.text().to_string()),
    })
}

pub fn vaults() -> Vec<Value> {
    let new = registered();
    let half = account::server_half(new.recovery.server_half.as_slice()).unwrap();
    let (export, file) = (Secret::from_bytes([5; 64]), Secret::from_bytes([9; 32]));
    let (wrong_export, prf) = (Secret::from_bytes([4; 64]), Secret::from_bytes([1; 32]));
    let text = new.code.text().to_string();
    let openers = [
        ("by password", Opener::Password(&export), json!({ "export_key": encode(export.expose()) })),
        (
            "by recovery code",
            Opener::Recovery(&new.code, &half),
            json!({ "code": text, "server_half": encode(half.expose()) }),
        ),
        ("by key file", Opener::KeyFile(&file), json!({ "key_file": encode(file.expose()) })),
        (
            "by a wrong password",
            Opener::Password(&wrong_export),
            json!({ "export_key": encode(wrong_export.expose()) }),
        ),
        (
            "by a passkey without a wrap",
            Opener::Passkey(&prf, b"id"),
            json!({ "prf": encode(prf.expose()), "credential": encode(b"id") }),
        ),
    ];
    let mut cases = Vec::new();
    for (id, opener, with) in openers {
        let inputs = json!({
            "user": user().to_hex(), "with": with,
            "vault": vault_json(&new.vault), "wraps": wraps_json(&new.wraps),
        });
        let opened = Account::open(user(), &new.vault, &new.wraps, &opener);
        cases.push(case(id, "open", inputs, opened.map(|account| contents_json(&account))));
    }
    cases.extend(against_chain(new));
    cases
}

fn against_chain(new: NewAccount) -> Vec<Value> {
    let export = Secret::from_bytes([5; 64]);
    let (first, wraps, mut links) = (new.vault.clone(), new.wraps.clone(), new.links.clone());
    let mut account = new.account;
    let second = account.rewrite(NOW + 1, &mut entropy(2)).unwrap();
    links.extend(second.links.clone());
    let unsigned = account.rewrite(NOW + 2, &mut entropy(3)).unwrap().vault;
    let forged =
        account::create(user(), &[Opener::Password(&export)], [6; 32], NOW, &mut entropy(9)).unwrap();
    let renumbered = Vault { version: second.vault.version, ciphertext: first.ciphertext.clone() };
    let cases = [
        ("the newest vault", &second.vault, &links),
        ("an older vault", &first, &links),
        ("a vault that no link names", &unsigned, &links),
        ("an older vault under the newest number", &renumbered, &links),
        ("the chain of another root", &first, &forged.links),
    ];
    let verify = |vault: &Vault, links: &[ChainLink]| -> Result<Value, E2eeError> {
        let mut account = Account::open(user(), vault, &wraps, &Opener::Password(&export))?;
        account.verify(vault, directory(links).user_chain(user()).unwrap())?;
        Ok(json!({ "chain_seq": account.chain_seq() }))
    };
    let one = |(id, vault, links): (&str, &Vault, &Vec<ChainLink>)| {
        let inputs = json!({
            "user": user().to_hex(), "with": { "export_key": encode(export.expose()) },
            "vault": vault_json(vault), "wraps": wraps_json(&wraps), "links": links_json(links),
        });
        case(id, "verify", inputs, verify(vault, links))
    };
    cases.into_iter().map(one).collect()
}

pub fn objects() -> Vec<Value> {
    let new = registered();
    let personal = new.account.personal();
    let directory = directory(&new.links);
    let history = directory.keyring_chain(personal.id).unwrap();
    let entry = |title: Option<&str>| IndexEntry {
        epoch: 3,
        seed: Seed::from_bytes([0x44; 32]),
        title: title.map(Title::cut),
    };
    let index = KeyIndex {
        threads: BTreeMap::from([
            (ThreadId::from_bytes([1; 16]), entry(None)),
            (ThreadId::from_bytes([2; 16]), entry(Some("Avis cardiologie"))),
        ]),
    };
    let (first, head) = (Bytes32::from_bytes([1; 32]), Bytes32::from_bytes([2; 32]));
    let pins = Pins {
        chains: BTreeMap::from([(
            ChainName::new(ChainType::User, [9; 16]),
            ChainPin { first, seq: 4, head, verified: true },
        )]),
        threads: BTreeMap::from([(ThreadId::from_bytes([1; 16]), ThreadPin { n: 12, head })]),
    };
    let three = Seq::new(3).unwrap();
    let sealed_index = objects::seal(&index, user(), personal, three, &mut entropy(4)).unwrap();
    let sealed_pins = objects::seal(&pins, user(), personal, three, &mut entropy(5)).unwrap();
    let open = |id: &str, kind: &str, bytes: &[u8], version: u64, seen: u64| {
        let object = Object { version: Seq::new(version).unwrap(), ciphertext: bytes.into() };
        let inputs = json!({
            "user": user().to_hex(), "kind": kind, "version": version, "seen": seen,
            "personal_generation": 1, "personal_seed": encode(personal.seed.expose()),
            "ciphertext": encode(bytes),
        });
        let mut seeds = Seeds::with(1, personal.seed.duplicate());
        let seen = Seq::new(seen).unwrap();
        let opened = if kind == "pins" {
            objects::open::<Pins>(&object, user(), personal, &mut seeds, history, seen)
                .map(|it| json!({ "chains": it.chains.len(), "threads": it.threads.len() }))
        } else {
            objects::open::<KeyIndex>(&object, user(), personal, &mut seeds, history, seen)
                .map(|it| index_json(&it))
        };
        case(id, "open", inputs, opened)
    };
    vec![
        open("key index", "key_index", &sealed_index, 4, 4),
        open("pins", "pins", &sealed_pins, 4, 0),
        open("none yet", "key_index", &[], 0, 0),
        open("older than seen", "key_index", &sealed_index, 4, 5),
        open("renumbered", "key_index", &sealed_index, 5, 5),
        open("pins as key index", "key_index", &sealed_pins, 4, 0),
        open("cut", "key_index", &sealed_index[..40], 4, 0),
    ]
}

fn index_json(index: &KeyIndex) -> Value {
    let one = |(thread, entry): (&ThreadId, &IndexEntry)| {
        let title = entry.title.as_ref().map(Title::as_str);
        json!([thread.to_hex(), entry.epoch, encode(entry.seed.expose()), title])
    };
    json!(index.threads.iter().map(one).collect::<Vec<_>>())
}
