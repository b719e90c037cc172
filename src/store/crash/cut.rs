//! Power cuts: a loop-mounted ext4 whose file system is shut down (`FS_IOC_SHUTDOWN`, without flushing the log),
//! which throws away everything that was not synced; then unmounted, mounted again (its journal is replayed) and
//! read.
//!
//! Only what was acknowledged before the shutdown was asked for counts. The call is made by a waiting script,
//! because this workspace has no `unsafe` code.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use relais_store::embedded::Durability;

use crate::{
    kill::Writer,
    load::Dice,
    report::{Tally, say},
    verify,
};

/// Size of the file system: room for the longest run.
const IMAGE_BYTES: u64 = 1 << 30;

/// Rounds on one store before a new one is begun.
const ROUNDS_PER_STORE: u32 = 10;

/// Rounds the control may take before it counts as having lost nothing.
const CONTROL_ROUNDS: u32 = 10;

/// `FS_IOC_SHUTDOWN` with `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`: says `ok` when ready, acts when it reads a line.
const SCRIPT: &str = "import fcntl,os,struct,sys\nfd=os.open(sys.argv[1],os.O_RDONLY)\nprint('ok',flush=True)\n\
     sys.stdin.readline()\nfcntl.ioctl(fd,0x8004587d,struct.pack('I',2))\n";

/// Why power cuts cannot be made here; `None` when they can.
pub(crate) fn why_not() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("mounting a file system needs root");
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("there are no loop devices");
    }
    for tool in ["mkfs.ext4", "mount", "umount", "python3"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return Some("mkfs.ext4, mount, umount and python3 are needed");
        }
    }
    match Disk::new() {
        Ok(_) => None,
        Err(_) => Some("a loop-mounted ext4 cannot be made"),
    }
}

/// Cuts the power again and again.
pub(crate) fn rounds(count: u32, dice: &mut Dice) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut disk = Disk::new()?;
    let mut acks = Vec::new();
    for round in 0..count {
        if round > 0 && round % ROUNDS_PER_STORE == 0 {
            drop(disk);
            (disk, acks) = (Disk::new()?, Vec::new());
        }
        cut(&mut disk, Durability::Synced, dice, &mut acks)?;
        tally.add(&verify::store(&disk.store(), &acks));
        say(&format!("power cut {:>3}/{count}: {tally}", round + 1));
    }
    Ok(tally)
}

/// The same without syncs, until something is lost.
pub(crate) fn control(dice: &mut Dice) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for _ in 0..CONTROL_ROUNDS {
        let mut disk = Disk::new()?;
        let mut acks = Vec::new();
        cut(&mut disk, Durability::DangerousUnsynced, dice, &mut acks)?;
        tally.add(&verify::store(&disk.store(), &acks));
        if !tally.is_whole() {
            break;
        }
    }
    Ok(tally)
}

fn cut(
    disk: &mut Disk,
    durability: Durability,
    dice: &mut Dice,
    acks: &mut Vec<verify::Ack>,
) -> anyhow::Result<()> {
    let mut writer = Writer::start(&disk.store(), durability)?;
    let switch = Switch::ready(&disk.mount)?;
    acks.extend(writer.until_ready()?);
    acks.extend(writer.collect(Duration::from_millis(dice.between(50, 800))));
    acks.extend(writer.drain());
    switch.off()?;
    // What it still printed was not acknowledged before the cut.
    writer.kill()?;
    disk.remount()
}

/// A waiting shutdown of a file system.
struct Switch(std::process::Child);

impl Switch {
    fn ready(mount: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(mount)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("piped")?).read_line(&mut said)?;
        if said.trim() != "ok" {
            bail!("the shutdown script did not get ready");
        }
        Ok(Self(child))
    }

    fn off(mut self) -> anyhow::Result<()> {
        writeln!(self.0.stdin.take().context("piped")?)?;
        if !self.0.wait()?.success() {
            bail!("the file system could not be shut down");
        }
        Ok(())
    }
}

/// A file system in a file.
struct Disk {
    _dir: tempfile::TempDir,
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    fn new() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let (image, mount) = (dir.path().join("image"), dir.path().join("mount"));
        File::create(&image)?.set_len(IMAGE_BYTES)?;
        std::fs::create_dir(&mount)?;
        command("mkfs.ext4", &["-q", "-F"], &[&image])?;
        command("mount", &["-o", "loop"], &[&image, &mount])?;
        Ok(Self { _dir: dir, image, mount })
    }

    fn store(&self) -> PathBuf {
        self.mount.join("store")
    }

    fn remount(&mut self) -> anyhow::Result<()> {
        command("umount", &[], &[&self.mount])?;
        command("mount", &["-o", "loop"], &[&self.image, &self.mount])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = command("umount", &[], &[&self.mount]) {
            say(&format!("a test file system stays mounted: {error:#}"));
        }
    }
}

fn command(program: &str, flags: &[&str], paths: &[&Path]) -> anyhow::Result<()> {
    let output = Command::new(program).args(flags).args(paths).output()?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
