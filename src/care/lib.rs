//! The rules of clinical work as pure functions; today what is written down about an act ([`audit`]). Every
//! rule carries the id it implements (`AUD-07`).
//!
//! Invariant: this crate knows no clock, no storage, no socket and no task; time and facts are arguments. It
//! does not know how an answer reaches anybody, and nothing in it can be waited for.

pub mod audit;
