//! Blobs: durable and hashed before they are complete, bounded, collected when nobody names them.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use relais_store::{
    BlobWrite, Store,
    blobs::{BlobError, Blobs},
    reads::BlobById,
};
use relais_wire::ids::{BlobId, Bytes32};
use sha2::{Digest as _, Sha256};

use super::open;
use crate::conformance::kit::{NOW, domain, thread, user};

const BLOB: BlobId = BlobId::from_bytes([0xab; 16]);
const OTHER: BlobId = BlobId::from_bytes([0xcd; 16]);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(future)
}

async fn upload(blobs: &Blobs, blob: BlobId, parts: &[&[u8]]) -> (u64, Bytes32) {
    let mut upload = blobs.begin(blob, 1 << 20).await.unwrap();
    for part in parts {
        upload.write(Bytes::copy_from_slice(part)).await.unwrap();
    }
    upload.finish().await.unwrap()
}

async fn download(
    blobs: &Blobs,
    blob: BlobId,
    range: Option<core::ops::Range<u64>>,
) -> Result<Vec<u8>, BlobError> {
    let (_, stream) = blobs.open(blob, range).await?;
    stream
        .try_fold(Vec::new(), |mut all, part| async move {
            all.extend(part);
            Ok(all)
        })
        .await
}

#[test]
fn a_blob_is_hashed_on_the_way_and_read_in_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(dir.path()).unwrap();
    block_on(async {
        let (size, hash) = upload(&blobs, BLOB, &[b"hello ", b"there"]).await;
        assert_eq!((size, hash), (11, Bytes32::from_bytes(Sha256::digest(b"hello there").into())));
        assert_eq!(download(&blobs, BLOB, None).await.unwrap(), b"hello there");
        assert_eq!(download(&blobs, BLOB, Some(6..11)).await.unwrap(), b"there");
        assert!(matches!(download(&blobs, OTHER, None).await, Err(BlobError::NotFound)));
    });
}

#[test]
fn a_blob_over_its_size_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(dir.path()).unwrap();
    block_on(async {
        let mut upload = blobs.begin(BLOB, 10).await.unwrap();
        upload.write(Bytes::from_static(b"12345678")).await.unwrap();
        assert!(matches!(upload.write(Bytes::from_static(b"901")).await, Err(BlobError::TooLarge)));
        drop(upload);
        assert!(matches!(download(&blobs, BLOB, None).await, Err(BlobError::NotFound)));
    });
}

#[test]
fn what_a_crash_cut_off_is_gone_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(Blobs::local(dir.path()).unwrap());
    let folder = dir.path().join("ab");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{}#1", BLOB.to_hex())), b"half").unwrap();
    std::fs::write(folder.join(BLOB.to_hex()), b"whole").unwrap();
    Blobs::local(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn orphans_are_collected_and_named_files_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (store, blobs) = (open(&dir.path().join("db")), Blobs::local(&dir.path().join("blobs")).unwrap());
    block_on(async {
        for blob in [BLOB, OTHER] {
            store.commit(domain().write(BlobWrite::Begin { blob, owner: user(1) })).await.unwrap();
            let (size, hash) = upload(&blobs, blob, &[b"x"]).await;
            store.commit(domain().write(BlobWrite::Complete { blob, size, hash })).await.unwrap();
        }
        let refer = BlobWrite::Reference { blob: BLOB, thread: thread(1) };
        store.commit(domain().write(refer)).await.unwrap();
        assert_eq!(blobs.collect_orphans(&store, NOW + 1000, 1000).await.unwrap(), 0, "still young");
        assert_eq!(blobs.collect_orphans(&store, NOW + 1001, 1000).await.unwrap(), 1);
        assert_eq!(download(&blobs, BLOB, None).await.unwrap(), b"x");
        assert!(matches!(download(&blobs, OTHER, None).await, Err(BlobError::NotFound)));
        assert_eq!(store.read(BlobById(OTHER)).await.unwrap(), None);
    });
}
