//! Faults on purpose, for simulation and tests: the narrow place where a run can make the disk fail or the
//! process die around the one sync of a batch. A store without a hook behaves the same and asks nobody.

use core::fmt;

/// Where a fault can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// All commits of the batch are applied; nothing is durable.
    BeforeSync,
    /// The batch is durable; nobody has been answered.
    AfterSync,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The disk is full: the batch fails, the store goes on. Only before the sync.
    DiskFull,
    /// The disk fails: the store stops.
    Io,
    /// The process dies: nobody is answered, the store stops.
    Crash,
}

/// Decides about faults. Called by the committer once per point and batch.
pub trait Fault: Send + Sync + 'static {
    /// What happens at this point to a batch of so many commits.
    fn at(&self, point: FaultPoint, commits: usize) -> Option<Failure>;
}

impl fmt::Debug for dyn Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault")
    }
}
