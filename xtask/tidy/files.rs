//! Checks on the text of the committed files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Finding;

/// Lines after which a source file must say why it is not two.
const LINES_MAX: usize = 800;

/// Words that only unfinished code has. Put together here so that this file does not hold them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ig", "nore"),
    concat!("should", "_panic"),
];

/// What may be switched off: a function that makes committed files anew, or plays a run that is named, and is a test
/// only by its place.
const TOOLS: &[&str] = &[concat!("#[ig", "nore = \"writes "), concat!("#[ig", "nore = \"plays ")];

/// Words that name a machine, a person's folder or a registry's host.
const MACHINE_NAMES: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/w", "t/"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("DECI", "SIONS"),
    concat!("E2", "EE.md"),
    concat!("DES", "IGN.md"),
];

/// The committed (and the new, not ignored) files with their text.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
    /// Those that are not text: a picture.
    others: BTreeSet<String>,
}

impl Tree {
    /// Reads what git lists; of files that are not text only the names.
    ///
    /// # Errors
    /// There is no git, or this is no checkout.
    pub fn load(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("git ls-files")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut files = BTreeMap::new();
        let mut others = BTreeSet::new();
        for path in String::from_utf8_lossy(&output.stdout).split('\0').filter(|path| !path.is_empty()) {
            if let Ok(text) = fs::read_to_string(root.join(path)) {
                files.insert(path.to_owned(), text);
            } else if root.join(path).is_file() {
                others.insert(path.to_owned());
            }
        }
        if files.is_empty() {
            bail!("git lists no file");
        }
        Ok(Self { files, others })
    }

    /// Files made of these texts, for tests.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { files: files.collect(), others: BTreeSet::new() }
    }

    /// One file's text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Every file whose name ends so.
    pub fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let files = self.files.iter().filter(move |(path, _)| path.ends_with(ending));
        files.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether there is such a file, or a folder with one.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let mut all = self.files.keys().chain(&self.others);
        all.any(|file| file == path || file.starts_with(&folder))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Source files that are too long and do not say why in their first paragraph.
#[must_use]
pub fn too_long(tree: &Tree) -> Vec<Finding> {
    let long = tree.ending(".rs").filter(|(_, text)| text.lines().count() > LINES_MAX);
    long.filter(|(_, text)| {
        let paragraph = text.lines().take_while(|line| line.starts_with("//! "));
        !paragraph.into_iter().any(|line| line.contains("Long because"))
    })
    .map(|(path, text)| {
        format!(
            "{path}: {} lines; split it, or say `Long because …` in its first paragraph",
            text.lines().count()
        )
    })
    .collect()
}

/// Source files that do not open by saying what they are: a crate in a sentence, a module in a word at least.
#[must_use]
pub fn undescribed(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .filter(|(path, text)| {
            let needed = if path.ends_with("lib.rs") { 3 } else { 1 };
            let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
            first.strip_prefix("//!").is_none_or(|words| words.split_whitespace().count() < needed)
        })
        .map(|(path, _)| format!("{path}: begins without saying what it is (`//! …`)"))
        .collect()
}

/// Unfinished or switched-off code.
#[must_use]
pub fn unfinished(tree: &Tree) -> Vec<Finding> {
    let code = tree.all().filter(|(path, _)| {
        [".rs", ".toml", ".sh", ".py", ".ts", ".yaml", ".yml"].iter().any(|ending| path.ends_with(ending))
    });
    find_words(code, UNFINISHED, |line| TOOLS.iter().any(|tool| line.contains(tool)))
}

/// Names of machines, folders of people, and papers that are not part of the repository.
#[must_use]
pub fn machine_names(tree: &Tree) -> Vec<Finding> {
    // A folder of the client beside the one that names it is nobody's home.
    let beside = |line: &str| line.contains("../home/");
    find_words(tree.all().filter(|(path, _)| *path != "Cargo.lock"), MACHINE_NAMES, beside)
}

fn find_words<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    words: &[&str],
    excused: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !excused(line)) {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                findings.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    findings
}

