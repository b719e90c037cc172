//! The checks of the workspace on itself: who imports whom, which crates, licences and versions take part, how
//! long files are, what may not stand in them, and whether the documents say what is true.
//!
//! Each check is a function from facts to findings, so that its own tests can show that it finds something.
//! Not known here: how the facts are used; nothing is repaired.

pub mod crates;
pub mod docs;
pub mod edges;
pub mod files;
pub mod spdx;

use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::{self, Metadata};
use crate::{cargo, say};

/// One thing that is wrong, in words that say where and what to do.
pub type Finding = String;

/// One check with its findings; none means that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The claim.
    pub name: &'static str,
    /// What speaks against it.
    pub findings: Vec<Finding>,
}

/// Runs every check.
///
/// # Errors
/// The facts could not be read.
pub fn check_all() -> Result<Vec<Check>> {
    let metadata = Metadata::load()?;
    let in_use =
        metadata::in_use(&cargo::root(), &["--workspace", "--all-features", "--edges", "normal,build,dev"])?;
    let policy = crates::Policy::load(&cargo::root())?;
    let tree = files::Tree::load(&cargo::root())?;
    Ok(vec![
        Check { name: "imports follow the table of rooms", findings: edges::check(&metadata) },
        Check {
            name: "no secret-bearing crate reaches the server",
            findings: edges::check_server(&metadata),
        },
        Check { name: "cores know no runtime", findings: edges::check_cores(&metadata) },
        Check { name: "every package takes the workspace's lints", findings: files::lints_inherited(&tree) },
        Check { name: "unsafe code stays in its two modules", findings: files::unsafe_elsewhere(&tree) },
        Check {
            name: "two versions of a crate have a reason",
            findings: crates::duplicates(&in_use, &policy),
        },
        Check { name: "licences are on the list", findings: crates::licences(&metadata, &policy) },
        Check { name: "version floors and exact pins hold", findings: crates::floors(&metadata, &tree) },
        Check { name: "crates come from the public registry", findings: crates::sources(&metadata) },
        Check { name: "files are short or say why not", findings: files::too_long(&tree) },
        Check { name: "every source file says what it is", findings: files::undescribed(&tree) },
        Check { name: "no unfinished or switched-off code", findings: files::unfinished(&tree) },
        Check { name: "nothing names a machine", findings: files::machine_names(&tree) },
        Check { name: "decision records are short and numbered", findings: docs::decision_records(&tree) },
        Check { name: "links in documents lead somewhere", findings: docs::links(&tree) },
        Check { name: "documents name commands that exist", findings: docs::commands(&tree) },
    ])
}

/// `cargo x tidy`.
///
/// # Errors
/// The facts could not be read.
pub fn run(_arguments: &[String]) -> Result<ExitCode> {
    let checks = check_all()?;
    for check in &checks {
        say::line(&format!("{} {}", if check.findings.is_empty() { "ok    " } else { "FAILED" }, check.name));
        for finding in &check.findings {
            say::line(&format!("       {finding}"));
        }
    }
    let bad = checks.iter().filter(|check| !check.findings.is_empty()).count();
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
