//! A disk that is really full: a small file system that another file fills up.

use std::{fs, path::Path, process::Command};

use relais_store::{
    CommitError, Domain, EventBody, NewEvent, Store, StreamId,
    reads::{Scrub, StreamHeads},
};

use super::open;
use crate::conformance::kit::{domain, seq, user};

/// A file system of a few megabytes; `None` where it cannot be mounted.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let args = ["-t", "tmpfs", "-o", "size=6m", "tmpfs"];
        let mounted = Command::new("mount").args(args).arg(dir.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(dir))
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        let zeros = [0; 4096];
        while std::io::Write::write_all(&mut filler, &zeros).is_ok() {}
    }

    fn filler(&self) -> std::path::PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(self.0.path()).status().is_ok_and(|status| status.success()));
    }
}

fn told() -> Domain {
    domain().event(NewEvent { to: vec![stream()], body: EventBody::Fixed(vec![1; 2000].into()) })
}

fn stream() -> StreamId {
    StreamId::new(user(1), None)
}

fn head(store: &impl Store) -> relais_wire::ids::Seq {
    store.read_blocking(StreamHeads(vec![stream()])).unwrap()[0]
}

fn commits_until_full(store: &impl Store) -> u64 {
    let outcomes = (0..100_000).map(|_| store.commit_blocking(told()));
    let mut stored = 0;
    for outcome in outcomes {
        match outcome {
            Ok(_) => stored += 1,
            Err(CommitError::DiskFull) => return stored,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the disk never filled");
}

#[test]
fn commits_fail_while_the_disk_is_full_and_succeed_when_there_is_space() {
    let Some(small) = Small::mount() else {
        println!("not run: mounting a small file system needs root");
        return;
    };
    let dir: &Path = &small.0.path().join("store");
    let store = open(dir);
    (0..20).for_each(|_| drop(store.commit_blocking(told()).unwrap()));
    small.fill();
    let stored = 20 + commits_until_full(&store);
    assert_eq!(head(&store), seq(stored), "what was acknowledged is there, what failed is not");
    assert_eq!(store.commit_blocking(told()), Err(CommitError::DiskFull));
    assert_eq!(store.stopped(), None);
    fs::remove_file(small.filler()).unwrap();
    assert_eq!(store.commit_blocking(told()).unwrap().streams[0][0].1, seq(stored + 1));
    drop(store);
    let store = open(dir);
    assert_eq!(head(&store), seq(stored + 1));
    assert!(store.read_blocking(Scrub).unwrap().is_empty());
    drop(store);
}
