//! What a native client keeps between runs: an encrypted state file, an encrypted journal of the outbox, and for
//! each thread an encrypted copy of its verified state.
//!
//! The key is a file of its own with mode 0600, so that a copy of the state alone opens nothing. A record is
//! `u32 length || nonce || ciphertext || tag`; a torn record at the end of the journal is what was not yet
//! acknowledged, and is dropped. After a record that could not be written the journal is written anew before
//! anything follows it. One process has the folder at a time: two would send each other's messages again.
//!
//! Not known here: what the state means.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use relais_chain::codec::{Reader, Writer};
use relais_e2ee::entropy::SystemEntropy;
use relais_e2ee::{Secret, aead};
use relais_wire::ids::{IdemKey, ThreadId};
use relais_wire::threads::Append;
use zeroize::Zeroizing;

use crate::core::outbox::{Draft, signed_entry};
use crate::core::{Outbox, Record};
use crate::error::ClientError;

/// Bytes of the state file: pins of some ten thousand chains and threads.
const STATE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of one journal record: one request of the largest size, with room.
const RECORD_BYTES_MAX: usize = 512 * 1024;

/// Bytes of the journal after which it is written anew when it is empty anyway.
const COMPACT_BYTES: u64 = 1024 * 1024;

const STATE_AAD: &[u8] = b"relais/v1/local-state";
const THREAD_AAD: &[u8] = b"relais/v1/local-thread";

/// Folder of the threads' states.
const THREADS: &str = "threads";
const JOURNAL_AAD: &[u8] = b"relais/v1/local-outbox";

/// The folder of one signed-in account.
#[derive(Debug)]
pub struct Local {
    dir: PathBuf,
    key: Secret<32>,
    /// Held locked as long as this lives.
    _lock: File,
    /// None until it is opened, and after a record that could not be written.
    journal: Option<File>,
    journal_bytes: u64,
}

fn storage(what: &'static str) -> impl Fn(std::io::Error) -> ClientError {
    move |_| ClientError::Storage(what)
}

