//! Who may import whom. The table is the architecture: a new line in it needs a decision record.

use std::collections::BTreeSet;

use super::Finding;
use crate::metadata::Metadata;

/// Each package of ours and what of ours it may import, in tests too.
const ROOMS: &[(&str, &[&str])] = &[
    ("relais-wire", &[]),
    ("relais-chain", &["relais-wire"]),
    ("relais-e2ee", &["relais-chain", "relais-wire"]),
    ("relais-care", &["relais-chain", "relais-wire"]),
    ("relais-hub", &["relais-wire"]),
    ("relais-call", &["relais-wire"]),
    ("relais-sfu", &["relais-wire"]),
    // `sfu` in its tests only: there both ends of the wire meet (docs/adr/0017)
    ("relais-mediapeer", &["relais-e2ee", "relais-sfu", "relais-wire"]),
    ("relais-store", &["relais-care", "relais-chain", "relais-wire"]),
    ("relais-client", &["relais-chain", "relais-e2ee", "relais-wire"]),
    (
        "relais-server",
        &[
            "relais-call",
            "relais-care",
            "relais-chain",
            "relais-hub",
            "relais-options",
            "relais-store",
            "relais-wire",
        ],
    ),
    (
        "relais-sim",
        &[
            "relais-call",
            "relais-care",
            "relais-chain",
            "relais-client",
            "relais-e2ee",
            "relais-hub",
            "relais-store",
            "relais-wire",
        ],
    ),
    ("relais-proof", &["relais-chain", "relais-client", "relais-e2ee", "relais-store", "relais-wire"]),
    ("relais-fuzz", &["relais-chain", "relais-turn", "relais-wire"]),
    ("relais-options", &[]),
    ("relais-turn", &[]),
    ("relais-turn-driver", &["relais-options", "relais-turn", "relais-udp"]),
    ("relais-udp", &[]),
    ("xtask", &[]),
];

/// Crates that hold or open secrets: whatever the server is built from, it is not from these (SEC-01).
pub const SECRET_BEARING: &[&str] =
    &["relais-client", "relais-e2ee", "relais-mediapeer", "hpke", "ml-kem", "x-wing"];

/// Packages whose code decides and does not act.
const CORES: &[&str] = &[
    "relais-wire",
    "relais-chain",
    "relais-e2ee",
    "relais-care",
    "relais-hub",
    "relais-call",
    "relais-turn",
    "relais-sfu",
    "relais-mediapeer",
];

/// What would let a core act: runtimes, sockets, logs.
const SHELL_CRATES: &[&str] =
    &["tokio", "mio", "socket2", "async-std", "smol", "reqwest", "hyper", "rusqlite"];

/// Crates that only some packages may name, because their quirks stay behind that wall.
const WALLED: &[(&str, &[&str])] = &[
    ("rusqlite", &["relais-store", "relais-proof"]),
    ("axum", &["relais-server"]),
    ("hpke", &["relais-e2ee"]),
    ("lettre", &["relais-server"]),
    ("str0m", &["relais-sfu", "relais-mediapeer"]),
];

/// Edges that the table does not have.
#[must_use]
pub fn check(metadata: &Metadata) -> Vec<Finding> {
    let members: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in metadata.members() {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!("{} is not in the table of rooms", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if members.contains(name) && !allowed.contains(&name) {
                findings.push(format!("{} must not import {name}", package.name));
            }
            let walled = WALLED.iter().find(|(crate_name, _)| *crate_name == name);
            if walled.is_some_and(|(_, users)| !users.contains(&package.name.as_str())) {
                findings.push(format!("{} must not name {name}", package.name));
            }
        }
    }
    findings
}

/// Secret-bearing crates among those the server is built from, however they got there.
#[must_use]
pub fn check_server(metadata: &Metadata) -> Vec<Finding> {
    let built_from = metadata.built_from("relais-server");
    if built_from.len() < 2 {
        return vec!["relais-server is not part of the graph".to_owned()];
    }
    SECRET_BEARING
        .iter()
        .filter(|name| built_from.contains(*name))
        .map(|name| format!("relais-server is built from {name}"))
        .collect()
}

/// Runtimes and sockets among those a core is built from, and a runtime that `client` cannot be built without.
#[must_use]
pub fn check_cores(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for core in CORES {
        let built_from = metadata.built_from(core);
        let shells = SHELL_CRATES.iter().filter(|name| built_from.contains(*name));
        findings.extend(shells.map(|name| format!("{core} is built from {name}")));
    }
    for package in metadata.members().filter(|package| package.name == "relais-client") {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            if SHELL_CRATES.contains(&dependency.name.as_str()) && !dependency.optional {
                findings.push(format!("relais-client's core asks for {}; make it optional", dependency.name));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{check, check_cores, check_server};
    use crate::metadata::{DepKind, Dependency, Metadata, NodeDep, Package};

    fn package<'a>(metadata: &'a mut Metadata, name: &str) -> &'a mut Package {
        metadata.packages.iter_mut().find(|package| package.name == name).expect("a member")
    }

    /// Adds a dependency of one package on another to the document, in the manifest's part and in the graph.
    fn add_edge(metadata: &mut Metadata, from: &str, to: &str) {
        let id = |name: &str| metadata.packages.iter().find(|p| p.name == name).map(|p| p.id.clone());
        let (from_id, to_id) = (id(from).expect("a package"), id(to).expect("a package"));
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
    }

    #[test]
    fn the_workspace_as_it_is_passes() {
        let metadata = Metadata::load().expect("cargo metadata");
        assert_eq!(check(&metadata), Vec::<String>::new());
        assert_eq!(check_server(&metadata), Vec::<String>::new());
        assert_eq!(check_cores(&metadata), Vec::<String>::new());
    }

    #[test]
    fn an_edge_through_a_third_crate_is_found_in_the_graph() {
        let mut metadata = Metadata::load().expect("cargo metadata");
        add_edge(&mut metadata, "relais-store", "relais-e2ee");
        assert!(check_server(&metadata).contains(&"relais-server is built from hpke".to_owned()));
    }

    #[test]
    fn a_runtime_in_a_core_is_found() {
        let mut metadata = Metadata::load().expect("cargo metadata");
        add_edge(&mut metadata, "relais-hub", "tokio");
        assert!(check_cores(&metadata).contains(&"relais-hub is built from tokio".to_owned()));
    }

    #[test]
    fn a_package_that_the_table_does_not_know_is_found() {
        let mut metadata = Metadata::load().expect("cargo metadata");
        "relais-stowaway".clone_into(&mut package(&mut metadata, "relais-hub").name);
        assert!(check(&metadata).contains(&"relais-stowaway is not in the table of rooms".to_owned()));
    }
}
