//! The directory: who and what can be found, and how units, teams and memberships come to be.
//!
//! Not known here: signed truth; rows follow the chains, which the links service writes.

pub(crate) mod invites;
pub(crate) mod people;
pub(crate) mod suspension;
pub(crate) mod units;
