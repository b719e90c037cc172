//! Opening a database folder: checks before anything is touched, settings of each connection, migrations.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use relais_wire::ids::Epoch;
use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{fault::Fault, key::StoreKey};
use crate::limits;

/// The first engine version without the write-ahead-log reset race, which could lose committed pages.
pub const ENGINE_VERSION_MIN: i32 = 3_051_003;

/// Migrations in order; the database's `user_version` counts those that were applied.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
];

/// Row of `instance` that holds the epoch; not one of [`crate::InstanceKey`].
pub(super) const EPOCH_ROW: u8 = 0;

/// How the embedded store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the database; made if it does not exist. Local disks only.
    pub dir: PathBuf,
    /// Key of the pages; `None` leaves them readable, for tests and measurements only.
    pub key: Option<StoreKey>,
    /// Whether commits wait for the disk.
    pub durability: Durability,
    /// Reader threads.
    pub readers: usize,
    /// Largest size of the database, in pages of 4 KiB; beyond it commits fail as on a full disk.
    pub pages_max: Option<u32>,
    /// Epoch of a new database; `None` draws one.
    pub epoch: Option<Epoch>,
    /// Faults on purpose.
    pub fault: Option<Arc<dyn Fault>>,
}

/// Whether commits wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// One sync per batch, before anybody is answered.
    Synced,
    /// No sync at all: simulation, and the negative control of the crash tests. Loses what was acknowledged.
    DangerousUnsynced,
}

impl Options {
    /// A durable, keyed store in a folder.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, key: StoreKey) -> Self {
        Self { key: Some(key), ..Self::plain(dir) }
    }

    /// A durable store without a key, for tests and measurements.
    #[must_use]
    pub fn plain(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            key: None,
            durability: Durability::Synced,
            readers: limits::READERS,
            pages_max: None,
            epoch: None,
            fault: None,
        }
    }
}

/// Why a folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine linked in is older than [`ENGINE_VERSION_MIN`].
    #[error("the database engine is version {0}, too old to be safe")]
    EngineTooOld(i32),
    /// Another process has the folder open.
    #[error("another process uses this data folder")]
    Locked,
    /// The folder lies on a network file system, where locks and syncs cannot be trusted.
    #[error("the data folder is on a network file system")]
    NetworkFileSystem,
    /// The key does not open the database, or the file is not one.
    #[error("the key does not open this database")]
    WrongKey,
    /// A newer server wrote this database.
    #[error("the database is at version {found}, this server knows {known}")]
    TooNew {
        /// Its version.
        found: usize,
        /// The newest one known.
        known: usize,
    },
    /// The disk or the operating system says no.
    #[error("the data folder cannot be used")]
    Io(#[from] io::Error),
    /// The engine says no.
    #[error("the database cannot be opened")]
    Engine(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
            Self::WrongKey
        } else {
            Self::Engine(error)
        }
    }
}

/// An opened folder: the lock is held as long as this lives.
pub(super) struct Opened {
    pub(super) lock: File,
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    pub(super) epoch: Epoch,
}

pub(super) fn open(options: &Options) -> Result<Opened, OpenError> {
    let version = rusqlite::version_number();
    if version < ENGINE_VERSION_MIN {
        return Err(OpenError::EngineTooOld(version));
    }
    fs::create_dir_all(&options.dir)?;
    refuse_network(&options.dir)?;
    let lock = lock(&options.dir)?;
    let path = database(&options.dir);
    let mut writer =
        connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, options)?;
    settle(&writer, options)?;
    migrate(&mut writer)?;
    let epoch = epoch(&writer, options)?;
    File::open(&options.dir)?.sync_all()?;
    let readers = (0..options.readers.max(1)).map(|_| reader(&path, options)).collect::<Result<_, _>>()?;
    Ok(Opened { lock, writer, readers, epoch })
}

/// The database file of a folder.
#[must_use]
pub fn database(dir: &Path) -> PathBuf {
    dir.join("relais.db")
}

/// Keeps other processes out for as long as the file is open.
pub(super) fn lock(dir: &Path) -> Result<File, OpenError> {
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Magic numbers of `statfs(2)`: NFS, SMB 1, CIFS, SMB 2, AFS, Ceph, 9P.
const NETWORK: [u64; 7] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x00c3_6400, 0x0102_1997];

fn refuse_network(dir: &Path) -> Result<(), OpenError> {
    let found = rustix::fs::statfs(dir).map_err(io::Error::from)?;
    let magic = u64::try_from(found.f_type).unwrap_or(0);
    if NETWORK.contains(&magic) { Err(OpenError::NetworkFileSystem) } else { Ok(()) }
}

fn connect(path: &Path, flags: OpenFlags, options: &Options) -> Result<Connection, OpenError> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    if let Some(key) = &options.key {
        unlock(&conn, key)?;
    }
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    conn.pragma_update(None, "cache_size", -i64::from(limits::CACHE_KIB))?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.busy_timeout(limits::BUSY_WAIT)?;
    Ok(conn)
}

/// Gives a connection its key. Pages are authenticated by HMAC-SHA-256 rather than the default SHA-512, which
/// costs twice the time per page where processors have instructions for the former, as servers do.
pub(super) fn unlock(conn: &Connection, key: &StoreKey) -> rusqlite::Result<()> {
    // The cipher would print page numbers to standard error; its errors come back as results anyway.
    conn.execute_batch("PRAGMA cipher_log_level = NONE")?;
    conn.pragma_update(None, "key", key.pragma())?;
    conn.execute_batch("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")
}

/// Shows every value of every column to `each`, with the name of its table, decrypted: for those who search a
/// database for what must not be in it. Works beside a running store.
///
/// # Errors
/// [`OpenError::WrongKey`], or what the engine says.
pub fn scan(dir: &Path, key: &StoreKey, mut each: impl FnMut(&str, &[u8])) -> Result<(), OpenError> {
    let conn = Connection::open_with_flags(database(dir), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    unlock(&conn, key)?;
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let mut all = conn.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = all.column_count();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => each(&table, bytes),
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                }
            }
        }
    }
    Ok(())
}

fn settle(writer: &Connection, options: &Options) -> Result<(), OpenError> {
    let mode: String =
        writer.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    if mode != "wal" {
        return Err(OpenError::Engine(rusqlite::Error::InvalidQuery));
    }
    let synchronous = match options.durability {
        Durability::Synced => "FULL",
        Durability::DangerousUnsynced => "OFF",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    writer.pragma_update(None, "foreign_keys", true)?;
    writer.pragma_update(None, "wal_autocheckpoint", 0)?;
    writer.pragma_update(None, "journal_size_limit", limits::JOURNAL_BYTES)?;
    if let Some(pages) = options.pages_max {
        writer.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

fn reader(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.set_prepared_statement_cache_capacity(limits::STATEMENTS);
    Ok(conn)
}

fn migrate(writer: &mut Connection) -> Result<(), OpenError> {
    let found: usize = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > MIGRATIONS.len() {
        return Err(OpenError::TooNew { found, known: MIGRATIONS.len() });
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = writer.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn epoch(writer: &Connection, options: &Options) -> Result<Epoch, OpenError> {
    let drawn = options.epoch.map_or_else(random_epoch, |epoch| Ok(*epoch.as_bytes()))?;
    writer.execute(
        "INSERT INTO instance (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        (EPOCH_ROW, drawn),
    )?;
    let stored =
        writer.query_row("SELECT value FROM instance WHERE key = ?1", [EPOCH_ROW], |row| row.get(0))?;
    Ok(Epoch::from_bytes(stored))
}

/// A new identity of a history.
pub(super) fn random_epoch() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
