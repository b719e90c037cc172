//! Runs one vector from its file alone, as another implementation would.

use relais_chain::codec::Reader;
use relais_chain::facts::Facts as _;
use relais_chain::{ChainError, Directory, Mode, PublicKey, Signed, ThreadState, hash, sign};
use relais_wire::ids::{Bytes32, KeyringId, MsgId, ThreadId, UnitId, UserId};
use serde_json::{Value, json};

pub(crate) fn case(file: &str, worlds: &Value, case: &Value) {
    let inputs = &case["inputs"];
    let outcome = match case["op"].as_str().unwrap() {
        "codec.parse" => {
            let max = usize::try_from(inputs["max"].as_u64().unwrap()).unwrap();
            Reader::new(&bytes(&inputs["bytes"]), max).map(|_| json!({}))
        }
        "codec.encode" => {
            let mut w = relais_chain::codec::Writer::new();
            super::codec::write(&mut w, &inputs["value"]);
            w.finish().map(|bytes| json!({ "bytes": hex::encode(bytes) }))
        }
        "envelope.parse" => Signed::parse(&bytes(&inputs["bytes"])).map(|_| json!({})),
        "key.parse" => PublicKey::from_bytes(&fixed(&inputs["key"])).map(|_| json!({})),
        "ed25519.verify" => PublicKey::from_bytes(&fixed(&inputs["key"]))
            .and_then(|key| key.verify_raw(&bytes(&inputs["message"]), &fixed(&inputs["sig"])))
            .map(|()| json!({})),
        "ed25519.verify_labelled" => {
            let label = inputs["label"].as_str().unwrap();
            PublicKey::from_bytes(&fixed(&inputs["key"]))
                .and_then(|key| key.verify(label, &bytes(&inputs["message"]), &fixed(&inputs["sig"])))
                .map(|()| json!({}))
        }
        "message.construct" => Ok(construct(inputs)),
        "thread.head_zero" => {
            let thread = ThreadId::from_bytes(fixed(&inputs["thread"]));
            Ok(json!({ "head": hash::head_zero(thread).to_hex() }))
        }
        "link.append" => link(worlds, inputs),
        "thread.append" => thread(worlds, inputs),
        other => panic!("{other} is no operation"),
    };
    let expected = match &case["error"] {
        Value::Null => Ok(&case["output"]),
        error => Err(error.clone()),
    };
    let described = |error: ChainError| json!({ "code": error.code(), "name": error.name() });
    assert_eq!(outcome.as_ref().map_err(|e| described(*e)), expected, "{file} {}", case["id"]);
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn mode(inputs: &Value) -> Mode {
    inputs["now_ms"].as_u64().map_or(Mode::Replay, |now_ms| Mode::Append { now_ms })
}

fn construct(inputs: &Value) -> Value {
    let prefix = inputs["prefix"].as_str().unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&fixed(&inputs["secret"]));
    let (core, payload) = (bytes(&inputs["core"]), bytes(&inputs["payload"]));
    let payload_hash = hash::sha256(&payload);
    let sig = sign::sign(&key, &format!("{prefix}/msg"), &hash::signed_bytes(&core, &payload_hash));
    let entry = hash::labelled(&format!("{prefix}/entry"), &[&core, payload_hash.as_bytes(), &sig]);
    let n = inputs["n"].as_u64().unwrap().to_be_bytes();
    let head =
        hash::labelled(&format!("{prefix}/head"), &[&bytes(&inputs["head_before"]), &n, entry.as_bytes()]);
    json!({ "sig": hex::encode(sig), "entry": entry.to_hex(), "head": head.to_hex() })
}

fn take(dir: &mut Directory, link: &Value, mode: Mode) -> Result<Value, ChainError> {
    let (id, link_bytes) = (fixed(&link[1]), bytes(&link[2]));
    let tail = match link[0].as_str().unwrap() {
        "user" => {
            let id = UserId::from_bytes(id);
            dir.user_link(id, &link_bytes, mode)?;
            dir.user_chain(id).unwrap().tail().clone()
        }
        "keyring" => {
            let id = KeyringId::from_bytes(id);
            dir.keyring_link(id, &link_bytes, mode)?;
            dir.keyring_chain(id).unwrap().tail().clone()
        }
        _ => {
            let id = UnitId::from_bytes(id);
            dir.unit_link(id, &link_bytes, mode)?;
            dir.unit_chain(id).unwrap().tail().clone()
        }
    };
    Ok(json!({ "seq": tail.seq(), "hash": tail.head().unwrap().to_hex() }))
}

/// The world named, with the links that came after it.
fn directory(worlds: &Value, inputs: &Value) -> Directory {
    let mut dir = Directory::new();
    let world = worlds[inputs["world"].as_str().unwrap()].as_array().unwrap();
    for link in world.iter().chain(inputs["after"].as_array().unwrap()) {
        take(&mut dir, link, Mode::Replay).unwrap();
    }
    dir
}

fn link(worlds: &Value, inputs: &Value) -> Result<Value, ChainError> {
    let mut dir = directory(worlds, inputs);
    take(&mut dir, &inputs["link"], mode(inputs))
}

fn thread(worlds: &Value, inputs: &Value) -> Result<Value, ChainError> {
    let mut dir = directory(worlds, inputs);
    let thread = ThreadId::from_bytes(fixed(&inputs["thread"]));
    for head in inputs["heads"].as_array().unwrap() {
        dir.put_head(thread, head[0].as_u64().unwrap(), Bytes32::from_bytes(fixed(&head[1])));
    }
    for msg_id in inputs["seen"].as_array().unwrap() {
        dir.put_seen(thread, MsgId::from_bytes(fixed(msg_id)));
    }
    let mut state = ThreadState::new(thread);
    let before = inputs["before"].as_array().unwrap();
    for entry in before {
        state.append(&dir, &bytes(entry), Mode::Replay).unwrap();
    }
    let applied = state.append(&dir, &bytes(&inputs["entry"]), mode(inputs))?;
    assert!(dir.head_at(thread, applied.n).is_none());
    Ok(super::threads::describe(&state, &applied))
}
