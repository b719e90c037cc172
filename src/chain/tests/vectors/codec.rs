//! Encodings accepted and refused.

use relais_chain::codec::{Reader, Writer};
use relais_chain::{ChainError, Signed};
use serde_json::{Value, json};

use super::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(accepted().into_iter().map(|(id, bytes)| parse(&format!("codec-ok-{id}"), &bytes)));
    for (id, bytes, error) in refused() {
        let case = parse(&format!("codec-no-{id}"), bytes);
        assert_eq!(case.outcome, Err(error), "{id}");
        all.push(case);
    }
    for (id, tree) in trees() {
        all.push(encode(id, &tree));
    }
    for (id, bytes) in [
        ("two-parts", "92c400c400"),
        ("five-parts", "95c400c0c400c400c400"),
        ("short-signature", "93c400c400c401aa"),
        ("not-an-array", "c400"),
        ("text-core", "93a0c400c400"),
        ("stub-with-payload", "94c400c400c400c400"),
    ] {
        let outcome = Signed::parse(&hex::decode(bytes).unwrap()).map(|_| json!({}));
        assert!(outcome.is_err());
        let id = format!("envelope-no-{id}");
        all.push(Case { id, op: "envelope.parse", inputs: json!({ "bytes": bytes }), outcome });
    }
    all
}

fn parse(id: &str, bytes: &str) -> Case {
    let outcome = Reader::new(&hex::decode(bytes).unwrap(), 1 << 16).map(|_| json!({}));
    Case { id: id.into(), op: "codec.parse", inputs: json!({ "bytes": bytes, "max": 1 << 16 }), outcome }
}

fn accepted() -> Vec<(&'static str, String)> {
    vec![
        ("zero", "00".into()),
        ("largest-int", "cf001fffffffffffff".into()),
        ("nil", "c0".into()),
        ("empty-bin", "c400".into()),
        ("empty-str", "a0".into()),
        ("nfc-str", "a2c3a9".into()),
        ("empty-array", "90".into()),
        ("array-of-16", format!("dc0010{}", "00".repeat(16))),
        ("bin-of-256", format!("c50100{}", "ab".repeat(256))),
        ("str-of-32", format!("d920{}", "61".repeat(32))),
        ("depth-8", "9191919191919190".into()),
        ("siblings", "929190929190c0".into()),
    ]
}

fn refused() -> Vec<(&'static str, &'static str, ChainError)> {
    use ChainError as E;
    vec![
        ("nothing", "", E::Truncated),
        ("array-short", "9201", E::Truncated),
        ("bin-short", "c410aa", E::Truncated),
        ("int-short", "cd01", E::Truncated),
        ("array-claims-4g", "ddffffffff", E::Truncated),
        ("bin-claims-4g", "c6ffffffff", E::Truncated),
        ("str-claims-4g", "dbffffffff", E::Truncated),
        ("trailing", "0101", E::TrailingBytes),
        ("trailing-after-array", "9101c0", E::TrailingBytes),
        ("int8-for-small", "cc7f", E::NonShortestInt),
        ("int16-for-int8", "cd00ff", E::NonShortestInt),
        ("int32-for-int16", "ce0000ffff", E::NonShortestInt),
        ("int64-for-int32", "cf00000000ffffffff", E::NonShortestInt),
        ("bin16-for-bin8", "c50001aa", E::NonShortestLength),
        ("bin32-for-bin8", "c600000001aa", E::NonShortestLength),
        ("str8-for-fixstr", "d90161", E::NonShortestLength),
        ("str16-for-str8", "da000161", E::NonShortestLength),
        ("array16-for-fixarray", "dc000101", E::NonShortestLength),
        ("array32-for-fixarray", "dd0000000101", E::NonShortestLength),
        ("float32", "ca3f800000", E::Float),
        ("float64", "cb3ff0000000000000", E::Float),
        ("fixmap", "810101", E::Map),
        ("map16", "de0000", E::Map),
        ("fixext", "d400aa", E::Extension),
        ("ext8", "c70100aa", E::Extension),
        ("timestamp", "d6ff00000000", E::Extension),
        ("negative-fixint", "ff", E::SignedInt),
        ("signed-one", "d001", E::SignedInt),
        ("true", "c3", E::Boolean),
        ("reserved", "c1", E::ReservedByte),
        ("int-2-53", "cf0020000000000000", E::IntTooLarge),
        ("int-max-64", "cfffffffffffffffff", E::IntTooLarge),
        ("depth-9", "919191919191919190", E::TooDeep),
        ("not-utf8", "a1ff", E::NotUtf8),
        ("surrogate", "a3eda080", E::NotUtf8),
        ("overlong-utf8", "a2c0af", E::NotUtf8),
        ("decomposed", "a365cc81", E::NotNfc),
        ("inside-array", "9201cb3ff0000000000000", E::Float),
    ]
}

fn trees() -> Vec<(&'static str, Value)> {
    let ints = [0_u64, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, (1 << 53) - 1];
    let ints: Vec<_> = ints.iter().map(|n| json!({ "uint": n })).collect();
    let zeros = |n: usize| json!({ "bin": "00".repeat(n) });
    vec![
        ("ints", json!(ints)),
        ("bins", json!([zeros(0), zeros(1), zeros(255), zeros(256)])),
        (
            "texts",
            json!([{ "str": "" }, { "str": "é" }, { "str": "a".repeat(31) }, { "str": "a".repeat(32) }]),
        ),
        ("nested", json!([[], [null, [{ "uint": 1 }]], { "str": "x" }])),
        ("fifteen", json!(vec![Value::Null; 15])),
        ("sixteen", json!(vec![Value::Null; 16])),
    ]
}

fn encode(id: &str, tree: &Value) -> Case {
    let mut w = Writer::new();
    write(&mut w, tree);
    let outcome = w.finish().map(|bytes| json!({ "bytes": hex::encode(bytes) }));
    Case { id: format!("encode-{id}"), op: "codec.encode", inputs: json!({ "value": tree }), outcome }
}

pub(crate) fn write(w: &mut Writer, tree: &Value) {
    match tree {
        Value::Null => drop(w.nil()),
        Value::Array(all) => {
            w.array(all.len());
            all.iter().for_each(|item| write(w, item));
        }
        Value::Object(item) => {
            if let Some(n) = item.get("uint") {
                w.uint(n.as_u64().unwrap());
            } else if let Some(text) = item.get("str") {
                w.str(text.as_str().unwrap());
            } else {
                w.bin(&hex::decode(item["bin"].as_str().unwrap()).unwrap());
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("not a tree"),
    }
}
