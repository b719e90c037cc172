//! Threads: appending entries under the chain's rules and the server's, telling whoever takes part, and reading.
//!
//! Not known here: what a message says.

pub(crate) mod access;
pub(crate) mod append;
pub(crate) mod audience;
pub(crate) mod list;
pub(crate) mod marks;
pub(crate) mod project;
pub(crate) mod read;
pub(crate) mod rules;
pub(crate) mod state;
