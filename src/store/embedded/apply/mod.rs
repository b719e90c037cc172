//! How each write, guard and chore is done in SQL. One file per area, in the order of the facts modules.

mod account;
mod call;
mod chain;
mod chore;
mod directory;
mod file;
mod guard;
mod outbox;
mod session;
mod thread;
