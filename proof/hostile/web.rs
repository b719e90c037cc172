//! The web client as a victim: the code of its worker on Node, as one process with a tab for each scene, told what
//! to do by JSON lines (`web/test/victim.ts`).
//!
//! Not known here: the attacks.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Time for one order.
const PATIENCE: Duration = Duration::from_secs(60);

/// Refusal of the server that only puts off, and how often and how long that is waited out.
const THROTTLED: &str = "17";
const PUT_OFF_MAX: usize = 40;
const PUT_OFF: Duration = Duration::from_millis(100);

/// Why the web client did not do something.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Failure {
    /// `hostile`, `refused`, `offline` or `local`.
    pub kind: String,
    /// Its stable code.
    pub code: String,
    /// What Node says, for a mistake of the proof's own.
    #[expect(dead_code, reason = "printed with the rest when a scene fails")]
    #[serde(default)]
    pub text: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed { failed: Failure },
    Ok { ok: Value },
}

/// The process.
#[derive(Debug)]
pub(super) struct Browser {
    _child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    tabs: u64,
}

impl Browser {
    /// Starts it out of the web client's folder.
    ///
    /// # Errors
    /// No Node.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new("node")
            .arg("scripts/victim.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("Node.js runs the web client")?;
        let orders = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { _child: child, orders, answers: BufReader::new(stdout).lines(), tabs: 0 })
    }

    /// A number for a new tab.
    pub(super) const fn tab(&mut self) -> u64 {
        self.tabs += 1;
        self.tabs
    }

    /// Does something, and waits for what came of it.
    ///
    /// # Errors
    /// The process is gone or says nothing.
    pub(super) async fn order(&mut self, order: &Value) -> Result<Result<Value, Failure>> {
        for _ in 0..PUT_OFF_MAX {
            match self.order_once(order).await? {
                // The scenes ask faster than people, and a server that only puts off means no harm.
                Err(failure) if failure.code == THROTTLED => tokio::time::sleep(PUT_OFF).await,
                done => return Ok(done),
            }
        }
        self.order_once(order).await
    }

    async fn order_once(&mut self, order: &Value) -> Result<Result<Value, Failure>> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.context("the web client is gone")?;
        let line = tokio::time::timeout(PATIENCE, self.answers.next_line())
            .await
            .with_context(|| format!("no answer to {}", at(order, "/do")))??
            .context("the web client has ended")?;
        match serde_json::from_str(&line).with_context(|| format!("not an answer: {line}"))? {
            Answer::Ok { ok } => Ok(Ok(ok)),
            Answer::Failed { failed } => Ok(Err(failed)),
        }
    }

    /// Switches exactly these checks off, by number or code.
    ///
    /// # Errors
    /// The process is gone.
    pub(super) async fn switch_off(&mut self, checks: &[Value]) -> Result<()> {
        let done = self.order(&json!({ "do": "off", "checks": checks })).await?;
        done.map(drop).map_err(|failure| anyhow::anyhow!("{failure:?}"))
    }
}

/// What stands at a path; nothing where nothing does.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// Puts something into an order.
pub(super) fn set(order: &mut Value, name: &str, value: Value) {
    if let Some(fields) = order.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
