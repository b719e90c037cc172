//! The server is blind by construction: what it is built from holds no code that could open content. Shown on
//! cargo's own tree; then shown that the check refuses an edge that would change it, and that nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::metadata::{self, DepKind, Dependency, Metadata, NodeDep};
use crate::say;
use crate::tidy::edges::{self, SECRET_BEARING, Walls};

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
/// Cargo could not be asked.
pub fn examine() -> Result<(Vec<String>, bool)> {
    let tree = metadata::in_use(&["--package", "relais-server", "--edges", "normal"])?;
    let crates = tree.len();
    let found = secrets_in(&tree);
    let metadata = Metadata::load()?;
    let clean = edges::check(&metadata, Walls::Up).len() + edges::check_server(&metadata).len();
    let mut bent = metadata;
    add_edge(&mut bent, "relais-server", "relais-e2ee")?;
    let refused = edges::check(&bent, Walls::Up);
    let accepted = edges::check(&bent, Walls::Down);
    let holds = crates > 50 && found.is_empty() && clean == 0 && !refused.is_empty() && accepted.is_empty();
    let figures = vec![
        format!("crates the server is built from: {crates}"),
        format!("of these able to open content ({}): {}", SECRET_BEARING.join(", "), found.len()),
        format!("edge check on the workspace as it is: {clean} findings"),
        format!("edge check with relais-server -> relais-e2ee added: {} findings", refused.len()),
        format!("the same with the check switched off: {} findings", accepted.len()),
    ];
    Ok((figures, holds))
}

/// Secret-bearing crates among these.
fn secrets_in(crates: &BTreeMap<String, BTreeSet<String>>) -> Vec<&str> {
    crates.keys().map(String::as_str).filter(|name| SECRET_BEARING.contains(name)).collect()
}

/// Adds a dependency of one package on another to the document, in the manifest's part and in the graph.
///
/// # Errors
/// One of the two takes no part.
pub fn add_edge(metadata: &mut Metadata, from: &str, to: &str) -> Result<()> {
    let id = |name: &str| metadata.packages.iter().find(|p| p.name == name).map(|p| p.id.clone());
    let (from_id, to_id) = (id(from).context("no such package")?, id(to).context("no such package")?);
    for package in metadata.packages.iter_mut().filter(|package| package.id == from_id) {
        package.dependencies.push(Dependency {
            name: to.to_owned(),
            kind: None,
            optional: false,
            path: None,
            req: "*".to_owned(),
        });
    }
    for node in metadata.resolve.nodes.iter_mut().filter(|node| node.id == from_id) {
        node.deps.push(NodeDep { pkg: to_id.clone(), dep_kinds: vec![DepKind { kind: None }] });
    }
    Ok(())
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