/// Packages that cannot take the workspace's lints, because one of their modules is `unsafe`: the fuzz driver's coverage
/// symbols (docs/adr/0012-fuzz-driver.md) and batched system calls (docs/adr/0015-batched-udp.md).
const WITH_UNSAFE: &[(&str, &str)] =
    &[("fuzz/Cargo.toml", "fuzz/coverage.rs"), ("turn/udp/Cargo.toml", "turn/udp/linux.rs")];

/// `unsafe` outside the one module of a package that may have it.
#[must_use]
pub fn unsafe_elsewhere(tree: &Tree) -> Vec<Finding> {
    let elsewhere =
        tree.ending(".rs").filter(|(path, _)| !WITH_UNSAFE.iter().any(|(_, module)| module == path));
    let words = &[
        concat!("uns", "afe {"),
        concat!("uns", "afe fn"),
        concat!("uns", "afe impl"),
        concat!("uns", "afe("),
    ];
    find_words(elsewhere, words, |line| line.trim_start().starts_with("//"))
}

/// Packages that do not take the workspace's lints.
#[must_use]
pub fn lints_inherited(tree: &Tree) -> Vec<Finding> {
    tree.ending("/Cargo.toml")
        .filter(|(path, text)| {
            let manifest = text.parse::<toml::Table>().unwrap_or_default();
            let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
            !WITH_UNSAFE.iter().any(|(manifest, _)| manifest == path)
                && inherits.and_then(toml::Value::as_bool) != Some(true)
        })
        .map(|(path, _)| format!("{path}: says nothing of [lints] workspace = true"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, lints_inherited, machine_names, too_long, undescribed, unfinished, unsafe_elsewhere};

    #[test]
    fn a_long_file_must_say_why() {
        let body = "\n".repeat(900);
        let silent = format!("//! A table of things.\n{body}");
        let reasoned = format!("//! A table of things. Long because of its rows.\n{body}");
        let tree = Tree::of(&[("a.rs", &silent), ("b.rs", &reasoned)]);
        assert_eq!(too_long(&tree).len(), 1);
    }

    #[test]
    fn a_file_without_a_first_sentence_is_found() {
        let tree = Tree::of(&[
            ("a.rs", "use x;\n"),
            ("b/lib.rs", "//! relais-b.\n"),
            ("c/lib.rs", "//! What it is.\n"),
            ("d.rs", "//! Guards.\n"),
        ]);
        assert_eq!(undescribed(&tree).len(), 2);
    }

    #[test]
    fn unfinished_code_is_found_with_its_line() {
        let text = ["fn a() {", concat!("    todo", "!()"), "}"].join("\n");
        assert_eq!(unfinished(&Tree::of(&[("a.rs", &text)])).len(), 1);
    }

    #[test]
    fn only_a_tool_in_a_tests_place_may_be_switched_off() {
        let off = concat!("#[ig", "nore = \"slow\"]");
        let writer = concat!("#[ig", "nore = \"writes the files anew\"]");
        assert_eq!(unfinished(&Tree::of(&[("a.rs", off), ("b.rs", writer)])).len(), 1);
    }

    #[test]
    fn a_persons_folder_is_found() {
        let text = concat!("see /ho", "me/ada/notes");
        assert_eq!(machine_names(&Tree::of(&[("README.md", text)])).len(), 1);
    }

    #[test]
    fn unsafe_code_outside_its_modules_is_found() {
        let text = concat!("fn a() { uns", "afe { b() } }");
        let tree =
            Tree::of(&[("turn/udp/linux.rs", text), ("turn/udp/lib.rs", text), ("src/a/b.rs", "// fine\n")]);
        assert_eq!(unsafe_elsewhere(&tree).len(), 1);
    }

    #[test]
    fn a_package_without_the_lints_is_found() {
        let tree = Tree::of(&[
            ("src/a/Cargo.toml", "[package]\nname = \"a\""),
            ("src/b/Cargo.toml", "[lints]\nworkspace = true"),
        ]);
        assert_eq!(lints_inherited(&tree).len(), 1);
    }
}
