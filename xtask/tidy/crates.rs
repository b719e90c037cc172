//! Which crates take part: two versions of one only with a reason, licences on the list, no version below a
//! floor, exact versions where a silent change is a change of format or of trust. The policy is `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::files::Tree;
use super::{Finding, spdx};
use crate::metadata::Metadata;

/// SQLite releases before this one can lose pages of a committed transaction when a checkpoint meets a reader.
const SQLITE_FLOOR: [u64; 3] = [3, 51, 3];

/// Crates whose exact version is named in the workspace's manifest: formats, primitives, trust.
const PINNED: &[&str] =
    &["aes-gcm", "argon2", "ed25519-dalek", "hkdf", "hmac", "hpke", "opaque-ke", "sha2", "str0m"];

/// What of `deny.toml` is read here.
#[derive(Clone, Debug, Deserialize)]
pub struct Policy {
    licenses: Licences,
    bans: Bans,
}

#[derive(Clone, Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Clone, Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Bans {
    #[serde(default)]
    deny: Vec<Banned>,
    #[serde(default)]
    skip: Vec<Banned>,
}

#[derive(Clone, Debug, Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    spec: String,
    #[serde(default)]
    reason: String,
}

impl Policy {
    /// Reads `deny.toml`.
    ///
    /// # Errors
    /// It is not there or not as expected.
    pub fn load(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
        toml::from_str(&text).context("deny.toml")
    }
}

/// Crates in more than one version without a reason, reasons that nothing needs any more, banned crates.
#[must_use]
pub fn duplicates(versions: &BTreeMap<String, BTreeSet<String>>, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for skip in &policy.bans.skip {
        let (name, version) = skip.spec.split_once('@').unwrap_or((&skip.spec, ""));
        reasons.entry(name).or_default().insert(version);
        if skip.reason.len() < 10 {
            findings.push(format!("deny.toml: the second version of {} has no reason", skip.spec));
        }
        let needed = versions.get(name).is_some_and(|found| {
            found.len() > 1 && found.iter().any(|found| version_matches(found, version))
        });
        if !needed {
            findings.push(format!("deny.toml: {} needs no exception any more", skip.spec));
        }
    }
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        let excused_not = |version: &&String| {
            !reasons
                .get(name.as_str())
                .is_some_and(|skips| skips.iter().any(|skip| version_matches(version, skip)))
        };
        let unexcused: Vec<&str> = found.iter().filter(excused_not).map(String::as_str).collect();
        if unexcused.len() > 1 {
            findings
                .push(format!("{name} is there as {}; give a reason in deny.toml", unexcused.join(" and ")));
        }
    }
    for banned in &policy.bans.deny {
        if versions.contains_key(banned.spec.as_str()) {
            findings.push(format!("{} is banned: {}", banned.spec, banned.reason));
        }
    }
    findings
}

/// Whether a version is the one a skip names, in full or by its leading numbers.
fn version_matches(version: &str, skip: &str) -> bool {
    version == skip || version.strip_prefix(skip).is_some_and(|rest| rest.starts_with(['.', '+', '-']))
}

/// Packages whose licence the list does not satisfy.
#[must_use]
pub fn licences(metadata: &Metadata, policy: &Policy) -> Vec<Finding> {
    let taking_part: BTreeSet<&str> = metadata.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
    let packages = metadata.packages.iter().filter(|package| taking_part.contains(package.id.as_str()));
    packages
        .filter_map(|package| {
            let Some(expression) = &package.license else {
                return Some(format!("{} {} names no licence", package.name, package.version));
            };
            let extra = policy.licenses.exceptions.iter().filter(|exception| exception.name == package.name);
            let extra: Vec<&String> = extra.flat_map(|exception| &exception.allow).collect();
            let allowed = |licence: &str| {
                policy.licenses.allow.iter().any(|allow| allow == licence)
                    || extra.iter().any(|allow| *allow == licence)
            };
            (!spdx::satisfied(expression, &allowed))
                .then(|| format!("{} {}: licence {expression}", package.name, package.version))
        })
        .collect()
}

/// Versions below a floor, and requirements that should be exact and are not.
#[must_use]
pub fn floors(metadata: &Metadata, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let versions = metadata.versions();
    let sqlite = versions.get("sqlcipher-src").into_iter().flatten();
    let sqlite: Vec<Option<[u64; 3]>> = sqlite.map(|version| bundled_sqlite(version)).collect();
    if sqlite.is_empty() {
        findings.push("sqlcipher-src takes no part, so the version of SQLite is not known".to_owned());
    }
    for version in sqlite {
        if version.is_none_or(|version| version < SQLITE_FLOOR) {
            findings.push(format!("bundled SQLite is {version:?}, below {SQLITE_FLOOR:?}"));
        }
    }
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    findings.extend(unpinned(manifest));
    findings
}

/// The SQLite release in a version such as `419.0.6+sqlcipher-4.19.0-sqlite-3.53.4-libtomcrypt-1.18.2`.
fn bundled_sqlite(version: &str) -> Option<[u64; 3]> {
    let numbers = version.split_once("-sqlite-")?.1.split('-').next()?;
    let mut numbers = numbers.split('.').map(str::parse::<u64>);
    Some([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?])
}

/// Crates of [`PINNED`] whose requirement in the workspace's manifest is not one exact version.
fn unpinned(manifest: &str) -> Vec<Finding> {
    let Ok(manifest) = manifest.parse::<toml::Table>() else {
        return vec!["Cargo.toml does not parse".to_owned()];
    };
    let dependencies = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    PINNED
        .iter()
        .filter_map(|name| {
            let requirement = dependencies.and_then(|all| all.get(name))?;
            let version = requirement.as_str().or_else(|| requirement.get("version")?.as_str());
            (!version.is_some_and(|version| version.starts_with('=')))
                .then(|| format!("{name} must be asked for in one exact version (=x.y.z)"))
        })
        .collect()
}

/// Crates that come from elsewhere than the public registry or the workspace.
#[must_use]
pub fn sources(metadata: &Metadata) -> Vec<Finding> {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    metadata
        .packages
        .iter()
        .filter(|package| package.source.as_deref().is_some_and(|source| source != registry))
        .map(|package| format!("{} comes from elsewhere than crates.io", package.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{SQLITE_FLOOR, bundled_sqlite, unpinned, version_matches};

    #[test]
    fn the_release_of_sqlite_is_read_from_the_version() {
        let version = "419.0.6+sqlcipher-4.19.0-sqlite-3.53.4-libtomcrypt-1.18.2";
        assert_eq!(bundled_sqlite(version), Some([3, 53, 4]));
        assert!([3, 51, 2] < SQLITE_FLOOR && [3, 52, 0] > SQLITE_FLOOR);
        assert_eq!(bundled_sqlite("1.2.3"), None);
    }

    #[test]
    fn a_loose_requirement_of_a_primitive_is_found() {
        let manifest = "[workspace.dependencies]\nsha2 = \"0.11\"\nhpke = { version = \"=0.15.1\" }";
        assert_eq!(unpinned(manifest), ["sha2 must be asked for in one exact version (=x.y.z)"]);
    }

    #[test]
    fn a_skip_names_whole_numbers() {
        assert!(version_matches("0.8.8", "0.8"));
        assert!(version_matches("0.8.8", "0.8.8"));
        assert!(!version_matches("0.80.1", "0.8"));
    }
}
