//! The rules of clinical work as pure functions: who may do what where ([`permission`]), and what is written
//! down about it ([`audit`]), when somebody can be reached ([`availability`]). Every rule carries the id it implements (`ROL-02`, `PRM-31`, `AUD-07`).
//!
//! Invariant: this crate knows no clock, no storage, no socket and no task; time and facts are arguments. It
//! does not know how an answer reaches anybody, and nothing in it can be waited for.

pub mod audit;
pub mod availability;
pub mod permission;
