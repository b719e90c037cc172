//! Coverage-guided fuzzing of what a stranger's bytes reach first. [`targets`] are plain functions from bytes;
//! [`engine`] mutates inputs and keeps those that reach something new; [`coverage`] reads the counters that the
//! compiler put into the code under test.
//!
//! Invariant: nothing imports this package, and only [`coverage`] holds `unsafe` code
//! (docs/adr/0012-fuzz-driver.md).

pub mod corpus;
pub mod coverage;
pub mod engine;
pub mod mutate;
pub mod targets;
pub mod turn;
