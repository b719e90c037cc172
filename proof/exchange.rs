//! The worked exchange of the protocol's document, made from fixed keys: what a client in another language can be
//! checked against, byte by byte, before it meets a server.
//!
//! Not known here: a server. The frames are those that one would send and receive.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_chain::entry::{Anchor, EntryCore, Kind, Priority};
use relais_chain::link::Author;
use relais_chain::{envelope::Signed, hash};
use relais_e2ee::body::Body;
use relais_e2ee::secret::Seed;
use relais_e2ee::signing::SigningSecret;
use relais_wire::control::{Cursor, Greeting, Hello, HelloSession, Limits, Welcome, proof_input};
use relais_wire::ids::{Bytes32, DeviceId, Epoch, IdemKey, MsgId, Seq, SessionId, ThreadId, UserId};
use relais_wire::threads::{Append, Appended, Receipt, SignedEntry};
use relais_wire::{Bin, Control, Millis, Reply, Request, encode_reply};
use sha2::Sha256;

const NOW: u64 = 1_795_000_000_000;

/// The section, in Markdown.
///
/// # Errors
/// Never with these constants; the builders are fallible for others.
pub fn section() -> Result<String> {
    let mut out = String::new();
    sign_on(&mut out)?;
    message(&mut out)?;
    Ok(out)
}

fn step(out: &mut String, what: &str, bytes: &[u8]) {
    writeln!(out, "{what}\n\n```text").expect("writing to memory does not fail");
    for line in hex::encode(bytes).as_bytes().chunks(96) {
        writeln!(out, "{}", String::from_utf8_lossy(line)).expect("writing to memory does not fail");
    }
    out.push_str("```\n\n");
}

fn sign_on(out: &mut String) -> Result<()> {
    let now = Millis::new(NOW)?;
    let nonce = [0x0a; 32];
    let greeting = Control::from(Greeting { nonce: Bin(nonce.to_vec()), now });
    step(out, "The server greets with the nonce `0a`×32 at time 1 795 000 000 000:", &greeting.encode());

    let epoch = Epoch::from_bytes([0x0b; 16]);
    let mut hello = HelloSession {
        session: SessionId::from_bytes([0x0c; 16]),
        kid: 7,
        proof: Bin::default(),
        ticket: None,
        org: None,
        personal: Some(Cursor { epoch, seq: Seq::new(41)? }),
    };
    let input = proof_input(&nonce, &hello);
    step(
        out,
        "The client resumes session `0c`×16, key number 7, personal cursor 41 in epoch `0b`×16, no organization. The input \
         of its proof:",
        &input,
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(&[0x0d; 32]).context("any length is a key")?;
    mac.update(&input);
    hello.proof = Bin(mac.finalize().into_bytes().to_vec());
    step(out, "With the session key `0d`×32 the proof is:", hello.proof.as_slice());
    step(out, "and the frame:", &Control::from(Hello { session: Some(hello) }).encode());

    let welcome = Welcome {
        epoch,
        now,
        org_head: None,
        personal_head: Some(Seq::new(41)?),
        ticket: None,
        rekey: None,
        limits: Limits::default(),
    };
    step(
        out,
        "The server welcomes it; the stream's head is 41, so nothing is replayed:",
        &Control::from(welcome).encode(),
    );
    Ok(())
}

fn message(out: &mut String) -> Result<()> {
    let thread = ThreadId::from_bytes([0x22; 16]);
    let signer = SigningSecret::from_seed(&Seed::from_bytes([0x88; 32]));
    let core = EntryCore {
        kind: Kind::Message,
        thread,
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
    };
    let signed =
        relais_e2ee::message::seal(signer.key(), core, &Seed::from_bytes([0x11; 32]), &Body::text("hello"))?;
    step(
        out,
        "A message \"hello\" in thread `22`×16 under the epoch seed `11`×32: message id `33`×16, author `44`×16 at position 1 of \
         its chain, device `55`×16, first of that device in the thread, anchored at position 1 with head `66`×32, signing seed `88`×32. \
         Its core:",
        signed.core(),
    );
    let payload = signed.payload().context("a fresh message is whole")?;
    step(out, "its ciphertext, the padded body encrypted with the core as associated data:", payload);
    let sig = signature(&signed)?;
    step(out, "its signature:", &sig);
    let entry = signed.entry_hash();
    step(out, "its entry hash:", entry.as_bytes());
    let head = hash::head(&Bytes32::from_bytes([0x66; 32]), 2, &entry);
    step(out, "and the head it makes at position 2, after head `66`×32:", head.as_bytes());

    let append = Append {
        idem: IdemKey::from_bytes([0x77; 16]),
        thread,
        entries: vec![SignedEntry {
            core: Bin::from(signed.core()),
            payload: Bin::from(payload),
            sig: Bin(sig),
        }],
    };
    step(out, "The request, id 9, idempotency key `77`×16:", &Request::Append(append).encode(9));
    let receipt = Receipt { n: Seq::new(2)?, head, at: Millis::new(NOW + 20)?, sig: Bin(vec![0x99; 64]) };
    let reply = Reply::from(Appended { receipts: vec![receipt] });
    step(
        out,
        "The answer, 20 ms later (the receipt's signature is `99`×64 here):",
        &encode_reply(0x0301, 9, &Ok(reply)),
    );
    Ok(())
}

fn signature(signed: &Signed) -> Result<Vec<u8>> {
    // The envelope is `[core, payload, sig(64)]`: the signature is its end.
    let bytes = signed.to_bytes()?;
    Ok(bytes.get(bytes.len().saturating_sub(64)..).context("an envelope ends with its signature")?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::section;

    const MARK: &str = "## 10. A worked exchange\n";

    #[test]
    fn the_document_shows_the_exchange_as_it_is() {
        let path = "../docs/PROTOCOL.md";
        let document = std::fs::read_to_string(path).unwrap();
        let (before, _) = document.split_once(MARK).expect("the document has a worked exchange");
        let expected = format!("{before}{MARK}\n{}", section().unwrap().trim_end().to_owned() + "\n");
        if std::env::var_os("RELAIS_GOLDEN").is_some() {
            std::fs::write(path, &expected).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap() == expected,
            "run once with RELAIS_GOLDEN=write and read the difference"
        );
    }
}
