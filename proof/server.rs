//! The server as a process of its own: started on a free loopback port with its data in a temporary folder,
//! killed, restarted on the same data.
//!
//! Not known here: what is said to it.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::clock;

/// Time for the server to say that it may take traffic.
const READY_TIME: Duration = Duration::from_secs(20);

/// Between two looks whether it does: short, because the figures of a restart contain it.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A server on this machine, in demonstration mode (mail is caught), open for registration.
#[derive(Debug)]
pub struct Server {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
    extra: Vec<(String, String)>,
    starts: usize,
}

impl Server {
    /// Prepares a server and starts it. `extra` are further environment variables.
    ///
    /// # Errors
    /// The program cannot be started or does not become ready.
    pub async fn start(program: &Path, extra: &[(&str, &str)]) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("relais-proof-").tempdir().context("a temporary folder")?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?.local_addr()?.port();
        let extra = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { program: program.to_owned(), folder, address, child: None, extra, starts: 0 };
        server.run().await?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder that holds everything it writes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Its keys.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.folder().join("keys")
    }

    /// Its log, of all its lives.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder().join("server.log")
    }

    /// The token with which the first administrator registers.
    ///
    /// # Errors
    /// There is none any more.
    pub fn setup_token(&self) -> Result<String> {
        let path = self.data_dir().join("setup-token");
        Ok(std::fs::read_to_string(path).context("the setup token")?.trim().to_owned())
    }

    /// How often it was started.
    #[must_use]
    pub const fn starts(&self) -> usize {
        self.starts
    }

    /// Starts it on the data it left, and waits until it takes traffic.
    ///
    /// # Errors
    /// The program cannot be started or does not become ready.
    pub async fn run(&mut self) -> Result<()> {
        let log: File =
            OpenOptions::new().create(true).append(true).open(self.log()).context("the log file")?;
        let mut command = Command::new(&self.program);
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RELAIS_SERVER_LISTEN", self.address.to_string())
            .env("RELAIS_SERVER_ORIGIN", format!("http://{}", self.address))
            .env("RELAIS_SERVER_DEMO", "true")
            .env("RELAIS_SERVER_OPEN_REGISTRATION", "true")
            .env("RELAIS_DATA_DIR", self.data_dir())
            .env("RELAIS_DATA_KEYS_DIR", self.keys_dir())
            .env("RELAIS_LOG_LEVEL", "trace")
            .envs(self.extra.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(command.spawn().context("the server cannot be started")?);
        self.starts += 1;
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = clock::now() + READY_TIME;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
        let url = format!("http://{}/readyz", self.address);
        loop {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.as_mut().context("the server is not running")?.try_wait()? {
                bail!("the server ended at once ({status}); its log ends:\n{}", self.log_tail());
            }
            if clock::now() > deadline {
                bail!("the server was not ready within {READY_TIME:?}; its log ends:\n{}", self.log_tail());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// It was not running.
    pub async fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the server is not running")?;
        child.kill().await.context("kill")?;
        Ok(())
    }

    /// Ends it in order with SIGTERM.
    ///
    /// # Errors
    /// It was not running, or did not end in order.
    pub async fn stop(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the server is not running")?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.context("it has ended")?, rustix::process::Signal::TERM)?;
        let status = tokio::time::timeout(Duration::from_secs(30), child.wait())
            .await
            .context("it does not end")??;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }

    /// The last lines of its log, for a message that explains a failure.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
    }
}
