//! What a person at the terminal reads.

/// A line of the result.
#[expect(clippy::print_stdout, reason = "the output of a proof")]
pub fn line(text: &str) {
    println!("{text}");
}

/// What is going on; not part of the result.
#[expect(clippy::print_stderr, reason = "progress for a person at a terminal")]
pub fn progress(text: &str) {
    eprintln!("{text}");
}

/// One figure.
pub fn figure(name: &str, value: impl std::fmt::Display) {
    line(&format!("{name:<38} {value}"));
}