impl Local {
    /// Opens a folder, making it and its key on first use.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn open(dir: &Path) -> Result<Self, ClientError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(storage("the folder cannot be made"))?;
        let lock = private(&dir.join("lock"), false).map_err(storage("the folder cannot be locked"))?;
        lock.try_lock().map_err(|_| ClientError::Storage("another program uses the folder"))?;
        let key = read_or_make_key(&dir.join("key"))?;
        Ok(Self { dir: dir.to_owned(), key, _lock: lock, journal: None, journal_bytes: 0 })
    }

    /// The state, if there is one.
    ///
    /// # Errors
    /// [`ClientError::LocalState`] when it does not open.
    pub fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ClientError> {
        let sealed = match fs::read(self.dir.join("state")) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(ClientError::Storage("the state cannot be read")),
        };
        if sealed.len() > STATE_BYTES_MAX {
            return Err(ClientError::LocalState);
        }
        aead::open(&self.key, STATE_AAD, &sealed).map(Some).map_err(|_| ClientError::LocalState)
    }

    /// Replaces the state, durably.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn save(&self, state: &[u8]) -> Result<(), ClientError> {
        let sealed =
            aead::seal(&self.key, STATE_AAD, state, &mut SystemEntropy).map_err(|_| ClientError::Platform)?;
        let fresh = self.dir.join("state.new");
        let failed = storage("the state cannot be written");
        let mut file = private(&fresh, true).map_err(&failed)?;
        file.write_all(&sealed).and_then(|()| file.sync_data()).map_err(&failed)?;
        fs::rename(&fresh, self.dir.join("state")).and_then(|()| sync_folder(&self.dir)).map_err(&failed)
    }

    /// Keeps the state of a thread. It is a copy of what the server has: when it is lost, the thread is read again.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub(crate) fn keep_thread(&self, thread: ThreadId, state: &[u8]) -> Result<(), ClientError> {
        let failed = storage("a thread's state cannot be written");
        let folder = self.dir.join(THREADS);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(&failed)?;
        let sealed = aead::seal(&self.key, &thread_aad(thread), state, &mut SystemEntropy)
            .map_err(|_| ClientError::Platform)?;
        let fresh = folder.join("new");
        let mut file = private(&fresh, true).map_err(&failed)?;
        file.write_all(&sealed).map_err(&failed)?;
        fs::rename(&fresh, folder.join(thread.to_hex())).map_err(&failed)
    }

    /// The state of a thread, if it was kept whole.
    pub(crate) fn thread(&self, thread: ThreadId) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = fs::read(self.dir.join(THREADS).join(thread.to_hex())).ok()?;
        aead::open(&self.key, &thread_aad(thread), &sealed).ok()
    }

    /// Forgets the state of a thread.
    pub(crate) fn forget_thread(&self, thread: ThreadId) {
        // What is not there, or cannot be removed, is held against the pins when it is read.
        fs::remove_file(self.dir.join(THREADS).join(thread.to_hex())).ok();
    }

    /// Forgets the account: state, journal and threads.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn erase(&mut self) -> Result<(), ClientError> {
        self.journal = None;
        match fs::remove_dir_all(self.dir.join(THREADS)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return Err(ClientError::Storage("the threads' states cannot be removed")),
        }
        for name in ["state", "outbox"] {
            match fs::remove_file(self.dir.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => return Err(ClientError::Storage("the state cannot be removed")),
            }
        }
        Ok(())
    }

    /// The outbox as its journal kept it, and opens the journal for more.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn outbox(&mut self) -> Result<Outbox, ClientError> {
        let path = self.dir.join("outbox");
        let mut bytes = Vec::new();
        if let Ok(mut file) = File::open(&path) {
            file.read_to_end(&mut bytes).map_err(storage("the outbox cannot be read"))?;
        }
        let mut records = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((record, after)) = split_record(rest) {
            let Ok(plain) = aead::open(&self.key, JOURNAL_AAD, record) else { break };
            let Some(record) = decode(&plain) else { break };
            records.push(record);
            rest = after;
        }
        let outbox = Outbox::restore(records);
        self.rewrite(&outbox)?;
        Ok(outbox)
    }

    /// Writes a record, durably.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn record(&mut self, record: &Record, outbox: &Outbox) -> Result<(), ClientError> {
        if outbox.is_empty() && self.journal_bytes > COMPACT_BYTES {
            return self.rewrite(outbox);
        }
        let framed = self.frame(record)?;
        let Some(file) = self.journal.as_mut() else { return self.rewrite(outbox) };
        let mut written = file.write_all(&framed);
        // What is done need not survive: at worst it is sent again under the same key.
        if !matches!(record, Record::Done { .. }) {
            written = written.and_then(|()| file.sync_data());
        }
        if written.is_err() {
            // Half a record may lie at the end, and whatever followed it would not be found again.
            self.journal = None;
            return Err(ClientError::Storage("the outbox cannot be written"));
        }
        self.journal_bytes += u64::try_from(framed.len()).unwrap_or(0);
        Ok(())
    }

    /// Writes the journal anew, with what the outbox holds now.
    fn rewrite(&mut self, outbox: &Outbox) -> Result<(), ClientError> {
        let failed = storage("the outbox cannot be written");
        let fresh = self.dir.join("outbox.new");
        let mut file = private(&fresh, true).map_err(&failed)?;
        for record in outbox.records() {
            file.write_all(&self.frame(&record)?).map_err(&failed)?;
        }
        file.sync_data().map_err(&failed)?;
        fs::rename(&fresh, self.dir.join("outbox")).and_then(|()| sync_folder(&self.dir)).map_err(&failed)?;
        self.journal_bytes = 0;
        self.journal = Some(file);
        Ok(())
    }

    fn frame(&self, record: &Record) -> Result<Vec<u8>, ClientError> {
        let sealed = aead::seal(&self.key, JOURNAL_AAD, &encode(record)?, &mut SystemEntropy)
            .map_err(|_| ClientError::Platform)?;
        let len = u32::try_from(sealed.len()).map_err(|_| ClientError::TooLarge)?;
        Ok([&len.to_be_bytes()[..], &sealed].concat())
    }
}

