//! How child cargo processes are started: same toolchain, one target folder for all of them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};

/// Folder of the workspace: the one cargo was called in, which it tells at run time. The folder this program was
/// built in may be another clone's, gone since, where two share a target folder; it only serves without cargo.
#[must_use]
pub fn root() -> PathBuf {
    let ours = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    ours.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where everything is built: what the environment says, or a cache folder of the user, so that a fresh clone
/// and a clean checkout do not each build the dependencies again.
///
/// # Errors
/// Neither `CARGO_TARGET_DIR` nor `HOME` is set.
pub fn target_dir() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").context("neither CARGO_TARGET_DIR nor HOME is set")?;
    Ok(Path::new(&home).join(".cache/relais/target"))
}

/// The cargo that runs this program, in the workspace's folder.
///
/// # Errors
/// See [`target_dir`].
pub fn cargo() -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_dir()?);
    // Set by the cargo that runs us for our own package; a child must not take them for its own.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_PRIMARY_PACKAGE"] {
        command.env_remove(name);
    }
    Ok(command)
}

/// Where a program of the workspace is after it was built.
///
/// # Errors
/// See [`target_dir`].
pub fn program(profile: Profile, name: &str) -> Result<PathBuf> {
    Ok(target_dir()?.join(profile.folder()).join(name))
}

/// Build profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run: the product as it is released.
    Release,
    /// The same with test-only switches, in a folder of its own: nobody takes it for the product.
    Proof,
}

impl Profile {
    const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
            Self::Proof => "proof",
        }
    }

    /// The option cargo takes for it.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Dev => "--profile=dev",
            Self::Release => "--release",
            Self::Proof => "--profile=proof",
        }
    }
}

/// A child's status as our own.
#[must_use]
pub fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
