//! Looking everywhere a server keeps or says anything for texts that only its users may know: frames on the wire, every
//! cell and every page of the database, its files, its log. Each place is also searched for a control of its own
//! that the server does know, which must be found: a search that cannot find proves nothing. The wire is one
//! place for each carrier and direction.
//!
//! Not known here: what was planted, and by whom.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::proxy::{Carrier, Way};
use crate::search::Marker;
use crate::server::Server;
use crate::{pages, say};

/// Bytes of an uploaded ciphertext that are looked for on the disk.
const FILE_PIECE: usize = 64;

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

/// What the server is known to have been told, and has said, where.
#[derive(Clone, Copy, Debug)]
pub struct Controls<'a> {
    /// A name in the body of a registration, and so in the database.
    pub registered: &'a str,
    /// A name that the server answered over HTTP.
    pub answered: &'a str,
    /// A name that was searched for, and found, over the socket.
    pub searched: &'a str,
    /// A line of the log at its lowest level, once in each of the server's lives.
    pub logged: &'a str,
}

/// Searches everything a stopped server left and every frame that was recorded.
///
/// # Errors
/// Something cannot be read.
pub fn search(
    server: &Server,
    frames: &[(Way, Option<Carrier>, Vec<u8>)],
    planted: &[&str],
    controls: Controls<'_>,
) -> Result<Findings> {
    let planted: Vec<(&str, Marker)> = planted.iter().map(|text| (*text, Marker::new(text))).collect();
    let look = |name, bytes: &[u8], control: bool| {
        let mut found = Vec::new();
        for (text, marker) in &planted {
            found.extend(marker.found_in(bytes).map(|form| format!("{text:?} as {form}")));
        }
        Place { name, bytes: bytes.len(), found, control }
    };
    let holds = |bytes: &[u8], control: &str| Marker::new(control).found_in(bytes).is_some();
    let carried = |way, carrier| -> Vec<u8> {
        let those = frames.iter().filter(|(known, by, _)| *known == way && *by == carrier);
        those.flat_map(|(_, _, bytes)| bytes.iter().copied()).collect()
    };
    let wire = |name, way, carrier, control| {
        let bytes = carried(way, Some(carrier));
        let control = holds(&bytes, control);
        look(name, &bytes, control)
    };
    let database = find_database(&server.data_dir())?;
    let key = read_key(&server.keys_dir())?;
    // Opening the database moves its write-ahead log into it: the pages and files are read before.
    let pages = pages::decrypt(&database, &key)?.clear;
    let files = raw_files(&server.data_dir())?;
    let cells = cells(&database, &key)?;
    let log = std::fs::read(server.log()).context("the log")?;
    // The ciphertext of an uploaded file is known from the wire, and lies on the disk as it is.
    let uploads = frames.iter().filter(|(way, carrier, _)| *way == Way::Up && carrier.is_none());
    let upload =
        uploads.map(|(_, _, body)| body.as_slice()).max_by_key(|body| body.len()).unwrap_or_default();
    let piece = upload.get(upload.len() / 2..).and_then(|half| half.get(..FILE_PIECE));
    let file_found = piece.is_some_and(|piece| files.windows(FILE_PIECE).any(|window| window == piece));
    let lives = String::from_utf8_lossy(&log).matches(controls.logged).count();
    Ok(Findings(vec![
        wire("HTTP requests", Way::Up, Carrier::Rpc, controls.registered),
        wire("HTTP answers", Way::Down, Carrier::Rpc, controls.answered),
        wire("socket frames up", Way::Up, Carrier::Socket, controls.searched),
        wire("socket frames down", Way::Down, Carrier::Socket, controls.searched),
        look(
            "files on the wire",
            &[carried(Way::Up, None), carried(Way::Down, None)].concat(),
            piece.is_some(),
        ),
        look("database cells", &cells, holds(&cells, controls.registered)),
        look("database pages", &pages, holds(&pages, controls.registered)),
        look("files on disk", &files, file_found),
        look("log at trace level", &log, lives == server.starts()),
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
