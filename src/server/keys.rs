//! Secrets that live as files outside the store, so that a copy of the database alone opens nothing.
//!
//! Not known here: ticket keys, which rotate and are kept in the store.

use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use opaque_ke::{Ristretto255, ServerSetup, TripleDh};
use rand08::rngs::OsRng;
use relais_store::StoreKey;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The OPAQUE suite of protocol version 1: ristretto255, 3DH, SHA-512. The stretching is the client's work;
/// the type names it for completeness.
#[derive(Debug)]
pub struct Suite;

impl opaque_ke::CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_010::Sha512>;
    type Ksf = argon2::Argon2<'static>;
}

/// The secrets. `Debug` shows none.
pub struct Keys {
    /// OPAQUE server setup; losing it invalidates every password.
    pub opaque: ServerSetup<Suite>,
    /// Signs receipts (`[thread, n, head, server_ts]`).
    pub receipt: SigningKey,
    /// Key of the store's pages.
    pub store: StoreKey,
    /// Key of everything that must be stable but not guessable: invented ids of unknown logins, throttle keys,
    /// codes. Use [`Keys::derive`].
    pepper: Zeroizing<[u8; 32]>,
    setup: PathBuf,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or folder cannot be read or made.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key file has another length or content than this program writes.
    #[error("{0}: not a key of this program")]
    Broken(PathBuf),
    /// A key file can be read by others than its owner.
    #[error("{0}: others may read this key; make it mode 0600")]
    Exposed(PathBuf),
}

const OPAQUE_FILE: &str = "opaque-setup";
const RECEIPT_FILE: &str = "receipt-key";
const STORE_FILE: &str = "store-key";
const PEPPER_FILE: &str = "pepper";
const SETUP_FILE: &str = "setup-token";

/// Folder of the database inside the data folder.
pub(crate) const DATABASE_DIR: &str = "db";

impl Keys {
    /// Reads the keys of `keys_dir`, or makes them where there are neither keys nor a database yet. The one-time
    /// token with which the first administrator registers goes into `data_dir/setup-token`.
    ///
    /// The OPAQUE setup is made last: until it is there, a start that was cut off is simply done again. Where there
    /// is a database, a missing key is an error and never replaced.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(keys_dir: &Path, data_dir: &Path) -> Result<Self, KeysError> {
        private_dir(data_dir)?;
        private_dir(keys_dir)?;
        let setup = data_dir.join(SETUP_FILE);
        let opaque_file = keys_dir.join(OPAQUE_FILE);
        let first = !opaque_file.exists() && !data_dir.join(DATABASE_DIR).exists();
        let receipt = SigningKey::from_bytes(&*key32(&keys_dir.join(RECEIPT_FILE), first)?);
        let store = StoreKey::from_bytes(*key32(&keys_dir.join(STORE_FILE), first)?);
        let pepper = key32(&keys_dir.join(PEPPER_FILE), first)?;
        if first {
            write_new(&setup, format!("{}\n", hex::encode(random32())).as_bytes())?;
            write_new(&opaque_file, &ServerSetup::<Suite>::new(&mut OsRng).serialize())?;
        }
        let bytes = read_private(&opaque_file)?;
        let opaque = ServerSetup::deserialize(&bytes).map_err(|_| KeysError::Broken(opaque_file))?;
        Ok(Self { opaque, receipt, store, pepper, setup })
    }

    /// 32 bytes that are stable for this instance and cannot be guessed: HMAC-SHA-256 of label, zero byte, input.
    #[must_use]
    pub fn derive(&self, label: &str, input: &[u8]) -> [u8; 32] {
        keyed(&self.pepper, label, input)
    }

    /// Whether this is the one-time token of the first administrator. Compared in constant time.
    #[must_use]
    pub fn is_setup_token(&self, token: &[u8]) -> bool {
        let Ok(text) = fs::read_to_string(&self.setup) else { return false };
        hex::decode(text.trim()).is_ok_and(|expected| bool::from(expected.ct_eq(token)))
    }

    /// Whether nobody has registered yet: the token of the first administrator waits.
    #[must_use]
    pub fn is_unclaimed(&self) -> bool {
        self.setup.exists()
    }

    /// The token has been used: it is gone.
    pub fn consume_setup_token(&self) {
        if let Err(error) = fs::remove_file(&self.setup) {
            tracing::warn!(%error, "the setup token could not be removed");
        }
    }
}

