//! The server is blind by construction: what it is built from holds no code that could open content. Shown on
//! cargo's own tree; then, on a copy of the workspace whose server does import such code, that the tree shows it and
//! that the check refuses it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::metadata::{self, Metadata};
use crate::tidy::Finding;
use crate::tidy::edges::{self, SECRET_BEARING};
use crate::{cargo, say};

/// Carries the proof out.
///
/// # Errors
/// Cargo could not be asked.
pub fn run() -> Result<ExitCode> {
    let (figures, holds) = examine()?;
    for figure in figures {
        say::line(&figure);
    }
    say::line(if holds { "blind: holds" } else { "blind: DOES NOT HOLD" });
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The figures, and whether the claim holds.
///
/// # Errors
/// Cargo could not be asked, or the copy could not be made.
pub fn examine() -> Result<(Vec<String>, bool)> {
    let tree = server_tree(&cargo::root())?;
    let found = secrets_in(&tree);
    let clean = findings(&Metadata::load()?);
    let bent = bent_workspace()?;
    // Cargo writes the new edge into the copy's lock file.
    let refused = findings(&Metadata::of(bent.path(), "--offline")?);
    let bent_tree = server_tree(bent.path())?;
    let through = secrets_in(&bent_tree);
    let holds = tree.len() > 50
        && found.is_empty()
        && clean.is_empty()
        && through.contains(&"hpke")
        && refused.iter().any(|finding| finding == "relais-server must not import relais-e2ee")
        && refused.iter().any(|finding| finding == "relais-server is built from hpke");
    let figures = vec![
        format!("crates the server is built from: {}", tree.len()),
        format!("of these able to open content ({}): {}", SECRET_BEARING.join(", "), found.len()),
        format!("edge check on the workspace as it is: {} findings", clean.len()),
        format!("a copy whose server imports relais-e2ee: built from {}", through.join(", ")),
        format!("edge check on the copy: {}", refused.join("; ")),
    ];
    Ok((figures, holds))
}

/// What the edge check says of a workspace.
fn findings(metadata: &Metadata) -> Vec<Finding> {
    edges::check(metadata).into_iter().chain(edges::check_server(metadata)).collect()
}

fn server_tree(workspace: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    metadata::in_use(workspace, &["--package", "relais-server", "--edges", "normal"])
}

/// A copy of the workspace in which one line is added to the server's manifest.
fn bent_workspace() -> Result<TempDir> {
    let copy = TempDir::new().context("a temporary folder")?;
    for name in ["Cargo.toml", "Cargo.lock", "src", "fuzz", "proof", "turn", "xtask"] {
        copy_tree(&cargo::root().join(name), &copy.path().join(name))?;
    }
    let manifest = copy.path().join("src/server/Cargo.toml");
    let text = fs::read_to_string(&manifest).context("the server's manifest")?;
    let bent = text.replacen("[dependencies]\n", "[dependencies]\nrelais-e2ee.workspace = true\n", 1);
    fs::write(&manifest, bent).context("the copy's manifest")?;
    Ok(copy)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).with_context(|| from.display().to_string());
    }
    fs::create_dir(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name();
        copy_tree(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Secret-bearing crates among these.
fn secrets_in(crates: &BTreeMap<String, BTreeSet<String>>) -> Vec<&str> {
    crates.keys().map(String::as_str).filter(|name| SECRET_BEARING.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{examine, secrets_in};

    // SEC-01
    #[test]
    fn the_server_is_blind_and_the_check_is_what_keeps_it_so() {
        let (figures, holds) = examine().expect("cargo answers");
        assert!(holds, "{figures:#?}");
    }

    #[test]
    fn a_secret_bearing_crate_in_the_tree_is_found() {
        let crates = ["serde", "hpke", "hpke-like"].map(|name| (name.to_owned(), BTreeSet::new()));
        assert_eq!(secrets_in(&BTreeMap::from(crates)), ["hpke"]);
    }
}
