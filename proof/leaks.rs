//! Looking everywhere a server keeps or says anything for texts that only its users may know: frames on the wire, every
//! cell and every page of the database, its files, its log. Each place is also searched for a control that the
//! server does know or that is put there, which must be found: a search that cannot find proves nothing.
//!
//! Not known here: what was planted, and by whom.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::proxy::Way;
use crate::search::Marker;
use crate::server::Server;
use crate::{pages, say};

/// One place that was searched.
#[derive(Debug)]
struct Place {
    name: &'static str,
    bytes: usize,
    /// Planted texts that were found, with the form they were found in.
    found: Vec<String>,
    control: bool,
}

/// What the search found.
#[derive(Debug)]
pub struct Findings(Vec<Place>);

impl Findings {
    /// Nothing planted was found, and the control was, everywhere.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.0.iter().all(|place| place.found.is_empty() && place.control && place.bytes > 0)
    }

    /// Prints a line for each place.
    pub fn print(&self) {
        for place in &self.0 {
            let control = if place.control { "control found" } else { "CONTROL NOT FOUND" };
            say::figure(
                &format!("plaintext in {}", place.name),
                format!("{} in {} bytes, {control}", place.found.len(), place.bytes),
            );
            for found in &place.found {
                say::line(&format!("  FOUND {found}"));
            }
        }
    }
}

/// Searches everything a stopped server left and every frame that was recorded.
///
/// # Errors
/// Something cannot be read.
pub fn search(
    server: &Server,
    frames: &[(Way, Vec<u8>)],
    planted: &[&str],
    control: &str,
) -> Result<Findings> {
    let planted: Vec<(&str, Marker)> = planted.iter().map(|text| (*text, Marker::new(text))).collect();
    let known = Marker::new(control);
    let look = |name, bytes: &[u8], control: bool| {
        let mut found = Vec::new();
        for (text, marker) in &planted {
            found.extend(marker.found_in(bytes).map(|form| format!("{text:?} as {form}")));
        }
        Place { name, bytes: bytes.len(), found, control }
    };
    let all_frames: Vec<u8> = frames.iter().flat_map(|(_, frame)| frame.iter().copied()).collect();
    let database = find_database(&server.data_dir())?;
    let key = read_key(&server.keys_dir())?;
    // Opening the database moves its write-ahead log into it: the pages and files are read before.
    let pages = pages::decrypt(&database, &key)?.clear;
    let files = raw_files(&server.data_dir())?;
    let cells = cells(&database, &key)?;
    let log = std::fs::read(server.log()).context("the log")?;

    // Names are known to the server: they must be found on the wire and in the database. Into a copy of the files
    // and of the log the control is put by hand, in base64 and UTF-16, as it would leak.
    let put = |bytes: &[u8]| {
        use base64::Engine as _;
        let mut copy = bytes.to_vec();
        copy.extend_from_slice(
            base64::engine::general_purpose::STANDARD.encode(format!("?{control}?")).as_bytes(),
        );
        known.found_in(bytes).is_none() && known.found_in(&copy).is_some()
    };
    Ok(Findings(vec![
        look("frames", &all_frames, known.found_in(&all_frames).is_some()),
        look("database cells", &cells, known.found_in(&cells).is_some()),
        look("database pages", &pages, known.found_in(&pages).is_some()),
        look("files on disk", &files, put(&files)),
        look("log at trace level", &log, put(&log)),
    ]))
}

/// The one SQLite file under a folder.
fn find_database(folder: &Path) -> Result<PathBuf> {
    let mut all = Vec::new();
    walk(folder, &mut all)?;
    all.into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .context("no database file")
}

fn read_key(folder: &Path) -> Result<[u8; 32]> {
    let text = std::fs::read(folder.join("store-key")).context("the store's key")?;
    if let Ok(key) = <[u8; 32]>::try_from(text.as_slice()) {
        return Ok(key);
    }
    let text = String::from_utf8(text).context("the store's key")?;
    let key = hex::decode(text.trim()).context("the store's key")?;
    <[u8; 32]>::try_from(key.as_slice()).context("the store's key")
}

/// Every value of every table, one after the other.
fn cells(database: &Path, key: &[u8; 32]) -> Result<Vec<u8>> {
    let open = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).context("open")?;
    open.pragma_update(None, "key", format!("x'{}'", hex::encode(key)))?;
    open.execute_batch("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")?;
    let mut tables = open.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut out = Vec::new();
    for name in names {
        let mut all = open.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns = all.column_count();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        out.extend_from_slice(bytes);
                        out.push(b'\n');
                    }
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                }
            }
        }
    }
    Ok(out)
}

/// The bytes of every file under a folder, as they lie on disk.
fn raw_files(folder: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    walk(folder, &mut all)?;
    let mut out = Vec::new();
    for path in all {
        out.extend_from_slice(path.to_string_lossy().as_bytes());
        out.extend_from_slice(&std::fs::read(&path).context("a file of the server")?);
    }
    Ok(out)
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).context("a folder of the server")? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}
