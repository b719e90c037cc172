//! Runs a program with a deadline, passes its output on line by line, and says that it is still alive when it
//! is silent for long. When the deadline passes, the program and everything it started are ended.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{clock, say};

/// Silence after which a line says that the stage still runs.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Lines waiting between the reading threads and the loop: enough that a burst does not stall the child.
const LINES_QUEUED: usize = 1024;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Good,
    /// With this exit code, or by a signal where there is none.
    Bad(Option<i32>),
    /// It was ended because its time was over.
    TimedOut,
}

impl Ending {
    /// Whether the program did what it was asked.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Good)
    }
}

/// Runs the program to its end and hands every line of both its outputs to `each`.
///
/// # Errors
/// The program could not be started or waited for.
pub fn run_lines(mut command: Command, limit: Duration, mut each: impl FnMut(&str)) -> Result<Ending> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {name}"))?;
    let (sender, receiver) = sync_channel(LINES_QUEUED);
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|output| Box::new(output) as Box<dyn Read + Send>),
        child.stderr.take().map(|output| Box::new(output) as Box<dyn Read + Send>),
    ];
    let readers: Vec<_> = outputs.into_iter().flatten().map(|output| read_lines(output, &sender)).collect();
    drop(sender);
    let in_time = pump(&receiver, limit, &mut each);
    if !in_time {
        end_with_descendants(&mut child);
    }
    for line in receiver {
        each(&line);
    }
    for reader in readers {
        drop(reader.join());
    }
    let status = child.wait().with_context(|| format!("could not wait for {name}"))?;
    Ok(match (in_time, status.success()) {
        (false, _) => Ending::TimedOut,
        (true, true) => Ending::Good,
        (true, false) => Ending::Bad(status.code()),
    })
}

/// Hands lines on until both outputs are closed (`true`) or the time is over (`false`).
fn pump(lines: &Receiver<String>, limit: Duration, each: &mut impl FnMut(&str)) -> bool {
    let start = clock::now();
    let deadline = start + limit;
    loop {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            return false;
        }
        match lines.recv_timeout(left.min(HEARTBEAT)) {
            Ok(line) => each(&line),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => still_running(start),
        }
    }
}

fn still_running(start: Instant) {
    say::progress(&format!("   … still running after {}", clock::show(clock::now().duration_since(start))));
}

fn read_lines(output: Box<dyn Read + Send>, sender: &SyncSender<String>) -> thread::JoinHandle<()> {
    let sender = sender.clone();
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let line = String::from_utf8_lossy(&bytes);
                    if sender.send(line.trim_end_matches(['\r', '\n']).to_owned()).is_err() {
                        return;
                    }
                }
            }
        }
    })
}

/// Ends a program and everything it started: cargo's death alone would leave the test programs running.
pub fn end_with_descendants(child: &mut Child) {
    let mut numbers = descendants(child.id());
    numbers.push(child.id());
    for number in numbers {
        // It may have ended by itself in between; then there is nothing to do.
        drop(Command::new("kill").args(["-9", &number.to_string()]).stderr(Stdio::null()).status());
    }
}

/// Process numbers below this one, from `/proc`; empty where there is none.
fn descendants(ancestor: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = parent_in_stat(&stat) {
            children.entry(parent).or_default().push(number);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![ancestor];
    while let Some(number) = open.pop() {
        let below = children.remove(&number).unwrap_or_default();
        found.extend_from_slice(&below);
        open.extend(below);
    }
    found
}

/// The parent's number in a line of `/proc/N/stat`; the name before it may itself hold spaces and brackets.
fn parent_in_stat(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{Ending, parent_in_stat, run_lines};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_read_and_the_code_is_kept() {
        let mut lines = Vec::new();
        let ending = run_lines(shell("echo out; echo err >&2; exit 3"), Duration::from_secs(60), |line| {
            lines.push(line.to_owned());
        })
        .expect("sh is there");
        lines.sort();
        assert_eq!((lines, ending), (vec!["err".to_owned(), "out".to_owned()], Ending::Bad(Some(3))));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let ending = run_lines(shell("sh -c 'sleep 1000' & sleep 1000"), Duration::from_millis(300), |_| {});
        assert_eq!(ending.expect("sh is there"), Ending::TimedOut);
    }

    #[test]
    fn the_parent_is_found_behind_a_name_with_brackets() {
        assert_eq!(parent_in_stat("12 (a) b) S 7 12"), Some(7));
        assert_eq!(parent_in_stat(""), None);
    }
}
