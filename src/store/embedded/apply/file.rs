//! Blob records.

use crate::{
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    write::BlobWrite,
};

impl Tx<'_> {
    pub(crate) fn blob(&self, write: &BlobWrite) -> Result<(), Stop> {
        match write {
            BlobWrite::Begin { blob, owner } => self.insert(
                Kind::Blob,
                Kind::Blob,
                "INSERT INTO blob (blob, owner, created_ms) VALUES (?1, ?2, ?3)",
                (blob.as_bytes(), owner.as_bytes(), self.at_ms),
            ),
            BlobWrite::Complete { blob, size, hash } => self.must(
                Kind::Blob,
                "UPDATE blob SET size = ?2, hash = ?3, completed_ms = ?4 WHERE blob = ?1 AND completed_ms IS NULL",
                (blob.as_bytes(), size, hash.as_bytes(), self.at_ms),
            ),
            BlobWrite::Reference { blob, thread, n } => {
                let sql = "SELECT completed_ms IS NOT NULL FROM blob WHERE blob = ?1";
                match self.one(sql, [blob.as_bytes()], |row| row.get(0))? {
                    None => Err(Refusal::Missing(Kind::Blob).into()),
                    Some(false) => Err(Refusal::BlobIncomplete.into()),
                    Some(true) => self
                        .run(
                            "INSERT INTO blob_ref (blob, thread, n) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                            (blob.as_bytes(), thread.as_bytes(), n.get()),
                        )
                        .map(drop),
                }
            }
            BlobWrite::Drop(blob) => {
                let sql = "SELECT 1 FROM blob_ref WHERE blob = ?1 LIMIT 1";
                if self.one(sql, [blob.as_bytes()], |_| Ok(()))?.is_some() {
                    return Err(Refusal::BlobReferenced.into());
                }
                self.run("DELETE FROM blob WHERE blob = ?1", [blob.as_bytes()]).map(drop)
            }
        }
    }
}
