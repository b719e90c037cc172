//! Faults of the store, set for the next batch.

use std::sync::atomic::{AtomicU8, Ordering};

use relais_store::embedded::{Failure, Fault, FaultPoint};

/// What the next batch meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    DiskFull,
    Io,
    CrashBeforeSync,
    CrashAfterSync,
}

impl Next {
    pub(crate) const ALL: [Self; 4] = [Self::DiskFull, Self::Io, Self::CrashBeforeSync, Self::CrashAfterSync];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DiskFull => "disk full",
            Self::Io => "disk error",
            Self::CrashBeforeSync => "crash before the sync",
            Self::CrashAfterSync => "crash after the sync",
        }
    }

    const fn meets(self, point: FaultPoint) -> Option<Failure> {
        match (self, point) {
            (Self::DiskFull, FaultPoint::BeforeSync) => Some(Failure::DiskFull),
            (Self::Io, FaultPoint::BeforeSync) => Some(Failure::Io),
            (Self::CrashBeforeSync, FaultPoint::BeforeSync)
            | (Self::CrashAfterSync, FaultPoint::AfterSync) => Some(Failure::Crash),
            (Self::DiskFull | Self::Io | Self::CrashBeforeSync, FaultPoint::AfterSync)
            | (Self::CrashAfterSync, FaultPoint::BeforeSync) => None,
        }
    }
}

/// The hook: 0 = nothing is set, otherwise one more than the index in [`Next::ALL`].
#[derive(Debug, Default)]
pub(crate) struct Trap(AtomicU8);

impl Trap {
    pub(crate) fn set(&self, next: Option<Next>) {
        let index = next.and_then(|next| Next::ALL.iter().position(|known| *known == next));
        let number = index.and_then(|index| u8::try_from(index + 1).ok()).unwrap_or(0);
        self.0.store(number, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> Option<Next> {
        let index = usize::from(self.0.load(Ordering::SeqCst)).checked_sub(1)?;
        Next::ALL.get(index).copied()
    }
}

impl Fault for Trap {
    fn at(&self, point: FaultPoint, _: usize) -> Option<Failure> {
        let failure = self.is_set()?.meets(point)?;
        self.set(None);
        Some(failure)
    }
}
