//! Messages, epochs, files.

use std::collections::BTreeMap;

use hex::encode;
use relais_chain::entry::{Anchor, EntryCore, Kind, Priority};
use relais_chain::link::Author;
use relais_chain::thread::Applied;
use relais_chain::{Signed, sign};
use relais_e2ee::aead::seal_once;
use relais_e2ee::body::{Attachment, Body, PatientRef};
use relais_e2ee::files::{Decryptor, Encryptor, FileSeal, sealed_size};
use relais_e2ee::generations::{Public, Seeds, seal_previous};
use relais_e2ee::kdf::{derive, label};
use relais_e2ee::padding::pad;
use relais_e2ee::sealed::{SeedOf, commit};
use relais_e2ee::secret::{Secret, SecretBytes, Seed};
use relais_e2ee::signing::SigningSecret;
use relais_e2ee::{E2eeError, message};
use relais_wire::ids::{BlobId, Bytes32, DeviceId, FileId, MsgId, OrgId, ThreadId, UserId};
use serde_json::{Value, json};

use super::{NOW, case, entropy};

fn core() -> EntryCore {
    EntryCore {
        kind: Kind::Message,
        thread: ThreadId::from_bytes([0x22; 16]),
        epoch: 0,
        msg_id: MsgId::from_bytes([0x33; 16]),
        author: Author { user: UserId::from_bytes([0x44; 16]), chain_seq: 1, capacity: None },
        device: DeviceId::from_bytes([0x55; 16]),
        aseq: 1,
        anchor: Anchor { seq: 1, head: Bytes32::from_bytes([0x66; 32]) },
        ts_ms: NOW,
        on_behalf: None,
        sth: None,
        blobs: Vec::new(),
        priority: Priority::Normal,
        notify: None,
        ctrl_head: None,
    }
}

fn seed() -> Seed {
    Secret::from_bytes([0x11; 32])
}

fn signing() -> SigningSecret {
    SigningSecret::from_seed(&Secret::from_bytes([0x88; 32]))
}

fn rich() -> Body {
    Body {
        text: "Pouvez-vous voir Mme D. à 14 h ?".to_owned(),
        attachments: vec![Attachment {
            blob: BlobId::from_bytes([0x77; 16]),
            key: Secret::from_bytes([0x78; 32]),
            hash: Bytes32::from_bytes([0x79; 32]),
            size: 2_000_000,
            name: "ecg.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
        }],
        mentions: vec![UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16])],
        title: Some("Avis cardiologie".to_owned()),
        patient: Some(PatientRef {
            org: OrgId::from_bytes([3; 16]),
            file: FileId::from_bytes([4; 16]),
            label: "Mme D.".to_owned(),
        }),
        reply_to: Some(MsgId::from_bytes([5; 16])),
    }
}

fn applied(signed: &Signed) -> Applied {
    let core = EntryCore::parse(signed.core()).unwrap();
    let head = Bytes32::from_bytes([0; 32]);
    Applied { core, control: None, n: 2, head, entry: signed.entry_hash(), anchor_checked: true }
}

/// An entry that a dishonest member could sign: this padded plaintext under this core.
fn crafted(core: &EntryCore, padded: &[u8]) -> Signed {
    let ctx = [&core.thread.as_bytes()[..], core.msg_id.as_bytes(), core.author.user.as_bytes()].concat();
    let keys = derive::<44>(seed().expose(), label::MESSAGE, &ctx);
    let (mk, nonce) = keys.expose().split_at(32);
    let aad = core.to_bytes().unwrap();
    let ct = seal_once(mk.try_into().unwrap(), nonce.try_into().unwrap(), &aad, padded).unwrap();
    sign::message(signing().key(), core, ct).unwrap()
}

fn open(id: &str, signed: &Signed, seed: &Seed) -> Value {
    let inputs = json!({
        "seed": encode(seed.expose()), "entry": encode(signed.to_bytes().unwrap()),
    });
    let opened = message::open(&applied(signed), signed, seed);
    case(
        id,
        "open",
        inputs,
        opened.map(|body| json!({ "body": encode(body.encode().unwrap()), "text": body.text })),
    )
}

