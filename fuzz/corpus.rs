//! Committed inputs: one text file a target, one input a line in hexadecimal, short ones first.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where a target's inputs are committed.
#[must_use]
pub fn path(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.hex"))
}

/// Reads a target's inputs; none when there is no file yet.
///
/// # Errors
/// A line is not hexadecimal, or the file cannot be read.
pub fn load(target: &str) -> Result<Vec<Vec<u8>>> {
    let path = path(target);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate();
    lines.map(|(n, line)| hex::decode(line).with_context(|| format!("line {}", n + 1))).collect()
}

/// Writes a target's inputs.
///
/// # Errors
/// The file cannot be written.
pub fn store(target: &str, inputs: &[Vec<u8>]) -> Result<()> {
    let mut inputs: Vec<&Vec<u8>> = inputs.iter().collect();
    inputs.sort_by_key(|input| (input.len(), *input));
    inputs.dedup();
    let text: String = inputs.iter().map(|input| hex::encode(input) + "\n").collect();
    let path = path(target);
    fs::create_dir_all(path.parent().context("a folder")?).context("corpus")?;
    fs::write(&path, text).with_context(|| path.display().to_string())
}
