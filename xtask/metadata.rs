//! The part of `cargo metadata` that the checks read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cargo;

/// The whole document (format version 1).
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// Every package that takes part.
    pub packages: Vec<Package>,
    /// Ids of the workspace's own packages.
    pub workspace_members: Vec<String>,
    /// Which package uses which.
    pub resolve: Resolve,
    /// Folder of the workspace.
    pub workspace_root: PathBuf,
}

/// One package.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Name in the registry, or ours.
    pub name: String,
    /// Version, with what is behind a `+`.
    pub version: String,
    /// Opaque id.
    pub id: String,
    /// SPDX expression.
    pub license: Option<String>,
    /// Where it comes from; nothing for ours.
    pub source: Option<String>,
    /// Path of its manifest.
    pub manifest_path: PathBuf,
    /// What its manifest asks for.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// Name of the package that is asked for.
    pub name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
    /// Whether only a feature brings it in.
    #[serde(default)]
    pub optional: bool,
    /// Folder, for packages of the workspace.
    pub path: Option<PathBuf>,
    /// Version requirement.
    #[serde(default)]
    pub req: String,
}

/// The resolved graph.
#[derive(Clone, Debug, Deserialize)]
pub struct Resolve {
    /// One node for each package that takes part on this platform.
    pub nodes: Vec<Node>,
}

/// One package of the graph.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Id of the package.
    pub id: String,
    /// What it uses.
    pub deps: Vec<NodeDep>,
}

/// One edge of the graph.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeDep {
    /// Id of the package that is used.
    pub pkg: String,
    /// For what.
    pub dep_kinds: Vec<DepKind>,
}

/// For what a package is used.
#[derive(Clone, Debug, Deserialize)]
pub struct DepKind {
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, for this machine's platform and with the lock file as it is committed.
    ///
    /// # Errors
    /// Cargo's own words, among them that the lock file is not up to date.
    pub fn load() -> Result<Self> {
        Self::of(&cargo::root(), "--locked")
    }

    /// The same of a workspace in another folder; `lock` says what cargo may do with its lock file.
    ///
    /// # Errors
    /// Cargo's own words.
    pub fn of(workspace: &Path, lock: &str) -> Result<Self> {
        let output = cargo::cargo()?
            .current_dir(workspace)
            .args(["metadata", "--format-version", "1", lock, "--filter-platform", &host()?])
            .output()
            .context("cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata's answer")
    }

    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Versions of every package that takes part, by name.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let taking_part: BTreeSet<&str> = self.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in self.packages.iter().filter(|package| taking_part.contains(package.id.as_str())) {
            versions.entry(&package.name).or_default().insert(&package.version);
        }
        versions
    }

    /// Names of everything that a package is built from, itself included; dev-dependencies left out.
    #[must_use]
    pub fn built_from(&self, name: &str) -> BTreeSet<&str> {
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = self
            .packages
            .iter()
            .filter(|package| package.name == name)
            .map(|package| package.id.as_str())
            .collect();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            for dep in nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default() {
                if dep.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev")) {
                    open.push(&dep.pkg);
                }
            }
        }
        seen.into_iter().filter_map(|id| names.get(id).copied()).collect()
    }
}

impl Package {
    /// Folder of its manifest.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// Versions of every crate that is really built with these features, by name, as `cargo tree` says of a workspace.
/// The graph of the metadata is larger: it holds what a feature that nobody asks for would bring.
///
/// # Errors
/// Cargo's own words.
pub fn in_use(workspace: &Path, selection: &[&str]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let output = cargo::cargo()?
        .current_dir(workspace)
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}"])
        .args(selection)
        .output()
        .context("cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            let version = version.trim_start_matches('v').to_owned();
            crates.entry(name.to_owned()).or_default().insert(version);
        }
    }
    Ok(crates)
}

/// The platform rustc builds for by default.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc).arg("-vV").output().context("rustc -vV")?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .context("rustc -vV names no host")
}