fn seal(id: &str, body: &Body) -> (Value, Signed) {
    let signed = message::seal(signing().key(), core(), &seed(), body).unwrap();
    let inputs = json!({
        "seed": encode(seed().expose()),
        "signing_seed": encode(signing().seed().expose()),
        "core": encode(signed.core()),
        "body": encode(body.encode().unwrap()),
    });
    let output = json!({
        "ciphertext": encode(signed.payload().unwrap()),
        "signature": encode(signed.sig()),
        "entry": encode(signed.to_bytes().unwrap()),
        "entry_hash": signed.entry_hash().to_hex(),
    });
    (case(id, "seal", inputs, Ok(output)), signed)
}

pub fn messages() -> Vec<Value> {
    let (short_case, short) = seal("a short text", &Body::text("hello"));
    let (rich_case, rich) = seal("every field", &rich());
    let blob = EntryCore { blobs: vec![BlobId::from_bytes([1; 16])], ..core() };
    let plain = Body::text("x").encode().unwrap();
    let mut newer = plain.to_vec();
    newer[1] = 2;
    vec![
        short_case,
        rich_case,
        open("a short text opens", &short, &seed()),
        open("every field opens", &rich, &seed()),
        open("under another seed", &short, &Secret::from_bytes([0x12; 32])),
        open("erased", &short.to_stub(), &seed()),
        open("not padded", &crafted(&core(), &plain), &seed()),
        open("padded twice", &crafted(&core(), &pad(&pad(&plain))), &seed()),
        open("a body of a later version", &crafted(&core(), &pad(&newer)), &seed()),
        open("trailing bytes", &crafted(&core(), &pad(&[&plain[..], &[0xc0]].concat())), &seed()),
        open("not a body", &crafted(&core(), &pad(b"hello")), &seed()),
        open("blobs that the body does not name", &crafted(&blob, &pad(&plain)), &seed()),
    ]
}

