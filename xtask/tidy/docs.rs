//! Checks on the documents: links lead somewhere, commands exist, decision records are short.

use std::collections::BTreeSet;

use super::Finding;
use super::files::Tree;
use crate::{bench, fuzz, prove};

/// Lines of a decision record. One that needs more is two decisions, or a document.
const RECORD_LINES_MAX: usize = 60;

/// Sections every decision record has.
const RECORD_SECTIONS: &[&str] =
    &["## Context", "## Decision", "## Alternatives", "## Consequences", "## What would change our mind"];

/// Decision records that are too long, lack a section, or share a number.
#[must_use]
pub fn decision_records(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers = BTreeSet::new();
    for (path, text) in tree.ending(".md").filter(|(path, _)| path.starts_with("docs/adr/")) {
        let name = path.trim_start_matches("docs/adr/");
        let number =
            name.split('-').next().filter(|number| number.len() == 4).and_then(|n| n.parse::<u16>().ok());
        if number.is_none_or(|number| !numbers.insert(number)) {
            findings.push(format!("{path}: needs a number of its own, four digits"));
        }
        if text.lines().count() > RECORD_LINES_MAX {
            findings.push(format!("{path}: {} lines, at most {RECORD_LINES_MAX}", text.lines().count()));
        }
        for section in RECORD_SECTIONS {
            if !text.lines().any(|line| line == *section) {
                findings.push(format!("{path}: lacks `{section}`"));
            }
        }
    }
    findings
}

/// Relative links in documents to files that are not there.
#[must_use]
pub fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".md") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in targets(text) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") {
                let full = resolve(folder, file);
                if !full.as_deref().is_some_and(|full| tree.has(full)) {
                    findings.push(format!("{path}: link to {target} leads nowhere"));
                }
            }
        }
    }
    findings
}

/// Targets of `[text](target)` outside code blocks.
fn targets(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if !in_code {
            let pieces = line.split("](").skip(1);
            found.extend(pieces.filter_map(|piece| piece.split_once(')').map(|(target, _)| target)));
        }
    }
    found
}

/// A relative path from a folder of the repository; `None` when it leads out of it.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Commands of `cargo x` that a document names and that do not exist.
#[must_use]
pub fn commands(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".md") {
        for (number, line) in text.lines().enumerate() {
            for named in line.split("cargo x ").skip(1) {
                if !exists(named) {
                    let words: Vec<&str> = named.split_whitespace().take(2).collect();
                    findings.push(format!(
                        "{path}:{}: no such command: cargo x {}",
                        number + 1,
                        words.join(" ")
                    ));
                }
            }
        }
    }
    findings
}

/// Whether the words after `cargo x` name a command, and where it takes a name, a name it knows.
fn exists(words: &str) -> bool {
    let mut words = words.split(|c: char| c.is_whitespace() || "`,;.:)]|".contains(c));
    let command = words.next().unwrap_or_default();
    let name = words.next().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    let knows = |names: &[&str]| name.is_none_or(|name| names.contains(&name));
    match command {
        "demo" | "test" | "ci" | "tidy" | "seed" | "wire-ts" | "picture" | "setup" | "help" => true,
        "prove" => knows(&prove::names()),
        "bench" => knows(&bench::names()),
        "fuzz" => knows(fuzz::TARGETS),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{commands, decision_records, exists, links, resolve};
    use crate::tidy::files::Tree;

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "[a](adr/0001-x.md) [b](../README.md#top) [c](https://example.org) [d](gone.md)";
        let tree = Tree::of(&[("docs/A.md", text), ("docs/adr/0001-x.md", ""), ("README.md", "")]);
        assert_eq!(links(&tree), ["docs/A.md: link to gone.md leads nowhere"]);
    }

    #[test]
    fn a_path_cannot_leave_the_repository() {
        assert_eq!(resolve("docs", "../src/./wire"), Some("src/wire".to_owned()));
        assert_eq!(resolve("docs", "../../x"), None);
    }

    #[test]
    fn a_claim_without_its_command_is_found() {
        let tree = Tree::of(&[(
            "README.md",
            "`cargo x prove chat` and `cargo x prove the-moon` or `cargo x dance`",
        )]);
        assert_eq!(
            commands(&tree),
            [
                "README.md:1: no such command: cargo x prove the-moon`",
                "README.md:1: no such command: cargo x dance`"
            ]
        );
        assert!(exists("prove"));
        assert!(exists("prove NAME"));
        assert!(exists("bench store --json FILE"));
    }

    #[test]
    fn a_record_that_is_too_long_or_lacks_a_section_is_found() {
        let whole =
            "## Context\n## Decision\n## Alternatives\n## Consequences\n## What would change our mind\n";
        let long = format!("{whole}{}", "x\n".repeat(60));
        let tree = Tree::of(&[
            ("docs/adr/0001-a.md", whole),
            ("docs/adr/0002-b.md", &long),
            ("docs/adr/x.md", whole),
        ]);
        assert_eq!(decision_records(&tree).len(), 2);
        let tree = Tree::of(&[("docs/adr/0001-a.md", "## Context\n")]);
        assert_eq!(decision_records(&tree).len(), 4);
    }
}