fn private(path: &Path, truncate: bool) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(truncate).mode(0o600).open(path)
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn read_or_make_key(path: &Path) -> Result<Secret<32>, ClientError> {
    match fs::read(path) {
        Ok(bytes) => Secret::from_slice(&Zeroizing::new(bytes)).ok_or(ClientError::LocalState),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = Secret::random(&mut SystemEntropy);
            let failed = storage("the key cannot be written");
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(&failed)?;
            file.write_all(key.expose()).and_then(|()| file.sync_all()).map_err(&failed)?;
            path.parent().map_or(Ok(()), sync_folder).map_err(&failed)?;
            Ok(key)
        }
        Err(_) => Err(ClientError::Storage("the key cannot be read")),
    }
}

fn thread_aad(thread: ThreadId) -> Vec<u8> {
    [THREAD_AAD, &thread.as_bytes()[..]].concat()
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    if len > RECORD_BYTES_MAX { None } else { rest.split_at_checked(len) }
}

fn encode(record: &Record) -> Result<Vec<u8>, ClientError> {
    let mut w = Writer::new();
    let ids = |w: &mut Writer, drafts: &[u64]| {
        w.array(drafts.len());
        for id in drafts {
            w.uint(*id);
        }
    };
    match record {
        Record::Written(draft) => {
            w.array(4).uint(1).uint(draft.id).bin(draft.thread.as_bytes()).bin(&draft.body);
        }
        Record::Sealed { drafts, append } => {
            w.array(5).uint(2).bin(append.idem.as_bytes()).bin(append.thread.as_bytes());
            ids(&mut w, drafts);
            w.array(append.entries.len());
            for entry in &append.entries {
                w.array(3).bin(&entry.core.0).bin(&entry.payload.0).bin(&entry.sig.0);
            }
        }
        Record::Unsealed { thread } => {
            w.array(2).uint(3).bin(thread.as_bytes());
        }
        Record::Done { drafts } => {
            w.array(2).uint(4);
            ids(&mut w, drafts);
        }
    }
    w.finish().map_err(|_| ClientError::TooLarge)
}