/// HMAC-SHA-256 of label, zero byte, input.
pub(crate) fn keyed(key: &[u8; 32], label: &str, input: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(label.as_bytes());
    mac.update(&[0]);
    mac.update(input);
    mac.finalize().into_bytes().into()
}

/// 32 bytes of the operating system's randomness.
///
/// # Panics
/// When the operating system has none; nothing can go on then.
#[must_use]
pub fn random32() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system's random source works");
    bytes
}

/// The key of the store's pages alone, which must exist.
///
/// # Errors
/// [`KeysError`].
pub(crate) fn store_key(keys_dir: &Path) -> Result<StoreKey, KeysError> {
    Ok(StoreKey::from_bytes(*key32(&keys_dir.join(STORE_FILE), false)?))
}

/// Makes a folder that only its owner can enter, unless it exists.
pub(crate) fn private_dir(dir: &Path) -> Result<(), KeysError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| io_error(dir, source))
}

fn key32(path: &Path, first: bool) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    if first && !path.exists() {
        write_new(path, &random32())?;
    }
    let bytes = read_private(path)?;
    <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| KeysError::Broken(path.to_owned()))
}

/// Writes a whole file or none: under another name first, so that a crash leaves no half of a key.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let unfinished = path.with_extension("new");
    let write = || -> io::Result<()> {
        if unfinished.exists() {
            fs::remove_file(&unfinished)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    write().map_err(|source| io_error(path, source))
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let read = || -> io::Result<(u32, Vec<u8>)> {
        let mut file = File::open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((file.metadata()?.permissions().mode(), bytes))
    };
    let (mode, bytes) = read().map_err(|source| io_error(path, source))?;
    if mode & 0o077 != 0 {
        return Err(KeysError::Exposed(path.to_owned()));
    }
    Ok(Zeroizing::new(bytes))
}

fn io_error(path: &Path, source: io::Error) -> KeysError {
    KeysError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::{Keys, KeysError};

    #[test]
    fn keys_are_made_once_private_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let (keys, data) = (dir.path().join("keys"), dir.path().join("data"));
        let first = Keys::open(&keys, &data).unwrap();
        let again = Keys::open(&keys, &data).unwrap();
        assert_eq!(first.opaque.serialize(), again.opaque.serialize());
        assert_eq!(first.receipt.to_bytes(), again.receipt.to_bytes());
        assert_eq!(first.derive("a", b"b"), again.derive("a", b"b"));
        for entry in fs::read_dir(&keys).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn the_setup_token_works_once() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(&dir.path().join("keys"), dir.path()).unwrap();
        let token = hex::decode(fs::read_to_string(dir.path().join("setup-token")).unwrap().trim()).unwrap();
        assert!(keys.is_setup_token(&token));
        assert!(!keys.is_setup_token(&[]));
        assert!(keys.is_unclaimed());
        keys.consume_setup_token();
        assert!(!keys.is_setup_token(&token) && !keys.is_unclaimed());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        Keys::open(&folder, dir.path()).unwrap();
        fs::set_permissions(folder.join("store-key"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::open(&folder, dir.path()), Err(KeysError::Exposed(_))));
    }

    #[test]
    fn a_lost_key_is_not_silently_replaced_once_there_is_a_database() {
        for lost in ["opaque-setup", "store-key", "receipt-key", "pepper"] {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("keys");
            Keys::open(&folder, dir.path()).unwrap();
            fs::create_dir(dir.path().join("db")).unwrap();
            fs::remove_file(folder.join(lost)).unwrap();
            assert!(matches!(Keys::open(&folder, dir.path()), Err(KeysError::Io { .. })), "{lost}");
        }
    }

    #[test]
    fn a_first_start_that_was_cut_off_is_done_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        let whole = Keys::open(&folder, dir.path()).unwrap();
        fs::remove_file(folder.join("opaque-setup")).unwrap();
        fs::remove_file(folder.join("pepper")).unwrap();
        fs::write(folder.join("pepper.new"), "half").unwrap();
        let again = Keys::open(&folder, dir.path()).unwrap();
        assert_eq!(whole.receipt.to_bytes(), again.receipt.to_bytes());
    }
}
