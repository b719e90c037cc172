//! Writes random message bodies as lines of JSON, whole and damaged: `{body, again}` for one that is read, with the bytes
//! it encodes to, `{body}` for one that is refused. Another implementation reads the lines and must say the same.
//!
//! `bodies SEED LINES`; equal arguments give equal lines.

#![expect(clippy::print_stdout, reason = "the output is the product")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a generator for tests: what cannot be encoded or found is a bug of it"
)]

use relais_e2ee::body::{Attachment, Body, PatientRef};
use relais_e2ee::entropy::{Entropy as _, ReplayedEntropy, draw};
use relais_e2ee::secret::Secret;
use relais_wire::ids::{BlobId, Bytes32, FileId, MsgId, OrgId, UserId};
use serde_json::json;

/// Words with everything that text can hold: accents, emoji, right to left, a line break, nothing.
const WORDS: [&str; 8] = ["Bonjour", "é à ô", "🚑", "مرحبا", "a\nb", "", "Ω", "x"];

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().expect("SEED LINES"));
    let (seed, lines) = (args.next().unwrap_or(1), args.next().unwrap_or(200));
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_be_bytes());
    let mut random = ReplayedEntropy::dangerous_from_seed(key);
    for _ in 0..lines {
        let mut bytes = body(&mut random).encode().unwrap().to_vec();
        if below(&mut random, 3) > 0 {
            damage(&mut random, &mut bytes);
        }
        match Body::decode(&bytes).map(|body| body.encode()) {
            Ok(Ok(again)) => {
                println!("{}", json!({ "body": hex::encode(&bytes), "again": hex::encode(&again[..]) }));
            }
            Ok(Err(_)) | Err(_) => println!("{}", json!({ "body": hex::encode(&bytes) })),
        }
    }
}

fn below(random: &mut ReplayedEntropy, n: u8) -> u8 {
    draw::<1>(random)[0] % n
}

fn text(random: &mut ReplayedEntropy) -> String {
    let count = below(random, 5);
    (0..count).map(|_| WORDS[usize::from(below(random, 8))]).collect::<Vec<_>>().join(" ")
}

fn body(random: &mut ReplayedEntropy) -> Body {
    let attachments = below(random, 3);
    let attachment = |random: &mut ReplayedEntropy| Attachment {
        blob: BlobId::from_bytes(draw(random)),
        key: Secret::from_bytes(draw(random)),
        hash: Bytes32::from_bytes(draw(random)),
        size: u64::from(u32::from_be_bytes(draw(random))) % 500_000_000,
        name: text(random),
        media_type: "image/jpeg".to_owned(),
    };
    let mentions = below(random, 4);
    Body {
        text: text(random),
        attachments: (0..attachments).map(|_| attachment(random)).collect(),
        mentions: (0..mentions).map(|_| UserId::from_bytes(draw(random))).collect(),
        title: (below(random, 3) == 0).then(|| text(random)),
        patient: (below(random, 3) == 0).then(|| PatientRef {
            org: OrgId::from_bytes(draw(random)),
            file: FileId::from_bytes(draw(random)),
            label: text(random),
        }),
        reply_to: (below(random, 3) == 0).then(|| MsgId::from_bytes(draw(random))),
    }
}

/// Flips, cuts, repeats or puts in a few bytes, mostly near the start, where the structure is.
fn damage(random: &mut ReplayedEntropy, bytes: &mut Vec<u8>) {
    let near = if below(random, 2) == 0 { 24 } else { bytes.len() };
    let at = usize::from(u16::from_be_bytes(draw(random))) % near.min(bytes.len());
    let mut byte = [0];
    random.fill(&mut byte);
    match below(random, 5) {
        0 => bytes[at] ^= 1 << (byte[0] % 8),
        1 => bytes[at] = byte[0],
        2 => bytes.truncate(at),
        3 => bytes.insert(at, byte[0]),
        _ => drop(bytes.remove(at)),
    }
}
