//! Blobs: durable and hashed before they are complete, bounded, collected when nobody names them.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use relais_store::{
    BlobWrite, Store,
    blobs::{BlobError, Blobs},
    reads::BlobById,
};
use relais_wire::ids::{BlobId, Bytes32, Seq};
use sha2::{Digest as _, Sha256};

use super::open;
use crate::conformance::kit::{NOW, domain, thread, user};

const BLOB: BlobId = BlobId::from_bytes([0xab; 16]);
const OTHER: BlobId = BlobId::from_bytes([0xcd; 16]);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(future)
}

fn hash(bytes: &[u8]) -> Bytes32 {
    Bytes32::from_bytes(Sha256::digest(bytes).into())
}

async fn upload(blobs: &Blobs, blob: BlobId, parts: &[&[u8]]) -> (u64, Bytes32) {
    let hash = hash(&parts.concat());
    let mut upload = blobs.begin(blob, hash, 1 << 20).await.unwrap();
    for part in parts {
        upload.write(Bytes::copy_from_slice(part)).await.unwrap();
    }
    (upload.finish().await.unwrap(), hash)
}

async fn download(
    blobs: &Blobs,
    blob: BlobId,
    of: &[u8],
    range: Option<core::ops::Range<u64>>,
) -> Result<Vec<u8>, BlobError> {
    let (_, stream) = blobs.open(blob, hash(of), range).await?;
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
        let whole = b"hello there";
        assert_eq!(upload(&blobs, BLOB, &[b"hello ", b"there"]).await, (11, hash(whole)));
        assert_eq!(download(&blobs, BLOB, whole, None).await.unwrap(), whole);
        assert_eq!(download(&blobs, BLOB, whole, Some(6..11)).await.unwrap(), b"there");
        assert!(matches!(download(&blobs, OTHER, whole, None).await, Err(BlobError::NotFound)));
    });
}

#[test]
fn two_uploads_of_one_blob_touch_nothing_of_each_others() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(dir.path()).unwrap();
    block_on(async {
        let mut late = blobs.begin(BLOB, hash(b"other"), 100).await.unwrap();
        let mut wrong = blobs.begin(BLOB, hash(b"first"), 100).await.unwrap();
        upload(&blobs, BLOB, &[b"first"]).await;
        late.write(Bytes::from_static(b"other")).await.unwrap();
        late.finish().await.unwrap();
        wrong.write(Bytes::from_static(b"bytes that are not what was announced")).await.unwrap();
        assert!(matches!(wrong.finish().await, Err(BlobError::Mismatch)));
        assert_eq!(download(&blobs, BLOB, b"first", None).await.unwrap(), b"first");
        blobs.remove(BLOB).await.unwrap();
        for gone in [&b"first"[..], b"other"] {
            assert!(matches!(download(&blobs, BLOB, gone, None).await, Err(BlobError::NotFound)));
        }
        blobs.remove(BLOB).await.unwrap();
    });
}

#[test]
fn a_blob_over_its_size_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(dir.path()).unwrap();
    block_on(async {
        let mut upload = blobs.begin(BLOB, hash(b"12345678901"), 10).await.unwrap();
        upload.write(Bytes::from_static(b"12345678")).await.unwrap();
        assert!(matches!(upload.write(Bytes::from_static(b"901")).await, Err(BlobError::TooLarge)));
        drop(upload);
        let left = download(&blobs, BLOB, b"12345678901", None).await;
        assert!(matches!(left, Err(BlobError::NotFound)));
    });
}

#[test]
fn what_a_crash_cut_off_is_gone_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(Blobs::local(dir.path()).unwrap());
    let folder = dir.path().join("ab").join(BLOB.to_hex());
    std::fs::create_dir_all(&folder).unwrap();
    let name = hash(b"whole").to_hex();
    std::fs::write(folder.join(format!("{name}#1")), b"half").unwrap();
    std::fs::write(folder.join(name), b"whole").unwrap();
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
        let refer = BlobWrite::Reference { blob: BLOB, thread: thread(1), n: Seq::ZERO.next() };
        store.commit(domain().write(refer)).await.unwrap();
        assert_eq!(blobs.collect_orphans(&store, NOW + 1000, 1000).await.unwrap(), 0, "still young");
        assert_eq!(blobs.collect_orphans(&store, NOW + 1001, 1000).await.unwrap(), 1);
        assert_eq!(download(&blobs, BLOB, b"x", None).await.unwrap(), b"x");
        assert!(matches!(download(&blobs, OTHER, b"x", None).await, Err(BlobError::NotFound)));
        assert_eq!(store.read(BlobById(OTHER)).await.unwrap(), None);
    });
}