pub fn epochs() -> Vec<Value> {
    let thread = ThreadId::from_bytes([0x22; 16]);
    let epoch_seed = |epoch: u8| Seed::from_bytes([0x40 + epoch; 32]);
    let of = |epoch: u64| SeedOf::thread(thread, epoch);
    let history = |wall: Option<u8>, wrong: Option<u8>| {
        let mut entropy = entropy(1);
        let mut all = BTreeMap::new();
        for epoch in 0..5_u8 {
            let prev_box = (epoch > 0 && Some(epoch) != wall).then(|| {
                seal_previous(of(epoch.into()), &epoch_seed(epoch), &epoch_seed(epoch - 1), &mut entropy)
                    .unwrap()
            });
            let committed =
                if Some(epoch) == wrong { Seed::from_bytes([0xee; 32]) } else { epoch_seed(epoch) };
            all.insert(u64::from(epoch), Public { commit: commit(&committed), prev_box });
        }
        all
    };
    let walk = |id: &str, history: &BTreeMap<u64, Public>, held: u8, wanted: u64| {
        let epochs: Vec<_> = history
            .iter()
            .map(|(epoch, it)| json!([epoch, it.commit.to_hex(), it.prev_box.as_ref().map(encode)]))
            .collect();
        let inputs = json!({
            "scope": 2, "scope_id": thread.to_hex(), "epochs": epochs,
            "held": [held, encode(epoch_seed(held).expose())], "wanted": wanted,
        });
        let mut seeds = Seeds::with(held.into(), epoch_seed(held));
        let found = seeds.reach(of(wanted), history).map(|seed| json!(encode(seed.expose())));
        case(id, "walk", inputs, found)
    };
    let swapped = {
        let mut history = history(None, None);
        let moved = history[&3].prev_box.clone();
        history.get_mut(&4).unwrap().prev_box = moved;
        history
    };
    vec![
        walk("from the newest to the first", &history(None, None), 4, 0),
        walk("to the one at hand", &history(None, None), 2, 2),
        walk("up to a wall", &history(Some(2), None), 4, 2),
        walk("past a wall", &history(Some(2), None), 4, 1),
        walk("before the wall from an older box", &history(Some(2), None), 1, 0),
        walk("forward", &history(None, None), 2, 3),
        walk("over a seed that was not committed to", &history(None, Some(2)), 4, 0),
        walk("over a box of another epoch", &swapped, 4, 0),
    ]
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn sealed(len: usize) -> (Vec<u8>, FileSeal) {
    let mut out = Vec::new();
    let mut encryptor = Encryptor::new(&file_key(), blob());
    encryptor.push(&pattern(len), &mut out).unwrap();
    let seal = encryptor.finish(&mut out).unwrap();
    (out, seal)
}

fn file_key() -> Secret<32> {
    Secret::from_bytes([0x46; 32])
}

fn blob() -> BlobId {
    BlobId::from_bytes([0x42; 16])
}

fn opened(ciphertext: &[u8], hash: Bytes32, size: u64, blob: BlobId) -> Result<Value, E2eeError> {
    let mut out = SecretBytes::default();
    let mut decryptor = Decryptor::new(&file_key(), blob, hash, size)?;
    decryptor.push(ciphertext, &mut out)?;
    decryptor.finish(&mut out)?;
    Ok(json!({ "size": out.len() }))
}

pub fn streams() -> Vec<Value> {
    const MIB: usize = 1024 * 1024;
    let mut cases = Vec::new();
    for len in [0, 1, 100, MIB, MIB + 1] {
        let (ciphertext, seal) = sealed(len);
        let inputs = json!({ "key": encode(file_key().expose()), "blob": blob().to_hex(), "pattern": len });
        let mut output = json!({ "hash": seal.hash.to_hex(), "sealed_size": seal.sealed_size });
        if len < 1000 {
            output["ciphertext"] = json!(encode(&ciphertext));
        }
        cases.push(case(&format!("{len} bytes"), "seal", inputs, Ok(output)));
    }
    let (ciphertext, seal) = sealed(2 * MIB + 5);
    let pieces: Vec<_> = ciphertext.chunks(MIB + 16).collect();
    let orders: [(&str, &[usize]); 6] = [
        ("in order", &[0, 1, 2]),
        ("two chunks exchanged", &[1, 0, 2]),
        ("a chunk repeated", &[0, 0, 2]),
        ("cut at a chunk boundary", &[0, 1]),
        ("only the last chunk", &[2]),
        ("a chunk after the last", &[0, 1, 2, 2]),
    ];
    for (id, order) in orders {
        let taken: Vec<u8> = order.iter().flat_map(|i| pieces[*i].iter().copied()).collect();
        let tags = u64::try_from(order.len()).unwrap() * 16;
        let size = u64::try_from(taken.len()).unwrap() - tags;
        let size = if sealed_size(size) == u64::try_from(taken.len()).unwrap() { size } else { seal.size };
        let hash = relais_chain::hash::sha256(&taken);
        let inputs = json!({
            "key": encode(file_key().expose()), "blob": blob().to_hex(), "pattern": 2 * MIB + 5,
            "order": order, "size": size,
        });
        cases.push(case(id, "open", inputs, opened(&taken, hash, size, blob())));
    }
    let (small, small_seal) = sealed(100);
    let mut altered = small.clone();
    altered[0] ^= 1;
    let zero = Bytes32::from_bytes([0; 32]);
    let other = BlobId::from_bytes([0x43; 16]);
    let more = [
        ("another file's id", &small, small_seal.hash, 100, other),
        ("another hash", &small, zero, 100, blob()),
        ("another size", &small, small_seal.hash, 99, blob()),
        ("altered", &altered, small_seal.hash, 100, blob()),
    ];
    for (id, bytes, hash, size, blob) in more {
        let inputs = json!({
            "key": encode(file_key().expose()), "blob": blob.to_hex(), "ciphertext": encode(bytes),
            "hash": hash.to_hex(), "size": size,
        });
        cases.push(case(id, "open", inputs, opened(bytes, hash, size, blob)));
    }
    cases
}
