//! The stored answer of an idempotent commit: its entries, the asking user's own stream positions, its audit
//! indexes and the service's note. Other recipients are left out: a replay delivers nothing.

use relais_wire::ids::{Bytes32, IdemKey, OrgId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use crate::{
    commit::{EntryReceipt, Idem, Receipt},
    facts::stream::StreamId,
    reads::IdemOutcome,
};

#[derive(Serialize, Deserialize)]
struct Stored(Vec<EntryReceipt>, Vec<(Option<OrgId>, Seq)>, Vec<u64>, serde_bytes::ByteBuf);

/// What is kept of a receipt.
pub(crate) fn encode(receipt: &Receipt, idem: &Idem) -> Vec<u8> {
    let own = receipt.streams.iter().flatten().filter(|(stream, _)| stream.user == idem.user);
    let stored = Stored(
        receipt.entries.clone(),
        own.map(|(stream, seq)| (stream.context, *seq)).collect(),
        receipt.audit.clone(),
        serde_bytes::ByteBuf::from(idem.note.as_slice().to_vec()),
    );
    rmp_serde::to_vec(&stored).expect("numbers and byte strings always encode")
}

fn decode(bytes: &[u8], user: UserId) -> Option<Receipt> {
    let Stored(entries, own, audit, note) = rmp_serde::from_slice(bytes).ok()?;
    let own = own.into_iter().map(|(context, seq)| (StreamId::new(user, context), seq)).collect();
    Some(Receipt { entries, streams: vec![own], audit, note: note.into_vec().into(), replayed: true })
}

/// What a key stands for.
pub(crate) fn lookup(
    conn: &Connection,
    user: UserId,
    key: IdemKey,
    request: Bytes32,
) -> rusqlite::Result<IdemOutcome> {
    let mut statement =
        conn.prepare_cached("SELECT request, receipt FROM idem WHERE user = ?1 AND key = ?2")?;
    let found = statement
        .query_row((user.as_bytes(), key.as_bytes()), |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((stored, receipt)) = found else { return Ok(IdemOutcome::New) };
    if stored != *request.as_bytes() {
        return Ok(IdemOutcome::Reused);
    }
    decode(&receipt, user).map(IdemOutcome::Done).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, "not a receipt".into())
    })
}
