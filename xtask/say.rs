//! The only place that writes to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the command line's output")]

use std::io::{IsTerminal, Write};

/// One line of result.
pub fn line(text: &str) {
    println!("{text}");
}

/// One line of progress, on the error stream so that results can be piped.
pub fn progress(text: &str) {
    eprintln!("{text}");
}

/// One line that says why the command ends badly.
pub fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Whether a person can be asked something.
#[must_use]
pub fn at_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question that is answered by yes unless the person types something that starts with `n`.
#[must_use]
pub fn ask(question: &str) -> bool {
    eprint!("{question} [Y/n] ");
    // A prompt that cannot be shown is answered by "no" below, because nothing can be read either.
    drop(std::io::stderr().flush());
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(read) => read > 0 && !answer.trim().to_lowercase().starts_with('n'),
        Err(_) => false,
    }
}
