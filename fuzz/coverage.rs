//! The counters that the compiler's SanitizerCoverage pass puts into the code under test: one byte an edge. Each
//! instrumented module announces where its counters lie before `main` starts.
//!
//! Not known here: which edge a counter belongs to.
#![expect(unsafe_code, reason = "the pass speaks C and raw addresses; see docs/adr/0012-fuzz-driver.md")]

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Ranges of counters that can be announced. Linking puts all modules' counters into one section, so in practice
/// every module announces the same range; more than a few would mean several shared objects.
const RANGES_MAX: usize = 16;

struct Range {
    start: AtomicPtr<u8>,
    len: AtomicUsize,
}

static RANGES: [Range; RANGES_MAX] =
    [const { Range { start: AtomicPtr::new(std::ptr::null_mut()), len: AtomicUsize::new(0) } }; RANGES_MAX];

/// Called by each instrumented module before `main`, on the main thread.
///
/// # Safety
/// `start` and `stop` bound one writable array of bytes that lives as long as the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    let len = (stop as usize).saturating_sub(start as usize);
    for range in &RANGES {
        let known = range.start.load(Ordering::Relaxed);
        if known == start {
            return;
        }
        if known.is_null() {
            range.start.store(start, Ordering::Relaxed);
            range.len.store(len, Ordering::Relaxed);
            return;
        }
    }
}

/// How many counters there are; 0 where the program was built without instrumentation.
#[must_use]
pub fn edges() -> usize {
    RANGES.iter().map(|range| range.len.load(Ordering::Relaxed)).sum()
}

/// Copies the counters into `into`, which is made as long as they are.
pub fn read(into: &mut Vec<u8>) {
    into.clear();
    for range in &RANGES {
        let (start, len) = (range.start.load(Ordering::Relaxed), range.len.load(Ordering::Relaxed));
        if !start.is_null() {
            // SAFETY: the module that announced the range promised that it is `len` bytes that live for ever; the
            // driver has one thread, so nothing counts while this slice exists.
            into.extend_from_slice(unsafe { std::slice::from_raw_parts(start, len) });
        }
    }
}

/// Sets every counter to 0.
pub fn clear() {
    for range in &RANGES {
        let (start, len) = (range.start.load(Ordering::Relaxed), range.len.load(Ordering::Relaxed));
        if !start.is_null() {
            // SAFETY: as in `read`; the bytes are writable and any value of them is valid.
            unsafe { std::ptr::write_bytes(start, 0, len) };
        }
    }
}
