//! Rounds of SIGKILL, and the running of a writer that both kinds of rounds share.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use relais_store::embedded::Durability;

use crate::{
    load::Dice,
    report::{Tally, say},
    verify::{self, Ack},
};

/// Rounds on one store before a new one is begun: recovery of a long history, and of a young one.
const ROUNDS_PER_STORE: u32 = 10;

/// Lines of the writer waiting to be counted.
const LINES: usize = 65_536;

/// Kills a writer again and again.
pub(crate) fn rounds(count: u32, dice: &mut Dice) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut dir = tempfile::tempdir()?;
    let mut acks = Vec::new();
    for round in 0..count {
        if round % ROUNDS_PER_STORE == 0 {
            (dir, acks) = (tempfile::tempdir()?, Vec::new());
        }
        let mut writer = Writer::start(dir.path(), Durability::Synced)?;
        // A tenth of the rounds die while opening and recovering.
        let delay = if dice.between(0, 10) == 0 {
            dice.between(1, 30)
        } else {
            acks.extend(writer.until_ready()?);
            dice.between(30, 500)
        };
        acks.extend(writer.collect(Duration::from_millis(delay)));
        acks.extend(writer.kill()?);
        tally.add(&verify::store(dir.path(), &acks));
        say(&format!("kill {:>3}/{count}: {tally}", round + 1));
    }
    Ok(tally)
}

/// A writer process and what it has acknowledged.
pub(crate) struct Writer {
    child: Child,
    lines: Receiver<String>,
}

impl Writer {
    pub(crate) fn start(dir: &Path, durability: Durability) -> anyhow::Result<Self> {
        let how = match durability {
            Durability::Synced => "synced",
            Durability::DangerousUnsynced => "unsynced",
        };
        let mut child = Command::new(std::env::current_exe()?)
            .arg("writer")
            .arg(dir)
            .arg(how)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().context("the writer's output is piped")?;
        let (sender, lines) = sync_channel(LINES);
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits until the store is open.
    pub(crate) fn until_ready(&mut self) -> anyhow::Result<Vec<Ack>> {
        let mut acks = Vec::new();
        loop {
            let line =
                self.lines.recv_timeout(Duration::from_secs(60)).context("the writer does not open")?;
            if line == "R" {
                return Ok(acks);
            }
            acks.extend(Ack::parse(&line));
        }
    }

    /// What is acknowledged within a time.
    pub(crate) fn collect(&mut self, time: Duration) -> Vec<Ack> {
        let end = now() + time;
        let mut acks = Vec::new();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(now())) {
                Ok(line) => acks.extend(Ack::parse(&line)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return acks,
            }
        }
    }

    /// What has been acknowledged and not been collected yet.
    pub(crate) fn drain(&mut self) -> Vec<Ack> {
        self.lines.try_iter().filter_map(|line| Ack::parse(&line)).collect()
    }

    /// Kills it; what it had printed before counts.
    pub(crate) fn kill(mut self) -> anyhow::Result<Vec<Ack>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(self.lines.iter().filter_map(|line| Ack::parse(&line)).collect())
    }
}

#[expect(clippy::disallowed_methods, reason = "the harness is a shell: it waits on real processes")]
fn now() -> Instant {
    Instant::now()
}