fn decode(bytes: &[u8]) -> Option<Record> {
    let mut r = Reader::new(bytes, RECORD_BYTES_MAX).ok()?;
    r.list(8).ok()?;
    let record = match r.uint().ok()? {
        1 => Record::Written(Draft {
            id: r.uint().ok()?,
            thread: ThreadId::from_bytes(r.fixed().ok()?),
            body: r.bin(RECORD_BYTES_MAX).ok()?.to_vec(),
        }),
        2 => {
            let idem = IdemKey::from_bytes(r.fixed().ok()?);
            let thread = ThreadId::from_bytes(r.fixed().ok()?);
            let drafts = r.each(64, Reader::uint).ok()?;
            let entries = r
                .each(64, |r| {
                    r.array(3)?;
                    let (core, payload) = (r.bin(RECORD_BYTES_MAX)?, r.bin(RECORD_BYTES_MAX)?);
                    Ok(signed_entry(core, payload, r.bin(64)?))
                })
                .ok()?;
            Record::Sealed { drafts, append: Append { idem, thread, entries } }
        }
        3 => Record::Unsealed { thread: ThreadId::from_bytes(r.fixed().ok()?) },
        4 => Record::Done { drafts: r.each(64, Reader::uint).ok()? },
        _ => return None,
    };
    r.end().ok()?;
    Some(record)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use relais_wire::ids::ThreadId;

    use super::Local;
    use crate::core::outbox::Next;
    use crate::error::ClientError;

    const THREAD: ThreadId = ThreadId::from_bytes([1; 16]);

    #[test]
    fn the_state_opens_with_its_key_only_and_the_key_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path()).unwrap();
        local.save(b"a secret of the ward").unwrap();
        assert_eq!(&local.load().unwrap().unwrap()[..], b"a secret of the ward");
        let on_disk = std::fs::read(dir.path().join("state")).unwrap();
        assert!(!on_disk.windows(6).any(|window| window == b"secret"));
        let mode = std::fs::metadata(dir.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(local);
        std::fs::write(dir.path().join("key"), [0; 32]).unwrap();
        assert_eq!(Local::open(dir.path()).unwrap().load(), Err(ClientError::LocalState));
    }

    #[test]
    fn a_threads_state_opens_as_that_threads_only_and_goes_with_the_account() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(dir.path()).unwrap();
        let other = ThreadId::from_bytes([2; 16]);
        local.keep_thread(THREAD, b"who takes part").unwrap();
        assert_eq!(&local.thread(THREAD).unwrap()[..], b"who takes part");
        let file = |thread: ThreadId| dir.path().join("threads").join(thread.to_hex());
        std::fs::copy(file(THREAD), file(other)).unwrap();
        assert!(local.thread(other).is_none());
        local.forget_thread(THREAD);
        assert!(local.thread(THREAD).is_none());
        local.erase().unwrap();
        assert!(!file(other).exists());
    }

    #[test]
    fn drafts_survive_the_process_and_a_torn_record_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(dir.path()).unwrap();
        let mut outbox = local.outbox().unwrap();
        for body in [vec![1], vec![2]] {
            let (_, record) = outbox.write(THREAD, body).unwrap();
            local.record(&record, &outbox).unwrap();
        }
        let path = dir.path().join("outbox");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&[0, 0, 1, 0, 9, 9]).unwrap();
        drop(local);
        let mut again = Local::open(dir.path()).unwrap().outbox().unwrap();
        let Next::Seal { drafts, .. } = again.next(0) else { panic!("nothing was kept") };
        assert_eq!(drafts.iter().map(|draft| draft.body[0]).collect::<Vec<_>>(), [1, 2]);
    }
    #[test]
    fn a_record_that_could_not_be_written_whole_takes_nothing_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(dir.path()).unwrap();
        let mut outbox = local.outbox().unwrap();
        let (_, first) = outbox.write(THREAD, vec![1]).unwrap();
        local.record(&first, &outbox).unwrap();
        // The disk is full: half a record is written, and the caller is told.
        let mut path = std::fs::OpenOptions::new().append(true).open(dir.path().join("outbox")).unwrap();
        path.write_all(&[0, 0, 1, 0, 9, 9]).unwrap();
        local.journal = Some(std::fs::File::open(dir.path().join("outbox")).unwrap());
        let (id, second) = outbox.write(THREAD, vec![2]).unwrap();
        assert!(matches!(local.record(&second, &outbox), Err(ClientError::Storage(_))));
        outbox.take_back(id);
        // There is room again.
        let (_, third) = outbox.write(THREAD, vec![3]).unwrap();
        local.record(&third, &outbox).unwrap();
        drop(local);
        let mut again = Local::open(dir.path()).unwrap().outbox().unwrap();
        let Next::Seal { drafts, .. } = again.next(0) else { panic!("nothing was kept") };
        assert_eq!(drafts.iter().map(|draft| draft.body[0]).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn two_programs_do_not_use_one_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = Local::open(dir.path()).unwrap();
        assert!(matches!(Local::open(dir.path()), Err(ClientError::Storage(_))));
        drop(first);
        assert!(Local::open(dir.path()).is_ok());
    }
}
